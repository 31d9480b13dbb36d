"""Every setting of a training run, read once from TOML, strictly, into frozen values.

A config object stops at the door: whoever is handed it passes plain values on.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, SerializeAsAny, ValidationError

from asr.augment import Link, fastest, link
from asr.errors import ConfigError, TextError
from asr.files import existing_file
from asr.mel import FeatureSpec
from asr.section import Count, Positive, Section, Share, Speed, explain
from asr.tokenizers import TOKENIZERS, options

WITHOUT_CHARACTERS = {"byte", "phone"}  # tokenizers whose tokens are not made from characters


class Text(Section):
    """How transcripts become labels."""

    rules: str = "en"
    tokenizer: str = "char"
    pieces: Annotated[int, Field(ge=3)] | None = None  # tokens to make; the tokenizer's own default unless given
    lexicon: Path | None = Field(default=None, strict=False)  # pronouncing dictionary, relative to the config file
    stress: bool | None = None  # keep the digits of CMUdict's vowels; the tokenizer's own default unless given
    characters: str = ""  # characters to have a token beyond those of the training texts

    @property
    def tokenizer_options(self) -> dict[str, Any]:
        """What `asr.tokenizers.build` is given beside the texts."""
        values = {"pieces": self.pieces, "lexicon": self.lexicon, "stress": self.stress}
        return {name: value for name, value in values.items() if value is not None}


class Features(Section):
    """The front end; the fields of `asr.mel.FeatureSpec`."""

    kind: Literal["fbank", "mfcc"] = "fbank"
    rate_hz: Annotated[int, Field(gt=0)] = 16000
    bands: Annotated[int, Field(gt=0)] = 80
    window_ms: Annotated[int, Field(gt=0)] = 25
    shift_ms: Annotated[int, Field(gt=0)] = 10
    low_hz: float = 20.0
    high_hz: float = -400.0
    preemphasis: Share = 0.97
    ceps: Annotated[int, Field(gt=0)] = 13
    lifter: Annotated[float, Field(ge=0)] = 22.0

    def spec(self) -> FeatureSpec:
        return FeatureSpec(**self.model_dump())


class Model(Section):
    """The encoder's name; every further key is an argument of its constructor, checked where it is built."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True, allow_inf_nan=False)

    encoder: str = "blstm"

    @property
    def settings(self) -> dict[str, Any]:
        return dict(self.model_extra or {})


class Train(Section):
    """The optimiser, the batches, and what is kept."""

    seed: Count = 1
    epochs: Annotated[int, Field(ge=1)] = 100
    batch_s: Positive = 120.0  # audio seconds in a batch
    learning_rate: Positive = 1e-3  # at the end of the warm-up
    final_learning_rate: Annotated[float, Field(ge=0)] = 1e-5  # at the end of the cosine
    warmup_epochs: Annotated[float, Field(ge=0)] = 5.0
    weight_decay: Annotated[float, Field(ge=0)] = 1e-2
    clip_norm: Positive = 5.0
    inter_ctc: Annotated[float, Field(ge=0, lt=1)] = 0.0  # share in the loss of a second one after half of the layers
    measure: Literal["wer", "cer"] = "wer"  # error rate on dev by which checkpoints are chosen
    average: Annotated[int, Field(ge=1)] = 5  # best checkpoints whose mean is the model
    consistency: Annotated[float, Field(ge=0)] = 0.0  # weight of the agreement of two augmented views of an utterance
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    device: str = "auto"
    max_dropped: Count = 0  # utterances too short for their labels that may be left out
    max_unknown: Count = 0  # dev utterances with characters that have no token, which are scored but have no loss
    cache_gb: Annotated[float, Field(ge=0)] = 2.0  # decoded audio kept in memory


