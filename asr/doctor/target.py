"""What a data set is examined for: a model that is there, a config to train with, or neither."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from asr import config as configs
from asr import text as texts
from asr import tokenizers
from asr.errors import TextError, require
from asr.feasibility import output_frames
from asr.mel import FeatureSpec
from asr.recognizer import Recognizer
from asr.tokenizers import SPACE, Tokenizer

# What a check may need beyond a manifest, and how a user gives it.
NEEDS = {
    "tokens": "--model or --config",
    "training": "no --model, since its tokens are learnt already",
    "model": "--model",
    "sets": "several manifests",
}


@dataclass(frozen=True)
class Target:
    """Text rules, tokens and frames; without a tokenizer every character is a label, a space between words too."""

    what: str
    rule: texts.TextRule
    spec: FeatureSpec
    tokenizer: Tokenizer | None = None
    speed: float = 1.0  # the fastest of the augmentation
    model: Recognizer | None = None

    def given(self, sets: int) -> set[str]:
        """Return which of NEEDS are there, with this number of manifests."""
        return {
            *(["tokens"] if self.tokenizer else []),
            "training" if self.model is None else "model",
            *(["sets"] if sets > 1 else []),
        }

    def frames(self, duration_s: float) -> int:
        return output_frames(duration_s, self.speed, self.spec)

    def labels(self, text: str) -> tuple[int, ...]:
        """Return the labels of a text that went through the rules; TextError where the tokens cannot spell it."""
        if self.tokenizer is None:
            return tuple(map(_code_point, SPACE.join(text.split())))
        return tuple(self.tokenizer.encode(text))

    def outside(self, text: str) -> tuple[str, ...]:
        """Return what of a text is outside the tokens: characters, or words where the tokens are no characters."""
        unknown = []
        for word in filter(self._cannot_spell, text.split()):
            characters = list(filter(self._cannot_spell, word))
            unknown += characters if characters and self._spells else [word]
        return tuple(unknown)

    @property
    def _spells(self) -> bool:
        return self.tokenizer is not None and any(len(token) == 1 and token != SPACE for token in self.tokenizer.tokens)

    def _cannot_spell(self, text: str) -> bool:
        try:
            self.labels(text)
        except TextError:
            return True
        return False


def _can_be_tokens(text: str) -> bool:
    return SPACE not in text and not any("\ud800" <= character <= "\udfff" for character in text)


@functools.cache
def _code_point(character: str) -> int:
    return ord(character)  # kept, since the labels of a million texts are few different numbers


def for_nothing() -> Target:
    """Return what is taken where neither a model nor a config is given: 40 ms a frame, one label a character."""
    return Target("40 ms a frame, one label a character", texts.get_rule("none"), FeatureSpec())


def for_model(path: str | Path, *, threads: int | None = None) -> Target:
    """Return the text rules, tokens and frames of a model file, which will also listen.

    Raises MissingFile, ModelError, and MissingPackage without numba, which aligning needs.
    """
    require("asr.viterbi", extra="beam", purpose="comparing texts with what a model hears")
    model = Recognizer(path, threads=threads, decoder="greedy")
    info = model.info
    tokens = f"{len(info.tokens)} {info.tokenizer} tokens"
    return Target(
        what=f"the model {info.name} ({info.text_rules}, {tokens}, {info.rate_hz} Hz)",
        rule=texts.get_rule(info.text_rules),
        spec=FeatureSpec(**info.features),
        tokenizer=tokenizers.restore(info.tokenizer, info.tokens, info.tokenizer_state),
        model=model,
    )


def for_config(path: str | Path) -> Callable[[Iterable[str]], Target]:
    """Return what makes a target of the texts of the training set, since its tokens are made of them.

    Raises MissingFile and ConfigError, as `asr.config.load` does; what it returns raises TextError and DataError, as
    training would.
    """
    config = configs.load(path)
    rule, kind = texts.get_rule(config.text.rules), config.text.tokenizer
    spec, speed = config.features.spec(), config.augment.fastest

    def trained(train: Iterable[str]) -> Target:
        # What no token may hold is found in its lines, as outside of the tokens.
        usable = [*filter(_can_be_tokens, map(rule, train)), config.text.characters]
        tokenizer = tokenizers.build(kind, usable, **config.text.tokenizer_options)
        tokens = f"{len(tokenizer.tokens)} {kind} tokens of the first manifest"
        what = f"the config {Path(path).name} ({texts.label(rule)}, {tokens}, {spec.rate_hz} Hz, speed {speed:g})"
        return Target(what, rule, spec, tokenizer, speed)

    return trained
