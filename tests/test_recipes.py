"""The recipes: their settings load, their steps run in order and once, and their tables hold what was measured."""

from __future__ import annotations

import csv
import json
import re
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from asr import config, corpora, manifest
from asr.types import Utterance

RECIPES = Path(__file__).resolve().parent.parent / "recipes"
NAMES = ("aishell1", "an4", "commonvoice", "fsdd", "kerstin-de", "librispeech", "ljspeech", "thchs30")
RATES_HZ = dict.fromkeys(NAMES, 16000) | {"fsdd": 8000}
CONFIGS = sorted(RECIPES.glob("*/config*.toml"))

pytestmark = pytest.mark.skipif(not RECIPES.is_dir(), reason="only in a checkout, where the recipes are")


@pytest.fixture
def common(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The module that the recipes share, found as they find it."""
    monkeypatch.syspath_prepend(str(RECIPES))
    import common

    yield common
    for name in ("common", "results"):
        sys.modules.pop(name, None)


# ---- what ships


def name_of(path: Path) -> str:
    """Return `an4` or `librispeech-960h`."""
    return path.parent.name + path.stem.removeprefix("config")


def test_every_recipe_has_its_files() -> None:
    folders = sorted(path.name for path in RECIPES.iterdir() if path.is_dir() and path.name != "__pycache__")
    assert folders == sorted(NAMES)
    for file in ("config.toml", "run.py"):
        assert [path.parent.name for path in sorted(RECIPES.glob(f"*/{file}"))] == sorted(NAMES)
    assert set(NAMES) <= set(corpora.CORPORA)


def test_every_config_is_found() -> None:
    assert sorted(RECIPES.rglob("*.toml")) == CONFIGS
    assert len(CONFIGS) >= len(NAMES) + 4
    assert {path.parent.name for path in CONFIGS} == set(NAMES)
    assert {"aishell1-sample", "librispeech-mini", "librispeech-100h", "librispeech-960h"} <= set(map(name_of, CONFIGS))


@pytest.mark.parametrize("path", CONFIGS, ids=name_of)
def test_every_config_loads_at_the_rate_of_its_corpus(path: Path) -> None:
    settings = config.load(path)
    assert settings.features.rate_hz == RATES_HZ[path.parent.name]


SENTENCES = {
    "wer": ("eins zwei drei", "the cat sat on the mat", "drei"),
    "cer": ("其中有两个是内因的指标", "房价 上涨 或者 下跌", "指标"),
}
NARROW = {"hidden": 16, "channels": 2, "project": 16}


def beeps(folder: Path, split: str, settings: config.Config, count: int) -> Path:
    """Write utterances of noise with sentences in the language of a config, and their manifest."""
    utterances = []
    for number in range(count):
        samples, rate_hz = sound(number, number, settings.features.rate_hz), settings.features.rate_hz
        samples = np.tile(samples, 3 + number % 3)
        soundfile.write(folder / f"{split}{number}.wav", samples, rate_hz)
        text = SENTENCES[settings.train.measure][number % 3]
        path = folder / f"{split}{number}.wav"
        utterances.append(Utterance(f"{split}{number}", path, text, len(samples) / rate_hz, f"{number}"))
    manifest.write(folder / f"{split}.jsonl", utterances)
    return folder / f"{split}.jsonl"


def goes_all_the_way(settings: config.Config, folder: Path) -> None:
    """Make tokens and a model, take a step, export (which compares with torch), and check the file by itself."""
    pytest.importorskip("torch")
    from asr.bundle import read_info
    from asr.export import export
    from asr.export.selfcheck import check
    from asr.train.loop import train

    sets = beeps(folder, "train", settings, 6), beeps(folder, "dev", settings, 3)
    train(settings, *sets, folder / "run")
    with open(folder / "run" / "epochs.csv", newline="") as file:
        (epoch,) = csv.DictReader(file)
    assert 0 < float(epoch["train_loss"]) < 100
    assert epoch["skipped"] == "0"
    model = export(folder / "run", folder / "model.onnx")
    info = read_info(model)
    assert info.tokenizer == settings.text.tokenizer
    assert info.text_rules.startswith(settings.text.rules)
    assert info.rate_hz == settings.features.rate_hz
    assert len(info.priors) == len(info.tokens) > 3
    assert check(model).probe_difference is not None


def one_step(path: Path, **model: int) -> config.Config:
    """Return the settings of a config for one step on this machine, with other sizes of the model."""
    values = config.load(path).model_dump()
    values["model"] |= {key: min(size, values["model"][key]) for key, size in model.items() if key in values["model"]}
    values["train"] |= {"epochs": 1, "device": "cpu"}
    return config.parse(values)


@pytest.mark.parametrize("path", CONFIGS, ids=name_of)
def test_every_config_goes_from_texts_to_a_verified_model(path: Path, tmp_path: Path) -> None:
    """With narrow layers, for speed; everything else is as it is written."""
    goes_all_the_way(one_step(path, **NARROW), tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("path", CONFIGS, ids=name_of)
def test_every_config_goes_all_the_way_at_its_own_size(path: Path, tmp_path: Path) -> None:
    goes_all_the_way(one_step(path), tmp_path)


def test_the_librispeech_settings_fit_the_sample(tmp_path: Path, test_data: Path) -> None:
    pytest.importorskip("torch")
    from asr.train.data import load_data

    paths = corpora.prepare("librispeech", test_data / "librispeech-sample", tmp_path)
    data = load_data(config.load(RECIPES / "librispeech" / "config.toml"), paths["train"], paths["dev"])
    assert data.tokens == ("<blk>", "▁", "'", *"abcdefghijklmnopqrstuvwxyz")
    assert data.dropped == ()
    manifest.write(tmp_path / "few.jsonl", manifest.read(paths["train"])[:1])
    few = load_data(config.load(RECIPES / "librispeech" / "config.toml"), tmp_path / "few.jsonl", paths["dev"])
    assert few.tokens == data.tokens
    augmented = load_data(config.load(RECIPES / "librispeech" / "config-augmented.toml"), paths["train"], paths["dev"])
    assert augmented.dropped == (), "at the fastest speed times the fastest tempo"


def test_the_settings_of_the_mandarin_sample_fit_it(tmp_path: Path, test_data: Path) -> None:
    pytest.importorskip("torch")
    from asr.train.data import load_data

    paths = corpora.prepare("aishell1", test_data / "aishell-sample", tmp_path)
    settings = config.load(RECIPES / "aishell1" / "config-sample.toml")
    data = load_data(settings, paths["train"], paths["dev"])
    assert (len(data.train), len(data.dev), data.dropped) == (640, 40, ())
    assert len(data.unknown) <= settings.train.max_unknown
    heard = {character for example in data.train for character in example.utterance.text}
    assert len(data.tokens) == len(heard - {" "}) + 2, "blank and space besides"
    texts = [example.utterance.text for example in data.train]
    assert not any(re.search("[\u4e00-\u9fff] [\u4e00-\u9fff]|[0-9]", text) for text in texts)


def test_the_german_settings_fit_the_corpus(tmp_path: Path, test_data: Path) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("num2words", reason="num2words spells numbers (extra 'text')")
    from asr.train.data import load_data

    paths = corpora.prepare("kerstin-de", test_data / "kerstin-de", tmp_path)
    data = load_data(config.load(RECIPES / "kerstin-de" / "config.toml"), paths["train"], paths["dev"])
    assert (len(data.train), len(data.dev), data.dropped, data.unknown) == (1174, 100, (), ())
    assert set("".join(data.tokens[1:])) == set("▁'abcdefghijklmnopqrstuvwxyzäöüß")


@pytest.mark.parametrize("name", NAMES)
def test_run_scripts_are_short_and_explain_themselves(name: str) -> None:
    script = RECIPES / name / "run.py"
    assert len(script.read_text().splitlines()) <= 35
    done = subprocess.run([sys.executable, str(script), "--help"], capture_output=True, text=True, check=True)
    assert "--source" in done.stdout
    assert "--seeds" in done.stdout


def test_a_run_script_needs_its_options() -> None:
    script = RECIPES / NAMES[0] / "run.py"
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False)
    assert done.returncode == 2


# ---- the steps, with a command that only writes what the real one would


def counts(substitutions: int, deletions: int, insertions: int, words: int) -> dict[str, Any]:
    wer = (substitutions + deletions + insertions) / words
    numbers = {"substitutions": substitutions, "deletions": deletions, "insertions": insertions, "words": words}
    numbers |= {"characters": 4 * words, "char_errors": 2 * (substitutions + deletions + insertions)}
    said = [f"word{n}" for n in range(words)]
    heard = [*(f"x{n}" for n in range(substitutions)), *said[substitutions + deletions :], *"y" * insertions]
    utterance = {"id": "u", "reference": " ".join(said), "hypothesis": " ".join(heard)} | numbers
    return numbers | {"wer": wer, "cer": wer / 2, "ser": 1.0, "utterances": [utterance, utterance]}


# By the folder of the run: dev, then test. Seed 3 is best on dev and worst on test.
SCORES = {
    "seed1": (counts(3, 0, 0, 100), counts(1, 2, 3, 200)),
    "seed2": (counts(2, 0, 0, 100), counts(0, 1, 1, 200)),
    "seed3": (counts(1, 0, 0, 100), counts(4, 4, 4, 200)),
    "lucas": (counts(5, 0, 0, 50), counts(10, 0, 0, 100)),
    "theo": (counts(5, 0, 0, 150), counts(2, 3, 5, 300)),
}


class FakeAsr:
    """Stands in for subprocess.Popen: notes the command and writes what `asr` would."""

    def __init__(self) -> None:
        self.commands: list[list[str]] = []
        self.fail = ""

    def __call__(self, command: list[str]) -> FakeAsr:
        assert command[:3] == [sys.executable, "-m", "asr"]
        self.commands.append(command[3:])
        if command[3] != self.fail:
            getattr(self, command[3])(*command[4:])
        return self

    def wait(self) -> int:
        return 3 if self.commands[-1][0] == self.fail else 0

    def prepare(self, name: str, _: str, source: str, __: str, out: str) -> None:
        splits = ["train", "dev", "test"]
        splits += [f"loso/{name}/{split}" for name in ("theo", "lucas") for split in splits] if name == "fsdd" else []
        for split in splits:
            path = Path(out) / f"{split}.jsonl"
            manifest.write(path, [Utterance(f"{n}", Path(source) / "a.wav", "one two", 1.8, "s") for n in range(2)])

    def train(self, settings: str, *options: str) -> None:
        given = dict(zip(options[::2], options[1::2], strict=True))
        assert sorted(given) == ["--dev", "--out", "--seed", "--train"]
        out = Path(given["--out"])
        out.mkdir(parents=True, exist_ok=True)
        lines = ["epoch,train_loss,seconds,audio_s_per_s,data_share", "1,nan,60,10,0.2", "2,,120,30,0.1"]
        (out / "epochs.csv").write_text("\n".join(lines) + "\n")
        (out / "model.pt").write_text(out.name)

    def export(self, folder: str, option: str, out: str) -> None:
        assert option == "--out"
        Path(out).write_bytes((Path(folder) / "model.pt").read_bytes())

    def verify(self, model: str, option: str, checkpoint: str) -> None:
        assert option == "--checkpoint"
        assert (Path(checkpoint) / "model.pt").exists()

    def evaluate(self, model: str, data: str, json_: str, score: str, store: str, split: str) -> None:
        assert (json_, store) == ("--json", "--store")
        assert Path(data).name == f"{split}.jsonl"
        dev, test = SCORES[Path(model).parent.name]
        Path(score).write_text(json.dumps({"dev": dev, "test": test}[split]))
        with open(model, "a") as file:
            file.write(f" {split}")


@pytest.fixture
def fake(common: ModuleType, monkeypatch: pytest.MonkeyPatch) -> FakeAsr:
    fake = FakeAsr()
    monkeypatch.setattr(common, "subprocess", SimpleNamespace(Popen=fake))
    return fake


@pytest.fixture
def main(common: ModuleType, fake: FakeAsr, tmp_path: Path) -> Callable[..., str]:
    """Return a function that runs a recipe and returns its page of results."""

    def run(name: str = "an4", **options: Any) -> str:
        given = {
            "source": tmp_path,
            "out": tmp_path / "out",
            "seeds": [1, 2, 3],
            "config": RECIPES / name / "config.toml",
        }
        common.main(name, f"{name}-en.onnx", **given | options)
        return (tmp_path / "out" / "RESULTS.md").read_text(encoding="utf-8")

    return run


def rows(page: str) -> dict[str, list[str]]:
    lines = [line.strip("| ").split(" | ") for line in page.splitlines() if line.startswith("|")]
    return {line[0]: line[1:] for line in lines}


def test_the_commands_are_those_of_a_user(main: Callable[..., str], fake: FakeAsr, tmp_path: Path) -> None:
    main(seeds=[1])
    out = tmp_path / "out"
    data, seed, model = out / "data", out / "seed1", out / "seed1" / "an4-en.onnx"
    expected = [
        f"prepare an4 --source {tmp_path} --out {data}",
        f"train {RECIPES / 'an4' / 'config.toml'} --train {data / 'train.jsonl'} --dev {data / 'dev.jsonl'}"
        f" --out {seed} --seed 1",
        f"export {seed} --out {model}",
        f"verify {model} --checkpoint {seed}",
        f"evaluate {model} {data / 'dev.jsonl'} --json {seed / 'dev.json'} --store dev",
        f"evaluate {model} {data / 'test.jsonl'} --json {seed / 'test.json'} --store test",
    ]
    assert [" ".join(command) for command in fake.commands] == expected


def test_the_model_is_chosen_on_dev_and_carries_its_scores(main: Callable[..., str], tmp_path: Path) -> None:
    page = main()
    assert (tmp_path / "out" / "an4-en.onnx").read_text() == "seed3 dev test"
    assert "Kept is seed3, the lowest on dev (1.00), with 6.00 on test (95 % confidence interval 6.00 to 6.00," in page


def test_the_table_holds_the_seeds_their_mean_and_spread(main: Callable[..., str]) -> None:
    page = main()
    table = rows(page)
    assert table["seed"][4] == "95 % of WER"
    assert table["1"] == ["3.00", "1.50", "3.00", "1.50", "3.00 to 3.00", "6 (1 + 2 + 3)", "2", "3.0", "20", "15.0 %"]
    assert table["2"][:6] == ["2.00", "1.00", "1.00", "0.50", "1.00 to 1.00", "2 (0 + 1 + 1)"]
    assert table["mean"] == ["2.00", "1.00", "3.33", "1.67", "", "", "2", "3.0", "20", "15.0 %"]
    spread = statistics.stdev([3.0, 1.0, 6.0])
    assert f"Test WER: mean 3.33, standard deviation {spread:.2f}, 1.00 to 6.00 over 3 seeds." in page


def test_the_page_says_what_stands_behind_the_numbers(main: Callable[..., str], tmp_path: Path) -> None:
    page = main()
    assert "`python recipes/an4/run.py --source DIR --out DIR --seeds 1 2 3`" in page
    assert "test 2 utterances, 1 speakers, 0.00 h, 4 words" in page
    assert corpora.get_corpus("an4").licence in page
    assert "bilstm-asr 0." in page
    assert " cores" in page
    assert str(tmp_path) not in page
    assert "(.." not in page


def test_other_settings_are_named_in_the_page(main: Callable[..., str], tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text("")
    assert "--seeds 2 --config mine.toml`" in main(seeds=[2], config=tmp_path / "mine.toml")


def test_settings_that_ship_are_shown_with_their_folder_and_name_the_model(
    main: Callable[..., str], tmp_path: Path
) -> None:
    page = main("librispeech", seeds=[2], config=RECIPES / "librispeech" / "config-100h.toml")
    assert "--seeds 2 --config recipes/librispeech/config-100h.toml`" in page
    assert (tmp_path / "out" / "librispeech-100h.onnx").exists()


def test_without_spaces_characters_are_what_counts(main: Callable[..., str], tmp_path: Path) -> None:
    page = main("aishell1", config=RECIPES / "aishell1" / "config-sample.toml")
    assert "Test CER: mean 1.67, standard deviation" in page
    assert "Kept is seed3, the lowest on dev (0.50), with 3.00 on test" in page
    assert rows(page)["1"][4:6] == ["1.50 to 1.50", "12"], "as many characters are wrong"
    assert "Of the 14 characters of test 0 are not among the 6 different ones of the training texts" in page


def test_what_jiwer_counts_otherwise_is_not_written(
    main: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dev, test = SCORES["seed2"]
    wrong = test["utterances"][0] | {"hypothesis": test["utterances"][0]["hypothesis"] + " more"}
    monkeypatch.setitem(SCORES, "seed2", (dev, test | {"utterances": [wrong]}))
    with pytest.raises(SystemExit, match=r"AsrError: .*seed2/test\.json: utterance u has 2 errors, by jiwer 3; [^\n]*"):
        main()
    assert not (tmp_path / "out" / "RESULTS.md").exists()


def test_jiwer_counts_han_characters_alone_and_empty_references(common: ModuleType) -> None:
    results = sys.modules["results"]
    assert results.counted_by_jiwer("我们 at home", "我門 at home") == 1
    assert results.counted_by_jiwer("", "我 at home") == 3
    assert results.counted_by_jiwer("one two", "") == 2


def test_an_interval_is_that_of_a_mean(common: ModuleType) -> None:
    """Of utterances of the same length the rate is a mean, whose spread the normal distribution gives."""
    results = sys.modules["results"]
    errors = np.random.default_rng(7).integers(0, 11, 400)
    utterances = [
        {"substitutions": int(n), "deletions": 1, "insertions": 0, "words": 20, "char_errors": int(n), "characters": 90}
        for n in errors
    ]
    for measure, each in (("wer", (errors + 1) / 20), ("cer", errors / 90)):
        half = 1.96 * each.std() / np.sqrt(len(each))
        low, high = results.interval({"utterances": utterances}, measure)
        assert low == pytest.approx(each.mean() - half, abs=0.1 * half)
        assert high == pytest.approx(each.mean() + half, abs=0.1 * half)


@pytest.mark.parametrize(
    ("train", "test", "said"),
    [
        ("ab", "cd", "No speaker of test is heard in training."),
        ("abc", "cd", "Of the 2 speakers of test 1 are heard in training"),
        ("ab", "ab", "Of the 2 speakers of test 2 are heard in training"),
        ("a", "a", "There is one speaker"),
        ([""], [""], "The corpus does not say who speaks."),
    ],
)
def test_the_page_says_whose_voices_the_test_has(
    common: ModuleType, tmp_path: Path, train: str, test: str, said: str
) -> None:
    for split, speakers in (("train", train), ("test", test)):
        utterances = [Utterance(f"{n}", tmp_path / "a.wav", "one", 1.0, name) for n, name in enumerate(speakers)]
        manifest.write(tmp_path / f"{split}.jsonl", utterances)
    assert sys.modules["results"].voices(tmp_path).startswith(said)


def test_one_seed_has_no_spread(main: Callable[..., str]) -> None:
    assert "Test WER: 3.00 with one seed." in main(seeds=[1, 1])


def test_one_speaker_left_out_is_pooled_over_all_words(main: Callable[..., str], fake: FakeAsr, tmp_path: Path) -> None:
    page = main("fsdd", seeds=[1], leave_one_out=True)
    table = rows(page)
    assert table["lucas"][:4] == ["10.00", "10.00", "10 (10 + 0 + 0)", "100"]
    assert table["theo"][:4] == ["3.33", "3.33", "10 (2 + 3 + 5)", "300"]
    assert table["pooled"][:4] == ["5.00", "5.00", "20 (12 + 3 + 5)", "400"]  # not the mean of 10 and 3.33
    assert "--seeds 1 --leave-one-out`" in page
    trained = [command for command in fake.commands if command[0] == "train"]
    assert [Path(command[3]).parent for command in trained] == [
        tmp_path / "out/data",
        tmp_path / "out/data/loso/lucas",
        tmp_path / "out/data/loso/theo",
    ]
    assert (tmp_path / "out" / "loso" / "theo" / "fsdd-en.onnx").exists()


def test_finished_steps_are_not_run_again(main: Callable[..., str], fake: FakeAsr, tmp_path: Path) -> None:
    page = main()
    fake.commands.clear()
    assert main() == page
    assert fake.commands == []
    (tmp_path / "out" / "seed2" / "test.json").unlink()
    main()
    assert [command[0] for command in fake.commands] == ["evaluate"]


@pytest.mark.parametrize("step", ["prepare", "train", "export", "verify", "evaluate"])
def test_a_step_that_fails_ends_the_recipe_with_its_code_and_is_run_again(
    main: Callable[..., str], fake: FakeAsr, tmp_path: Path, step: str
) -> None:
    fake.fail = step
    with pytest.raises(SystemExit) as stopped:
        main(seeds=[1])
    assert stopped.value.code == 3
    assert not (tmp_path / "out" / "RESULTS.md").exists()
    fake.fail = ""
    fake.commands.clear()
    main(seeds=[1])
    # Training is started again until there is an exported file; it says that it is finished. So it is with verify.
    assert fake.commands[0][0] == {"export": "train", "evaluate": "verify"}.get(step, step)


def test_results_of_other_settings_or_data_are_not_mixed(main: Callable[..., str], tmp_path: Path) -> None:
    main(seeds=[1])
    (tmp_path / "other.toml").write_text("[train]\nepochs = 7\n")
    with pytest.raises(SystemExit, match=r"config\.toml: .*choose another --out"):
        main(seeds=[1], config=tmp_path / "other.toml")
    with pytest.raises(SystemExit, match=r"source\.txt: .*choose another --out"):
        main(seeds=[1], source=RECIPES)
    with pytest.raises(SystemExit, match="no such config"):
        main(seeds=[1], config=tmp_path / "none.toml")


def test_a_mistake_may_be_mended_in_the_same_folder(main: Callable[..., str], fake: FakeAsr, tmp_path: Path) -> None:
    (tmp_path / "other.toml").write_text("[train]\nepoch = 7\n")
    for fake.fail, options in (("prepare", {"source": RECIPES}), ("train", {"config": tmp_path / "other.toml"})):
        with pytest.raises(SystemExit):
            main(seeds=[1], **options)
    fake.fail = ""
    assert "| 1 |" in main(seeds=[1])


def test_ctrl_c_waits_for_the_step_that_saves_its_state(common: ModuleType) -> None:
    class Process:
        answers: Iterator[Any] = iter([KeyboardInterrupt, KeyboardInterrupt, 130])

        def wait(self) -> int:
            answer = next(self.answers)
            if answer is KeyboardInterrupt:
                raise KeyboardInterrupt
            return int(answer)

    assert common.wait(Process()) == 130


# ---- from audio to table, in small

TINY = """
[features]
rate_hz = {rate_hz}
bands = 40

[model]
hidden = 16
layers = 1
channels = 4
project = 16

[train]
epochs = 2
batch_s = 20.0
average = 1
precision = "fp32"
device = "cpu"

[augment]
speeds = [0.9, 1.0, 1.1]
"""


def sound(word: int, seed: int, rate_hz: int) -> npt.NDArray[np.float64]:
    """Return half a second of a tone that is the word's own, in some noise."""
    time_s = np.arange(rate_hz // 2) / rate_hz
    noise = np.random.default_rng(seed).normal(0, 0.01, len(time_s))
    return 0.3 * np.sin(2 * np.pi * (300 + 150 * word) * time_s) + noise


def make_fsdd(folder: Path) -> None:
    (folder / "recordings").mkdir(parents=True)
    for number, speaker in enumerate(("theo", "lucas")):
        for digit in (1, 2):
            for n in range(12):
                samples = sound(digit, 100 * number + n, 8000)
                soundfile.write(folder / "recordings" / f"{digit}_{speaker}_{n}.wav", samples, 8000)


def make_an4(folder: Path) -> None:
    (folder / "etc").mkdir(parents=True)
    for split, wav, count in (("train", "an4_clstk", 116), ("test", "an4test_clstk", 6)):
        names = [f"an{n}-{split}-b" for n in range(count)]
        (folder / "wav" / wav / split).mkdir(parents=True)
        for n, name in enumerate(names):
            soundfile.write(folder / "wav" / wav / split / f"{name}.wav", sound(n % 2, n, 16000), 16000)
        texts = [f"<s> {('YES', 'NO')[n % 2]} </s> ({name})" for n, name in enumerate(names)]
        (folder / "etc" / f"an4_{split}.transcription").write_text("\n".join(texts) + "\n")
        (folder / "etc" / f"an4_{split}.fileids").write_text("".join(f"{wav}/{split}/{name}\n" for name in names))


def make_librispeech(folder: Path) -> None:
    for part, speaker, count in (("train-sample", 19, 16), ("dev-sample", 174, 4), ("test-sample", 84, 2)):
        prefix, chapter = f"{speaker}-1", folder / part / str(speaker) / "1"
        chapter.mkdir(parents=True)
        for n in range(count):
            soundfile.write(chapter / f"{prefix}-{n:04d}.flac", sound(n % 2, n, 16000), 16000)
        lines = [f"{prefix}-{n:04d} {('YES', 'NO')[n % 2]}\n" for n in range(count)]
        (chapter / f"{prefix}.trans.txt").write_text("".join(lines))
    (folder / "SPEAKERS.TXT").touch()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "options"),
    [("an4", ["--seeds", "1"]), ("fsdd", ["--seeds", "1", "--leave-one-out"]), ("librispeech", ["--seeds", "1"])],
)
def test_a_recipe_runs_from_audio_to_table(tmp_path: Path, name: str, options: list[str]) -> None:
    pytest.importorskip("torch")
    {"an4": make_an4, "fsdd": make_fsdd, "librispeech": make_librispeech}[name](tmp_path / "corpus")
    (tmp_path / "tiny.toml").write_text(TINY.format(rate_hz=RATES_HZ[name]))
    command = [sys.executable, str(RECIPES / name / "run.py"), "--source", str(tmp_path / "corpus"), *options]
    command += ["--out", str(tmp_path / "out"), "--config", str(tmp_path / "tiny.toml")]
    subprocess.run(command, check=True, cwd=RECIPES.parent)

    page = (tmp_path / "out" / "RESULTS.md").read_text(encoding="utf-8")
    score = json.loads((tmp_path / "out" / "seed1" / "test.json").read_text())
    with open(tmp_path / "out" / "seed1" / "epochs.csv", newline="") as file:
        assert len(list(csv.DictReader(file))) == 2
    table = rows(page)
    assert table["1"][2:4] == [f"{100 * score['wer']:.2f}", f"{100 * score['cer']:.2f}"]
    assert table["1"][6] == "2"
    assert (table.get("pooled") is None) == (name != "fsdd")

    from asr.recognizer import Recognizer

    (path,) = (tmp_path / "out").glob("*.onnx")
    model = Recognizer(path)
    assert model.info.rate_hz == RATES_HZ[name]
    assert len(model.info.priors) == len(model.info.tokens)
    assert {"dev", "test"} <= {
        value for score in model.info.scores for value in score.values() if isinstance(value, str)
    }
    again = subprocess.run(command, check=True, cwd=RECIPES.parent, capture_output=True, text=True)
    assert "$ asr" not in again.stderr
