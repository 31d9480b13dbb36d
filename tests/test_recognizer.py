"""The recognizer on a model whose answers are known: it reads the loudness of each stretch of 40 ms as one letter."""

from __future__ import annotations

import subprocess
import sys
import threading
import weakref
from collections.abc import Iterator
from itertools import chain, islice, repeat
from pathlib import Path

import numpy as np
import onnx
import pytest
import soundfile
from onnx import TensorProto, helper, numpy_helper

import asr
from asr import bundle, recognizer
from asr.bundle import ModelInfo
from asr.errors import AsrError, AudioError, ConfigError, MissingFile, ModelError
from asr.recognizer import Recognizer, batches
from asr.types import FloatArray, Waveform

RATE_HZ = 16000
BLOCK = 640
LETTERS = "abcdefgh"
STEP = 0.1  # of loudness from one token to the next; the blank is silence


def spoken(text: str, blocks: int = 2) -> FloatArray:
    """Return samples [T] that the model reads as `text`: each letter a level and a tone, silence after it."""
    levels = [[STEP * (LETTERS.index(letter) + 1)] * blocks + [0.0] * blocks for letter in text]
    samples = np.repeat(np.array(levels, dtype=np.float32).ravel(), BLOCK)
    # Whole periods to a block, so that its mean stays; a level alone has no sound.
    tone = STEP / 2 * np.sin(2 * np.pi * 1000 * np.arange(len(samples)) / RATE_HZ)
    return (samples + tone * (samples > 0)).astype(np.float32)


