"""docs/SCORING.md: its commands are run, and must print what stands there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from asr.cli import main

PAGE = Path(__file__).resolve().parent.parent / "docs" / "SCORING.md"
BLOCK = re.compile(r"^```(text file=(?P<file>\S+)|console)\n(?P<body>.*?)^```", flags=re.MULTILINE | re.DOTALL)


def test_the_examples_print_what_the_page_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    commands = 0
    for block in BLOCK.finditer(PAGE.read_text(encoding="utf-8")):
        if block["file"]:
            Path(block["file"]).write_text(block["body"], encoding="utf-8")
            continue
        lines = block["body"].splitlines()
        printed: list[str] = []
        for line in [line for line in lines if line.startswith("$ ")]:
            name, *arguments = shlex.split(line[2:])
            assert name == "asr"
            result = CliRunner().invoke(main, arguments, prog_name="asr", catch_exceptions=False)
            assert result.exit_code == 0, f"{line}: {result.stderr}"
            printed = result.stdout.splitlines()
            commands += 1
        missing = [line for line in lines if line and not line.startswith("$ ") and line not in printed]
        assert missing == [], "\n".join(printed)
    assert commands == 10
