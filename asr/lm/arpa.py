"""ARPA files: n-gram models as text, as SRILM, KenLM, IRSTLM and others write them.

    \\data\\
    ngram 1=4
    ...
    \\1-grams:
    -1.2 <tab> word <tab> -0.3      log10 of the probability, the words, log10 of the back-off weight
    ...
    \\end\\

(Doug Paul's format; SRILM's page ngram-format(5) describes it.)
"""

from __future__ import annotations

import gzip
import io
import math
import re
import zlib
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import IO, NoReturn

import numpy as np

from asr.errors import LanguageModelError
from asr.files import existing_file
from asr.lm.model import BOS, EOS, LanguageModel, assemble
from asr.lm.model import UNKNOWN_LOG_PROB as FLOOR
from asr.ngrams import DuplicateNgram, Table

MAX_ORDER = 6
LN10 = math.log(10)
CHUNK_LINES = 1 << 16  # lines split at a time: Python's strings of a whole file would take gigabytes

GZIP = b"\x1f\x8b"
DAMAGED = (EOFError, zlib.error, gzip.BadGzipFile)  # what reading such a file raises if it is not whole
FOREIGN = {  # how files begin that hold n-grams, but not in this format
    b"mmap lm http://kheafield.com": "a binary of KenLM",
    b"SRILM_BINARY_NGRAM": "a binary of SRILM",
    b"blmt": "a binary of IRSTLM",
    b"Qblmt": "a binary of IRSTLM",
    b"qARPA": "IRSTLM's quantised text",
    b"iARPA": "IRSTLM's intermediate format (compile-lm --text=yes turns it into ARPA)",
}


def read(path: str | Path) -> LanguageModel:
    """Return the model of an ARPA file, plain or gzip, of order 1 to 6.

    Accepts text before \\data\\, tabs or spaces, CRLF, blank lines, missing back-off weights, and contexts that are
    absent since the model was pruned. A log-probability below -100 counts as -100.
    Raises MissingFile, and LanguageModelError naming the file and the line.
    """
    path = existing_file(path, "language model")
    try:
        with opened(path) as file:
            ids, tables = _parse(_Source(path, file))
    except DAMAGED as error:
        raise LanguageModelError(f"{path}: the gzip data are cut off or damaged ({error}); copy it again") from error
    for word in (BOS, EOS):
        if word.encode() not in ids:
            raise LanguageModelError(f"{path}: no {word} among its 1-grams; train the model with sentence marks")
    try:
        return assemble(path.name, [word.decode() for word in ids], tables)
    except DuplicateNgram as error:
        _refuse_duplicate(path, error)


def opened(path: Path) -> IO[bytes]:
    """Open a file for reading, through gzip if it is that."""
    with open(path, "rb") as file:
        packed = file.read(len(GZIP)) == GZIP
    return io.BufferedReader(gzip.open(path), 1 << 20) if packed else open(path, "rb")


class _Source:
    """The lines of a file, counted; `refuse` names the line that was read last, or one given."""

    def __init__(self, path: Path, file: IO[bytes]) -> None:
        self.path = path
        self.file = file
        self.number = 0  # of the line that was read last

    def take(self, count: int) -> list[bytes]:
        """Return the next `count` lines, fewer at the end of the file."""
        lines = list(islice(self.file, count))
        self.number += len(lines)
        return lines

    def line(self) -> bytes | None:
        """Return the next line that is not blank, without the space around it; None at the end of the file."""
        while lines := self.take(1):
            if line := lines[0].strip():
                return line
        return None

    def refuse(self, why: str, number: int | None = None) -> NoReturn:
        raise LanguageModelError(f"{self.path}:{number or self.number}: {why}")


def _parse(source: _Source) -> tuple[dict[bytes, int], list[Table]]:
    """Return word -> place, and one table of n-grams an order, whose ids are those places."""
    counts = _header(source)
    ids: dict[bytes, int] = {}
    tables = []
    for order, count in enumerate(counts, start=1):
        tables.append(_section(source, order, count, ids))
        _expect(source, b"\\%d-grams:" % (order + 1) if order < len(counts) else b"\\end\\", order, count)
    tables[-1].backoff[:] = 0  # nothing is longer than these
    return ids, tables


# ---- the header


def _header(source: _Source) -> list[int]:
    """Read up to \\1-grams: and return how many n-grams are announced, from order 1 on."""
    _find_data(source)
    counts: list[int] = []
    while (line := source.line()) is not None and not line.startswith(b"\\"):
        announced = re.fullmatch(rb"ngram\s*(\d{1,18})\s*=\s*(\d{1,18})", line)
        if not announced:
            source.refuse(f"{_text(line)!r} stands where a line like 'ngram 1=20000' is needed; mend the header")
        order, count = map(int, announced.groups())
        if order != len(counts) + 1:
            source.refuse(f"order {order} where order {len(counts) + 1} is needed; announce 1, 2, ... in turn")
        if order > MAX_ORDER:
            source.refuse(f"order {order}: models up to order {MAX_ORDER} can be read; take a shorter one")
        counts.append(count)
    if not counts or not counts[0]:
        source.refuse("the header announces no 1-grams; each model needs the line 'ngram 1=' and a number above 0")
    if line != b"\\1-grams:":
        _unexpected(source, line, b"\\1-grams:")
    return counts


