"""Tables with a header: CSV with quotes (RFC 4180), and TSV without any, as Common Voice and others write them.

Written tables have a column for each key of a manifest, and `extra` with the other keys as one JSON object, since the
columns must be known before the first row. A relative path starts at the table's folder.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from asr.errors import ManifestError
from asr.exchange.paths import below
from asr.exchange.rows import OWN, TEXTS, Names, named, utterance_of
from asr.files import replacing
from asr.manifest import KNOWN
from asr.manifest.entry import json_object
from asr.manifest.shards import decoded, raw_lines, shards
from asr.types import Utterance

Dialect = Mapping[str, Any]  # arguments of Python's csv

CSV: Dialect = {"delimiter": ",", "lineterminator": "\r\n"}
TSV: Dialect = {"delimiter": "\t", "lineterminator": "\n", "quoting": csv.QUOTE_NONE, "quotechar": None}
NAMES: Names = {**OWN, "text": TEXTS}
EXTRA = "extra"


class Table:
    """A table; `columns` says which column is which of our keys, `root` where relative paths start."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect

    def read(
        self, source: Path, *, columns: Mapping[str, str] | None = None, root: Path | None = None
    ) -> Iterator[Utterance]:
        names = named(NAMES, columns)
        for shard in shards(source):
            for where, row in rows(shard, self._dialect):
                yield utterance_of(_unfolded(row, where), names, root or shard.parent, where)

    def write(self, out: Path, utterances: Iterable[Utterance]) -> list[Path]:
        with replacing(out) as temporary, open(temporary, "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, **self._dialect)
            writer.writerow([*KNOWN, EXTRA])
            for utterance in utterances:
                writer.writerow(self._cells(utterance, out.parent))
        return [out]

    def lost(self, utterance: Utterance) -> Iterable[str]:
        return ()

    def _cells(self, utterance: Utterance, folder: Path) -> list[str]:
        cells = [below(utterance.audio, folder) if key == "audio" else str(getattr(utterance, key)) for key in KNOWN]
        cells.append(json.dumps(dict(utterance.extra), ensure_ascii=False) if utterance.extra else "")
        if "quoting" in self._dialect and any(mark in cell for cell in cells for mark in "\t\r\n"):
            raise ManifestError(
                f"utterance {utterance.id!r}: has a tab or a line break, which a TSV cannot hold; write CSV, or mend it"
            )
        return cells


def rows(shard: Path, dialect: Dialect) -> Iterator[tuple[str, dict[str, object]]]:
    """Yield (`file:number` of the row's last line, row by column); ManifestError for what is no such table."""
    reader = csv.reader(_texts(shard), strict=True, **dialect)
    try:
        header = next(reader, [])
        if twice := [name for name, other in pairwise(sorted(header)) if name == other]:
            raise ManifestError(f"{shard}:1: has two columns {twice[0]!r}; rename one")
        for cells in filter(None, reader):
            where = f"{shard}:{reader.line_num}"
            yield where, _row(header, cells, where)
    except csv.Error as error:
        raise ManifestError(
            f"{shard}:{reader.line_num}: is no row of a table ({error}); check quotes and line ends"
        ) from error


def _row(header: Sequence[str], cells: Sequence[str], where: str) -> dict[str, object]:
    if len(cells) != len(header):
        raise ManifestError(f"{where}: has {len(cells)} cells below {len(header)} columns; mend the row")
    return dict(zip(header, cells, strict=True))


def _texts(shard: Path) -> Iterator[str]:
    for number, raw in enumerate(raw_lines(shard), start=1):
        yield decoded(raw, f"{shard}:{number}", first=number == 1)


def _unfolded(row: dict[str, object], where: str) -> dict[str, object]:
    """Return a row with the keys of the JSON object in its column `extra`, where there is one."""
    folded = str(row.get(EXTRA, "-"))
    if folded and not folded.startswith("{"):
        return row
    others = {name: cell for name, cell in row.items() if name != EXTRA}
    return others | (json_object(folded, where) if folded else {})
