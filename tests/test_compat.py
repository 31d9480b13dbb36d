"""The door for users of pyctcdecode: brute force, constructed answers, pyctcdecode itself, and what is refused.

pyctcdecode needs NumPy 1, so it runs in an environment of its own: `pip install 'numpy<2' pyctcdecode==0.5.0 kenlm`
there, and its Python is named by the environment variable ASR_PYCTCDECODE_PYTHON.
"""

from __future__ import annotations

import inspect
import itertools
import json
import math
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import asr
from asr.decoders.compat import OutputBeam, build_ctcdecoder
from asr.errors import AsrError
from asr.lm import arpa, binary

pytest.importorskip("numba")

Logits = npt.NDArray[np.float64]

INF, LN10 = math.inf, math.log(10)
LABELS = ["", " ", "a", "b"]
WIDE: dict[str, Any] = {"beam_width": 4000, "beam_prune_logp": -INF, "token_min_logp": -INF}  # nothing is dropped

# log10 of the probability and of the back-off weight
NGRAMS: dict[tuple[str, ...], tuple[float, float]] = {
    ("<unk>",): (-1.5, 0.0),
    ("<s>",): (-99.0, -0.3),
    ("</s>",): (-0.7, 0.0),
    ("a",): (-0.5, -0.2),
    ("ab",): (-0.9, -0.4),
    ("<s>", "a"): (-0.1, 0.0),
    ("a", "ab"): (-0.2, 0.0),
    ("ab", "</s>"): (-0.3, 0.0),
}


def log_softmax(scores: npt.ArrayLike) -> Logits:
    scores = np.asarray(scores, np.float64)
    return np.asarray(scores - np.log(np.exp(scores).sum(axis=1, keepdims=True)))


def noise(frames: int, seed: int, vocabulary: int = len(LABELS), spread: float = 2.0) -> Logits:
    return np.random.default_rng(seed).normal(size=(frames, vocabulary)) * spread


def peaky(path: Sequence[int], vocabulary: int = len(LABELS)) -> Logits:
    """Logits [F, V] that leave no doubt about the path."""
    logits = np.zeros((len(path), vocabulary))
    logits[np.arange(len(path)), path] = 12.0
    return logits


@pytest.fixture(scope="session")
def arpa_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    lines = ["\\data\\", "ngram 1=5", "ngram 2=3"]
    for order in (1, 2):
        lines += ["", f"\\{order}-grams:"]
        for words, (prob, backoff) in NGRAMS.items():
            if len(words) == order:
                lines.append("\t".join([str(prob), " ".join(words), *([str(backoff)] if order == 1 else [])]))
    path = tmp_path_factory.mktemp("lm") / "tiny.arpa"
    path.write_text("\n".join([*lines, "", "\\end\\", ""]))
    return path


# ---- the answers, from the definitions


def all_texts(logits: Logits, least: float = -INF, labels: Sequence[str] = LABELS) -> dict[str, float]:
    """Return the log-probability of every text: the sum over its paths of labels that count."""
    log_probs = log_softmax(logits)
    counts = (log_probs >= least) | (log_probs == log_probs.max(axis=1, keepdims=True))
    found: dict[str, float] = {}
    for path in itertools.product(*(np.flatnonzero(row) for row in counts)):
        text = "".join(labels[label] for label, _ in itertools.groupby(path))
        score = sum(float(row[label]) for row, label in zip(log_probs, path, strict=True))
        text = " ".join(text.split())
        found[text] = float(np.logaddexp(found.get(text, -INF), score))
    return found


def added(
    words: Sequence[str], *, alpha: float = 0.5, beta: float = 1.5, offset: float = -10.0, boundary: bool = True,
    known: Sequence[str] = ("a", "ab"), before: str = "", hot: Sequence[str] = (), hotword_weight: float = 10.0,
) -> float:  # fmt: skip
    """Return what is added to the log-probability of a text; before: the word that came before it."""
    before = before or ("<s>" if boundary else "")
    total = 0.0
    for word in [*words, *["</s>"] * boundary]:
        spoken = word if word in (*known, "</s>") else "<unk>"
        if (before, spoken) in NGRAMS:
            total += NGRAMS[before, spoken][0]
        else:
            total += NGRAMS[(spoken,)][0] + (NGRAMS[(before,)][1] if before else 0.0)
        total += offset * (spoken == "<unk>")
        before = spoken
    return alpha * LN10 * total + beta * len(words) + hotword_weight * sum(word in hot for word in words)


