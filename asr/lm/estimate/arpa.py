"""Writing n-grams as an ARPA file."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO

import numpy as np

from asr.lm.estimate.counts import Int64Array
from asr.lm.estimate.interpolate import Estimates, Float64Array
from asr.lm.estimate.orders import Grams

DECIMALS = 7  # of a logarithm to base 10: as much as a float of 32 bits holds
NEVER = -99.0  # stands for log10(0) in these files
CHUNK_LINES = 1 << 16


def write(
    path: Path, words: Sequence[str], grams: Sequence[Grams], estimates: Sequence[Estimates], *, packed: bool
) -> None:
    """Write the n-grams that are kept, those of one order sorted by their words' ids from the last to the first."""
    with open(path, "wb") as file:
        if packed:
            with gzip.GzipFile("", "wb", compresslevel=6, fileobj=file, mtime=0) as zipped:
                _write(zipped, words, grams, estimates)
        else:
            _write(file, words, grams, estimates)


def _write(
    file: IO[bytes] | gzip.GzipFile, words: Sequence[str], grams: Sequence[Grams], estimates: Sequence[Estimates]
) -> None:
    counts = [np.count_nonzero(each.kept) for each in estimates]
    header = "".join(f"ngram {order}={count}\n" for order, count in enumerate(counts, start=1))
    file.write(f"\\data\\\n{header}\n".encode())
    for order in range(1, len(grams) + 1):
        file.write(f"\\{order}-grams:\n".encode())
        for lines in _lines(words, grams[:order], estimates[order - 1], highest=order == len(grams)):
            file.write(lines.encode())
        file.write(b"\n")
    file.write(b"\\end\\\n")


def _lines(words: Sequence[str], grams: Sequence[Grams], estimates: Estimates, *, highest: bool) -> Iterator[str]:
    """Yield the lines of one order, many at a time; `grams` ends with that order."""
    places = np.flatnonzero(estimates.kept)
    template = "%.7g\t" + " ".join(["%s"] * len(grams)) + ("\n" if highest else "\t%.7g\n")
    for begin in range(0, len(places), CHUNK_LINES):
        some = places[begin : begin + CHUNK_LINES]
        columns: list[Iterable[object]] = [_log10(estimates.prob[some]), *_spelled(words, grams, some)]
        if not highest:
            columns.append(_log10(estimates.backoff[some]))
        yield "".join(map(template.__mod__, zip(*columns, strict=True)))


def _log10(values: Float64Array) -> list[float]:
    with np.errstate(divide="ignore"):
        logs = np.clip(np.log10(values), NEVER, 0)
    rounded: list[float] = (np.round(logs, DECIMALS) + 0.0).tolist()  # + 0.0: no minus before a zero
    return rounded


def _spelled(words: Sequence[str], grams: Sequence[Grams], places: Int64Array) -> Iterator[Iterable[str]]:
    """Yield the words of the n-grams at `places`, first the first word of all."""
    for each in reversed(grams):
        yield map(words.__getitem__, each.first[places].tolist())
        places = each.suffix[places]
