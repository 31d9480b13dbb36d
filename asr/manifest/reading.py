"""Manifests read line by line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from asr import tars
from asr.errors import ManifestError
from asr.manifest.checks import AudioFiles, Ids
from asr.manifest.entry import parsed
from asr.manifest.shards import decoded, lines, raw_lines, shards
from asr.types import Utterance


def read(path: str | Path, *, check_audio: bool = True) -> list[Utterance]:
    """Return the utterances of a manifest in the order of its lines.

    Blank lines, a byte-order mark and CRLF line ends are accepted. A manifest without lines gives an empty list. Raises
    MissingFile without the manifest, and ManifestError, which names the file and the line, for broken JSON, a missing
    key, a wrong type, an impossible time, an id seen before and, unless `check_audio` is false, an audio file that is
    not there.
    """
    utterances = list(stream(path))
    if check_audio:
        files = AudioFiles()
        files.add([str(utterance.audio) for utterance in utterances])
        refuse_missing(path, files, lambda: utterances)
    return utterances


def stream(path: str | Path) -> Iterator[Utterance]:
    """Yield the utterances of a manifest, of which eight bytes a line stay in memory; no audio file is looked for.

    Raises what `read` raises; for an id that comes twice only after the last line.
    """
    ids = Ids()
    for _, utterance in _numbered(path):
        ids.add([utterance.id])
        yield utterance
    refuse_repeated(path, ids)


def each_line(path: str | Path) -> Iterator[tuple[int, Utterance | ManifestError]]:
    """Yield each line that is not blank by its number: the utterance, or what is wrong with it.

    The lines of several shards are numbered through; what is wrong is said with the shard and the line in it. Ids may
    repeat, and audio files are not looked for. Raises MissingFile without the manifest, and ManifestError where
    compressed data are damaged.
    """
    passed = 0
    for shard in shards(path):
        number = 0
        for number, raw in enumerate(raw_lines(shard), start=1):
            where = f"{shard}:{number}"
            try:
                if line := decoded(raw, where, first=number == 1).strip():
                    yield passed + number, parsed(line, shard.parent, where)
            except ManifestError as error:
                yield passed + number, error
        passed += number


def _numbered(path: str | Path) -> Iterator[tuple[str, Utterance]]:
    for shard in shards(path):
        for where, line in lines(shard):
            yield where, parsed(line, shard.parent, where)


def refuse_repeated(path: str | Path, ids: Ids) -> None:
    """Raise ManifestError for the first id that comes twice."""
    repeated = ids.repeated()
    first: dict[str, str] = {}
    for where, utterance in _numbered(path) if repeated else ():
        if hash(utterance.id) not in repeated:
            continue
        if utterance.id in first:
            shard, _, number = first[utterance.id].rpartition(":")
            there = f"line {number}" if where.rpartition(":")[0] == shard else first[utterance.id]
            raise ManifestError(f"{where}: the id {utterance.id!r} is in {there} too; give every line its own")
        first[utterance.id] = where


def refuse_missing(path: str | Path, files: AudioFiles, utterances: Callable[[], Sequence[Utterance]]) -> None:
    """Raise ManifestError for the first of the utterances, a file each, whose file is not there."""
    suspects = files.missing().tolist()
    listed = utterances() if suspects else ()
    missing = [listed[row].id for row in suspects if not tars.is_file(listed[row].audio)]
    if missing:
        where, first = next((where, each) for where, each in _numbered(path) if each.id == missing[0])
        more = f" (and those of {len(missing) - 1} more lines)" if len(missing) > 1 else ""
        raise ManifestError(
            f"{where}: {first.audio}: the audio file of {first.id!r} is not there{more}; "
            "relative paths start at the manifest's folder"
        )
