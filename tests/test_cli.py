"""The command line: every command does what its help says, prints where it should, and ends with the right code."""

# ruff: noqa: RUF001 - full-width forms are the matter in some texts

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import click
import jiwer
import numpy as np
import pytest
import soundfile
from commands import done, run

import asr
from asr import bundle, manifest
from asr.bulk import engines
from asr.cli import main
from asr.errors import AudioError
from asr.types import Hypothesis, Utterance

CHECKOUT = Path(__file__).resolve().parent.parent
COMMANDS = [
    *(
        "prepare",
        "manifest",
        "doctor",
        "augment",
        "train",
        "export",
        "verify",
        "evaluate",
        "tune",
        "quantize",
        "extend",
    ),
    *("transcribe", "explain", "listen", "align", "score", "compare", "bench", "info", "lm", "text", "completion"),
]
RATE_HZ = 16000
TOKENS = ("<blk>", "▁", *"enopstwy")
TEXTS = ["Yes.", "No!", "One, two", "stop"]
TINY = {"hidden": 8, "layers": 1, "channels": 4, "project": 8}
HEAVY = {"torch", "torchaudio", "pydantic", "librosa", "numba", "matplotlib", "onnx", "jiwer"}

needs_training = pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in ("torch", "onnx")), reason="needs the extra `train`"
)


def process(*arguments: object, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Run a command as a user does."""
    command = [sys.executable, "-m", "asr", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, timeout=300, check=False, env=surroundings(**environment))


def surroundings(**environment: str) -> dict[str, str]:
    path = os.pathsep.join(filter(None, [str(Path(asr.__file__).parents[1]), os.environ.get("PYTHONPATH")]))
    return os.environ | {"PYTHONPATH": path, "OMP_NUM_THREADS": "1"} | environment


def make_corpus(folder: Path, split: str, count: int) -> Path:
    """Write `count` utterances, each text a pitch of its own, and return their manifest."""
    rng = np.random.default_rng(len(split))
    utterances = []
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        time_s = np.arange(round(RATE_HZ * (0.5 + 0.1 * (number % 4)))) / RATE_HZ  # [T]
        loud = 0.3 * (np.sin(2 * np.pi * 4 * time_s) > 0)  # comes and goes as syllables do
        samples = loud * np.sin(2 * np.pi * 300 * (1 + number % 4) * time_s) + rng.normal(0, 0.01, len(time_s))
        path = folder / f"{split}{number}.wav"
        soundfile.write(path, samples, RATE_HZ)
        utterances.append(Utterance(f"{split}-{number}", path, TEXTS[number % 4], len(samples) / RATE_HZ))
    manifest.write(folder / f"{split}.jsonl", utterances)
    return folder / f"{split}.jsonl"


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model file: small, untrained and talkative where it can be made, else the one that ships."""
    path = tmp_path_factory.mktemp("tiny") / "tiny.onnx"
    if importlib.util.find_spec("torch") is None or importlib.util.find_spec("onnx") is None:
        try:
            return Path(shutil.copy(bundle.default_model(), path))
        except asr.AsrError as error:
            pytest.skip(str(error))
    import torch

    from asr import config
    from asr.export import graph, info
    from asr.train.checkpoint import Checkpoint, new_model

    torch.manual_seed(0)
    settings = config.parse({"model": TINY})
    model = new_model(settings, vocab=len(TOKENS)).eval()
    with torch.no_grad():
        model.head.bias[0] -= 10.0  # no blanks, so that there is text
    source = Checkpoint(settings.model_dump(mode="json"), TOKENS, model.state_dict())
    bundle.save(graph.build(model), info.model_info(source, model, name="tiny"), path)
    return path


@pytest.fixture
def model(tiny: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(tiny, tmp_path / "model.onnx"))


@pytest.fixture(scope="session")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_corpus(tmp_path_factory.mktemp("dev"), "dev", 5)


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory, dev: Path) -> Path:
    """The folder of a finished run of two epochs."""
    folder = tmp_path_factory.mktemp("trained")
    train = make_corpus(folder, "train", 8)
    (folder / "config.toml").write_text(config_text(train, dev))
    assert done("train", folder / "config.toml", "--out", folder / "run").strip() == str(folder / "run" / "model.pt")
    return folder / "run"


