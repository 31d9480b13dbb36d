"""The page of a score: one file, well formed, that says what the card says; and the commands that write it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
import soundfile
from commands import run
from html_pages import Page


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder with a manifest of three utterances and what two systems read."""
    soundfile.write(tmp_path / "a.wav", 0.1 * np.sin(np.arange(16000) / 5), 16000)
    lines = [("u1", "one <b> two & three", "ann"), ("u2", "four", "ben"), ("u3", "", "ben")]
    keys = {"audio": "a.wav", "duration_s": 1.0}
    manifest = [json.dumps({"id": id, "text": text, "speaker": speaker, **keys}) for id, text, speaker in lines]
    (tmp_path / "ref.jsonl").write_text("\n".join(manifest))
    (tmp_path / "a.txt").write_text("u1 one <b> too & three\nu2 four\nu3 uh\n")
    (tmp_path / "b.txt").write_text("u1 one <b> two & three\nu2\nu3\n")
    return tmp_path


def test_the_page_of_two_systems(files: Path) -> None:
    for name in "ab":
        assert run("score", files / "ref.jsonl", files / f"{name}.txt", "--json", files / f"{name}.json").exit_code == 0
    result = run(
        "compare", files / "a.json", files / "b.json", "--html", files / "both.html", "--json", files / "both.json"
    )
    assert result.exit_code == 0, result.stderr
    text = (files / "both.html").read_text(encoding="utf-8")
    addresses = Page(text).addresses
    assert {address[:5] for address in addresses} == {"#over", "#wher", "#word", "#utte", "#how-", "data:"}
    assert len([address for address in addresses if address.startswith("data:audio/mpeg;base64,")]) == 3
    assert "://" not in re.sub(r"data:[^\"]*", "", text)
    assert "<b> two" not in text
    assert "&lt;b&gt;" in text
    assert json.loads((files / "both.json").read_text())["verdict"] in result.stdout
    assert text.count('<article id="u-') == 3


def test_audio_ends_where_the_page_would_be_too_large(files: Path) -> None:
    run("score", files / "ref.jsonl", files / "a.txt", "--html", files / "none.html", "--audio-mb", 0)
    run("score", files / "ref.jsonl", files / "a.txt", "--html", files / "one.html", "--audio-mb", 0.001)
    assert "<audio" not in (files / "none.html").read_text()
    assert (files / "one.html").read_text().count("<audio") == 1


def test_a_text_where_audio_is_expected_is_named(files: Path) -> None:
    (files / "a.wav").write_text("no audio")
    result = run("score", files / "ref.jsonl", files / "a.txt", "--html", files / "page.html")
    assert result.exit_code == 1
    assert "a.wav" in result.stderr
    assert not (files / "page.html").exists()


def test_a_card_says_where_it_comes_from(files: Path) -> None:
    run(
        "score", files / "ref.jsonl", files / "a.txt", "--rules", "basic", "--json", files / "a.json", "--by", "speaker"
    )
    card = json.loads((files / "a.json").read_text())
    assert card["made"]["command"].startswith("asr score ")
    assert {"python", "numpy"} <= card["made"]["versions"].keys()
    assert card["inputs"]["reference"]["name"] == "ref.jsonl"
    assert len(card["inputs"]["hypothesis"]["sha256"]) == 64
    assert card["settings"] == {"text_rules": "basic/1", "unit": "word", "alignment": "fewest"}
    assert card["intervals"]["speakers"]["units"] == 2
    assert {group["name"] for group in card["breakdowns"]["speaker"]} == {"ann", "ben"}


@pytest.mark.parametrize(
    ("content", "reason"),
    [("[]", "is no result card"), ("{", "is no JSON"), ('{"card": 9, "utterances": []}', "newer than the 1")],
)
def test_files_that_are_no_cards(tmp_path: Path, content: str, reason: str) -> None:
    (tmp_path / "x.json").write_text(content)
    result = run("compare", tmp_path / "x.json", tmp_path / "x.json")
    assert (result.exit_code, result.stdout) == (1, "")
    assert reason in result.stderr
    assert "x.json" in result.stderr


def test_a_single_utterance_has_no_interval(tmp_path: Path) -> None:
    (tmp_path / "r.txt").write_text("u one\n")
    shown = run("score", tmp_path / "r.txt", tmp_path / "r.txt", "--html", tmp_path / "p.html").stdout
    assert "95 % interval over 1 utterances: undefined, one of them says nothing about others" in shown
    Page((tmp_path / "p.html").read_text())


def test_speakers_come_from_a_file_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "r.txt").write_text("u one\nv two\n")
    (tmp_path / "s.txt").write_text("u ann\n")
    arguments = ("score", tmp_path / "r.txt", tmp_path / "r.txt", "--speakers", tmp_path / "s.txt")
    assert "has no speaker of 'v'" in run(*arguments).stderr
    (tmp_path / "s.txt").write_text("u ann\nv ben\n")
    assert "over 2 speakers" in run(*arguments).stdout
