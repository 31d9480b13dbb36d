"""Settings: what is refused and how it is said, and what holds where nothing is written."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from asr import config
from asr.errors import ConfigError, MissingFile
from asr.mel import FeatureSpec

RECIPES = Path(__file__).resolve().parent.parent / "recipes"


def written(folder: Path, text: str) -> Path:
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_nothing_written_means_all_defaults(tmp_path: Path) -> None:
    assert config.load(written(tmp_path, "")) == config.Config()


def test_every_default_is_allowed_and_survives_being_written() -> None:
    """A checkpoint stores the settings as JSON and reads them back."""
    values = config.Config().model_dump(mode="json")
    assert config.parse(values) == config.Config()
    assert set(values) == {"text", "features", "model", "train", "augment", "data"}
    assert all(values.values())


def test_defaults_that_other_files_rely_on() -> None:
    settings = config.Config()
    assert settings.features.spec() == FeatureSpec(), "the front end's numbers are the same in both places"
    assert (settings.text.rules, settings.text.tokenizer, settings.model.encoder) == ("en", "char", "blstm")
    assert settings.augment.speeds == (0.9, 1.0, 1.1)
    assert settings.augment.tempos == (1.0,)
    assert settings.train.max_dropped == 0, "nothing is left out unless the user says so"
    assert settings.model.settings == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[train]\nlearing_rate = 1.0", "train: unknown 'learing_rate'; did you mean 'learning_rate'?"),
        ("[trian]\nseed = 1", "top level: unknown 'trian'; did you mean 'train'?"),
        ("seed = 1", "top level: unknown 'seed'; known: augment, data, features, model, text, train"),
        ("[text]\nx = 1", "text: unknown 'x'; known: characters, lexicon, pieces, rules, stress, tokenizer"),
        ("[text]\ntokenizer = 'chars'", "text: tokenizer 'chars': unknown; did you mean 'char'?"),
        ("[text]\npieces = 9", "text: pieces is for the tokenizers 'bpe' and 'unigram' alone; take it out"),
        ("[text]\nstress = true", "text: stress is for the tokenizers 'phone' alone; take it out"),
        ("[text]\ntokenizer = 'phone'", "text: lexicon is missing; name a pronouncing dictionary for 'phone'"),
        ("[text]\ntokenizer = 'byte'\ncharacters = 'a'", "text: characters make no tokens of 'byte'; take them out"),
        ("[text]\ntokenizer = 'phone'\nlexicon = 3", "text: lexicon = 3: input is not a valid path"),
        ("train = 3", "top level: train = 3: input should be a valid dictionary"),
        ("[train]\nepochs = '3'", "train: epochs = '3': input should be a valid integer"),
        ("[train]\nepochs = 3.5", "train: epochs = 3.5: input should be a valid integer"),
        (
            "[text]\ntokenizer = 'phone'\nlexicon = 'words.dict'\n[train]\nmax_unknown = 1",
            "train: max_unknown is not for 'phone': unknown words have no phones; set it to 0",
        ),
        ("[train]\nepochs = true", "train: epochs = True: input should be a valid integer"),
        ("[train]\nepochs = 0", "train: epochs = 0: input should be greater than or equal to 1"),
        ("[train]\nseed = -1", "train: seed = -1: input should be greater than or equal to 0"),
        ("[train]\nbatch_s = 0", "train: batch_s = 0: input should be greater than 0"),
        ("[train]\nlearning_rate = inf", "train: learning_rate = inf: input should be a finite number"),
        ("[train]\nclip_norm = nan", "train: clip_norm = nan: input should be"),
        ("[train]\nprecision = 'fp16'", "train: precision = 'fp16': input should be 'auto', 'fp32' or 'bf16'"),
        ("[augment]\ntime_share = 1.5", "augment: time_share = 1.5: input should be less than or equal to 1"),
        ("[augment]\nspeeds = []", "augment: speeds is empty; write [1.0]"),
        ("[augment]\ntempos = []", "augment: tempos is empty; write [1.0]"),
        ("[augment]\nspeeds = [1.0, 0.0]", "augment: speeds: 1 = 0.0: input should be greater"),
        ("[augment]\nspeeds = [100.0]", "augment: speeds: 0 = 100.0: input should be less"),
        ("[augment]\nspeeds = 1.1", "augment: speeds = 1.1: input should be a valid tuple"),
        (
            "[augment]\nwarp = 0.1\n[features]\nkind = 'mfcc'",
            "augment: warp stretches filterbanks alone; set it to 0.0",
        ),
        (
            "[augment]\ncolour_db = 3.0\n[features]\nkind = 'mfcc'",
            "augment: colour_db colours filterbanks alone; set it to 0.0",
        ),
        ("[augment]\nwarp = 0.6", "augment: warp = 0.6: input should be less than or equal to 0.5"),
        ("[augment]\ngain_db = -1", "augment: gain_db = -1: input should be greater than or equal to 0"),
        ("[features]\nkind = 'plp'", "features: kind = 'plp': input should be 'fbank' or 'mfcc'"),
        ("[features]\nbands = 200", "features: 200 bands are too many"),
        ("[features]\nrate_hz = 11025", "features: .* not a whole number"),
        ("[features]\nhigh_hz = 9000.0", "features: bands from 20.0 to 9000.0 Hz do not fit"),
        ("[data]\ntrain = 3", "data: train = 3: input is not a valid path"),
        ("[model]\nencoder = 3", "model: encoder = 3: input should be a valid string"),
    ],
)
def test_what_cannot_be_is_said_in_one_sentence(tmp_path: Path, text: str, message: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        config.load(path)
    said = str(caught.value)
    assert said.startswith(f"{path}: ")
    assert "\n" not in said
    with pytest.raises(ConfigError, match="^" + message.replace("[", r"\[").replace("?", r"\?")):
        raise ConfigError(said.removeprefix(f"{path}: "))


def test_files_that_are_no_toml(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"config.toml: not a TOML file \(.*line 2"):
        config.load(written(tmp_path, "[train]\nepochs == 3"))
    path = tmp_path / "latin.toml"
    path.write_bytes("# \xfc".encode("latin-1"))
    with pytest.raises(ConfigError, match="not a TOML file"):
        config.load(path)
    with pytest.raises(MissingFile, match="no such config"):
        config.load(tmp_path / "absent.toml")
    with pytest.raises(MissingFile, match="is a folder, not a config"):
        config.load(tmp_path)


def test_values_are_read_as_written(tmp_path: Path) -> None:
    text = """\ufeff