def config_text(train: Path, dev: Path) -> str:
    model = "\n".join(f"{key} = {value}" for key, value in TINY.items())
    return f'[model]\n{model}\n[train]\nepochs = 2\nbatch_s = 3.0\n[data]\ntrain = "{train}"\ndev = "{dev}"\n'


@pytest.fixture
def recordings(dev: Path) -> list[Path]:
    return [utterance.audio for utterance in manifest.read(dev)]


# ---- the command itself


def test_the_version_is_that_of_the_package() -> None:
    assert done("--version") == f"asr {asr.__version__}\n"


def test_the_help_lists_every_command_in_the_order_of_the_work() -> None:
    text = done("--help")
    assert re.findall(r"^  ([a-z]+)  ", text.partition("Commands:")[2], flags=re.MULTILINE) == COMMANDS
    assert "..." not in text.partition("Commands:")[2], "a first sentence too long for a line"


def parsed(line: str) -> None:
    """Check that a line as a user types it is a command with the options that it has; nothing is run."""
    name, *arguments = shlex.split(line.partition("#")[0].partition(" > ")[0])[1:]
    command = main.get_command(click.Context(main), name)
    assert command is not None
    command.make_context(f"asr {name}", arguments)


@pytest.mark.parametrize("name", COMMANDS)
def test_each_help_has_an_example_that_parses(name: str) -> None:
    text = done(name, "-h")
    examples = re.findall(r"^    (?:eval \"\$\()?(asr [^)\n]*)", text, flags=re.MULTILINE)
    assert examples
    for line in examples:
        assert shlex.split(line)[1] == name
        parsed(line)


def test_the_commands_of_the_documentation_parse() -> None:
    pages = [CHECKOUT / "README.md", *CHECKOUT.glob("docs/*.md")]
    if not pages[0].is_file():
        pytest.skip("only in a checkout, where the documentation is")
    text = "\n".join(page.read_text(encoding="utf-8") for page in pages)
    lines = re.findall(r"^(?:\.venv/bin/)?(asr [a-z].*)$", text, flags=re.MULTILINE)
    assert len(lines) >= 4
    for line in lines:
        parsed(line)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["transcrib"], "transcrib"),
        (["transcribe"], "FILES"),
        (["transcribe", "a.wav", "--format", "jsno"], "did you mean 'json'"),
        (["transcribe", "a.wav", "--decoder", "best"], "greedy"),
        (["transcribe", "a.wav", "--threads", "two"], "two"),
        (["prepare", "an5", "--source", "a", "--out", "b"], "did you mean 'an4'"),
        (["train", "config.toml"], "--out"),
        (["verify", "model.onnx", "--manifest", "dev.jsonl"], "--checkpoint"),
        (["completion", "tcsh"], "tcsh"),
    ],
)
def test_a_wrong_command_line_is_exit_code_2(arguments: list[str], says: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert says in result.stderr
    assert "Usage: asr" in result.stderr


def test_no_command_prints_the_help() -> None:
    result = run()
    assert result.exit_code == 2
    assert "transcribe" in result.output


def test_ctrl_c_is_exit_code_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*arguments: Any, **options: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(engines, "Recognizer", interrupted)
    result = run("transcribe", "a.wav")
    assert (result.exit_code, result.stdout, result.stderr) == (130, "", "asr: interrupted\n")


def test_a_closed_pipe_is_silent(tmp_path: Path) -> None:
    (tmp_path / "ref.txt").write_text("a one\n")
    command = [sys.executable, "-m", "asr", "score", str(tmp_path / "ref.txt"), str(tmp_path / "ref.txt")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=surroundings()) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.close()  # long before the command prints anything
        assert running.stderr.read() == b""
    assert running.returncode == 128 + 13  # as the shell has it for a program that SIGPIPE ended


@pytest.mark.parametrize("locale", ["C", "de_DE.ISO-8859-1"])
def test_output_is_utf8_whatever_the_locale(tmp_path: Path, locale: str) -> None:
    (tmp_path / "ref.txt").write_text("ä grüße 字\n", encoding="utf-8")
    (tmp_path / "hyp.txt").write_text("ä grüße 宇\n", encoding="utf-8")
    # Python would choose UTF-8 by itself for the locale C; without that it has to be the command that does.
    here = {"LC_ALL": locale, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "latin-1"}
    ended = process("score", tmp_path / "ref.txt", tmp_path / "hyp.txt", "--details", **here)
    assert ended.returncode == 0, ended.stderr
    assert "REF: grüße 字\nHYP: grüße 宇\n" in ended.stdout.decode("utf-8")


def loaded(*arguments: object) -> set[str]:
    """Return the packages that a fresh interpreter has loaded at the end of a command."""
    script = (
        "import sys\nfrom asr.cli import main\n"
        f"try: main({[str(argument) for argument in arguments]!r})\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        "print('LOADED', *{name.partition('.')[0] for name in sys.modules})"
    )
    command = [sys.executable, "-c", script]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True, env=surroundings())
    return set(ended.stdout.splitlines()[-1].split()[1:])


