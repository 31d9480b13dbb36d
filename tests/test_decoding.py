"""A decoder as a user asks for it: settings of the model file under those of the user, files opened, mistakes named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from asr.bundle import ModelInfo
from asr.decoders import DECODERS
from asr.decoders.greedy import Greedy
from asr.decoding import make_decoder, settings_of
from asr.errors import AsrError, ConfigError, MissingFile
from asr.tokenizers import SPACE

pytest.importorskip("numba", reason="needs the extra `beam`")

TOKENS = ("<blk>", SPACE, "a", "b")
ARPA = """
\\data\\
ngram 1=5

\\1-grams:
-1.0\t<unk>
-99\t<s>
-0.5\t</s>
-0.9\ta
-0.1\tb

\\end\\
"""


def info(**decoder: Any) -> ModelInfo:
    return ModelInfo("test", TOKENS, 16000, 0.04, decoder={"name": "greedy"} | decoder)


def log_probs(*rows: tuple[float, ...]) -> np.ndarray:
    return np.log(np.asarray(rows, np.float32))


# In one frame a is a little more likely than b, which the language model likes much better.
UNSURE = log_probs((0.04, 0.01, 0.5, 0.45))


def text_of(found: Any) -> str:
    return str(found.decoder.decode(UNSURE, frame_shift_s=0.04).text)


@pytest.fixture
def arpa(tmp_path: Path) -> Path:
    path = tmp_path / "lm.arpa"
    path.write_text(ARPA, encoding="utf-8")
    return path


def test_the_model_has_its_own_way() -> None:
    assert isinstance(make_decoder(info()).decoder, Greedy)
    assert isinstance(make_decoder(info(name="beam"), "greedy").decoder, Greedy)


@pytest.mark.parametrize("name", DECODERS)
def test_every_decoder_is_made_by_its_name(name: str) -> None:
    assert text_of(make_decoder(info(), name)) == "a"


def test_a_language_model_is_read_from_its_file(arpa: Path) -> None:
    assert text_of(make_decoder(info(), "beam", lm=arpa, lm_weight=1.0)) == "b"
    assert text_of(make_decoder(info(), "beam", lm=str(arpa), lm_weight=0.0)) == "a"


def test_hot_words_are_a_list_or_a_file(tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_text("b => Bee\t2.0\n", encoding="utf-8")
    assert text_of(make_decoder(info(), "beam", hotwords=["b"])) == "b"
    assert text_of(make_decoder(info(), "beam", hotwords=tmp_path / "names.txt")) == "Bee"


def test_a_lexicon_is_read_from_its_file(tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("b\n", encoding="utf-8")
    assert text_of(make_decoder(info(), "beam", lexicon=tmp_path / "words.txt")) == "b"


def test_what_was_tuned_holds_unless_asked_otherwise(arpa: Path) -> None:
    tuned = info(beam={"lm_weight": 1.0, "word_bonus": 0.0, "beam": 4, "calibration": [2.0, -1.0]})
    found = make_decoder(tuned, "beam", lm=arpa)
    assert text_of(found) == "b"
    assert found.calibration == (2.0, -1.0)
    assert text_of(make_decoder(tuned, "beam", lm=arpa, lm_weight=0.0)) == "a"


def test_what_was_tuned_beside_a_language_model_is_not_for_a_search_without() -> None:
    tuned = info(beam={"lm_weight": 1.0, "word_bonus": -50.0, "calibration": [2.0, -1.0]})
    found = make_decoder(tuned, "beam")
    assert text_of(found) == "a"
    assert found.calibration is None


def test_the_next_best_readings_come_along() -> None:
    best = make_decoder(info(), "beam", nbest=3).decoder.decode(UNSURE, frame_shift_s=0.04)
    assert [best.text, *(other.text for other in best.alternatives)] == ["a", "b", ""]
    totals = [best.total, *(other.total for other in best.alternatives)]
    assert totals == sorted(totals, reverse=True)


@pytest.mark.parametrize(
    ("name", "wishes", "message"),
    [
        ("greedy", {"lm": "x"}, "decoder 'greedy': has no setting 'lm'; ask for the decoder 'beam'"),
        ("beam", {"bean": 3}, "decoder 'beam': has no setting 'bean'; did you mean 'beam'?"),
        ("bean", {}, "decoder 'bean': unknown; did you mean 'beam'?"),
        ("beam", {"beam": 0}, "beam: 0 is too little"),
        ("beam", {"lm": "gone.arpa"}, "gone.arpa: no such language model"),
        ("beam", {"hotwords": Path("gone.txt")}, "gone.txt: no such list of hot words"),
    ],
)
def test_mistakes_are_named(name: str, wishes: dict[str, Any], message: str) -> None:
    with pytest.raises(AsrError) as error:
        make_decoder(info(), name, **wishes)
    assert isinstance(error.value, ConfigError | MissingFile)
    assert str(error.value).startswith(message)


def test_settings_are_the_arguments_of_the_constructor() -> None:
    assert settings_of("greedy") == []
    assert {"beam", "nbest", "lm", "lm_weight", "hotwords", "lexicon", "priors"} <= set(settings_of("beam"))