class Augment(Section):
    """Joined utterances, speed perturbation, the chain, gain, vocal tract length, colour and SpecAugment."""

    joined: Share = 0.0  # of the utterances, spoken one after another in random pairs
    speeds: tuple[Speed, ...] = (0.9, 1.0, 1.1)  # tempo and pitch together
    tempos: tuple[Speed, ...] = (1.0,)  # the pitch stays
    gain_db: Annotated[float, Field(ge=0)] = 6.0  # each utterance louder or softer by up to this much
    warp: Annotated[float, Field(ge=0, le=0.5)] = 0.0  # frequency axes stretched by up to this share (fbank alone)
    colour_db: Annotated[float, Field(ge=0)] = 0.0  # of five points of the spectrum (fbank alone)
    freq_masks: Count = 2
    freq_width: Count = 27  # bands
    time_masks_per_s: Annotated[float, Field(ge=0)] = 1.0
    time_width: Count = 20  # frames
    time_share: Share = 0.2  # of an utterance that one mask may cover at the most
    chain: tuple[Annotated[SerializeAsAny[Link], BeforeValidator(link)], ...] = ()  # what else is done, in this order

    @property
    def fastest(self) -> float:
        """How many times as fast as recorded an utterance may be heard at the most."""
        return max(self.speeds) * max(self.tempos) * fastest(self.chain)

    def beside(self, folder: Path) -> Augment:
        """Return the same with relative paths that start at a folder."""
        return self.model_copy(update={"chain": tuple(link.beside(folder) for link in self.chain)})


class Data(Section):
    """Manifests, relative to the config file; the command line may name others."""

    train: Path | None = Field(default=None, strict=False)
    dev: Path | None = Field(default=None, strict=False)


class Config(Section):
    """All settings of a run."""

    text: Text = Text()
    features: Features = Features()
    model: Model = Model()
    train: Train = Train()
    augment: Augment = Augment()
    data: Data = Data()


def load(path: str | Path) -> Config:
    """Read a TOML config.

    Raises MissingFile, or ConfigError naming the section and the key, with the nearest known name for an unknown one.
    """
    path = existing_file(path, "config")
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not a TOML file ({error}); mend that line") from error
    config = parse(values, where=str(path))
    beside = {name: path.parent / value for name, value in config.data if value is not None}
    lexicon = None if config.text.lexicon is None else path.parent / config.text.lexicon
    text = config.text.model_copy(update={"lexicon": lexicon})
    augment = config.augment.beside(path.parent)
    return config.model_copy(update={"data": Data(**beside), "text": text, "augment": augment})


def parse(values: dict[str, Any], *, where: str = "config") -> Config:
    """Check settings that were read already; raises ConfigError."""
    try:
        config = Config.model_validate(tupled(values))
    except ValidationError as error:
        raise ConfigError(f"{where}: {explain(error, Config)}") from error
    for key, what in (("speeds", "speed"), ("tempos", "tempo")):
        if not getattr(config.augment, key):
            raise ConfigError(f"{where}: augment: {key} is empty; write [1.0] for no {what} perturbation")
    check_text(config.text, where)
    if config.train.max_unknown and config.text.tokenizer == "phone":
        raise ConfigError(f"{where}: train: max_unknown is not for 'phone': unknown words have no phones; set it to 0")
    if config.features.kind != "fbank":
        for key, does in (("warp", "stretches"), ("colour_db", "colours")):
            if getattr(config.augment, key):
                raise ConfigError(f"{where}: augment: {key} {does} filterbanks alone; set it to 0.0 for cepstra")
    try:
        config.features.spec()
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from error
    return config


def check_text(text: Text, where: str) -> None:
    """Refuse an unknown tokenizer and settings that it does not have, with a ConfigError."""
    try:
        known = options(text.tokenizer)
    except TextError as error:
        raise ConfigError(f"{where}: text: {error}") from error
    for name in text.tokenizer_options.keys() - set(known):
        others = " and ".join(repr(kind) for kind in TOKENIZERS if name in options(kind))
        raise ConfigError(f"{where}: text: {name} is for the tokenizers {others} alone; take it out")
    if "lexicon" in known and text.lexicon is None:
        raise ConfigError(f"{where}: text: lexicon is missing; name a pronouncing dictionary for {text.tokenizer!r}")
    if text.characters and text.tokenizer in WITHOUT_CHARACTERS:
        raise ConfigError(f"{where}: text: characters make no tokens of {text.tokenizer!r}; take them out")


def tupled(value: Any) -> Any:
    """Return TOML values with arrays as tuples, which is what frozen settings hold."""
    if isinstance(value, dict):
        return {key: tupled(item) for key, item in value.items()}
    if isinstance(value, list):
        return tuple(tupled(item) for item in value)
    return value
