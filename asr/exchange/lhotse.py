"""Lhotse's CutSets: JSON lines, plain or gzip, of cuts with their recording and what is said in them.

So the corpora that lhotse prepares come along: `lhotse cut simple -r recordings.jsonl.gz -s supervisions.jsonl.gz
cuts.jsonl.gz` makes a CutSet of what its recipes write. Each supervision becomes an utterance. A relative path starts
at the current folder, as in lhotse.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from asr import audio
from asr.errors import ManifestError
from asr.exchange.paths import on_disk
from asr.files import replacing
from asr.manifest.entry import json_object
from asr.manifest.shards import lines, shards
from asr.manifest.writing import opened_to_write
from asr.types import Utterance

_SIMPLE = "lhotse cut simple -r RECORDINGS -s SUPERVISIONS CUTS.jsonl.gz"


class _Source(BaseModel):
    type: str
    channels: list[int]
    source: str


class _Recording(BaseModel):
    id: str
    sources: list[_Source]
    transforms: list[Any] | None = None


class _Supervision(BaseModel):
    model_config = ConfigDict(extra="allow")

    id: str
    start: float
    duration: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    text: str
    speaker: str | None = None
    custom: dict[str, Any] | None = None


class _Cut(BaseModel):
    """A part of one recording; only what makes an utterance is looked at."""

    id: str
    type: Literal["MonoCut", "MultiCut"]
    start: float
    channel: int | list[int]
    recording: _Recording
    supervisions: Annotated[list[_Supervision], Field(min_length=1)]
    custom: dict[str, Any] | None = None


class Lhotse:
    """A CutSet; `root` says where relative paths start."""

    def read(self, source: Path, *, root: Path | None = None) -> Iterator[Utterance]:
        for shard in shards(source):
            for where, line in lines(shard):
                yield from _utterances(_parsed(json_object(line, where), where), root or Path(), where)

    def write(self, out: Path, utterances: Iterable[Utterance]) -> list[Path]:
        with replacing(out) as temporary, opened_to_write(out, temporary) as file:
            for utterance in utterances:
                file.write(json.dumps(_cut(utterance), ensure_ascii=False).encode() + b"\n")
        return [out]

    def lost(self, utterance: Utterance) -> Iterable[str]:
        return ()


def _parsed(value: Mapping[str, object], where: str) -> _Cut:
    try:
        return _Cut.model_validate(value)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise ManifestError(
            f"{where}: is no cut of one recording with its text ({place}: {first['msg'].lower()}); "
            f"make a CutSet with: {_SIMPLE}"
        ) from error


def _utterances(cut: _Cut, root: Path, where: str) -> Iterator[Utterance]:
    """Yield an utterance for each supervision of a cut."""
    path = root / _file(cut, where)
    for supervision in cut.supervisions:
        start_s = round(cut.start + supervision.start, 8)  # as lhotse itself rounds
        own = supervision.model_extra or {}
        yield Utterance(
            id=supervision.id,
            audio=path,
            text=supervision.text,
            duration_s=supervision.duration,
            speaker=supervision.speaker or "",
            start_s=max(start_s, 0.0),
            extra={key: value for key, value in own.items() if key not in ("recording_id", "channel")}
            | (cut.custom or {})
            | (supervision.custom or {}),
        )


def _file(cut: _Cut, where: str) -> str:
    """Return the file of a cut's recording; ManifestError where the audio is not simply that of one file."""
    recording, sources = cut.recording, cut.recording.sources
    if [source.type for source in sources] != ["file"] or recording.transforms:
        what = "changed as it is read" if recording.transforms else ", ".join(source.type for source in sources)
        raise ManifestError(
            f"{where}: the recording {recording.id!r} is not one file ({what}); save its audio with lhotse first"
        )
    channels = cut.channel if isinstance(cut.channel, list) else [cut.channel]
    if channels != sources[0].channels:
        raise ManifestError(
            f"{where}: takes channel {', '.join(map(str, channels))} of {len(sources[0].channels)}, and a manifest "
            "takes all of a file; write the channel as a file of its own"
        )
    return sources[0].source


def _cut(utterance: Utterance) -> dict[str, object]:
    """Return the cut that an utterance is, with one supervision of the same extent."""
    path = on_disk(utterance, "lhotse").resolve()
    info = _probed(path)
    channels = list(range(info.channels))
    duration_s = min(utterance.duration_s, info.duration_s - utterance.start_s)  # rounded ones may end behind the file
    heard = {"duration": duration_s, "channel": channels if len(channels) > 1 else 0}
    supervision = {"id": utterance.id, "recording_id": path.stem, "start": 0.0, **heard, "text": utterance.text}
    supervision |= {"speaker": utterance.speaker} if utterance.speaker else {}
    recording = {
        "id": path.stem,
        "sources": [{"type": "file", "channels": channels, "source": str(path)}],
        "sampling_rate": info.rate_hz,
        "num_samples": info.frames,
        "duration": info.duration_s,
        "channel_ids": channels,
    }
    return {
        "id": utterance.id,
        "start": utterance.start_s,
        **heard,
        "supervisions": [supervision],
        "recording": recording,
        **({"custom": dict(utterance.extra)} if utterance.extra else {}),
        "type": "MultiCut" if len(channels) > 1 else "MonoCut",
    }


@functools.lru_cache(maxsize=1024)  # the utterances of a long file follow each other
def _probed(path: Path) -> audio.AudioInfo:
    return audio.probe(path)