def scores(beams: Sequence[OutputBeam]) -> dict[str, tuple[float, float]]:
    assert len({beam.text for beam in beams}) == len(beams)
    assert [beam.lm_score for beam in beams] == sorted((beam.lm_score for beam in beams), reverse=True)
    return {beam.text: (beam.logit_score, beam.lm_score) for beam in beams}


def check_all(beams: Sequence[OutputBeam], logits: Logits, add: Callable[[list[str]], float]) -> None:
    """Check the scores of every text there is. Log-probabilities have single precision in the search."""
    found, wanted = scores(beams), all_texts(logits)
    assert found.keys() == wanted.keys()
    for text, (logit_score, lm_score) in found.items():
        assert logit_score == pytest.approx(wanted[text], abs=1e-4)
        assert lm_score == pytest.approx(wanted[text] + add(text.split()), abs=1e-4)


@pytest.mark.parametrize("seed", range(3))
def test_scores_without_a_language_model_are_sums_over_all_paths(seed: int) -> None:
    logits = noise(5, seed)
    check_all(build_ctcdecoder(LABELS, beta=7.0).decode_beams(logits, **WIDE), logits, lambda words: 0.0)


@pytest.mark.parametrize("least", [-0.5, -1.5, -3.0, 1.0])
def test_labels_below_the_least_log_probability_do_not_count_unless_they_are_the_best(least: float) -> None:
    logits = noise(6, seed=4)
    beams = build_ctcdecoder(LABELS).decode_beams(logits, **WIDE | {"token_min_logp": least})
    wanted = all_texts(logits, least)
    assert {text: score for text, (score, _) in scores(beams).items()} == pytest.approx(wanted, abs=1e-4)


@pytest.mark.parametrize(
    ("build", "as_defined"),
    [
        ({}, {}),
        ({"alpha": 0.0}, {"alpha": 0.0}),
        (
            {"alpha": 1.3, "beta": -0.5, "unk_score_offset": -2.5},
            {"alpha": 1.3, "beta": -0.5, "offset": -2.5},
        ),
        ({"lm_score_boundary": False}, {"boundary": False}),
        ({"unigrams": ["ab", "never heard", "</s>"]}, {"known": ["ab"]}),
        ({"unigrams": {"ab"}, "lm_score_boundary": False}, {"known": ["ab"], "boundary": False}),
    ],
)
def test_scores_with_a_language_model_are_those_of_the_definition(
    arpa_file: Path, build: dict[str, Any], as_defined: dict[str, Any]
) -> None:
    logits = noise(5, seed=5)
    decoder = build_ctcdecoder(LABELS, str(arpa_file), **build)
    check_all(decoder.decode_beams(logits, **WIDE), logits, lambda words: added(words, **as_defined))
    best = max(all_texts(logits).items(), key=lambda item: item[1] + added(item[0].split(), **as_defined))[0]
    assert decoder.decode(logits, **WIDE) == best


def test_a_state_is_where_the_language_model_goes_on(arpa_file: Path) -> None:
    logits = noise(4, seed=6)
    for boundary in (True, False):
        decoder = build_ctcdecoder(LABELS, arpa_file, lm_score_boundary=boundary)
        first = decoder.decode_beams(peaky([2, 2, 0]))[0]
        assert first.text == "a"
        beams = decoder.decode_beams(logits, lm_start_state=first.last_lm_state, **WIDE)
        check_all(beams, logits, lambda words, boundary=boundary: added(words, before="a", boundary=boundary))
        silence = decoder.decode_beams(peaky([0]), lm_start_state=first.last_lm_state)[0]
        assert (silence.text, silence.last_lm_state) == ("", first.last_lm_state)