def _find_data(source: _Source) -> None:
    start = b"".join(source.take(1)).removeprefix(b"\xef\xbb\xbf")  # a byte order mark
    for magic, what in FOREIGN.items():
        if start.startswith(magic):
            raise LanguageModelError(f"{source.path}: is {what}; give the ARPA file that it was made from")
    line: bytes | None = start.strip()
    while line != b"\\data\\":
        if line is None:
            raise LanguageModelError(f"{source.path}: no line \\data\\; name an ARPA file or what 'asr lm build' makes")
        line = source.line()


def _expect(source: _Source, marker: bytes, order: int, count: int) -> None:
    """Read the line that ends the n-grams of an order."""
    line = source.line()
    if line is not None and not line.startswith(b"\\"):
        source.refuse(f"more {order}-grams than the {count} of the header; mend its line 'ngram {order}={count}'")
    if line != marker:
        _unexpected(source, line, marker)


def _unexpected(source: _Source, line: bytes | None, marker: bytes) -> NoReturn:
    if line is None:
        source.refuse(f"the file ends without {_text(marker)}; it was cut off: copy it again")
    source.refuse(f"{_text(line)!r} stands where {_text(marker)} is needed; mend the file or make it again")


# ---- the n-grams of one order


def _section(source: _Source, order: int, count: int, ids: dict[bytes, int]) -> Table:
    """Read `count` n-grams; the words of order 1 are given their ids."""
    parts = [Table(np.zeros((0, order), np.int32), np.zeros(0, np.float32), np.zeros(0, np.float32))]
    done = 0
    while done < count:
        before = source.number
        lines = source.take(min(count - done, CHUNK_LINES))
        if not lines:
            source.refuse(f"the file ends after {done} of {count} {order}-grams; it was cut off: copy it again")
        rows = [fields for line in lines if (fields := line.split())]
        try:
            parts.append(_table(rows, order, ids))
        except (ValueError, KeyError):
            _explain(source, lines, before, order, ids)
        done += len(rows)
    return Table(*map(np.concatenate, zip(*parts, strict=True)))


def _table(rows: list[list[bytes]], order: int, ids: dict[bytes, int]) -> Table:
    """Return the n-grams of some lines, split; raises ValueError or KeyError where `_fault` finds a reason."""
    for fields in rows:
        if len(fields) == order + 1:
            fields.append(b"0")
        elif len(fields) != order + 2:
            raise ValueError
    prob, *columns, backoff = zip(*rows, strict=True) if rows else [()] * (order + 2)
    scores = [np.array(list(map(float, column))) for column in (prob, backoff)]
    if not ((scores[0] <= 0).all() and (scores[1] < math.inf).all()):  # false for NaN
        raise ValueError
    if order == 1:
        _add_words(columns[0], ids)
    places = np.array([list(map(ids.__getitem__, column)) for column in columns], np.int32).T  # [n, order]
    return Table(places, *(np.maximum(score * LN10, FLOOR).astype(np.float32) for score in scores))


def _add_words(words: Sequence[bytes], ids: dict[bytes, int]) -> None:
    b" ".join(words).decode()
    first = len(ids)
    new = dict(zip(words, range(first, first + len(words)), strict=True))
    if len(new) < len(words) or not ids.keys().isdisjoint(new):
        raise ValueError
    ids.update(new)


def _explain(source: _Source, lines: list[bytes], before: int, order: int, ids: dict[bytes, int]) -> NoReturn:
    """Refuse the first line that is no n-gram; `before` is the number of the line before them."""
    seen = set(ids) if order == 1 else set()
    for number, line in enumerate(lines, start=before + 1):
        fields = line.split()
        if fields and (fault := _fault(fields, order, ids, seen)):
            source.refuse(fault, number)
        seen.update(fields[1:2])
    raise AssertionError("lines without a fault")


def _fault(fields: list[bytes], order: int, ids: dict[bytes, int], seen: set[bytes]) -> str:
    """Return what is wrong with a line, split; nothing if it is an n-gram."""
    words = fields[1 : 1 + order]
    if fields[0].startswith(b"\\"):
        return f"fewer {order}-grams than the header announces; mend its line 'ngram {order}=', or copy the file again"
    if not order < len(fields) <= order + 2:
        return (
            f"{len(fields)} fields; a {order}-gram has a log-probability, {order} word{'s' * (order > 1)} "
            "and at the most a back-off weight; mend or drop the line"
        )
    if not _number(fields[0]) <= 0:
        return f"log-probability {_text(fields[0])!r}; log10 of a probability is a number not above 0: mend the line"
    if not _number(*fields[order + 1 :]) < math.inf:
        return f"back-off weight {_text(fields[-1])!r} is no finite number; mend the line"
    if order > 1:
        unknown = [word for word in words if word not in ids]
        return f"{_text(unknown[0])!r} is not among the 1-grams; add it there or drop the line" if unknown else ""
    try:
        words[0].decode()
    except UnicodeDecodeError:
        return "not UTF-8; convert the file, for example with: iconv -f LATIN1 -t UTF-8"
    return f"the 1-gram {_text(words[0])!r} is there twice; keep one of the two" if words[0] in seen else ""


def _number(text: bytes = b"0") -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _refuse_duplicate(path: Path, duplicate: DuplicateNgram) -> NoReturn:
    """Read once more, up to the n-gram that comes twice."""
    with opened(path) as file:
        source = _Source(path, file)
        while source.line() != b"\\%d-grams:" % duplicate.order:
            pass
        for _ in range(duplicate.row + 1):
            line = source.line() or b""
    words = b" ".join(line.split()[1 : 1 + duplicate.order])
    source.refuse(f"the {duplicate.order}-gram {_text(words)!r} is there twice; keep one of the two")


def _text(raw: bytes) -> str:
    return raw.decode(errors="backslashreplace")
