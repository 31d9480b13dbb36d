"""Kaldi's data folders: wav.scp, segments, text, utt2spk (https://kaldi-asr.org/doc/data_prep.html).

A relative path starts at the current folder, as in Kaldi, whose recipes run in another folder than their data. Written
folders have absolute paths, all utterances in `segments`, and `utt2dur` with the exact lengths. Kaldi sorts by id, and
its own check wants ids that begin with the speaker.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from asr import audio
from asr.errors import ManifestError
from asr.exchange.paths import on_disk
from asr.exchange.rows import seconds_of
from asr.files import existing_file, replacing
from asr.manifest.shards import lines
from asr.types import Utterance

_IN_ARCHIVE = re.compile(r".*:\d+")  # a place in a Kaldi archive, such as raw.ark:117


class _Line(NamedTuple):
    where: str
    rest: str


class _Span(NamedTuple):
    where: str
    audio: Path
    start_s: float
    end_s: float | None  # None is the end of the file


class Kaldi:
    """A data folder; `root` says where relative paths start."""

    def read(self, source: Path, *, root: Path | None = None) -> Iterator[Utterance]:
        texts, spans = _table(source / "text"), _spans(source, root or Path())
        for name in sorted(texts.keys() ^ spans.keys()):
            missing, line = ("audio", texts[name]) if name in texts else ("text", spans[name])
            raise ManifestError(
                f"{line.where}: {name} has no {missing} in this folder; run utils/fix_data_dir.sh first"
            )
        speakers, durations_s = (_table(source / table, needed=False) for table in ("utt2spk", "utt2dur"))
        for name, (_, text) in texts.items():
            speaker = speakers[name].rest if name in speakers else ""
            yield Utterance(
                id=name,
                audio=spans[name].audio,
                text=text,
                duration_s=_duration_s(spans[name], durations_s.get(name)),
                speaker="" if speaker == name else speaker,  # Kaldi's way to say that it is not known
                start_s=spans[name].start_s,
            )

    def write(self, out: Path, utterances: Iterable[Utterance]) -> list[Path]:
        tables = _tables(utterances)
        with contextlib.ExitStack() as stack:
            for name, table in tables.items():
                rows = sorted(table.items())  # by code points, which is the order of LC_ALL=C
                content = "".join(f"{key} {rest}".rstrip() + "\n" for key, rest in rows)
                stack.enter_context(replacing(out / name)).write_text(content, encoding="utf-8", newline="\n")
        return [out / name for name in tables]

    def lost(self, utterance: Utterance) -> Iterable[str]:
        yield from (f"the key {key!r}" for key in utterance.extra)
        if utterance.text != " ".join(utterance.text.split()):
            yield "white space in text"
        if utterance.speaker != "".join(utterance.speaker.split()):
            yield "white space in speaker"


def _spans(source: Path, root: Path) -> dict[str, _Span]:
    """Return where each utterance lies: as `segments` says, or each recording as a whole."""
    recordings = {
        name: _Span(line.where, root / _file(line), 0.0, None) for name, line in _table(source / "wav.scp").items()
    }
    if not (source / "segments").exists():
        return recordings
    return {name: _segment(line, recordings) for name, line in _table(source / "segments").items()}


def _segment(line: _Line, recordings: Mapping[str, _Span]) -> _Span:
    fields = line.rest.split()
    if len(fields) != 3:
        raise ManifestError(
            f"{line.where}: has {len(fields) + 1} fields where an utterance, a recording, start and end are needed; "
            "write a channel as a file of its own"
        )
    recording, start, end = fields
    if recording not in recordings:
        raise ManifestError(f"{line.where}: the recording {recording!r} is not in wav.scp; add it")
    start_s = seconds_of(start, "start", line.where)
    end_s = None if end in ("-1", "-1.0") else seconds_of(end, "end", line.where)  # -1: the end of the file
    if end_s is not None and end_s <= start_s:
        raise ManifestError(f"{line.where}: ends at {end} s, not after its start at {start} s; correct its times")
    return _Span(line.where, recordings[recording].audio, start_s, end_s)


def _file(line: _Line) -> Path:
    if line.rest.endswith("|"):
        raise ManifestError(
            f"{line.where}: is a command ({line.rest!r}), which is not run; write its output to a file and name that"
        )
    if _IN_ARCHIVE.fullmatch(line.rest):
        raise ManifestError(f"{line.where}: {line.rest} is a place in an archive of Kaldi; copy it out with wav-copy")
    return Path(line.rest)


def _duration_s(span: _Span, stated: _Line | None) -> float:
    if stated is not None:
        return seconds_of(stated.rest, "the duration", stated.where)
    return (audio.duration_s(span.audio) if span.end_s is None else span.end_s) - span.start_s


def _table(path: Path, *, needed: bool = True) -> dict[str, _Line]:
    """Return the lines of a table by their first word; of one that may be absent none."""
    if not needed and not path.exists():
        return {}
    table: dict[str, _Line] = {}
    for where, line in lines(existing_file(path, "table of a Kaldi folder")):
        name, rest = [*line.split(maxsplit=1), ""][:2]
        if name in table:
            raise ManifestError(f"{where}: {name} is in {table[name].where} too; run utils/fix_data_dir.sh first")
        table[name] = _Line(where, rest)
    return table


def _tables(utterances: Iterable[Utterance]) -> dict[str, dict[str, str]]:
    """Return the tables of a data folder by name."""
    names = ("wav.scp", "segments", "text", "utt2spk", "utt2dur", "spk2utt")
    tables: dict[str, dict[str, str]] = {name: {} for name in names}
    recordings: dict[str, str] = {}  # by file, called as the first utterance in it
    for utterance in utterances:
        name, path = utterance.id, _written(utterance)
        recording = recordings.setdefault(path, name)
        tables["wav.scp"][recording] = path
        tables["segments"][name] = f"{recording} {utterance.start_s} {utterance.start_s + utterance.duration_s}"
        tables["text"][name] = " ".join(utterance.text.split())
        tables["utt2spk"][name] = "_".join(utterance.speaker.split()) or name
        tables["utt2dur"][name] = str(utterance.duration_s)
    for name, speaker in sorted(tables["utt2spk"].items()):
        tables["spk2utt"][speaker] = f"{tables['spk2utt'].get(speaker, '')} {name}".lstrip()
    return tables


def _written(utterance: Utterance) -> str:
    path = str(on_disk(utterance, "Kaldi").absolute())
    if re.search(r"[\n\r]|^\s|[\s|]$", path) or _IN_ARCHIVE.fullmatch(path):
        raise ManifestError(f"utterance {utterance.id!r}: Kaldi would misread the file name {path!r}; rename the file")
    return path