def test_help_loads_nothing_that_takes_time() -> None:
    assert loaded("--help").isdisjoint({*HEAVY, "onnxruntime", "soundfile", "soxr"})
    assert loaded("train", "--help").isdisjoint({*HEAVY, "onnxruntime", "soundfile", "soxr"})


def test_transcribing_loads_no_training_package(tiny: Path, recordings: list[Path]) -> None:
    assert loaded("transcribe", recordings[0], "--model", tiny).isdisjoint(HEAVY)


# ---- completion


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script_for_each_shell(shell: str) -> None:
    assert f"_ASR_COMPLETE={shell}_complete" in done("completion", shell)


@pytest.mark.parametrize(
    ("words", "choices"),
    [
        ("asr tr", {"train", "transcribe"}),
        ("asr align --format t", {"txt", "textgrid", "trn", "tsv"}),
        ("asr transcribe --format txt,j", {"txt,json", "txt,jsonl"}),
        ("asr score --rules ", {"none", "basic", "en", "de", "zh", "zh-hans"}),
        ("asr text normalise --rules d", {"de"}),
        ("asr prepare f", {"fsdd"}),
    ],
)
def test_completion_knows_names(words: str, choices: set[str]) -> None:
    count = len(words.split(" ")) - 1
    ended = process(_ASR_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD=str(count))
    assert {line.partition(",")[2] for line in ended.stdout.decode().split()} == choices, ended.stderr


@pytest.mark.skipif(shutil.which("bash") is None, reason="runs the script in bash")
def test_bash_takes_the_script() -> None:
    ended = process("completion", "bash")
    script = ended.stdout.decode() + "\ncomplete -p asr"
    checked = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert "-F _asr_completion asr" in checked.stdout


# ---- transcribe


def test_one_file_gives_its_text_alone(tiny: Path, recordings: list[Path]) -> None:
    result = run("transcribe", recordings[0], "--model", tiny)
    text = asr.load(tiny).transcribe(recordings[0]).text
    assert (result.exit_code, result.stdout, result.stderr) == (0, f"{text}\n", "")
    assert text


def test_several_files_give_name_tab_text_in_their_order(tiny: Path, recordings: list[Path]) -> None:
    heard = asr.load(tiny)
    expected = [f"{path}\t{heard.transcribe(path).text}" for path in reversed(recordings)]
    assert done("transcribe", *reversed(recordings), "--model", tiny).splitlines() == expected
    assert len(set(expected)) == len(recordings)


def test_json_gives_words_with_times_and_confidences(tiny: Path, recordings: list[Path]) -> None:
    lines = done("transcribe", *recordings[:2], "--model", tiny, "--format", "json", "--threads", 1).splitlines()
    for path, line in zip(recordings, map(json.loads, lines), strict=False):
        heard = asr.load(tiny).transcribe(path)
        assert (line["file"], line["text"]) == (str(path), heard.text)
        assert [word["text"] for word in line["words"]] == [word.text for word in heard.words]
    assert len(lines) == 2


