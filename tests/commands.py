"""The commands of `asr`, run in the process of the tests."""

from __future__ import annotations

import re

from click.testing import CliRunner, Result

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
