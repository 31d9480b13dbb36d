"""From manifests to examples: text rules, tokens, the feasibility check of CTC, feature statistics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from asr import manifest, text
from asr.config import Config, Text
from asr.errors import DataError, TextError
from asr.feasibility import frames_needed, output_frames
from asr.mel import FeatureSpec
from asr.model.fbank import Features, mask
from asr.tokenizers import Tokenizer, build, readable, restore
from asr.tokenizers.phone import PhoneTokenizer
from asr.tokenizers.tokens import NO_STATE
from asr.train.batches import AudioCache, Example, dev_batches
from asr.types import Utterance


@dataclass(frozen=True)
class Data:
    """What a run trains on and is measured on."""

    tokenizer: Tokenizer
    train: list[Example]
    dev: list[Example]
    dropped: tuple[str, ...]  # ids left out: more labels than frames
    unknown: tuple[str, ...]  # ids of dev without labels: characters that have no token
    cache: AudioCache

    @property
    def tokens(self) -> tuple[str, ...]:
        return self.tokenizer.tokens

    @property
    def references(self) -> dict[str, str]:
        return {example.utterance.id: readable(self.tokenizer, example.utterance.text) for example in self.dev}


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
    spec = config.features.spec()
    rule = text.get_rule(config.text.rules)
    train_set, dev_set = (
        [replace(utterance, text=rule(utterance.text)) for utterance in manifest.read(path)] for path in (train, dev)
    )
    for path, utterances in ((train, train_set), (dev, dev_set)):
        if not utterances:
            raise DataError(f"{path}: has no utterances; prepare the corpus again")
    tokenizer = restore(config.text.tokenizer, tokens, state) if tokens else make_tokenizer(config.text, train_set)
    dev_examples, unknown = encode_known(dev_set, tokenizer, dev, config.train.max_unknown)
    kept, dropped = feasible(encode(train_set, tokenizer, train), spec, config.augment.fastest)
    if len(dropped) > config.train.max_dropped:
        raise DataError(
            f"{train}: {len(dropped)} utterances have more labels than frames at speed {config.augment.fastest:g}, "
            f"so CTC cannot learn them: {', '.join(dropped[:10])}{' ...' if len(dropped) > 10 else ''}; "
            f"mend them, or set train.max_dropped to {len(dropped)} to leave them out"
        )
    if not kept:
        raise DataError(f"{train}: no utterance is long enough for its text; check durations and texts")
    cache = AudioCache(spec.rate_hz, config.train.cache_gb)
    return Data(tokenizer, kept, dev_examples, tuple(dropped), tuple(unknown), cache)


def make_tokenizer(settings: Text, utterances: Sequence[Utterance]) -> Tokenizer:
    """Return the tokenizer that the settings ask for, made from the texts of a training set."""
    texts = [*(utterance.text for utterance in utterances), settings.characters]
    return build(settings.tokenizer, texts, **settings.tokenizer_options)


def encode(utterances: Sequence[Utterance], tokenizer: Tokenizer, path: Path) -> list[Example]:
    """Return examples; TextError names the manifest and the utterance whose text has no tokens."""
    examples = []
    for utterance in utterances:
        try:
            examples.append(Example(utterance, tuple(tokenizer.encode(utterance.text))))
        except TextError as error:
            hint = "" if isinstance(tokenizer, PhoneTokenizer) else "; or name them in text.characters"
            raise TextError(f"{path}: {utterance.id}: {error}{hint}") from error
    return examples


def encode_known(
    utterances: Sequence[Utterance], tokenizer: Tokenizer, path: Path, limit: int
) -> tuple[list[Example], list[str]]:
    """Return examples, without labels where a text has characters that have no token, and the ids of those.

    TextError names the first of them where they are more than the limit; words without phones cannot be scored at all.
    """
    if isinstance(tokenizer, PhoneTokenizer):
        return encode(utterances, tokenizer, path), []
    examples: list[Example] = []
    unknown: list[str] = []
    for utterance in utterances:
        try:
            examples += encode([utterance], tokenizer, path)
        except TextError as error:
            examples.append(Example(utterance, ()))
            unknown.append(utterance.id)
            if len(unknown) > limit:
                raise TextError(f"{error}, or raise train.max_unknown to score such texts without a loss") from error
    return examples, unknown


def feasible(examples: Sequence[Example], spec: FeatureSpec, speed: float) -> tuple[list[Example], list[str]]:
    """Return the examples with frames enough for labels + repeats at the fastest speed, and the ids of the others."""
    fits = [
        output_frames(example.utterance.duration_s, speed, spec) >= max(frames_needed(list(example.labels)), 1)
        for example in examples
    ]
    kept = [example for example, good in zip(examples, fits, strict=True) if good]
    return kept, [example.utterance.id for example, good in zip(examples, fits, strict=True) if not good]


@torch.inference_mode()
def statistics(features: Features, data: Data, batch_s: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean and standard deviation of every feature over the training audio: [dim] each, in float64."""
    count, total, squares = 0, torch.zeros(features.spec.dim).double(), torch.zeros(features.spec.dim).double()
    for batch in dev_batches(data.train, data.cache, batch_s):
        values, frames = features(batch.samples, batch.lengths)
        chosen = values[mask(frames, values.shape[1])].double()  # [sum of frames, dim]
        count, total, squares = count + len(chosen), total + chosen.sum(0), squares + chosen.square().sum(0)
    mean = total / count
    deviation = (squares / count - mean.square()).clamp_min(1e-10).sqrt()
    return mean.numpy(), deviation.clamp_min(1e-3).numpy()