def test_the_name_is_as_the_user_wrote_it(
    tiny: Path, recordings: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    for name in ("grüße 字.wav", "folder/b.wav"):
        shutil.copy(recordings[0], tmp_path / name)
    lines = done("transcribe", "./grüße 字.wav", "folder/b.wav", "--model", tiny).splitlines()
    assert [line.split("\t")[0] for line in lines] == ["./grüße 字.wav", "folder/b.wav"]


def test_a_bad_file_does_not_stop_the_others(tiny: Path, recordings: list[Path], tmp_path: Path) -> None:
    missing, broken = tmp_path / "missing.wav", tmp_path / "broken.wav"
    broken.write_text("this is no audio")
    good = recordings[:2]
    result = run("transcribe", missing, good[0], broken, good[1], "--model", tiny)
    assert result.exit_code == 1
    assert [line.split("\t")[0] for line in result.stdout.splitlines()] == list(map(str, good))
    first, second = result.stderr.splitlines()
    assert first.startswith(f"asr: error: {missing}: ")
    assert second.startswith(f"asr: error: {broken}: ")


def test_options_that_are_absent_are_not_passed(monkeypatch: pytest.MonkeyPatch) -> None:
    passed = []

    class Recorder:
        def transcribe_each(self, files: Sequence[str]) -> list[tuple[str, object]]:
            return [(name, Hypothesis("heard")) for name in files]

    def load(**options: object) -> Recorder:
        passed.append(options)
        return Recorder()

    monkeypatch.setattr(engines, "Recognizer", load)
    assert done("transcribe", "a.wav") == "heard\n"
    done("transcribe", "a.wav", "--model", "m.onnx", "--threads", "3", "--decoder", "greedy")
    assert passed == [{"threads": None}, {"path": Path("m.onnx"), "threads": 3, "decoder": "greedy"}]


# ---- the model that ships


def test_the_sample_is_transcribed_without_any_option(sample: Path) -> None:
    ended = process("transcribe", sample)
    assert ended.returncode == 0, ended.stderr
    assert re.fullmatch(rb"[a-z' ]+\n", ended.stdout)
    assert ended.stderr == b""


@pytest.mark.usefixtures("sample")
def test_info_shows_the_model_that_ships() -> None:
    text = done("info")
    assert f"file: {bundle.default_model()}" in text
    assert "licence: not stated" not in text
    assert re.search(r"^  test: WER \d+\.\d\d %, CER \d+\.\d\d % \(773 words, 130 utterances\)$", text, re.MULTILINE)


# ---- score


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    """Eight reference words, of which one is substituted and one deleted, and a ninth inserted."""
    reference = write(tmp_path / "ref.txt", "u1 one two three four\nu2 five six seven\nu3 Eight\n")
    hypothesis = write(tmp_path / "hyp.txt", "u3 eight\nu1 one two three for four\nu2 five seven\n")
    return reference, hypothesis


def test_score_prints_per_cent_with_two_decimals(pair: tuple[Path, Path]) -> None:
    wer, cer, ser, mer, interval = done("score", *pair).splitlines()
    assert wer == "WER 37.50 %: 3 errors in 8 words (1 substitutions, 1 deletions, 1 insertions)"
    assert cer == "CER 24.32 %: 9 errors in 37 characters, spaces included"  # E, and two words of three with a space
    assert ser == "SER 100.00 %: 3 of 3 utterances with an error"
    assert mer == "MER 33.33 %, WIL 43.75 %"  # 3 errors in 9 columns; 1 - (6 / 8) (6 / 8)
    assert interval.startswith("95 % interval over 3 utterances: WER 25.00 to 100.00 %, CER ")


def test_score_applies_text_rules_to_both_sides(pair: tuple[Path, Path]) -> None:
    assert done("score", *pair, "--rules", "en/1").startswith("WER 25.00 %: 2 errors in 8 words (0 substitutions")


@pytest.mark.parametrize(
    ("rules", "reference", "hypothesis", "rate"),
    [
        ("zh", "你 好，Apple！", "你号apple", "WER 33.33 %: 1 errors in 3 words (1 substitutions"),
        ("de", "„Käse“, naïv", "käse naiv", "WER 0.00 %: 0 errors in 2 words"),
    ],
)
def test_score_knows_other_languages(tmp_path: Path, rules: str, reference: str, hypothesis: str, rate: str) -> None:
    (tmp_path / "ref").write_text(f"u1 {reference}\n", encoding="utf-8")
    (tmp_path / "hyp").write_text(f"u1 {hypothesis}\n", encoding="utf-8")
    assert done("score", tmp_path / "ref", tmp_path / "hyp", "--rules", rules).startswith(rate)


def test_score_shows_alignments(pair: tuple[Path, Path]) -> None:
    text = done("score", *pair, "--details")
    assert "u2: errors 1, words 3\nREF: five six seven\nHYP: five *** seven\nOPS: C    D   C\n" in text


def test_score_writes_json(pair: tuple[Path, Path], tmp_path: Path) -> None:
    shown = done("score", *pair, "--json", tmp_path / "new" / "score.json")
    values = json.loads((tmp_path / "new" / "score.json").read_text())
    assert f"WER {100 * values['wer']:.2f} %" in shown
    assert [utterance["id"] for utterance in values["utterances"]] == ["u1", "u2", "u3"]


def test_score_takes_manifests(dev: Path, tmp_path: Path) -> None:
    lines = "".join(f"{utterance.id} {utterance.text}\n" for utterance in manifest.read(dev))
    assert done("score", dev, write(tmp_path / "hyp.txt", lines)).startswith("WER 0.00 %: 0 errors in 6 words")


# ---- evaluate and info


def test_evaluate_scores_after_the_rules_of_the_model(model: Path, dev: Path, tmp_path: Path) -> None:
    utterances = manifest.read(dev)
    heard = [hypothesis.text for hypothesis in asr.load(model).transcribe_batch([each.audio for each in utterances])]
    said = [re.sub(r"[^a-z ]", "", utterance.text.lower()) for utterance in utterances]
    expected = jiwer.process_words(said, heard)
    before = model.read_bytes()
    text = done("evaluate", model, dev, "--details", "--json", tmp_path / "score.json")
    assert f"WER {100 * expected.wer:.2f} %: " in text
    assert f"CER {100 * jiwer.cer(said, heard):.2f} %: " in text
    assert re.search(r"^REF: .*\bone\b.*\btwo\b", text, flags=re.MULTILINE)
    values = json.loads((tmp_path / "score.json").read_text())
    assert values["wer"] == pytest.approx(expected.wer)
    for name in ("substitutions", "deletions", "insertions"):
        assert values[name] == getattr(expected, name)
    assert model.read_bytes() == before, "only --store changes the model file"


def test_evaluate_stores_a_score_in_the_model(model: Path, dev: Path, recordings: list[Path]) -> None:
    text = asr.load(model).transcribe(recordings[0]).text
    others = [score for score in bundle.read_info(model).scores if score.get("set") not in ("dev", "other")]
    for name in ("dev", "other", "dev"):
        shown = done("evaluate", model, dev, "--store", name)
    *kept, other, score = bundle.read_info(model).scores
    assert kept == others
    assert (other["set"], score["set"]) == ("other", "dev")
    assert f"WER {100 * score['wer']:.2f} %: " in shown
    assert score["manifest_sha256"] == hashlib.sha256(dev.read_bytes()).hexdigest()
    assert (score["words"], score["utterances"]) == (6, 5)
    assert str(dev.parent) not in json.dumps(score), "a model file that is given away names no folder of its maker's"
    assert asr.load(model).transcribe(recordings[0]).text == text
    assert f"  dev: WER {100 * score['wer']:.2f} %, " in done("info", model)


def test_evaluate_reads_spans(tiny: Path, recordings: list[Path], tmp_path: Path) -> None:
    """Two utterances in one file give what they give in files of their own."""
    parts = [soundfile.read(path, dtype="float32")[0] for path in recordings[:2]]
    soundfile.write(tmp_path / "long.wav", np.concatenate([np.zeros(RATE_HZ), *parts]), RATE_HZ)
    spans, start_s = [], 1.0
    for number, part in enumerate(parts):
        duration_s = len(part) / RATE_HZ
        spans.append(Utterance(str(number), tmp_path / "long.wav", "yes", duration_s, start_s=start_s))
        start_s += duration_s
    manifest.write(tmp_path / "spans.jsonl", spans)
    done("evaluate", tiny, tmp_path / "spans.jsonl", "--json", tmp_path / "score.json")
    found = [each["hypothesis"] for each in json.loads((tmp_path / "score.json").read_text())["utterances"]]
    assert found == [asr.load(tiny).transcribe(path).text for path in recordings[:2]]


def test_evaluate_names_the_recording_that_it_cannot_read(tiny: Path, tmp_path: Path) -> None:
    path = make_corpus(tmp_path, "dev", 3)
    (tmp_path / "dev1.wav").write_bytes(b"")
    result = run("evaluate", tiny, path, "--json", tmp_path / "score.json")
    assert result.exit_code == 1
    assert str(tmp_path / "dev1.wav") in result.stderr
    assert not (tmp_path / "score.json").exists()


def test_info_prints_what_is_inside(tiny: Path) -> None:
    text, info = done("info", tiny), bundle.read_info(tiny)
    assert f"tokens: {len(info.tokens)} ({info.tokenizer}): <blk> ▁ " in text
    assert info.text_rules in ("en/1", "en/2")
    rules = f"text rules: {info.text_rules}"
    assert (
        f"sample rate: {info.rate_hz} Hz\nframe shift: 40 ms\nprecision: fp32\n{rules}\ndecoder:\n  name: greedy\n"
        in text
    )
    assert "provenance:\n" in text


def test_info_says_whether_priors_are_there(model: Path) -> None:
    info = bundle.read_info(model)
    bundle.update(model, replace(info, priors=()))
    assert "\npriors: none stored\n" in done("info", model)
    bundle.update(model, replace(info, priors=len(info.tokens) * (-1.5,)))
    assert f"\npriors: of {len(info.tokens)} tokens, as logarithms\n" in done("info", model)
    assert json.loads(done("info", model, "--json"))["priors"] == len(info.tokens) * [-1.5]


def test_info_prints_json(tiny: Path) -> None:
    values, info = json.loads(done("info", tiny, "--json")), bundle.read_info(tiny)
    assert tuple(values["tokens"]) == info.tokens
    assert values["provenance"] == info.provenance


# ---- prepare


def test_prepare_writes_manifests_and_names_them(tmp_path: Path) -> None:
    (tmp_path / "fsdd" / "recordings").mkdir(parents=True)
    for n in (0, 5, 10):
        soundfile.write(tmp_path / "fsdd" / "recordings" / f"7_george_{n}.wav", np.zeros(4000), 8000)
    result = run("prepare", "fsdd", "--source", tmp_path / "fsdd", "--out", tmp_path / "data")
    assert result.exit_code == 0, result.stderr
    assert set(result.stdout.split()) == {str(tmp_path / f"data/{split}.jsonl") for split in ("train", "dev", "test")}
    assert "CC BY-SA 4.0" in result.stderr
    (utterance,) = manifest.read(tmp_path / "data" / "test.jsonl")
    assert (utterance.id, utterance.text, utterance.duration_s) == ("7_george_0", "seven", 0.5)


# ---- train, export, verify


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What `asr train` hands on to training, which is not run."""
    calls: list[tuple[Any, ...]] = []

    class Loop(ModuleType):
        @staticmethod
        def train(*arguments: Any) -> Path:
            calls.append(arguments)
            return Path("model.pt")

    import asr.train

    loop = Loop("asr.train.loop")
    monkeypatch.setitem(sys.modules, "asr.train.loop", loop)
    monkeypatch.setattr(asr.train, "loop", loop, raising=False)
    return calls


def test_train_takes_the_settings_of_the_config(calls: list[tuple[Any, ...]], tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text('[train]\nseed = 5\nepochs = 3\n[data]\ntrain = "a/t.jsonl"\ndev = "d.jsonl"\n')
    assert done("train", tmp_path / "c.toml", "--out", tmp_path / "run") == "model.pt\n"
    ((settings, *paths),) = calls
    assert (settings.train.seed, settings.train.epochs) == (5, 3)
    assert paths == [tmp_path / "a/t.jsonl", tmp_path / "d.jsonl", tmp_path / "run"]


def test_options_of_train_replace_the_settings(calls: list[tuple[Any, ...]], tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text('[model]\nhidden = 8\n[train]\nseed = 5\n[data]\ndev = "d.jsonl"\n')
    done("train", tmp_path / "c.toml", "--out", "run", "--train", "t.jsonl", "--seed", "0", "--epochs", "7")
    ((settings, *paths),) = calls
    assert (settings.train.seed, settings.train.epochs) == (0, 7)
    assert settings.model.settings == {"hidden": 8}
    assert paths == [Path("t.jsonl"), tmp_path / "d.jsonl", Path("run")]


@needs_training
def test_train_leaves_what_its_help_says(trained: Path) -> None:
    assert {path.name for path in trained.iterdir()} == {
        "best", "curves.png", "epochs.csv", "last.pt", "model.pt", "tensorboard"
    }  # fmt: skip
    assert len((trained / "epochs.csv").read_text().splitlines()) == 1 + 2


@needs_training
def test_export_verify_and_transcribe_a_trained_model(
    trained: Path, dev: Path, recordings: list[Path], tmp_path: Path
) -> None:
    path = tmp_path / "mine.onnx"
    assert done("export", trained, "--out", path) == f"{path}\n"
    assert bundle.read_info(path).name == "mine"
    lines = done("verify", path).splitlines()
    assert len(lines) == 2
    assert done("verify", path, "--checkpoint", trained).splitlines()[:2] == lines
    (compared,) = done("verify", path, "--checkpoint", trained, "--manifest", dev).splitlines()[2:]
    assert re.search(r"recordings give what .* gives", compared)
    lines = done("transcribe", *recordings, "--model", path).splitlines()
    assert [line.split("\t")[0] for line in lines] == list(map(str, recordings))


@needs_training
def test_export_labels_the_model(trained: Path, tmp_path: Path) -> None:
    done("export", trained, "--out", tmp_path / "a.onnx", "--name", "digits", "--licence", "CC0, from nobody")
    info = bundle.read_info(tmp_path / "a.onnx")
    assert (info.name, info.licence) == ("digits", "CC0, from nobody")
    assert "name: digits\n" in done("info", tmp_path / "a.onnx")


@needs_training
def test_export_writes_nothing_where_it_cannot_verify(trained: Path, tmp_path: Path) -> None:
    result = run("export", trained, "--out", tmp_path / "a.onnx", "--manifest", tmp_path / "none.jsonl")
    assert result.exit_code == 1
    assert str(tmp_path / "none.jsonl") in result.stderr
    assert list(tmp_path.iterdir()) == []


@needs_training
def test_verify_refuses_a_model_of_another_run(trained: Path, tiny: Path) -> None:
    result = run("verify", tiny, "--checkpoint", trained)
    assert result.exit_code == 1
    assert result.stderr.startswith("asr: error: tiny: ")
    assert "Traceback" not in result.stderr


def test_the_runner_is_as_the_process(tiny: Path, recordings: list[Path]) -> None:
    """The tests above call the command in their own process; here is the same from outside."""
    ended = process("transcribe", *recordings[:2], tiny / "none.wav", "--model", tiny)
    result = run("transcribe", *recordings[:2], tiny / "none.wav", "--model", tiny)
    assert ended.returncode == result.exit_code == 1
    assert ended.stdout.decode() == result.stdout
    assert ended.stderr.decode() == result.stderr


def test_every_failure_has_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        raise AudioError("a.wav: is broken; re-copy it")

    monkeypatch.setattr(engines, "Recognizer", refuse)
    result = run("transcribe", "a.wav")
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", "asr: error: a.wav: is broken; re-copy it\n")


def test_commands_are_a_click_group() -> None:
    assert isinstance(main, click.Group)
    context = click.Context(main)
    assert main.list_commands(context) == COMMANDS
    assert [getattr(main.get_command(context, name), "name", None) for name in COMMANDS] == COMMANDS
