"""From manifests to examples: text rules, tokens, the feasibility check of CTC, feature statistics."""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from asr import text
from asr.config import Config
from asr.errors import DataError, TextError
from asr.feasibility import frames_needed, most_needed, output_frames
from asr.manifest import Index, Scan
from asr.mel import FeatureSpec
from asr.model.fbank import Features, mask
from asr.tokenizers import SPELLED, Tokenizer, build, readable, restore
from asr.tokenizers.phone import PhoneTokenizer
from asr.tokenizers.tokens import NO_STATE
from asr.train.batches import AudioCache, dev_batches
from asr.train.examples import Examples, Labeller

STATISTICS_S = 36000.0  # ten hours of audio: more would not change the second digit of a band's mean
_PIECE = 1 << 16  # of a set at a time, to keep what the sums take small


@dataclass(frozen=True)
class Data:
    """What a run trains on and is measured on."""

    tokenizer: Tokenizer
    train: Examples
    dev: Examples
    dropped: tuple[str, ...]  # ids left out: more labels than frames
    unknown: tuple[str, ...]  # ids of dev without labels: characters that have no token
    cache: AudioCache

    @property
    def tokens(self) -> tuple[str, ...]:
        return self.tokenizer.tokens

    @property
    def references(self) -> dict[str, str]:
        return {example.utterance.id: readable(self.tokenizer, example.utterance.text) for example in self.dev}


class Texts:
    """The texts of a manifest after a rule, which are passed once."""

    def __init__(self, path: Path, rule: text.TextRule) -> None:
        self._path, self._rule, self._scan = path, rule, Scan(path)
        self._needed = array("i")
        self._texts = chain.from_iterable(self._ruled())

    def __iter__(self) -> Iterator[str]:
        return self._texts

    def _ruled(self) -> Iterator[list[str]]:
        for texts in self._scan.texts():
            ruled = self._rule.each(texts)
            self._needed.frombytes(most_needed(ruled).astype(np.int32).tobytes())
            yield ruled
        if not self._needed:
            raise DataError(f"{self._path}: has no utterances; prepare the corpus again")

    def passed(self) -> tuple[Index, npt.NDArray[np.int32]]:
        """Pass what is left, and return the lines and no fewer frames than each needs if its tokens spell it."""
        deque(self._texts, maxlen=0)
        return self._scan.index(), np.frombuffer(self._needed, np.int32)


def load_data(
    config: Config,
    train: Path,
    dev: Path,
    tokens: tuple[str, ...] | None = None,
    state: Mapping[str, Any] = NO_STATE,
) -> Data:
    """Read both manifests, apply the text rules, encode the texts, and check that CTC can learn each utterance.

    Without `tokens`, and the state of their tokenizer, the token set is made from the training texts.
    Raises DataError, ManifestError, TextError, or what making the tokenizer raises.
    """
    spec, rule, kind = config.features.spec(), text.get_rule(config.text.rules), config.text.tokenizer
    train_texts, dev_texts = Texts(train, rule), Texts(dev, rule)
    dev_lines, _ = dev_texts.passed()
    tokenizer = (
        restore(kind, tokens, state)
        if tokens
        else build(kind, chain(train_texts, [config.text.characters]), **config.text.tokenizer_options)
    )
    train_lines, needed = train_texts.passed()
    dev_examples, unknown = known(dev_lines, Labeller(rule, tokenizer, dev), config.train.max_unknown)
    spelled = not tokens and kind in SPELLED  # these very texts, by tokens that were made from them
    examples = Examples(train_lines, Labeller(rule, tokenizer, train))
    kept, dropped = feasible(examples, spec, config.augment.fastest, needed if spelled else None)
    if len(dropped) > config.train.max_dropped:
        raise DataError(
            f"{train}: {len(dropped)} utterances have more labels than frames at speed {config.augment.fastest:g}, "
            f"so CTC cannot learn them: {', '.join(dropped[:10])}{' ...' if len(dropped) > 10 else ''}; "
            f"mend them, or set train.max_dropped to {len(dropped)} to leave them out"
        )
    if not kept:
        raise DataError(f"{train}: no utterance is long enough for its text; check durations and texts")
    cache = AudioCache(spec.rate_hz, config.train.cache_gb)
    return Data(tokenizer, kept, dev_examples, dropped, unknown, cache)


def known(lines: Index, labeller: Labeller, limit: int) -> tuple[Examples, tuple[str, ...]]:
    """Return examples, without labels where a text has characters that have no token, and the ids of those.

    TextError names the first of them where they are more than the limit; words without phones cannot be scored at all.
    """
    unknown: list[str] = []
    for utterance in lines:
        try:
            labeller(utterance)
        except TextError as error:
            if isinstance(labeller.tokenizer, PhoneTokenizer):
                raise
            unknown.append(utterance.id)
            if len(unknown) > limit:
                raise TextError(f"{error}, or raise train.max_unknown to score such texts without a loss") from error
    return Examples(lines, replace(labeller, lenient=True)), tuple(unknown)


def feasible(
    examples: Examples, spec: FeatureSpec, speed: float, needed: npt.NDArray[np.int32] | None = None
) -> tuple[Examples, tuple[str, ...]]:
    """Return the examples with frames enough for labels + repeats at the fastest speed, and the ids of the others.

    needed [N]: no fewer frames than each may need, where that is known; only where these are not there is an example
    encoded.
    """
    durations_s = examples.durations_s
    lacking: list[int] = []
    for start in range(0, len(durations_s), _PIECE):
        frames = output_frames(durations_s[start : start + _PIECE], speed, spec)
        doubtful = frames < (np.inf if needed is None else needed[start : start + _PIECE])
        for place in np.flatnonzero(doubtful).tolist():
            if frames[place] < max(frames_needed(examples[start + place].labels), 1):
                lacking.append(start + place)
    return examples.without(lacking), tuple(examples[place].utterance.id for place in lacking)


@torch.inference_mode()
def statistics(features: Features, data: Data, batch_s: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean and standard deviation of every feature over the training audio: [dim] each, in float64.

    Of more than `STATISTICS_S` seconds every n-th utterance is taken.
    """
    count, total, squares = 0, torch.zeros(features.spec.dim).double(), torch.zeros(features.spec.dim).double()
    for batch in dev_batches(data.train.spread(STATISTICS_S), data.cache, batch_s):
        values, frames = features(batch.samples, batch.lengths)
        chosen = values[mask(frames, values.shape[1])].double()  # [sum of frames, dim]
        count, total, squares = count + len(chosen), total + chosen.sum(0), squares + chosen.square().sum(0)
    mean = total / count
    deviation = (squares / count - mean.square()).clamp_min(1e-10).sqrt()
    return mean.numpy(), deviation.clamp_min(1e-3).numpy()
