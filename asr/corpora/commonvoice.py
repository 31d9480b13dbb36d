"""Common Voice, sentences read by volunteers in more than a hundred languages.

Story: Mozilla asks visitors of a web page to read sentences and to judge the recordings of others (R. Ardila and
others, "Common Voice: a massively-multilingual speech corpus", LREC 2020). One archive a language and release, now at
https://datacollective.mozillafoundation.org.

Licence: CC0 1.0; downloading it one promises not to find out who a speaker is.

Size: by language from minutes to thousands of hours (release 17: English 1.8 million validated clips, 2,600 h), clips
of a few seconds, MP3, 32 or 48 kHz, mono.

Splits: `train`, `dev` and `test` as published: every sentence once, and no speaker in two of them. They are drawn anew
for every release, so name the release with a figure. As they hold a part of what was validated, there is also
`validated`: all of `validated.tsv` but the speakers and the sentences of dev and test; train is in it. What was judged
to be wrong (`invalidated.tsv`) or not judged (`other.tsv`) is not read.

Layout: `cv-corpus-<release>-<date>/<language>/` with `validated.tsv`, `train.tsv`, `dev.tsv`, `test.tsv` and
`clips/*.mp3` (or `.wav`, `.flac`, `.opus`, `.ogg`). The columns `client_id` (the speaker), `path` and `sentence` are
found by the names in the first line; old releases leave `.mp3` away from `path`. Since release 16 `clip_durations.tsv`
states the length of each clip in milliseconds: a few hundred clips are measured, and where all of them are as long as
stated, the others are taken at its word, which makes minutes of hours.

Known faults: some clips are empty or not there, and some sentences are empty; both are left out and counted, and no
more than one in a hundred. Releases differ in quoting: in older ones a sentence with a quotation mark stands in
quotation marks and doubles those inside, in newer ones nothing is quoted and marks may be single. Sentences come from
web pages, with foreign letters, digits, abbreviations and typing errors; clips are of many microphones and rooms.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from asr.corpora.entries import Entry, durations, leave_out, timed_where_readable
from asr.corpora.layout import corpus_folder, recordings, rows
from asr.errors import CorpusError
from asr.types import Utterance

EXTENSIONS = (".mp3", ".wav", ".flac", ".opus", ".ogg")
COLUMNS = ("client_id", "path", "sentence")
ALL = "validated"
LENGTHS = "clip_durations.tsv"
SHARE = 0.01  # of the clips that may be left out
MEASURED = 300  # clips of those whose lengths are stated
WITHIN_S = 0.05  # of what is stated; a span in a manifest may end so much behind its file


class CommonVoice:
    """One language of one release of Common Voice."""

    name = "commonvoice"
    licence = "CC0 1.0"
    splits = ("train", "dev", "test")

    def prepare(self, source: Path, out: Path) -> dict[str, list[Utterance]]:
        """Return train, dev, test and validated; nothing is converted."""
        folder = corpus_folder(source, self.name, f"{ALL}.tsv")
        clips = recordings(folder / "clips", EXTENSIONS)
        parts = {split: _entries(folder, split, clips) for split in (*self.splits, ALL)}
        held_out = [entry for split in ("dev", "test") for entry in parts[split]]
        speakers, texts = {entry.speaker for entry in held_out}, {entry.text for entry in held_out}
        parts[ALL] = [entry for entry in parts[ALL] if entry.speaker not in speakers and entry.text not in texts]
        entries = {entry.id: entry for part in parts.values() for entry in part}  # most are in two lists
        stated = _stated(folder / LENGTHS, clips)
        found = timed_where_readable(list(entries.values()), folder, share=SHARE, stated=stated)
        utterances = {utterance.id: utterance for utterance in found}
        return {split: [utterances[one.id] for one in part if one.id in utterances] for split, part in parts.items()}


def _entries(folder: Path, split: str, clips: Mapping[str, Path]) -> list[Entry]:
    """Return the clips of a list that have a sentence; one that is listed twice counts once."""
    path = folder / f"{split}.tsv"
    entries: dict[str, Entry] = {}
    for speaker, clip, sentence in rows(path, CommonVoice.name, COLUMNS):
        name = _stem(clip)
        audio = clips.get(name) or folder / "clips" / clip
        # A speaker is 128 characters, the same ones in thousands of rows.
        entries[name] = Entry(name, audio, _unquoted(sentence.strip()), sys.intern(speaker))
    wordless = [entry.id for entry in entries.values() if not entry.text]
    leave_out(wordless, path, "no sentence", of=len(entries), share=SHARE)
    if not entries and split != ALL:
        raise CorpusError(f"{path}: has no clips; some languages are too small for it, unpack again or choose another")
    return [entry for entry in entries.values() if entry.text]


def _stated(path: Path, clips: Mapping[str, Path]) -> dict[str, float]:
    """Return the stated lengths in seconds by id of the clips that are there; none if a measured sample differs."""
    if not path.is_file():
        return {}
    table = ((_stem(clip), length_ms) for clip, length_ms, *_ in rows(path, CommonVoice.name))
    stated = {name: int(length_ms) / 1000 for name, length_ms in table if name in clips and length_ms.isdecimal()}
    stated = {name: length_s for name, length_s in stated.items() if length_s}
    sample = list(stated)[:: -(-len(stated) // MEASURED) or 1]
    for name, length in zip(sample, durations([clips[name] for name in sample]), strict=True):
        if isinstance(length, Exception) or abs(length - stated[name]) > WITHIN_S:
            print(f"{path}: is not true of {name}, so that every clip is measured", file=sys.stderr)
            return {}
    return stated


def _stem(clip: str) -> str:
    return clip.rpartition(".")[0] if clip.lower().endswith(EXTENSIONS) else clip


def _unquoted(sentence: str) -> str:
    """Take away the quoting of older releases: marks around the whole, and every mark inside doubled."""
    inside = sentence[1:-1]
    quoted = sentence == f'"{inside}"' and '"' in inside and '"' not in inside.replace('""', "")
    return inside.replace('""', '"') if quoted else sentence