@pytest.mark.parametrize("with_lm", [False, True])
def test_a_hot_word_is_worth_its_weight_in_whole(arpa_file: Path, with_lm: bool) -> None:
    logits = noise(5, seed=7)
    decoder = build_ctcdecoder(LABELS, arpa_file if with_lm else None)
    given = {"hotwords": [" ab  b ", "", "b"], "hotword_weight": 3.0}
    hot = {"hot": ["ab", "b"], "hotword_weight": 3.0}
    model = {} if with_lm else {"alpha": 0.0, "beta": 0.0}
    check_all(decoder.decode_beams(logits, **WIDE, **given), logits, lambda words: added(words, **model, **hot))
    without = decoder.decode_beams(logits, **WIDE)
    assert decoder.decode_beams(logits, **WIDE, hotwords=["b"], hotword_weight=0.0) == without
    assert decoder.decode_beams(logits, **WIDE, hotwords=[]) == without


# ---- constructed cases


def test_the_best_text_with_its_frames() -> None:
    path = [0, 2, 2, 0, 1, 0, 1, 2, 0, 3, 3, 0]
    decoder = build_ctcdecoder(LABELS)
    best = decoder.decode_beams(peaky(path))[0]
    text, state, frames, logit_score, lm_score = best
    assert (text, state, frames) == ("a ab", None, [("a", (1, 3)), ("ab", (7, 11))])
    assert logit_score == lm_score == pytest.approx(0.0, abs=1e-3)
    assert decoder.decode(peaky(path)) == "a ab"


@pytest.mark.parametrize(("path", "text"), [([], ""), ([0], ""), ([1], ""), ([3], "b"), ([1, 3, 1], "b")])
def test_short_utterances(arpa_file: Path, path: list[int], text: str) -> None:
    for lm in (None, arpa_file):
        decoder = build_ctcdecoder(LABELS, lm)
        best = decoder.decode_beams(peaky(path))[0]
        assert best.text == decoder.decode(peaky(path)) == text
        assert [word for word, _ in best.text_frames] == text.split()
        # Nothing is charged for a space at the end, or for silence.
        words = added(text.split()) if lm else 0.0
        assert best.lm_score == pytest.approx(words, abs=0.01)


@pytest.mark.parametrize(
    ("labels", "names", "text"),
    [
        (["<blk>", " ", "a", "b"], {}, "a ab"),
        (["<blk>", "▁", "a", "b"], {}, "a ab"),
        (["<pad>", "|", "A", "Ö"], {"blank": "<pad>", "space": "|"}, "A AÖ"),
        (["", "|", "a", "b"], {}, "a|ab"),
        (["", " ", "<unk>", "你"], {}, "<unk> <unk>你"),
        (["", "▁", "▁x", "##"], {}, "x x##"),
        (["", "<blk>", "▁a", "b"], {"blank": ""}, "a<blk> ab"),
        (["<blk>", " ", "a", ""], {"blank": "<blk>"}, None),
    ],
)
def test_labels_are_what_they_are_written_as(labels: list[str], names: dict[str, str], text: str | None) -> None:
    if text is None:
        with pytest.raises(AsrError, match="label 3 '': is not a word or a part of one"):
            build_ctcdecoder(labels, **names)
        return
    assert build_ctcdecoder(labels, **names).decode(peaky([2, 0, 1, 0, 2, 3])) == text


def test_blank_may_stand_anywhere() -> None:
    assert build_ctcdecoder(["a", "b", " ", ""]).decode(peaky([0, 3, 0, 2, 1])) == "aa b"


def test_pieces_of_words_with_a_language_model(arpa_file: Path) -> None:
    decoder = build_ctcdecoder(["", "▁a", "b", "▁"], arpa_file)
    best = decoder.decode_beams(peaky([1, 1, 0, 1, 2, 2]))[0]
    assert (best.text, best.text_frames) == ("a ab", [("a", (0, 2)), ("ab", (3, 6))])
    assert best.lm_score - best.logit_score == pytest.approx(added(["a", "ab"]), abs=1e-4)


def test_logits_and_their_log_probabilities_are_the_same() -> None:
    decoder, logits = build_ctcdecoder(LABELS), noise(20, seed=8)
    wanted = scores(decoder.decode_beams(log_softmax(logits)))
    for same in (logits, logits + 100, logits.tolist()):
        assert scores(decoder.decode_beams(same)) == {text: pytest.approx(both) for text, both in wanted.items()}


