"""Whole runs on a corpus of three beeps: they learn, stop and go on, and leave behind what they promise."""

from __future__ import annotations

import csv
import io
import json
import math
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from asr import config, manifest, mel
from asr.decoders.greedy import Greedy
from asr.errors import CheckpointError, ConfigError, MissingFile, TextError
from asr.exchange import convert
from asr.train import checkpoint as checkpoints
from asr.train import data as data_of_runs
from asr.train import loop
from asr.train.batches import plan
from asr.train.checkpoint import LAST, MODEL
from asr.train.data import load_data, statistics
from asr.train.epoch import Tally, Trainer, disagreement, use_bf16
from asr.train.evaluate import DevResult, class_priors, ctc_losses
from asr.train.examples import Examples
from asr.train.identity import with_version
from asr.train.journal import COLUMNS, Progress
from asr.train.loop import Stopped, choose_device, stop_requested, train
from asr.train.optimiser import Schedule, adamw
from asr.types import Utterance

pytestmark = pytest.mark.usefixtures("one_thread")

RATE_HZ = 8000
PITCH_HZ = {"a": 400, "o": 1000, "ï": 2500}
EPOCHS = 30
TIMES = {"seconds", "audio_s_per_s", "data_share"}  # columns that no two runs share


def settings(*chain: dict[str, Any], **train_settings: Any) -> config.Config:
    values: dict[str, Any] = {
        "text": {"rules": "none", "tokenizer": "word"},
        "features": {"rate_hz": RATE_HZ, "bands": 20},
        "model": {"hidden": 16, "layers": 1, "channels": 4, "project": 16, "dropout": 0.1, "variational_dropout": 0.1},
        "train": {"epochs": 3, "batch_s": 4.0, "learning_rate": 3e-2, "warmup_epochs": 1.0, "average": 2}
        | {"precision": "fp32", "device": "cpu"}
        | train_settings,
        "augment": {"freq_masks": 1, "freq_width": 3, "time_width": 2, "warp": 0.1, "colour_db": 3.0, "chain": chain},
    }
    return config.parse(values)


def beep(hz: float, rng: np.random.Generator) -> np.ndarray:
    time_s = np.arange(int(rng.uniform(0.15, 0.25) * RATE_HZ)) / RATE_HZ
    return 0.3 * np.hanning(len(time_s)) * np.sin(2 * np.pi * hz * rng.uniform(0.97, 1.03) * time_s)


def corpus(folder: Path, name: str, count: int, seed: int) -> Path:
    """Write `count` utterances of one to three words, 0.3 to 1.1 s each, and their manifest."""
    rng, utterances = np.random.default_rng(seed), []
    gap = np.zeros(600)
    for number in range(count):
        words = rng.choice(list(PITCH_HZ), rng.integers(1, 4)).tolist()
        samples = np.concatenate([gap, *(part for word in words for part in (beep(PITCH_HZ[word], rng), gap))])
        path = folder / f"{name}{number}.wav"
        soundfile.write(path, samples + 0.001 * rng.standard_normal(len(samples)), RATE_HZ)
        utterances.append(Utterance(f"utt{number}", path, " ".join(words), len(samples) / RATE_HZ))
    manifest.write(folder / f"{name}.jsonl", utterances)
    return folder / f"{name}.jsonl"


