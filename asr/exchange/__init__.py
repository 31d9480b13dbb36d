"""Exchange with other tools: the formats in which they keep a set of utterances, read and written.

To add one: a file with a class that has what `Exchange` asks for, and a line in `EXCHANGES`.
"""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from asr.errors import ManifestError, did_you_mean
from asr.exchange.audiofolder import AudioFolder
from asr.exchange.jsonl import Jsonl
from asr.exchange.kaldi import Kaldi
from asr.exchange.lhotse import Lhotse
from asr.exchange.nemo import Nemo
from asr.exchange.table import CSV, TSV, Table
from asr.exchange.webdataset import WebDataset
from asr.manifest.entry import line_of
from asr.types import Utterance


class Exchange(Protocol):
    """A format; what `read` and `write` take beyond a path and utterances are options of this format."""

    @property
    def read(self) -> Callable[..., Iterator[Utterance]]:
        """Yields the utterances of a file or folder: `read(source, **options)`.

        Raises MissingFile, and ManifestError, which names the file and the line.
        """
        ...

    @property
    def write(self) -> Callable[..., list[Path]]:
        """Writes utterances whole or not at all and returns the files: `write(out, utterances, **options)`.

        Raises OutputError, and ManifestError for what the format cannot say and the user would miss.
        """
        ...

    def lost(self, utterance: Utterance) -> Iterable[str]:
        """Name what the format cannot hold of an utterance, and `write` leaves out."""
        ...


EXCHANGES: dict[str, Exchange] = {
    "audiofolder": AudioFolder(),
    "csv": Table(CSV),
    "jsonl": Jsonl(),
    "kaldi": Kaldi(),
    "lhotse": Lhotse(),
    "nemo": Nemo(),
    "tsv": Table(TSV),
    "webdataset": WebDataset(),
}


@dataclass(frozen=True, slots=True)
class Converted:
    """What was written: the files, how many utterances, and what the format could not hold of how many of them."""

    files: tuple[Path, ...]
    utterances: int
    lost: Mapping[str, int]


def get_exchange(name: str) -> Exchange:
    """Return a format by name; ManifestError lists the known ones."""
    if name not in EXCHANGES:
        raise ManifestError(f"unknown format {name!r}{did_you_mean(name, EXCHANGES)}")
    return EXCHANGES[name]


def convert(
    source: str | Path,
    out: str | Path,
    *,
    source_format: str = "jsonl",
    out_format: str = "jsonl",
    reading: Mapping[str, Any] | None = None,
    writing: Mapping[str, Any] | None = None,
) -> Converted:
    """Read a set in one format and write it in another; `reading` and `writing` are options of the two.

    Raises ManifestError for an option that the format does not have, for utterances that no manifest could hold, and
    what the formats raise.
    """
    reader, writer = get_exchange(source_format), get_exchange(out_format)
    read = _with_options(source_format, reader.read, reading or {})
    write = _with_options(out_format, writer.write, writing or {})
    lost: Counter[str] = Counter()
    count = 0

    def passing() -> Iterator[Utterance]:
        nonlocal count
        for utterance in _checked(read(Path(source)), source):
            lost.update(writer.lost(utterance))
            count += 1
            yield utterance

    files = write(Path(out), passing())
    return Converted(tuple(files), count, dict(lost))


def _with_options(name: str, function: Callable[..., Any], options: Mapping[str, Any]) -> Callable[..., Any]:
    known = [key for key, each in inspect.signature(function).parameters.items() if each.kind is each.KEYWORD_ONLY]
    if unknown := [option for option in options if option not in known]:
        has = f"it has {', '.join(known)}" if known else "it has none"
        raise ManifestError(f"{name}: {function.__name__} has no option {unknown[0]!r} ({has}); leave it out")
    return lambda *arguments: function(*arguments, **options)


def _checked(utterances: Iterable[Utterance], source: str | Path) -> Iterator[Utterance]:
    seen: set[str] = set()
    for utterance in utterances:
        where = f"{source}: utterance {utterance.id!r}"
        line_of(utterance, Path("/"), where)  # what no manifest could hold is refused here for all formats
        if utterance.id in seen:
            raise ManifestError(f"{where} comes twice; give every utterance its own id")
        seen.add(utterance.id)
        yield utterance