[features]
rate_hz = 8000
bands = 40
[model]
encoder = "lstm"
hidden = 32
[train]
batch_s = 30
[augment]
speeds = [1.0, 1]
[data]
train = "sets/train.jsonl"
dev = "/elsewhere/dev.jsonl"
"""
    settings = config.load(written(tmp_path, text))
    assert settings.features.spec() == FeatureSpec(rate_hz=8000, bands=40)
    assert (settings.model.encoder, settings.model.settings) == ("lstm", {"hidden": 32})
    assert settings.train.batch_s == 30.0
    assert settings.augment.speeds == (1.0, 1.0)
    assert settings.data.train == tmp_path / "sets" / "train.jsonl", "relative to the config"
    assert settings.data.dev == Path("/elsewhere/dev.jsonl")
    assert config.parse(settings.model_dump(mode="json")) == settings


def test_settings_are_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        config.Config().train.epochs = 3  # type: ignore[misc]


def test_every_shipped_config_loads() -> None:
    paths = sorted(RECIPES.rglob("*.toml"))
    assert len(paths) >= 12
    for path in paths:
        assert config.load(path) != config.Config()


def test_a_lexicon_lies_beside_the_config(tmp_path: Path) -> None:
    text = "[text]\ntokenizer = 'phone'\nlexicon = 'words.dict'\nstress = true"
    settings = config.load(written(tmp_path, text)).text
    assert settings.lexicon == tmp_path / "words.dict"
    assert settings.tokenizer_options == {"lexicon": tmp_path / "words.dict", "stress": True}
    unigram = config.load(written(tmp_path, "[text]\ntokenizer = 'unigram'\npieces = 99")).text
    assert unigram.tokenizer_options == {"pieces": 99}
