"""CTC decoders: from log-probabilities to a hypothesis with words, times and confidences; the table by name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from asr.decoders.beam import Beam
from asr.decoders.greedy import Greedy
from asr.decoders.hotwords import read_hotwords
from asr.decoders.lexicon import Lexicon, read_lexicon
from asr.decoders.path import check_log_probs, collapse, hypothesis
from asr.errors import ConfigError, did_you_mean
from asr.types import FloatArray, Hypothesis

__all__ = [
    "DECODERS",
    "Beam",
    "Decoder",
    "Lexicon",
    "check_log_probs",
    "collapse",
    "get_decoder",
    "hypothesis",
    "read_hotwords",
    "read_lexicon",
]


class Decoder(Protocol):
    """Made once from the tokens of a model, then used for any number of utterances, one at a time.

    `log_probs` is [F, V]: natural logarithms, each row a distribution over the tokens; `frame_shift_s` is the time from
    one of its frames to the next. No frames give an empty hypothesis.
    """

    def __init__(self, tokens: Sequence[str], blank: int = 0) -> None: ...

    def decode(self, log_probs: FloatArray, *, frame_shift_s: float) -> Hypothesis: ...

    def decode_batch(
        self, batch: Iterable[FloatArray], *, frame_shift_s: float, threads: int | None = None
    ) -> list[Hypothesis]: ...


DECODERS: dict[str, type[Decoder]] = {"beam": Beam, "greedy": Greedy}


def get_decoder(name: str) -> type[Decoder]:
    """Return the class of the decoder called `name`; ConfigError names the known ones."""
    if name not in DECODERS:
        raise ConfigError(f"decoder {name!r}: unknown{did_you_mean(name, DECODERS)}")
    return DECODERS[name]
