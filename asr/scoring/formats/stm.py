"""STM, NIST's references with times: one segment a line; and the words of a CTM file cut into its segments."""

from __future__ import annotations

import bisect
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from asr.errors import DataError
from asr.scoring.formats.ctm import seconds
from asr.scoring.formats.line import Line, numbered
from asr.scoring.formats.trn import refuse_alternatives
from asr.types import Word

_IGNORED = "IGNORE_TIME_SEGMENT_IN_SCORING"
_LABEL = re.compile(r"<[^<>\s]*>")


def read_stm(content: str, path: Path) -> Iterator[tuple[int, str, Line]]:
    """Read lines of recording, channel, speaker, begin, end, perhaps a <label>, and the text.

    The id is the recording where that has one segment, else `recording-channel-begin-end`. Of a segment that is to be
    ignored (IGNORE_TIME_SEGMENT_IN_SCORING) the field `ignored` says so.
    """
    segments = [(number, *_segment(line, f"{path}:{number}")) for number, line in numbered(content, comment=";;")]
    recordings = Counter(line.fields["recording"] for *_, line in segments)
    for number, times, line in segments:
        recording, channel = (str(line.fields[name]) for name in ("recording", "channel"))
        yield number, recording if recordings[recording] == 1 else "-".join((recording, channel, *times)), line


def cut(segments: Mapping[str, Line], recordings: Iterable[Line]) -> dict[str, Line]:
    """Return the words of CTM recordings by the ids of the segments that they fall into.

    A word belongs to the first segment of its recording and channel that ends at the middle of the word or later, and
    what comes after all segments to the last, as sclite has it. Words of recordings without a segment are left out.
    """
    found: dict[str, Line] = {}
    words = {(line.fields["recording"], line.fields["channel"]): line.words for line in recordings}
    places: dict[tuple[object, object], list[str]] = defaultdict(list)
    for id, line in segments.items():
        places[line.fields["recording"], line.fields["channel"]].append(id)
    for place, ids in places.items():
        ids.sort(key=lambda id: float(str(segments[id].fields["end_s"])))
        ends = [float(str(segments[id].fields["end_s"])) for id in ids[:-1]]
        parts: dict[str, list[Word]] = {id: [] for id in ids}
        for word in words.get(place, ()):
            parts[ids[bisect.bisect_left(ends, (word.start_s + word.end_s) / 2)]].append(word)
        found |= {id: Line(" ".join(word.text for word in part), words=tuple(part)) for id, part in parts.items()}
    return found


def _segment(line: str, where: str) -> tuple[tuple[str, str], Line]:
    columns = line.split(maxsplit=5)
    if len(columns) < 5:
        raise DataError(
            f"{where}: has {len(columns)} columns; a line of STM is recording, channel, speaker, begin, end and "
            "the text"
        )
    recording, channel, speaker, begin, end, *rest = columns
    start_s, end_s = seconds(begin, where), seconds(end, where)
    label, text = _labelled(" ".join(rest))
    refuse_alternatives(text, where)
    fields = {"recording": recording, "channel": channel, "start_s": start_s, "end_s": end_s}
    fields |= {"duration_s": end_s - start_s} | ({"label": label} if label else {})
    return (begin, end), Line(text, speaker, fields=fields | ({"ignored": True} if text == _IGNORED else {}))


def _labelled(text: str) -> tuple[str, str]:
    first, _, rest = text.partition(" ")
    return (first[1:-1], rest.strip()) if _LABEL.fullmatch(first) else ("", text)