def model_by_loudness() -> onnx.ModelProto:
    """Return log_probs [N, T // BLOCK, V], nearly one-hot at the level that each block's mean is nearest to."""
    constants = {
        "block": np.int64(BLOCK), "block1": np.array([BLOCK]), "zero": np.array([0]), "one": np.array([1]),
        "axis2": np.array([2]), "levels": np.float32(STEP) * np.arange(len(LETTERS) + 1, dtype=np.float32),
        "sharp": np.float32(-1e4),
    }  # fmt: skip
    make = helper.make_node
    nodes = [
        make("Shape", ["samples"], ["shape"]),
        make("Split", ["shape"], ["rows", "time"], axis=0),
        make("Div", ["time", "block1"], ["blocks"]),
        make("Mul", ["blocks", "block1"], ["whole"]),
        make("Slice", ["samples", "zero", "whole", "one"], ["cut"]),
        make("Concat", ["rows", "blocks", "block1"], ["cube"], axis=0),
        make("Reshape", ["cut", "cube"], ["framed"], allowzero=1),
        make("ReduceMean", ["framed"], ["mean"], axes=[2]),
        make("Sub", ["mean", "levels"], ["far"]),
        make("Mul", ["far", "far"], ["square"]),
        make("Mul", ["square", "sharp"], ["scores"]),
        make("LogSoftmax", ["scores"], ["log_probs"], axis=-1),
        make("Div", ["lengths", "block"], ["frames"]),
    ]
    graph = helper.make_graph(
        nodes,
        "loudness",
        [
            helper.make_tensor_value_info("samples", TensorProto.FLOAT, ["N", "T"]),
            helper.make_tensor_value_info("lengths", TensorProto.INT64, ["N"]),
        ],
        [
            helper.make_tensor_value_info("log_probs", TensorProto.FLOAT, ["N", "F", len(LETTERS) + 1]),
            helper.make_tensor_value_info("frames", TensorProto.INT64, ["N"]),
        ],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


INFO = ModelInfo(
    name="loudness",
    tokens=("<blk>", *LETTERS),
    rate_hz=RATE_HZ,
    frame_shift_s=BLOCK / RATE_HZ,
    decoder={"name": "greedy"},
)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "loudness.onnx"
    bundle.save(model_by_loudness(), INFO, path)
    return path


@pytest.fixture
def model(path: Path) -> Recognizer:
    return Recognizer(path, threads=1)


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Ten recordings, the longest in the middle, each of a text of its own."""
    paths = []
    for number, text in enumerate(TEXTS):
        paths.append(tmp_path / f"{number}.flac")
        soundfile.write(paths[-1], spoken(text), RATE_HZ)
    return paths


TEXTS = ["a", "abc", "h", "cab" * 5, "bad", "face" * 9, "dead", "b", "feed", "ha"]


def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recognizer, "BATCH_S", 1.0)
    monkeypatch.setattr(recognizer, "WINDOW_S", 3.0)


# ---- one recording


def test_a_file(model: Recognizer, files: list[Path]) -> None:
    hypothesis = model.transcribe(files[1])
    assert hypothesis.text == "abc"
    assert hypothesis == model.transcribe(str(files[1]))
    assert hypothesis.words[0].start_s == 0.0
    assert hypothesis.words[0].end_s == pytest.approx(10 * 0.04)  # three letters and two pauses of two blocks each
    assert hypothesis.confidence > 0.99


def test_an_array(model: Recognizer) -> None:
    samples = spoken("abc")
    assert model.transcribe(samples).text == "abc"
    assert model.transcribe(samples.astype(np.float64)).text == "abc"
    assert model.transcribe((samples * 32767).astype(np.int16)).text == "abc"
    assert model.transcribe(np.stack([samples, samples], axis=1)).text == "abc"
    assert model.transcribe(Waveform(samples, RATE_HZ)).text == "abc"


def test_an_array_at_another_rate(model: Recognizer) -> None:
    samples = spoken("abc", blocks=8)
    assert model.transcribe(samples[::2], rate_hz=RATE_HZ // 2).text == "abc"
    assert model.transcribe(Waveform(samples[::2], RATE_HZ // 2)).text == "abc"
    halved = model.transcribe(samples[::2])
    assert halved.words[-1].end_s == pytest.approx(model.transcribe(samples).words[-1].end_s / 2)


@pytest.mark.parametrize("size", [0, 1, BLOCK - 1])
def test_next_to_nothing_says_nothing(model: Recognizer, size: int) -> None:
    assert model.transcribe(np.zeros(size, dtype=np.float32)) == asr.Hypothesis("")


def test_samples_that_are_no_audio(model: Recognizer) -> None:
    with pytest.raises(AudioError):
        model.transcribe(np.array([0.0, np.nan], dtype=np.float32))


# ---- many recordings


def test_batches_give_what_single_files_give_in_order(
    model: Recognizer, files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    one_by_one = [model.transcribe(file) for file in files]
    assert [hypothesis.text for hypothesis in one_by_one] == TEXTS
    assert model.transcribe_batch(files) == one_by_one
    small_batches(monkeypatch)
    assert model.transcribe_batch(files) == one_by_one


def test_files_and_arrays_mixed(model: Recognizer, files: list[Path]) -> None:
    audios = [spoken("bee"), str(files[1]), np.zeros(0, dtype=np.float32), files[4], Waveform(spoken("gag"), RATE_HZ)]
    assert [hypothesis.text for hypothesis in model.transcribe_batch(audios)] == ["bee", "abc", "", "bad", "gag"]


def test_nothing_gives_nothing(model: Recognizer) -> None:
    assert model.transcribe_batch([]) == []
    assert list(model.transcribe_each(iter(()))) == []
    assert model.log_probs([]) == []


def test_padding_is_cut_off(model: Recognizer) -> None:
    sizes = (3 * BLOCK, 0, BLOCK, 7 * BLOCK + 5)
    answers = model.log_probs([np.full(size, 0.3, dtype=np.float32) for size in sizes])
    assert [answer.shape for answer in answers] == [(size // BLOCK, len(LETTERS) + 1) for size in sizes]
    assert all((answer.argmax(axis=1) == 3).all() for answer in answers)


def test_a_bad_file_does_not_stop_the_others(
    model: Recognizer, files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = files[0].with_name("bad.flac")
    bad.write_text("no audio")
    missing = files[0].with_name("missing.flac")
    silent = np.array([np.inf], dtype=np.float32)
    audios = [files[0], bad, files[3], missing, silent, files[5]]
    for _ in range(2):
        results = list(model.transcribe_each(audios))
        assert [name for name, _ in results] == [*map(str, audios[:4]), "item 5", str(files[5])]
        texts = [None if isinstance(result, AsrError) else result.text for _, result in results]
        assert texts == [TEXTS[0], None, TEXTS[3], None, None, TEXTS[5]]
        assert isinstance(results[1][1], AudioError)
        assert isinstance(results[3][1], MissingFile)
        for name, result in results:
            assert not isinstance(result, AsrError) or str(result).startswith(name)
        small_batches(monkeypatch)


def test_a_batch_raises_what_is_wrong_with_the_first_bad_one(model: Recognizer, files: list[Path]) -> None:
    with pytest.raises(MissingFile, match=r"missing\.flac"):
        model.transcribe_batch([files[0], files[0].with_name("missing.flac"), files[1]])
    with pytest.raises(AudioError, match=r"^item 2: "):
        model.transcribe_batch([spoken("a"), np.array([np.nan], dtype=np.float32)])


def test_memory_does_not_grow_with_the_number(model: Recognizer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of an endless list no more is alive at a time than two windows hold."""
    small_batches(monkeypatch)
    made = freed = most = 0

    def free() -> None:
        nonlocal freed
        freed += 1

    def endless() -> Iterator[FloatArray]:
        nonlocal made, most
        while True:
            samples = spoken("abc")  # 0.48 s
            weakref.finalize(samples, free)
            made += 1
            most = max(most, made - freed)
            yield samples
            del samples

    results = model.transcribe_each(endless())
    assert {result.text for _, result in islice(results, 100) if isinstance(result, asr.Hypothesis)} == {"abc"}
    results.close()  # type: ignore[attr-defined]
    assert 7 <= most <= 3 * 7 + 2  # a window of 3 s holds seven; one is read while one is worked on


def test_leaving_early_leaves_no_thread(model: Recognizer) -> None:
    before = threading.active_count()
    results = model.transcribe_each(chain([spoken("a")], repeat(spoken("b"), 5000)))
    assert next(results)[0] == "item 1"
    results.close()  # type: ignore[attr-defined]
    assert threading.active_count() == before


def test_an_error_that_is_no_users_mistake_is_raised(model: Recognizer) -> None:
    def broken() -> Iterator[FloatArray]:
        yield spoken("a")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        model.transcribe_batch(broken())


def test_batches_hold_every_key_once_within_the_limit() -> None:
    rng = np.random.default_rng(0)
    for limit in (1, 50, 200, 10_000):
        sizes = dict(enumerate(rng.integers(0, 100, 60).tolist()))
        groups = list(batches(sizes, limit))
        assert sorted(key for group in groups for key in group) == sorted(sizes)
        assert all(len(group) == 1 or len(group) * max(sizes[key] for key in group) <= limit for group in groups)
        largest = [max(sizes[key] for key in group) for group in groups]
        assert largest == sorted(largest)
    assert len(list(batches(dict.fromkeys(sizes, 9), 10_000))) == 1
    assert list(batches({}, 10)) == []


# ---- the file and the options


def test_load_is_the_door(path: Path) -> None:
    model = asr.load(path, threads=1, decoder="greedy")
    assert model.info == INFO
    assert model.transcribe(spoken("abc")).text == "abc"


@pytest.mark.parametrize("threads", [0, -1])
def test_too_few_threads(path: Path, threads: int) -> None:
    with pytest.raises(ConfigError, match=f"threads: {threads} is too few"):
        Recognizer(path, threads=threads)


def test_an_unknown_decoder(path: Path) -> None:
    with pytest.raises(ConfigError, match=r"did you mean 'greedy'"):
        Recognizer(path, decoder="gready")


def test_a_graph_that_the_runtime_cannot_load(tmp_path: Path) -> None:
    model = model_by_loudness()
    model.opset_import[0].version = 999
    bundle.save(model, INFO, tmp_path / "new.onnx")
    with pytest.raises(
        ModelError, match=r"^[^\n]*new.onnx: onnxruntime [^\n]* cannot load it \([^\n]*\); update[^\n]*$"
    ):
        Recognizer(tmp_path / "new.onnx")


def test_importing_the_package_does_not_load_the_runtime() -> None:
    code = "import asr, sys; assert callable(asr.load); print({'onnxruntime', 'soundfile'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "set()\n"


def test_a_batch_is_closed_where_it_would_be_padding() -> None:
    sizes = dict(enumerate([100, 100, 100, 100, 104, 150, 151, 152, 153, 400]))
    assert list(batches(sizes, 10_000)) == [[0, 1, 2, 3, 4], [5, 6, 7, 8], [9]]
    assert list(batches({0: 100, 1: 160, 2: 165}, 10_000)) == [[0, 1, 2]], "few are worth some padding"
    assert list(batches(sizes, 10_000, most=2)) == [[0, 1], [2, 3], [4, 5], [6, 7], [8, 9]]
    assert list(batches(sizes, 250)) == [[0, 1], [2, 3], [4], [5], [6], [7], [8], [9]]
