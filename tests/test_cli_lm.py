"""`asr lm`: train, build and perplexity as a user runs them."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from commands import done, refused, run

from asr import lm
from asr.cli.lm import command, gathered
from asr.lm import estimate

ARPA = r"""\data\
ngram 1=4
ngram 2=1

\1-grams:
-99	<s>	-0.5
-1	</s>
-2	<unk>
-0.5	yes	-0.25

\2-grams:
-0.125	<s> yes

\end\
"""


@pytest.fixture
def arpa(tmp_path: Path) -> Path:
    path = tmp_path / "lm.arpa"
    path.write_text(ARPA, encoding="utf-8")
    return path


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "test.txt"
    path.write_text("yes\nyes no\n\n", encoding="utf-8")
    return path


# ---- help


def test_the_commands_stand_in_the_order_of_the_work() -> None:
    text = done("lm", "--help").partition("Commands:")[2]
    assert re.findall(r"^  ([a-z]+)  ", text, flags=re.MULTILINE) == ["train", "build", "perplexity"]
    assert "..." not in text, "a first sentence too long for a line"


@pytest.mark.parametrize("name", ["train", "build", "perplexity"])
def test_each_help_has_an_example_that_parses(name: str) -> None:
    examples = re.findall(r"^    (asr .*)$", done("lm", name, "-h"), flags=re.MULTILINE)
    examples += [line for line in re.findall(r"^    (asr .*)$", done("lm", "-h"), flags=re.MULTILINE) if name in line]
    assert len(examples) == 2
    for line in examples:
        words = shlex.split(line)
        assert words[:3] == ["asr", "lm", name]
        command.commands[name].make_context(name, words[3:])


# ---- train


@pytest.mark.parametrize(
    ("arguments", "gets"),
    [
        (["a.txt"], {}),
        (["a.txt", "b.jsonl", "--order", "5"], {"order": 5}),
        (["--prune", "0", "0", "1", "--order", "4", "a.txt"], {"prune": (0, 0, 1), "order": 4}),
        (["a.txt", "--prune", "1"], {"prune": (1,)}),
        (["a.txt", "--prune=0,2"], {"prune": (0, 2)}),
        (["a.txt", "--prune", "0 2"], {"prune": (0, 2)}),
        (["a.txt", "--fallback-discounts", "--rules", "en"], {"fallback_discounts": True, "rules": "en"}),
    ],
)
def test_train_passes_on_what_is_given(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str], gets: dict[str, Any]
) -> None:
    calls: list[tuple[Any, dict[str, Any]]] = []

    def fake(texts: Any, **options: Any) -> str:
        calls.append((texts, options))
        return "a summary"

    monkeypatch.setattr(estimate, "train", fake)
    assert done("lm", "train", *arguments, "--out", "lm.arpa") == "a summary\n"
    names = [name for name in arguments if name.startswith(("a.", "b."))]
    assert calls == [(tuple(map(Path, names)), {"order": 3, "out": Path("lm.arpa")} | gets)]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "TEXT"),
        (["a.txt"], "--out"),
        (["a.txt", "--out", "b", "--prune", "few"], "'few' where counts are needed"),
        (["a.txt", "--out", "b", "--prune", ""], "where counts are needed"),
        (["a.txt", "--out", "b", "--prune"], "--prune"),
        (["a.txt", "--out", "b", "--order", "three"], "three"),
    ],
)
def test_a_wrong_command_line_is_exit_code_2(arguments: list[str], says: str) -> None:
    result = run("lm", "train", *arguments)
    assert result.exit_code == 2
    assert says in result.stderr


def test_the_numbers_after_an_option_are_one_value() -> None:
    assert gathered(["a", "--prune", "0", "0", "1", "b", "2"], "--prune") == ["a", "--prune", "0 0 1", "b", "2"]
    assert gathered(["a", "0", "1"], "--prune") == ["a", "0", "1"]
    assert gathered(["--prune"], "--prune") == ["--prune"]


def test_a_model_is_trained_built_and_measured(tmp_path: Path) -> None:
    sentences = [f"{one} {two} and {one}" for one in ("yes", "no", "maybe") for two in ("a", "b", "c")]
    (tmp_path / "text.txt").write_text("\n".join(sentences[:5]), encoding="utf-8")
    lines = [json.dumps({"id": str(number), "text": text.upper()}) for number, text in enumerate(sentences[5:])]
    (tmp_path / "train.jsonl").write_text("\n".join(lines), encoding="utf-8")
    arpa, out = tmp_path / "lm.arpa", tmp_path / "lm.bin"
    training = ["lm", "train", tmp_path / "text.txt", tmp_path / "train.jsonl", "--rules", "basic"]
    assert "9" in done(*training, "--out", arpa, "--order", 2, "--fallback-discounts")
    assert done("lm", "build", arpa, "--out", out) == f"{out}\n"
    figures = {done("lm", "perplexity", model, tmp_path / "text.txt") for model in (arpa, out)}
    assert len(figures) == 1
    assert "20 words in 5 sentences, 0 unknown (0.00 %)" in figures.pop()


# ---- build and perplexity


def test_build_says_when_a_model_is_closed(arpa: Path, tmp_path: Path) -> None:
    arpa.write_text(ARPA.replace("-2\t<unk>\n", "").replace("1=4", "1=3"), encoding="utf-8")
    result = run("lm", "build", arpa, "--out", tmp_path / "lm.bin")
    assert result.exit_code == 0
    assert result.stdout == f"{tmp_path / 'lm.bin'}\n"
    assert result.stderr.startswith(f"{arpa}: has no <unk>: ")
    assert lm.load(tmp_path / "lm.bin").closed


def test_perplexity_by_hand(arpa: Path, text: Path) -> None:
    # yes </s>: 0.125 + 1.25; yes no </s>: 0.125 + 2.25 + 1; </s>: 1.5, in powers of ten
    including, excluding = 10 ** (6.25 / 6), 10 ** (4.0 / 5)
    assert done("lm", "perplexity", arpa, text) == (
        f"perplexity {including:.2f}, without unknown words {excluding:.2f}\n"
        "3 words in 3 sentences, 1 unknown (33.33 %)\n"
    )


def test_perplexity_of_several_texts_under_rules(arpa: Path, text: Path, tmp_path: Path) -> None:
    manifest = tmp_path / "test.jsonl"
    manifest.write_text('{"id": "1", "text": "Yes!"}\n', encoding="utf-8")
    assert "4 words in 4 sentences, 2 unknown" in done("lm", "perplexity", arpa, text, manifest)
    assert "4 words in 4 sentences, 1 unknown" in done("lm", "perplexity", arpa, text, manifest, "--rules", "en")


def test_mistakes_are_one_sentence(arpa: Path, text: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.arpa"
    broken.write_text(ARPA.replace("-2\t<unk>", "2\t<unk>"), encoding="utf-8")
    for line in (
        refused("lm", "build", broken, "--out", tmp_path / "lm.bin"),
        refused("lm", "perplexity", broken, text),
    ):
        assert f"{broken}:8: log-probability '2'" in line
    assert not (tmp_path / "lm.bin").exists()
    assert f"{text}: no line" in refused("lm", "build", text, "--out", tmp_path / "lm.bin")
    assert "none.txt: no such text" in refused("lm", "perplexity", arpa, tmp_path / "none.txt")
    assert "rules" in refused("lm", "perplexity", arpa, text, "--rules", "fr")
    (tmp_path / "empty.txt").touch()
    assert "empty.txt: is empty" in refused("lm", "perplexity", arpa, tmp_path / "empty.txt")
