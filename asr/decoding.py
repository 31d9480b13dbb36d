"""A decoder as a user asks for it: by name, with files for its models and lists, over what a model file holds."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from asr import lm
from asr.bundle import ModelInfo
from asr.decoders import DECODERS, Decoder, get_decoder
from asr.decoders.confidence import Calibration
from asr.decoders.hotwords import read_hotwords
from asr.decoders.lexicon import read_lexicon
from asr.errors import ConfigError, did_you_mean

# What a model file may hold for a decoder that makes sense beside a language model alone.
_OF_LM = ("lm_weight", "word_bonus", "unknown_price", "open_vocabulary", "lm_unit")
# Settings that may be paths, and how such a file is read for a model of these tokens.
_FILES: dict[str, Callable[[str | Path, Sequence[str]], object]] = {
    "lm": lambda path, tokens: lm.load(path),
    "hotwords": lambda path, tokens: read_hotwords(path),
    "lexicon": read_lexicon,
}


class Decoding(NamedTuple):
    """A decoder, and the curve that its confidences are to be brought to, if the model knows one."""

    decoder: Decoder
    calibration: Calibration | None


def make_decoder(info: ModelInfo, name: str | None = None, /, **wishes: Any) -> Decoding:
    """Return the decoder called `name`, or the model's own, with the settings that are asked for.

    `info.decoder` holds, beside the `name` of the model's own way, settings under the name of each decoder that was
    tuned for it: they hold unless others are asked for, those about a language model only beside one. wishes:
    arguments of the decoder; lm, hotwords and lexicon may be files (an ARPA file or a binary of `asr lm build`;
    `read_hotwords` and `read_lexicon` have the forms of the others).
    Raises ConfigError for a decoder or a setting that there is not, and what reading the files raises.
    """
    name = name or str(info.decoder["name"])
    kind, known = get_decoder(name), settings_of(name)
    for wish in wishes:
        if wish not in known:
            raise ConfigError(f"decoder {name!r}: has no setting {wish!r}{_way_out(wish, known)}")
    stored = dict(info.decoder.get(name, {}))
    calibration = Calibration(*stored["calibration"]) if "calibration" in stored and "lm" in wishes else None
    kept = {key: value for key, value in stored.items() if key in known and ("lm" in wishes or key not in _OF_LM)}
    if "priors" in known and info.priors:
        kept["priors"] = info.priors
    asked = {wish: _opened(wish, value, info.tokens) for wish, value in wishes.items()}
    return Decoding(kind(info.tokens, info.blank, **kept | asked), calibration)


def _way_out(wish: str, known: Sequence[str]) -> str:
    others = [other for other in DECODERS if wish in settings_of(other)]
    if others:
        return f"; ask for the decoder {others[0]!r}"
    return did_you_mean(wish, known) if known else ""


def settings_of(name: str) -> list[str]:
    """Return the names of a decoder's settings."""
    parameters = inspect.signature(DECODERS[name]).parameters.values()
    return [parameter.name for parameter in parameters if parameter.kind is parameter.KEYWORD_ONLY]


def _opened(setting: str, value: object, tokens: Sequence[str]) -> object:
    if setting in _FILES and isinstance(value, str | Path):
        return _FILES[setting](value, tokens)
    return value
