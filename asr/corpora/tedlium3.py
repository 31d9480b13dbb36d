"""TED-LIUM 3, English talks of the TED conferences with their captions aligned.

Story: the University of Le Mans and Ubiqus took talks with closed captions and aligned them again and again with
better recognisers (F. Hernandez and others, "TED-LIUM 3: twice as much data and corpus repartition for experiments on
speaker adaptation", SPECOM 2018; https://www.openslr.org/51). 16 kHz, 16 bit, mono, prepared speech before an audience.

Licence: CC BY-NC-ND 3.0: not for commercial use; talks and texts are property of TED Conferences LLC.

Size: 2351 talks for training, 452 h; 8 for dev and 11 for test, 1.6 h and 2.6 h, written by hand.

Splits: the "legacy" distribution, whose dev and test are those of releases 1 and 2, and on which most figures are. The
other one, for experiments on speaker adaptation, is not read.

Layout: `legacy/{train,dev,test}/stm/<talk>.stm` and `legacy/{train,dev,test}/sph/<talk>.sph` (or `.wav`, `.flac`).
Where an archive was unpacked without its links, the training talks are in `data/stm` and `data/sph`. A line of an STM
file is `talk channel speaker start end <label> text`. Utterances are spans of a talk: `start_s` is set.

What is done to a text: segments `ignore_time_segment_in_scoring` are left out; the space before an apostrophe goes (`it
's` becomes `it's`); marks (`<unk>`, `<sil>`, `{NOISE}`, `[NOISE]`, a pronunciation's `(2)`) are taken away, and how
many `<unk>` there were stands in the key `unk` of the manifest. Where nothing is left, the segment is left out.

Known faults: `<unk>` is a word that was said and is not in the makers' dictionary, so that such a text is incomplete.
Training segments are cut close (Kaldi begins them 0.15 s earlier and ends them 0.1 s later). An end that lies behind
that of the recording is moved there.
"""

from __future__ import annotations

import re
from pathlib import Path

from asr.corpora.entries import durations, leave_out
from asr.corpora.layout import AudioFiles, corpus_folder, lines, refuse
from asr.errors import CorpusError
from asr.types import Utterance

EXTENSIONS = (".sph", ".wav", ".flac")
IGNORED = "ignore_time_segment_in_scoring"
UNKNOWN = "<unk>"
AGAIN = "unpack the archive again"

_LINE = re.compile(
    r"(?P<talk>\S+)\s+\S+\s+(?P<speaker>\S+)\s+(?P<start>[0-9]+(\.[0-9]*)?)\s+(?P<end>[0-9]+(\.[0-9]*)?)\s+"
    r"<\S*>\s*(?P<text>.*)"
)
_MARK = re.compile(r"<[^>\s]*>|\{[^}\s]*\}|\[[^]\s]*\]|\([^)\s]*\)")


class TedLium3:
    """The third release of TED-LIUM."""

    name = "tedlium3"
    licence = "CC BY-NC-ND 3.0 (no commercial use)"
    splits = ("train", "dev", "test")

    def prepare(self, source: Path, out: Path) -> dict[str, list[Utterance]]:
        """Return train, dev and test of the legacy distribution; nothing is converted."""
        folder = corpus_folder(source, self.name, "legacy/test/stm")
        places = {split: folder / "legacy" / split for split in self.splits}
        if not (places["train"] / "stm").is_dir():
            places["train"] = folder / "data"
        return {split: _utterances(place) for split, place in places.items()}


def _utterances(place: Path) -> list[Utterance]:
    """Return the segments of a split by talk and time."""
    lists = sorted((place / "stm").glob("[!.]*.stm"))
    if not lists:
        raise CorpusError(f"{place / 'stm'}: has no .stm files; {AGAIN}")
    files = AudioFiles(place / "sph", EXTENSIONS)
    found = {path: files.find(path.stem) for path in lists}
    silent = [path.stem for path, audio in found.items() if audio is None]
    refuse(silent, place / "sph", f"no {' or '.join(EXTENSIONS)} file for", AGAIN)
    talks = {path: audio for path, audio in found.items() if audio is not None}
    ends_s = dict(zip(talks, durations(list(talks.values())), strict=True))
    segments = [one for path, audio in talks.items() for one in _segments(path, audio, ends_s[path])]
    kept = [one for one in segments if one.text]
    wordless = [one.id for one in segments if not one.text]
    leave_out(wordless, place / "stm", "no words", of=len(segments))
    return kept


def _segments(path: Path, audio: Path, end_s: float | Exception) -> list[Utterance]:
    """Return the segments of one talk."""
    if isinstance(end_s, Exception):
        raise end_s
    matches = [_match(line, path) for line in lines(path, TedLium3.name) if not line.startswith(";;")]
    return [_segment(match, path, audio, end_s) for match in matches if match["text"] != IGNORED]


def _match(line: str, path: Path) -> re.Match[str]:
    match = _LINE.fullmatch(line)
    if match is None or match["talk"] != path.stem:
        raise CorpusError(
            f"{path}: {line!r} is not a line like '{path.stem} 1 speaker 14.99 16.07 <o,f0,male> text'; {AGAIN}"
        )
    return match


def _segment(match: re.Match[str], path: Path, audio: Path, end_s: float) -> Utterance:
    start_s, stop_s = float(match["start"]), min(float(match["end"]), end_s)
    if start_s >= stop_s:
        raise CorpusError(f"{path}: {match[0]!r} does not lie in the recording, which lasts {end_s:.2f} s; {AGAIN}")
    unknown = match["text"].split().count(UNKNOWN)
    return Utterance(
        id=f"{path.stem}-{match['start']}-{match['end']}",
        audio=audio,
        text=_text(match["text"]),
        duration_s=round(stop_s - start_s, 6),
        speaker=match["speaker"],
        start_s=start_s,
        extra={"unk": unknown} if unknown else {},
    )


def _text(text: str) -> str:
    return " ".join(_MARK.sub(" ", text).split()).replace(" '", "'")
