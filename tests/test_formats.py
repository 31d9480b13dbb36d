"""docs/FORMATS.md, checked against what the code reads and writes."""

from __future__ import annotations

import dataclasses
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from asr import bundle, config, manifest
from asr.exchange import EXCHANGES

PAGE = Path(__file__).resolve().parent.parent / "docs" / "FORMATS.md"


@pytest.fixture(scope="module")
def page() -> str:
    return PAGE.read_text(encoding="utf-8")


def block(page: str, language: str) -> str:
    (content,) = re.findall(rf"^```{language}\n(.*?)^```", page, flags=re.MULTILINE | re.DOTALL)
    return str(content)


def keys(page: str, heading: str) -> list[str]:
    """Return the first column of the last table below a heading."""
    section = page.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return re.findall(r"^\| `([\w.]+)` \|", section, flags=re.MULTILINE)


def test_the_manifest_line_is_one(page: str, tmp_path: Path) -> None:
    path = tmp_path / "train.jsonl"
    path.write_text(block(page, "json"), encoding="utf-8")
    (utterance,) = manifest.read(path, check_audio=False)
    assert (utterance.id, utterance.text, utterance.duration_s) == ("fash-an251-b", "YES", 1.1)
    assert utterance.audio == tmp_path / "audio" / "an251-fash-b.flac"
    assert utterance.extra == {}


def test_the_manifest_keys_are_all(page: str) -> None:
    assert sorted(keys(page, "Manifest")) == sorted(manifest.KNOWN)


def test_the_formats_of_other_tools_are_all(page: str) -> None:
    assert keys(page, "Formats of other tools") == sorted(EXCHANGES)


def test_the_model_keys_are_all(page: str) -> None:
    fields = [field.name for field in dataclasses.fields(bundle.ModelInfo)]
    expected = {bundle.PREFIX + name for name in ("format", "sha256", *fields)}
    assert set(keys(page, "Model file")) == expected
    assert f"number of this format: {bundle.FORMAT}." in page


def test_the_config_block_is_all_keys_with_their_defaults(page: str) -> None:
    values: dict[str, Any] = tomllib.loads(block(page, "toml"))
    assert config.parse(values) == config.Config()
    defaults = config.Config().model_dump()
    unset = {section: {key for key, value in defaults[section].items() if value is None} for section in defaults}
    assert {section: set(values.get(section, {})) for section in defaults} == {
        section: set(defaults[section]) - unset[section] for section in defaults
    }
