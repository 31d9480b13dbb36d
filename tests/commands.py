"""The commands of `asr`, run in the process of the tests or in one of their own, and what they leave behind."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

from click.testing import CliRunner, Result

import asr
from asr.cli import main


def run(*arguments: object, given: bytes | None = None) -> Result:
    """Run a command; an exception that is not an exit is a failure of its own."""
    result = CliRunner().invoke(main, [str(argument) for argument in arguments], input=given, prog_name="asr")
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def done(*arguments: object, given: bytes | None = None) -> str:
    """Run a command that must succeed and return what it printed on standard output."""
    result = run(*arguments, given=given)
    assert result.exit_code == 0, result.stderr
    return result.stdout


def refused(*arguments: object) -> str:
    """Run a command that must refuse with one line, and return it."""
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (1, "")
    assert re.fullmatch(r"asr: error: [^\n]+; [^\n]+\n", result.stderr)
    return result.stderr


def line(*arguments: object) -> list[str]:
    """Return the command line of a command, for a process of its own."""
    return [sys.executable, "-m", "asr", *map(str, arguments)]


def surroundings() -> dict[str, str]:
    """Return the environment in which such a process finds the package that is tested."""
    path = os.pathsep.join(filter(None, [str(Path(asr.__file__).parents[1]), os.environ.get("PYTHONPATH")]))
    return os.environ | {"PYTHONPATH": path, "OMP_NUM_THREADS": "1"}


def content(folder: Path) -> dict[str, bytes]:
    """Return the files in a folder and below it."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}