def test_an_impossible_label_is_as_improbable_as_the_floor() -> None:
    logits = peaky([2, 3])
    logits[1] = [-INF, -INF, -INF, 0.0]
    found = scores(build_ctcdecoder(LABELS).decode_beams(logits, **WIDE))
    assert found["a"][0] == pytest.approx(math.log(3e-15), abs=1e-3)  # then blank, space, or the same again


def test_no_more_readings_than_asked_for() -> None:
    decoder, logits = build_ctcdecoder(LABELS), noise(30, seed=9)
    assert len(decoder.decode_beams(logits, beam_width=3)) <= 3
    assert len(decoder.decode_beams(logits, beam_width=1)) == 1
    beams = decoder.decode_beams(logits, beam_prune_logp=-2.0)
    assert len(beams) > 1
    assert all(beam.lm_score >= beams[0].lm_score - 2.0 for beam in beams)
    assert len(decoder.decode_beams(logits, beam_prune_logp=0)) == 1


@pytest.mark.parametrize("pool", [None, "any"])
def test_a_batch_is_one_by_one(arpa_file: Path, pool: object) -> None:
    batch = [noise(frames, seed=frames) for frames in (0, 1, 25, 7)]
    decoder = build_ctcdecoder(LABELS, arpa_file)
    settings: dict[str, Any] = {"beam_width": 20, "hotwords": iter(["ab"]), "hotword_weight": 4.0}
    texts = decoder.decode_batch(pool, batch, **settings)
    settings["hotwords"] = ["ab"]
    assert texts == [decoder.decode(logits, **settings) for logits in batch]
    alone = [decoder.decode_beams(logits, **settings) for logits in batch]
    together = decoder.decode_beams_batch(pool, batch, prune_history=True, **settings)
    assert together == [[(text, *rest) for text, _, *rest in beams] for beams in alone]
    assert decoder.decode_batch(pool, np.stack([noise(3, 1), noise(3, 2)])) == [
        decoder.decode(noise(3, 1)),
        decoder.decode(noise(3, 2)),
    ]
    assert decoder.decode_batch(pool, []) == []


def test_a_binary_and_a_path_are_as_good_as_the_name_of_an_arpa_file(arpa_file: Path, tmp_path: Path) -> None:
    binary.save(arpa.read(arpa_file), tmp_path / "lm.bin")
    wanted = build_ctcdecoder(LABELS, str(arpa_file)).decode_beams(noise(20, seed=3))
    for path in (arpa_file, tmp_path / "lm.bin", str(tmp_path / "lm.bin")):
        assert build_ctcdecoder(LABELS, path).decode_beams(noise(20, seed=3)) == wanted


def test_import_is_light() -> None:
    code = "import asr.decoders.compat, sys; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    root = Path(asr.__file__).parents[1]
    loaded = subprocess.run([sys.executable, "-c", code], cwd=root, check=True, capture_output=True, text=True).stdout
    assert not {"torch", "onnxruntime", "numba", "pydantic", "soundfile"} & set(loaded.split())


# ---- what is refused


