"""Which utterances of a manifest to take: by a filter, or by the share of a split."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from asr.errors import ManifestError
from asr.manifest.reading import stream
from asr.manifest.writing import write
from asr.types import Utterance

REST = "train"  # what no share takes


@dataclass(frozen=True, slots=True)
class Filter:
    """Takes the utterances that have all that is asked for; None asks for nothing."""

    min_s: float | None = None
    max_s: float | None = None
    match: str | None = None  # a regular expression that is found in the text
    ids: Collection[str] | None = None
    speakers: Collection[str] | None = None

    def __post_init__(self) -> None:
        try:
            re.compile(self.match or "")
        except re.error as error:
            raise ManifestError(f"match: {self.match!r} is no regular expression ({error}); mend it") from error

    def __call__(self, utterance: Utterance) -> bool:
        return (
            (self.min_s is None or utterance.duration_s >= self.min_s)
            and (self.max_s is None or utterance.duration_s <= self.max_s)
            and (self.match is None or re.search(self.match, utterance.text) is not None)
            and (self.ids is None or utterance.id in self.ids)
            and (self.speakers is None or utterance.speaker in self.speakers)
        )


def pick(path: str | Path, out: str | Path, chosen: Callable[[Utterance], bool]) -> tuple[int, int]:
    """Write the chosen utterances of a manifest to another and return how many they are, and of how many.

    Needs eight bytes a line. Raises what `read` and `write` raise.
    """
    kept = total = 0

    def taken() -> Iterator[Utterance]:
        nonlocal kept, total
        for utterance in stream(path):
            total += 1
            if chosen(utterance):
                kept += 1
                yield utterance

    write(out, taken())
    return kept, total


def split(path: str | Path, out: str | Path, shares: Mapping[str, float]) -> dict[Path, int]:
    """Write `out/<name>.jsonl` for each share and for `train`, the rest, and return how many utterances each has.

    Raises ManifestError for shares that are none, and what `read` and `write` raise.
    """
    if REST in shares or not all(share > 0 for share in shares.values()) or sum(shares.values()) > 1:
        raise ManifestError(
            f"shares: {dict(shares)} are no shares above 0 and together at most 1; {REST} is the rest, and not named"
        )
    if wrong := [name for name in shares if Path(name).name != name]:
        raise ManifestError(f"shares: {wrong[0]!r} is no name of a file; name the split by a word")
    paths = {name: Path(out) / f"{name}.jsonl" for name in (REST, *shares)}
    return {target: pick(path, target, partial(_is_on, name, shares))[0] for name, target in paths.items()}


def _is_on(name: str, shares: Mapping[str, float], utterance: Utterance) -> bool:
    return side_of(utterance, shares) == name


def side_of(utterance: Utterance, shares: Mapping[str, float]) -> str:
    """Return the split that an utterance belongs to, whatever else there is.

    The first 64 bits of the SHA-256 of its speaker, or of its id where that is not known, are a number between 0 and 1;
    the shares lie side by side from 0 on, and behind them the rest. So a speaker is on one side, and those who are
    there stay where they are as others come.
    """
    digest = hashlib.sha256((utterance.speaker or utterance.id).encode(errors="surrogatepass")).digest()
    place = int.from_bytes(digest[:8], "big") / 2.0**64
    for name, share in shares.items():
        if place < share:
            return name
        place -= share
    return REST