@pytest.fixture(scope="module")
def sets(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("beeps")
    return corpus(folder, "train", 20, seed=0), corpus(folder, "dev", 6, seed=1)


@pytest.fixture(scope="module")
def trained(sets: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole run, long enough to learn."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    model = train(settings(epochs=EPOCHS, batch_s=2.0), *sets, tmp_path_factory.mktemp("run"))
    torch.set_num_threads(threads)
    return model.parent


@pytest.fixture(scope="module")
def unbroken(sets: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short run that nobody stopped."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    model = train(settings(), *sets, tmp_path_factory.mktemp("unbroken"))
    torch.set_num_threads(threads)
    return model.parent


def rows_of(run: Path) -> list[dict[str, str]]:
    with open(run / "epochs.csv", newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


# ---- what a run learns and leaves


def test_beeps_are_learned(trained: Path, sets: tuple[Path, Path]) -> None:
    rows = rows_of(trained)
    assert float(rows[0]["dev_wer"]) > 0.9
    result = checkpoints.load(trained).provenance["dev_result"]
    assert result["wer"] <= 0.1
    assert float(rows[-1]["train_loss"]) < 0.3 < float(rows[0]["train_loss"])


def test_the_finished_model_says_the_words(trained: Path, sets: tuple[Path, Path]) -> None:
    checkpoint = checkpoints.load(trained)
    assert checkpoint.tokens == ("<blk>", "▁a", "▁o", "▁ï")
    model, decoder, wrong = checkpoints.build_model(checkpoint), Greedy(checkpoint.tokens), 0
    for utterance in manifest.read(sets[1]):
        samples = torch.from_numpy(soundfile.read(utterance.audio, dtype="float32")[0])[None]
        with torch.no_grad():
            log_probs, frames = model(samples, torch.tensor([samples.shape[1]]))
        assert frames.tolist() == [log_probs.shape[1]]
        wrong += decoder.decode(log_probs[0].numpy(), frame_shift_s=0.04).text != utterance.text
    assert wrong <= 1


def test_denormal_numbers_are_back_after_training(trained: Path) -> None:
    assert float(torch.tensor(1e-40) * 1.0) > 0.0
    assert np.float64(5e-324) * 1.0 > 0.0


def test_every_epoch_has_a_line(trained: Path) -> None:
    rows = rows_of(trained)
    assert tuple(rows[0]) == COLUMNS
    assert [int(row["epoch"]) for row in rows] == list(range(1, EPOCHS + 1))
    schedule = Schedule(peak=3e-2, final=1e-5, warmup_epochs=1.0, epochs=EPOCHS)
    for row in rows:
        assert float(row["learning_rate"]) == schedule(int(row["epoch"]))
        assert 0.0 < float(row["data_share"]) < 1.0
        assert float(row["audio_s_per_s"]) > 0.0
        assert int(row["skipped"]) == 0
    assert float(rows[-1]["learning_rate"]) == pytest.approx(1e-5)


def rank_of(row: dict[str, str]) -> tuple[float, ...]:
    return tuple(float(row[f"dev_{name}"]) for name in ("wer", "cer", "loss"))


def test_only_the_best_epochs_are_kept(trained: Path) -> None:
    best = sorted(int(row["epoch"]) for row in sorted(rows_of(trained), key=rank_of)[:2])
    assert [path.name for path in sorted((trained / "best").iterdir())] == [f"epoch-{epoch:04d}.pt" for epoch in best]
    assert checkpoints.load(trained).optimizer is None, "a finished model is not a place to go on from"


@pytest.mark.parametrize(("wer_of_mean", "chosen"), [(0.2, [2, 4]), (0.3, [2, 4]), (0.35, [2])])
def test_the_model_is_the_mean_of_the_best_or_the_best_where_that_is_better(
    wer_of_mean: float, chosen: list[int], sets: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results = iter([DevResult(loss=1.0, wer=wer, cer=0.1) for wer in (0.9, 0.3, 0.5, 0.4, wer_of_mean)])
    monkeypatch.setattr(loop.Run, "evaluate", lambda run: next(results))
    train(settings(epochs=4), *sets, tmp_path)
    states = [checkpoints.load(tmp_path / "best" / f"epoch-{epoch:04d}.pt").weights for epoch in (2, 4)]
    finished = checkpoints.load(tmp_path)
    assert finished.provenance["epochs_averaged"] == chosen
    assert finished.provenance["dev_result"]["wer"] == min(wer_of_mean, 0.3)
    for name, weight in finished.weights.items():
        mean = np.mean([state[name].double().numpy() for state in states[: len(chosen)]], axis=0)
        np.testing.assert_allclose(weight.numpy(), mean, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize(("measure", "chosen"), [("wer", [1, 2]), ("cer", [3])])
def test_the_best_epochs_are_those_by_the_measure_asked_for(
    measure: str, chosen: list[int], sets: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rates = iter([(0.5, 0.4), (0.5, 0.5), (0.9, 0.1), (0.5, 0.2)])  # the last is the mean's
    results = (DevResult(loss=1.0, wer=wer, cer=cer) for wer, cer in rates)
    monkeypatch.setattr(loop.Run, "evaluate", lambda run: next(results))
    train(settings(epochs=3, measure=measure), *sets, tmp_path)
    assert checkpoints.load(tmp_path).provenance["epochs_averaged"] == chosen


def test_dev_texts_with_unknown_words_are_scored_without_a_loss(
    sets: tuple[Path, Path], unbroken: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    known = manifest.read(sets[1])
    strange = [replace(known[0], id=f"strange{number}", text="a ö") for number in range(2)]
    dev = tmp_path / "dev.jsonl"
    manifest.write(dev, [*known, *strange])
    with pytest.raises(TextError, match=r"strange1: .*'ö'.* or raise train\.max_unknown"):
        load_data(settings(max_unknown=1), sets[0], dev)
    data = load_data(settings(max_unknown=2), sets[0], dev)
    assert data.unknown == ("strange0", "strange1")
    assert data.tokens == checkpoints.load(unbroken).tokens
    model = checkpoints.build_model(checkpoints.load(unbroken))
    results = [
        loop.evaluate(model, part, {e.utterance.id: e.utterance.text for e in part}, data.cache, data.tokens,
                      batch_s=4.0, device=torch.device("cpu"))
        for part in (data.dev, data.dev[: len(known)])
    ]  # fmt: skip
    assert results[0].loss == pytest.approx(results[1].loss, rel=1e-5)
    assert results[0].wer * (sum(len(e.text.split()) for e in known) + 4) >= 2, (
        "both words that nobody can say are wrong"
    )
    train(settings(max_unknown=2, epochs=1), sets[0], dev, tmp_path / "run")
    assert "without a dev loss, characters that have no token: strange1" in capsys.readouterr().err


def test_the_result_of_the_model_is_its_own(unbroken: Path, sets: tuple[Path, Path]) -> None:
    """Measuring the finished model again gives the result that it carries, no worse than that of any epoch."""
    finished = checkpoints.load(unbroken)
    data = load_data(settings(), *sets, finished.tokens)
    model = checkpoints.build_model(finished)
    again = loop.evaluate(
        model, data.dev, data.references, data.cache, data.tokens, batch_s=4.0, device=torch.device("cpu")
    )
    assert asdict(again) == finished.provenance["dev_result"]
    assert again.rank("wer") <= min(map(rank_of, rows_of(unbroken)))


def test_the_model_carries_the_mean_of_its_posteriors(unbroken: Path, sets: tuple[Path, Path]) -> None:
    """The oracle is one utterance after the other, without padding, in the linear domain."""
    finished = checkpoints.load(unbroken)
    model, posteriors = checkpoints.build_model(finished), []
    for utterance in manifest.read(sets[0]):
        samples = torch.from_numpy(soundfile.read(utterance.audio, dtype="float32")[0])[None]
        with torch.no_grad():
            posteriors.append(model(samples, torch.tensor([samples.shape[1]]))[0][0].double().exp().numpy())
    mean = np.concatenate(posteriors).mean(axis=0)
    np.testing.assert_allclose(np.exp(finished.priors), mean, rtol=0, atol=1e-4)
    assert sum(np.exp(finished.priors)) == pytest.approx(1.0, abs=1e-6)
    assert checkpoints.load(unbroken / LAST).priors == (), "a run in progress has none"


def test_of_a_large_training_set_every_nth_utterance_is_measured(unbroken: Path, sets: tuple[Path, Path]) -> None:
    finished = checkpoints.load(unbroken)
    model = checkpoints.build_model(finished)
    data = load_data(settings(), *sets, finished.tokens)
    total_s = math.fsum(example.utterance.duration_s for example in data.train)

    def priors(examples: Examples, limit_s: float) -> tuple[float, ...]:
        model.train()  # it must see to that itself: dropout would change every number
        return class_priors(model, examples, data.cache, batch_s=4.0, limit_s=limit_s)

    assert priors(data.train, total_s) == pytest.approx(finished.priors, abs=1e-6)
    assert priors(data.train, 0.4 * total_s) == pytest.approx(priors(data.train[::3], 1e9), abs=1e-6)
    assert priors(data.train, 0.4 * total_s) != pytest.approx(finished.priors, abs=1e-6)
    assert priors(data.train, 1e-9) == pytest.approx(priors(data.train[:1], 1e9), abs=1e-6)


def test_a_token_that_is_never_thought_of_has_a_finite_prior(unbroken: Path, sets: tuple[Path, Path]) -> None:
    finished = checkpoints.load(unbroken)
    model = checkpoints.build_model(finished)
    data = load_data(settings(), *sets, finished.tokens)
    with torch.no_grad():
        model.head.bias[1] -= 2000.0  # exp(-2000) is zero in double precision
    priors = class_priors(model, data.train, data.cache, batch_s=4.0)
    assert -2100.0 < priors[1] < -1900.0
    assert np.exp(priors).sum() == pytest.approx(1.0, abs=1e-6)


def test_a_run_leaves_curves_and_provenance(trained: Path, sets: tuple[Path, Path]) -> None:
    assert (trained / "curves.png").read_bytes().startswith(b"\x89PNG")
    provenance = checkpoints.load(trained).provenance
    assert provenance["train"]["utterances"] == 20
    assert provenance["dev"]["utterances"] == 6
    assert len(provenance["train"]["sha256"]) == 64
    assert provenance["dropped"] == []
    assert {path.name for path in trained.iterdir()} == {LAST, MODEL, "best", "epochs.csv", "curves.png", "tensorboard"}


def scalars(run: Path, name: str) -> list[tuple[int, float]]:
    board = EventAccumulator(str(run / "tensorboard"))
    board.Reload()
    return [(event.step, event.value) for event in board.Scalars(name)]


def test_tensorboard_shows_what_the_csv_holds(trained: Path) -> None:
    found = scalars(trained, "dev_loss")
    assert [step for step, _ in found] == list(range(1, EPOCHS + 1))
    wanted = [float(row["dev_loss"]) for row in rows_of(trained)]
    np.testing.assert_allclose([value for _, value in found], wanted, rtol=1e-6)


def test_features_are_normalised_by_the_training_set(unbroken: Path, sets: tuple[Path, Path]) -> None:
    spec = mel.FeatureSpec(rate_hz=RATE_HZ, bands=20)
    audio = [soundfile.read(utterance.audio, dtype="float32")[0] for utterance in manifest.read(sets[0])]
    values = np.concatenate([mel.features(samples, spec) for samples in audio])
    weights = checkpoints.load(unbroken).weights
    np.testing.assert_allclose(weights["mean"], values.mean(axis=0), rtol=0, atol=1e-3)
    np.testing.assert_allclose(weights["deviation"], values.std(axis=0), rtol=1e-3)


def test_statistics_of_a_large_set_are_those_of_every_nth_utterance(
    sets: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = load_data(settings(), *sets)
    model = checkpoints.new_model(settings(), vocab=len(loaded.tokens))
    third = replace(loaded, train=loaded.train[::3])
    wanted = statistics(model.features, third, batch_s=4.0)
    assert not np.array_equal(statistics(model.features, loaded, batch_s=4.0), wanted)
    monkeypatch.setattr(data_of_runs, "STATISTICS_S", 0.4 * math.fsum(loaded.train.durations_s))
    np.testing.assert_array_equal(statistics(model.features, loaded, batch_s=4.0), wanted)


def test_statistics_of_silence_divide_by_no_zero(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "quiet.wav", np.zeros(8000), RATE_HZ)
    manifest.write(tmp_path / "quiet.jsonl", [Utterance("quiet", tmp_path / "quiet.wav", "a", 1.0)])
    data = load_data(settings(), tmp_path / "quiet.jsonl", tmp_path / "quiet.jsonl")
    model = checkpoints.new_model(settings(), vocab=2)
    mean, deviation = statistics(model.features, data, batch_s=10.0)
    np.testing.assert_allclose(mean, math.log(2.0**-23), rtol=1e-5)
    assert deviation.min() > 0.0


# ---- stopping and going on


def assert_same_run(found: Path, wanted: Path) -> None:
    """Compare two runs bit for bit, but for what a clock says."""
    for name in (LAST, MODEL):
        ours, theirs = checkpoints.load(found / name), checkpoints.load(wanted / name)
        assert all(torch.equal(ours.weights[key], weight) for key, weight in theirs.weights.items())
        for row, other in zip(ours.history, theirs.history, strict=True):
            assert {key: row[key] for key in row.keys() - TIMES} == {key: other[key] for key in other.keys() - TIMES}
        if theirs.optimizer is not None:
            assert ours.optimizer is not None
            for index, state in theirs.optimizer["state"].items():
                assert all(torch.equal(ours.optimizer["state"][index][key], value) for key, value in state.items())


def interrupt_at(monkeypatch: pytest.MonkeyPatch, number: int, act: Callable[[], None]) -> None:
    """Do something before the step of that number (from 1) of all that are taken from now on."""
    step, taken = Trainer.step, iter(range(1, 1000))

    def counted(self: Trainer, *args: Any) -> None:
        if next(taken) == number:
            act()
        step(self, *args)

    monkeypatch.setattr(Trainer, "step", counted)


def press_ctrl_c() -> None:
    signal.raise_signal(signal.SIGINT)


def steps_of_epochs(sets: tuple[Path, Path]) -> list[int]:
    """Return how many steps each epoch of the short run has: [3, 4, 3] or so."""
    durations = [utterance.duration_s for utterance in manifest.read(sets[0])]
    train_settings = settings().train
    rngs = (np.random.default_rng((train_settings.seed, epoch)) for epoch in range(train_settings.epochs))
    return [len(plan(durations, train_settings.batch_s, rng)) for rng in rngs]


def steps_taken(run: Path, sets: tuple[Path, Path]) -> int:
    last = checkpoints.load(run / LAST)
    return sum(steps_of_epochs(sets)[: len(last.history)]) + int(last.progress["steps"])


@pytest.mark.parametrize(
    ("epoch", "step"), [(0, 1), (1, 2), (1, 0), (3, 0)], ids=["first", "mid-epoch", "last of an epoch", "last of all"]
)
def test_a_run_that_was_stopped_ends_as_one_that_was_not(
    epoch: int, step: int, sets: tuple[Path, Path], unbroken: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = sum(steps_of_epochs(sets)[:epoch]) + step
    with monkeypatch.context() as patch:
        interrupt_at(patch, number, press_ctrl_c)
        with pytest.raises(Stopped, match=r"stopped; the state is in .*last.pt, run the same command to resume"):
            train(settings(), *sets, tmp_path)
    assert steps_taken(tmp_path, sets) == number
    assert not (tmp_path / MODEL).exists()
    assert train(settings(), *sets, tmp_path) == tmp_path / MODEL
    assert_same_run(tmp_path, unbroken)


CHAIN = (
    {"kind": "noise", "p": 0.7},
    {"kind": "babble", "p": 0.7, "bank": 5},
    {"kind": "telephone", "p": 0.3},
    {"kind": "gaps", "p": 0.7},
)


def test_a_run_with_a_chain_that_was_stopped_ends_as_one_that_was_not(
    sets: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = settings(*CHAIN, epochs=2)
    train(config, *sets, tmp_path / "unbroken")
    with monkeypatch.context() as patch:
        interrupt_at(patch, steps_of_epochs(sets)[0] + 2, press_ctrl_c)
        with pytest.raises(Stopped):
            train(config, *sets, tmp_path / "stopped")
    train(config, *sets, tmp_path / "stopped")
    assert_same_run(tmp_path / "stopped", tmp_path / "unbroken")
    with pytest.raises(CheckpointError, match=r"with augment\.chain\.0\.p = 0\.7, the config now says 0\.5; restore"):
        train(settings({"kind": "noise", "p": 0.5}, *CHAIN[1:], epochs=2), *sets, tmp_path / "stopped")
    with pytest.raises(CheckpointError, match=r"with augment\.chain\.3\.kind = 'gaps', the config now says None"):
        train(settings(*CHAIN[:3], epochs=2), *sets, tmp_path / "stopped")


def test_a_chain_that_never_happens_changes_no_weight(sets: tuple[Path, Path], unbroken: Path, tmp_path: Path) -> None:
    never = [{"kind": "tempo", "p": 0.0}, *(link | {"p": 0.0} for link in CHAIN)]
    train(settings(*never), *sets, tmp_path)
    assert_same_run(tmp_path, unbroken)


def test_sounds_that_changed_are_another_run(sets: tuple[Path, Path], tmp_path: Path) -> None:
    for name in ("noise", "elsewhere"):
        (tmp_path / name).mkdir()
        soundfile.write(tmp_path / name / "hiss.wav", np.random.default_rng(0).normal(0, 0.1, 4000), RATE_HZ)

    def run(folder: str) -> Path:
        link = {"kind": "recordings", "p": 1.0, "path": str(tmp_path / folder)}
        return train(settings(link, epochs=1, warmup_epochs=0.0), *sets, tmp_path / "run")

    assert run("noise") == run("elsewhere") == tmp_path / "run" / MODEL
    soundfile.write(tmp_path / "noise" / "another.wav", np.ones(800), RATE_HZ)
    with pytest.raises(CheckpointError, match=r"run: was begun with the sounds in .*noise, and .*noise holds others"):
        run("noise")


def test_sounds_that_are_not_there_leave_no_run_behind(sets: tuple[Path, Path], tmp_path: Path) -> None:
    link = {"kind": "impulses", "p": 1.0, "path": str(tmp_path / "gone")}
    with pytest.raises(MissingFile, match="gone: no such folder of sounds or manifest"):
        train(settings(link), *sets, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_run_that_crashed_goes_on_from_its_last_epoch(
    sets: tuple[Path, Path], unbroken: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash() -> None:
        raise RuntimeError("power cut")

    with monkeypatch.context() as patch:
        interrupt_at(patch, steps_of_epochs(sets)[0] + 2, crash)
        with pytest.raises(RuntimeError, match="power cut"):
            train(settings(), *sets, tmp_path)
    assert steps_taken(tmp_path, sets) == steps_of_epochs(sets)[0]
    time.sleep(1.0)  # TensorBoard orders its files by the second they were begun in
    train(settings(), *sets, tmp_path)
    assert_same_run(tmp_path, unbroken)
    assert [step for step, _ in scalars(tmp_path, "train_loss")] == [1, 2, 3], "no epoch is lost or there twice"


def test_a_stop_while_dev_is_measured_comes_after_the_next_step(
    sets: tuple[Path, Path], unbroken: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    evaluate = loop.evaluate

    def interrupted(*args: Any, **kwargs: Any) -> Any:
        press_ctrl_c()
        return evaluate(*args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(loop, "evaluate", interrupted)
        with pytest.raises(Stopped):
            train(settings(), *sets, tmp_path)
    assert steps_taken(tmp_path, sets) == steps_of_epochs(sets)[0] + 1
    train(settings(), *sets, tmp_path)
    assert_same_run(tmp_path, unbroken)


def test_a_finished_run_is_left_alone(
    sets: tuple[Path, Path], unbroken: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path: path.stat().st_mtime_ns for path in unbroken.rglob("*") if path.is_file()}
    assert train(settings(), *sets, unbroken) == unbroken / MODEL
    assert "this run is finished; name another folder" in capsys.readouterr().err
    assert {path: path.stat().st_mtime_ns for path in unbroken.rglob("*") if path.is_file()} == before


def test_other_settings_are_another_run(sets: tuple[Path, Path], unbroken: Path) -> None:
    with pytest.raises(
        CheckpointError, match=r"begun with train.learning_rate = 0.03, the config now says 0.02; restore"
    ):
        train(settings(learning_rate=2e-2), *sets, unbroken)
    other = settings().model_copy(update={"model": config.Model(hidden=8)})  # type: ignore[call-arg]
    with pytest.raises(CheckpointError, match=r"begun with model\.\w+ = "):
        train(other, *sets, unbroken)


def test_other_data_is_another_run(sets: tuple[Path, Path], unbroken: Path, tmp_path: Path) -> None:
    manifest.write(tmp_path / "fewer.jsonl", manifest.read(sets[0])[1:])
    with pytest.raises(CheckpointError, match=r"begun with .*train.jsonl for train, and .*fewer.jsonl holds"):
        train(settings(), tmp_path / "fewer.jsonl", sets[1], unbroken)
    with pytest.raises(MissingFile, match="gone"):
        train(settings(), sets[0], tmp_path / "gone.jsonl", unbroken)


def test_a_run_may_move_to_another_machine(sets: tuple[Path, Path], unbroken: Path) -> None:
    before = (unbroken / MODEL).read_bytes()
    train(settings(device="auto", cache_gb=0.5), *sets, unbroken)
    assert (unbroken / MODEL).read_bytes() == before


def test_another_seed_is_another_model(sets: tuple[Path, Path], unbroken: Path, tmp_path: Path) -> None:
    train(settings(seed=2, epochs=1, warmup_epochs=0.0), *sets, tmp_path)
    assert rows_of(tmp_path)[0]["train_loss"] != rows_of(unbroken)[0]["train_loss"]


def test_the_first_ctrl_c_asks_and_the_second_interrupts() -> None:
    before = signal.getsignal(signal.SIGINT)
    with stop_requested() as stop:
        assert not stop.is_set()
        press_ctrl_c()
        assert stop.is_set()
        with pytest.raises(KeyboardInterrupt):
            press_ctrl_c()
    assert signal.getsignal(signal.SIGINT) is before


def test_outside_the_main_thread_signals_are_left_alone() -> None:
    before, flags = signal.getsignal(signal.SIGINT), []

    def enter() -> None:
        with stop_requested() as stop:
            flags.append(stop.is_set())

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    assert flags == [False]
    assert signal.getsignal(signal.SIGINT) is before


def test_training_from_archives_is_training_from_files(sets: tuple[Path, Path], unbroken: Path, tmp_path: Path) -> None:
    """Shards of tar archives, read where they are, through compressed shards of a manifest."""
    packed = []
    for path in sets:
        convert(path, tmp_path / f"{path.stem}.tar", out_format="webdataset", writing={"size": 8})
        lines = tmp_path / f"{path.stem}.jsonl.gz"
        convert(tmp_path / f"{path.stem}-*.tar", lines, source_format="webdataset", writing={"size": 5})
        packed.append(tmp_path / f"{path.stem}-*.jsonl.gz")
    run = train(settings(), packed[0], packed[1], tmp_path / "run").parent
    assert_same_run(run, unbroken)


# ---- what cannot be learned


def test_what_slips_in_too_short_is_counted_and_does_no_harm(sets: tuple[Path, Path], tmp_path: Path) -> None:
    """Three equal words need five frames: the 0.19 s of the manifest have them, the 0.145 s of the file do not."""
    soundfile.write(tmp_path / "short.wav", np.full(1160, 0.1), RATE_HZ)
    lying = Utterance("short", tmp_path / "short.wav", "a a a", 0.19)
    manifest.write(tmp_path / "train.jsonl", [*manifest.read(sets[0]), lying])
    run = settings(epochs=2, batch_s=1000.0)  # all in one batch
    train(run, tmp_path / "train.jsonl", sets[1], tmp_path / "run")
    rows = rows_of(tmp_path / "run")
    assert [int(row["skipped"]) for row in rows] == [1, 1]
    assert float(rows[1]["train_loss"]) < float(rows[0]["train_loss"]), "the others are learned from"
    assert all(weight.isfinite().all() for weight in checkpoints.load(tmp_path / "run").weights.values())


def test_a_development_set_of_next_to_nothing_is_measured(sets: tuple[Path, Path], tmp_path: Path) -> None:
    """An utterance of less than half a frame shift has no frames, in a batch of its own not even an axis of them."""
    soundfile.write(tmp_path / "blip.wav", np.full(30, 0.1), RATE_HZ)
    manifest.write(tmp_path / "dev.jsonl", [Utterance("blip", tmp_path / "blip.wav", "a", 30 / RATE_HZ)])
    train(settings(epochs=1), sets[0], tmp_path / "dev.jsonl", tmp_path / "run")
    assert float(rows_of(tmp_path / "run")[0]["dev_wer"]) == 1.0


def test_two_utterances_can_be_learned_by_heart(sets: tuple[Path, Path], tmp_path: Path) -> None:
    """A model that cannot overfit has a bug."""
    manifest.write(tmp_path / "two.jsonl", manifest.read(sets[0])[:2])
    values = settings(epochs=80, warmup_epochs=5.0).model_dump()
    values["model"] |= {"dropout": 0.0, "variational_dropout": 0.0}
    values["augment"] |= {
        "speeds": [1.0],
        "gain_db": 0.0,
        "warp": 0.0,
        "colour_db": 0.0,
        "freq_masks": 0,
        "time_masks_per_s": 0.0,
    }
    chosen = config.parse(values)
    data = load_data(chosen, tmp_path / "two.jsonl", tmp_path / "two.jsonl")
    torch.manual_seed(0)
    model = checkpoints.new_model(chosen, vocab=len(data.tokens))
    mean, deviation = statistics(model.features, data, 10.0)
    model.mean.copy_(torch.from_numpy(mean))
    model.deviation.copy_(torch.from_numpy(deviation))
    trainer = Trainer(model, adamw(model, 0.0), data, chosen)
    losses = []
    for epoch in range(80):
        tally = Tally()
        trainer.run(epoch, tally, lambda tally, steps: True)
        losses.append(tally.train_loss)
    assert losses[0] > 1.0
    assert losses[-1] < 0.02


@pytest.mark.parametrize(
    "changes",
    [
        {"features": {"kind": "mfcc", "rate_hz": RATE_HZ, "bands": 20}, "augment": {"gain_db": 0.0}},
        {"model": {"encoder": "lstm", "hidden": 8, "layers": 2}},
        {"train": {"precision": "bf16"}},
        {"train": {"inter_ctc": 0.3}, "model": {"hidden": 8, "layers": 3}},
        {"train": {"consistency": 0.2}},
    ],
    ids=["mfcc", "lstm", "bf16", "inter_ctc", "consistency"],
)
def test_other_kinds_of_runs_go_through(changes: dict[str, Any], sets: tuple[Path, Path], tmp_path: Path) -> None:
    values = settings(epochs=1).model_dump()
    for section, replacement in changes.items():
        values[section] = values[section] | replacement if section == "train" else replacement
    train(config.parse(values), *sets, tmp_path)
    assert float(rows_of(tmp_path)[0]["train_loss"]) < 20.0
    checkpoints.build_model(checkpoints.load(tmp_path))


def test_a_loss_after_half_of_the_layers_takes_its_share(sets: tuple[Path, Path]) -> None:
    values = settings(inter_ctc=0.25).model_dump()
    values["model"] |= {"layers": 4, "dropout": 0.0, "variational_dropout": 0.0}
    chosen = config.parse(values)
    data = load_data(chosen, *sets)
    model = checkpoints.new_model(chosen, vocab=len(data.tokens))
    trainer = Trainer(model, adamw(model, 0.0), data, chosen)
    batch = trainer.read([(0,), (1,), (2,)], np.random.default_rng(0))
    features, frames = model.normalised(batch.samples, batch.lengths)
    losses, goals, finite = trainer.losses(features, frames, batch)
    assert finite.all()
    torch.testing.assert_close(losses, ctc_losses(*model.classified(features, frames), batch))
    model.encoder.layers = model.encoder.layers[:2]
    early = ctc_losses(*model.classified(features, frames), batch)
    assert (early - losses).abs().min() > 0.01
    torch.testing.assert_close(goals, 0.75 * losses + 0.25 * early)


def test_two_views_of_an_utterance_are_brought_together(sets: tuple[Path, Path]) -> None:
    chosen = settings(consistency=0.5)
    data = load_data(chosen, *sets)
    model = checkpoints.new_model(chosen, vocab=len(data.tokens)).eval()
    trainer = Trainer(model, adamw(model, 0.0), data, chosen)
    batch = trainer.read([(0,), (1,), (2,)], np.random.default_rng(0)).twice()
    features, frames = model.normalised(batch.samples, batch.lengths)
    losses, goals, _ = trainer.losses(features, frames, batch)
    torch.testing.assert_close(goals, losses, msg="equal views agree")
    features[3:] += 1.0
    losses, goals, _ = trainer.losses(features, frames, batch)
    torch.testing.assert_close(goals, losses + 0.5 * disagreement(*model.classified(features, frames)))
    assert (goals > losses + 1e-3).all()


def test_half_of_one_layer_is_none() -> None:
    with pytest.raises(ConfigError, match="train: inter_ctc needs an encoder of 2 layers or more; raise model"):
        checkpoints.new_model(settings(inter_ctc=0.3), vocab=4)


def test_precision_is_as_asked() -> None:
    cpu = torch.device("cpu")
    assert use_bf16("bf16", cpu)
    assert not use_bf16("fp32", cpu)


@pytest.mark.parametrize("name", ["cuda:77", "nonsense"])
def test_devices_that_are_not_there_are_named(name: str) -> None:
    with pytest.raises(ConfigError, match=f"train: device '{name}' cannot be used here.*choose 'auto' or 'cpu'"):
        choose_device(name)


# ---- on a GPU


GPU = "cuda"


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA GPU to train on")
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_gpu_learns_and_hears_what_the_cpu_hears(precision: str, sets: tuple[Path, Path], tmp_path: Path) -> None:
    asked = settings(epochs=EPOCHS, batch_s=2.0, device=GPU, precision=precision)
    checkpoint = checkpoints.load(train(asked, *sets, tmp_path / "run").parent)
    assert checkpoint.provenance["dev_result"]["wer"] <= 0.1
    model, moved = checkpoints.build_model(checkpoint), checkpoints.build_model(checkpoint).to(GPU)
    for utterance in manifest.read(sets[1]):
        samples = torch.from_numpy(soundfile.read(utterance.audio, dtype="float32")[0])[None]
        lengths = torch.tensor([samples.shape[1]])
        with torch.no_grad():
            (here, frames), (there, frames_there) = model(samples, lengths), moved(samples.to(GPU), lengths.to(GPU))
        assert frames.tolist() == frames_there.tolist()
        torch.testing.assert_close(there.cpu(), here, rtol=0.0, atol=1e-2)  # TF32 may round products to ten bits


# ---- the learning rate and the optimiser


def test_the_learning_rate_rises_in_a_line_and_falls_in_a_half_cosine() -> None:
    schedule = Schedule(peak=1e-3, final=1e-5, warmup_epochs=5.0, epochs=85)
    assert 0.0 < schedule(0.0) < 1e-5, "the first step is small, but a step"
    assert schedule(2.5) == pytest.approx(0.5e-3, rel=1e-3)
    assert schedule(5.0) == pytest.approx(1e-3)
    assert schedule(45.0) == pytest.approx((1e-3 + 1e-5) / 2), "half-way down at half time"
    assert schedule(25.0) == pytest.approx(1e-5 + 0.99e-3 * (1 + math.sqrt(0.5)) / 2)
    assert schedule(85.0) == pytest.approx(1e-5)
    rates = [schedule(position) for position in np.arange(0, 85, 0.25)]
    assert (np.diff(rates[:21]) > 0).all()
    assert (np.diff(rates[20:]) < 0).all()


def test_schedules_without_warm_up_and_of_nothing_else() -> None:
    assert Schedule(1e-3, 1e-5, 0.0, 10)(0.0) == pytest.approx(1e-3)
    short = Schedule(1e-3, 1e-5, 5.0, 2)
    assert short(2.0) == pytest.approx(0.4e-3, rel=1e-3), "a run shorter than its warm-up only rises"
    assert Schedule(1e-3, 1e-5, 5.0, 5)(5.0) == pytest.approx(1e-3)


def test_only_matrices_decay() -> None:
    model = checkpoints.new_model(settings(), vocab=4)
    groups = adamw(model, 0.3).param_groups
    assert [group["weight_decay"] for group in groups] == [0.3, 0.0]
    assert all(weight.dim() > 1 for weight in groups[0]["params"])
    assert all(weight.dim() == 1 for weight in groups[1]["params"])
    assert sum(len(group["params"]) for group in groups) == len(list(model.parameters()))


# ---- what is seen meanwhile


def test_without_a_terminal_an_epoch_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    row = dict.fromkeys(COLUMNS, 0.25) | {"epoch": 3, "skipped": 2, "audio_s_per_s": 120.0}
    progress = Progress(7)
    progress.step(2, 10, 1, 0.5, 100.0, 60.0)
    progress.epoch(row, 3725.0)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err == (
        "epoch 3/7  loss 0.2500  dev loss 0.2500  dev WER 25.00%  dev CER 25.00%  "
        "120 audio s/s  1:02:05 left  skipped 2\n"
    )


def test_on_a_terminal_a_bar_shows_loss_speed_and_time(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    progress = Progress(7)
    progress.epoch(dict.fromkeys(COLUMNS, 0.25) | {"epoch": 1, "skipped": 0}, 60.0)
    progress.step(1, 10, 4, 0.5, 100.0, 60.0)
    assert (progress.bar.n, progress.bar.total) == (4, 10)
    progress.close()
    shown = terminal.getvalue()
    for part in ("epoch 2/7", "loss 0.500", "dev WER 25.00%", "100 audio s/s", "1:00 left"):
        assert part in shown


def test_settings_of_the_checkpoint_are_those_of_the_run(unbroken: Path) -> None:
    stored = checkpoints.load(unbroken).config
    assert json.loads(json.dumps(stored)) == stored
    assert stored["text"]["rules"] == "none/1"
    assert config.parse(stored) == with_version(settings())