@pytest.mark.parametrize(
    ("labels", "names", "reason"),
    [
        ([], {}, "which is the blank is not guessed; write it as '' or name it, as in blank='<pad>'"),
        (["[PAD]", " ", "a"], {}, "which is the blank is not guessed"),
        ([" ", "a", "_"], {}, "which is the blank is not guessed"),
        (["", "<blk>", "a"], {}, "both '' and '<blk>' stand there; name the one"),
        (["", " ", "a"], {"blank": "<pad>"}, "blank '<pad>': is no label; name the one"),
        (["", "a", "b"], {"space": "|"}, r"space '\|': is no label; name the one that stands between words"),
        (["", "a", "b"], {"blank": "", "space": ""}, "space '': cannot be both the blank and the space"),
        (["", " ", "a", "b", "a"], {}, "label 4 'a': stands there twice; give every column a label of its own"),
        (["", " ", "", "b"], {}, "label 2 '': stands there twice"),
        (["", " ", "a b"], {}, "label 2 'a b': is not a word or a part of one"),
        (["", " ", "\t"], {}, r"label 2 '\\t': is not a word or a part of one"),
        (["", " ", "|"], {"space": "|"}, "label 1 ' ': is not a word or a part of one; name the space with space="),
        (["", " ", "▁a"], {}, "label 2 '▁a': begins a word, and another label is the space; keep one of the two ways"),
        (["", "play", "##ing"], {}, "label 2 '##ing': .* write '▁' before those that begin a word instead"),
        (["", "▁a", "▁⁇▁"], {}, "token 2 '▁⁇▁': '▁' may only begin a token"),
    ],
)
def test_labels_that_would_have_to_be_guessed_are_refused(
    labels: list[str], names: dict[str, str], reason: str
) -> None:
    with pytest.raises(ValueError, match=reason) as caught:
        build_ctcdecoder(labels, **names)
    assert isinstance(caught.value, AsrError)


@pytest.mark.parametrize(
    ("build", "reason"),
    [
        ({"alpha": -0.5}, "alpha: -0.5 cannot be weighed with; give 0 or more"),
        ({"alpha": math.nan}, "alpha: nan"),
        ({"beta": INF}, "beta: inf is no number to add"),
        ({"unk_score_offset": 1.0}, "unk_score_offset: 1.0 is no price of an unknown word; give 0 or less"),
        ({"unk_score_offset": -INF}, "unk_score_offset: -inf"),
        ({"unigrams": ["A", "AB"]}, "unigrams: tiny.arpa knows none of them; write both alike"),
        ({"unigrams": []}, "unigrams: tiny.arpa knows none of them"),
        ({"unigrams": "ab"}, "unigrams: 'ab' is one text; pass a list of words"),
        ({"labels": ["", " ", "A", "B"]}, "tiny.arpa: its words are in another case"),
        ({"labels": ["", "|", "a", "b"]}, r"labels: none is ' ' or begins with '▁', .* as in space='\|'"),
        ({"kenlm_model_path": "nowhere.arpa"}, "nowhere.arpa"),
    ],
)
def test_impossible_decoders_are_refused(arpa_file: Path, build: dict[str, Any], reason: str) -> None:
    with pytest.raises(AsrError, match=reason):
        build_ctcdecoder(**{"labels": LABELS, "kenlm_model_path": str(arpa_file)} | build)


def test_a_binary_of_kenlm_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "lm.binary"
    path.write_bytes(b"mmap lm http://kheafield.com/code format version 5\n\0" + bytes(100))
    with pytest.raises(AsrError, match=r"lm.binary: .*binary of KenLM.*ARPA"):
        build_ctcdecoder(LABELS, str(path))


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"beam_width": 0}, "beam_width: 0 is too little; give 1 or more"),
        ({"beam_prune_logp": 10.0}, "beam_prune_logp: 10.0 would drop every reading; give 0 or less"),
        ({"beam_prune_logp": math.nan}, "beam_prune_logp: nan"),
        ({"token_min_logp": math.nan}, "token_min_logp: NaN"),
        ({"hotword_weight": -1.0}, "hotword_weight: -1.0 cannot be weighed with; give 0 or more"),
        ({"hotwords": "ab"}, "hotwords: 'ab' is one text; pass a list of words"),
        ({"hotwords": ["abc"]}, "hot word 'abc': .*'c' outside the token set"),
        ({"lm_start_state": 0}, "lm_start_state: 0 is none; pass the last_lm_state of a reading of this decoder"),
    ],
)
def test_impossible_settings_are_refused(settings: dict[str, Any], reason: str) -> None:
    decoder = build_ctcdecoder(LABELS)
    for decode in (decoder.decode, decoder.decode_beams):
        with pytest.raises(AsrError, match=reason):
            decode(noise(3, seed=0), **settings)


@pytest.mark.parametrize("state", [-1, 10**6, "a", 0.5])
def test_foreign_states_are_refused(arpa_file: Path, state: Any) -> None:
    with pytest.raises(AsrError, match=r"lm_start_state: .* is none"):
        build_ctcdecoder(LABELS, arpa_file).decode(noise(3, seed=0), lm_start_state=state)


@pytest.mark.parametrize(
    ("logits", "reason"),
    [
        (noise(3, seed=0)[0], r"logits: shape \(4,\), not \[frames, 4\]"),
        (noise(3, seed=0)[None], r"shape \(1, 3, 4\)"),
        (noise(3, seed=0, vocabulary=5), r"shape \(3, 5\), not \[frames, 4\]; pass one utterance, a column a label"),
        (np.exp(log_softmax(noise(3, seed=0))), "each row sums to 1, so they are probabilities; pass their logarithm"),
        (np.eye(4), "so they are probabilities"),
        (np.vstack([noise(2, seed=0), np.full((1, 4), math.nan)]), "row 2 holds NaN or infinity"),
        (np.full((1, 4), math.nan), "row 0 holds NaN or infinity"),
        (np.full((2, 4), -INF), "row 0 holds NaN or infinity"),
        (np.full((2, 4), INF), "row 0 holds NaN or infinity"),
    ],
)
def test_what_are_no_logits_is_refused(logits: npt.ArrayLike, reason: str) -> None:
    decoder = build_ctcdecoder(LABELS)
    for decode in (decoder.decode, decoder.decode_beams, lambda logits: decoder.decode_batch(None, [logits])):
        with pytest.raises(ValueError, match=reason) as caught:
            decode(logits)
        assert isinstance(caught.value, AsrError)


# ---- pyctcdecode itself

ORACLE = """
import inspect, json, sys
import numpy as np
import pyctcdecode
from pyctcdecode import build_ctcdecoder

task = json.load(sys.stdin)
result = []
if task["signatures"]:
    decoder = build_ctcdecoder(["", " ", "a"])
    for function in [build_ctcdecoder] + [getattr(decoder, name) for name in task["signatures"]]:
        result.append([[p.name, None if p.default is p.empty else p.default, p.default is p.empty]
                       for p in inspect.signature(function).parameters.values()])
else:
    decoder = build_ctcdecoder(task["labels"], **task["build"])
    with np.load(task["logits"]) as logits:
        for place in range(len(logits.files)):
            beams = decoder.decode_beams(logits["arr_%d" % place], **task["settings"])
            result.append([[text, frames, float(logit), float(lm)] for text, _, frames, logit, lm in beams])
json.dump(result, sys.stdout)
"""

Oracle = Callable[..., list[list[Any]]]


@pytest.fixture
def oracle(tmp_path: Path) -> Oracle:
    """Return a function that decodes with pyctcdecode: of every utterance its beams."""
    python = os.environ.get("ASR_PYCTCDECODE_PYTHON")
    if not python:
        pytest.skip("ASR_PYCTCDECODE_PYTHON does not name a Python with pyctcdecode 0.5 and kenlm")

    def run(
        labels: Sequence[str] = (), batch: Sequence[npt.ArrayLike] = (), build: dict[str, Any] | None = None,
        signatures: Sequence[str] = (), **settings: Any,
    ) -> list[list[Any]]:  # fmt: skip
        np.savez(tmp_path / "logits.npz", *batch)
        task = {"labels": labels, "build": build or {}, "settings": settings, "signatures": signatures}
        given = json.dumps(task | {"logits": str(tmp_path / "logits.npz")})
        process = subprocess.run([python, "-c", ORACLE], input=given, capture_output=True, text=True, check=False)
        assert process.returncode == 0, process.stderr
        result: list[list[Any]] = json.loads(process.stdout)
        return result

    return run


def test_names_and_defaults_are_those_of_pyctcdecode(oracle: Oracle) -> None:
    names = ["decode", "decode_beams", "decode_batch", "decode_beams_batch"]
    functions = [build_ctcdecoder, *(getattr(build_ctcdecoder(LABELS), name) for name in names)]
    for function, wanted in zip(functions, oracle(signatures=names), strict=True):
        parameters = [p for p in inspect.signature(function).parameters.values() if p.kind is not p.KEYWORD_ONLY]
        empty = inspect.Parameter.empty
        assert [(p.name, None if p.default is empty else p.default, p.default is empty) for p in parameters] == [
            tuple(one) for one in wanted
        ]


@pytest.mark.parametrize("case", ["none", "lm", "weights", "no boundary", "hot", "lm and hot"])
def test_all_scores_are_those_of_pyctcdecode(oracle: Oracle, arpa_file: Path, case: str) -> None:
    build = {} if case in ("none", "hot") else {"kenlm_model_path": str(arpa_file)}
    build |= {"alpha": 0.9, "beta": 0.3, "unk_score_offset": -4.0} if case == "weights" else {}
    build |= {"lm_score_boundary": False} if case == "no boundary" else {}
    hot = {"hotwords": ["ab b", "ba"], "hotword_weight": 4.0} if "hot" in case else {}
    batch = [noise(6, seed=seed) for seed in range(4)]
    for logits in batch:
        logits[-1, :2] = -60.0  # a space at the end is an unknown word to pyctcdecode
    settings = {"beam_width": 4000, "beam_prune_logp": -1e9, "token_min_logp": -30.0} | hot
    decoder = build_ctcdecoder(LABELS, **build)
    for logits, wanted in zip(batch, oracle(LABELS, batch, build, **settings), strict=True):
        found = scores(decoder.decode_beams(logits, **settings))
        assert found == {text: pytest.approx((logit, lm), abs=1e-4) for text, _, logit, lm in wanted}


def test_frames_are_those_of_pyctcdecode_where_there_is_no_doubt(oracle: Oracle) -> None:
    batch = [peaky([0, 2, 2, 0, 1, 2, 0, 3, 3, 0]), peaky([2]), peaky([0, 1, 3, 0, 3, 1, 1, 2, 3])]
    decoder = build_ctcdecoder(LABELS)
    for logits, (best, *_) in zip(batch, oracle(LABELS, batch), strict=True):
        assert decoder.decode_beams(logits)[0].text_frames == [(word, tuple(frames)) for word, frames in best[1]]


@pytest.mark.parametrize("case", ["none", "lm", "hot", "lm and hot"])
def test_an4_is_read_as_by_pyctcdecode(
    oracle: Oracle, test_data: Path, sample: Path, tmp_path: Path, case: str
) -> None:
    from asr.audio import read
    from asr.corpora import CORPORA
    from asr.lm.estimate import train
    from asr.text import get_rule

    recognizer = asr.load()
    info, splits = recognizer.info, CORPORA["an4"].prepare(test_data / "an4", tmp_path)
    batch = [recognizer.log_probs([read(one.audio, rate_hz=info.rate_hz).samples])[0] for one in splits["dev"][:30]]
    by_letter = max(map(len, info.tokens[1:])) == 1  # then the space is a label, else part of the pieces of words
    labels = [{"<blk>": "", **({"▁": " "} if by_letter else {})}.get(token, token) for token in info.tokens]
    build: dict[str, Any] = {}
    if "lm" in case:
        rule = get_rule(info.text_rules)
        (tmp_path / "train.txt").write_text("\n".join(rule(one.text) for one in splits["train"]))
        train([tmp_path / "train.txt"], order=3, out=tmp_path / "lm.arpa", fallback_discounts=True)
        build["kenlm_model_path"] = str(tmp_path / "lm.arpa")
    settings = {"hotwords": ["rubout", "pittsburgh", "june november"]} if "hot" in case else {}
    decoder = build_ctcdecoder(labels, **build)
    pairs = [
        (decoder.decode_beams(logits, **settings)[0], theirs[0])
        for logits, theirs in zip(batch, oracle(labels, batch, build, **settings), strict=True)
    ]
    alike = [(ours, theirs) for ours, theirs in pairs if ours.text == theirs[0]]
    assert len(alike) >= 0.9 * len(pairs)
    # Half of the frames differ by one, since pyctcdecode keeps those of the path that it came by first.
    near = [
        max(abs(frame - other) for frame, other in zip(frames, others, strict=True)) <= 2
        for ours, theirs in alike
        for (_, frames), (_, others) in zip(ours.text_frames, theirs[1], strict=True)
    ]
    assert np.mean(near) > 0.9
