"""The command line: one file a command, each of which parses, calls and prints."""

from __future__ import annotations

import io
import os
import sys
from typing import Any

import click

from asr import AsrError, __version__
from asr.cli import (
    align,
    augment,
    bench,
    compare,
    completion,
    doctor,
    evaluate,
    explain,
    export,
    extend,
    info,
    listen,
    lm,
    manifest,
    prepare,
    quantize,
    score,
    text,
    train,
    transcribe,
    tune,
    verify,
)
from asr.cli.origin import ARGUMENTS
from asr.cli.output import complain

# The shell's numbers for a program that a signal ended (128 + SIGINT, 128 + SIGPIPE).
INTERRUPTED, PIPE_CLOSED = 130, 141


class Commands(click.Group):
    """The commands in the order of the work; a user's mistake ends as one sentence and an exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.meta[ARGUMENTS] = tuple(args)
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        write_utf8()
        try:
            return super().invoke(ctx)
        except AsrError as error:
            complain(error)
            ctx.exit(1)
        except KeyboardInterrupt as stop:
            click.echo(f"asr: {str(stop) or 'interrupted'}", err=True)
            ctx.exit(INTERRUPTED)
        except BrokenPipeError:
            forget_output()
            ctx.exit(PIPE_CLOSED)


def write_utf8() -> None:
    """Write UTF-8 whatever the locale says: texts are in any language, and LC_ALL=C is common on servers."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def forget_output() -> None:
    """Send what is still buffered nowhere, so that Python does not complain about the closed pipe when it ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(nowhere, stream.fileno())


@click.group(
    cls=Commands,
    commands=[
        module.command
        for module in (
            *(prepare, manifest, doctor, augment, train, export, verify, evaluate, tune, quantize, extend),
            *(transcribe, explain, listen, align, score, compare, bench, info, lm, text, completion),
        )
    ],
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="'asr COMMAND --help' explains one command, with an example. Exit codes: 0 done, 1 it could not be done "
    "(one sentence on standard error says why), 2 the command line is wrong, 130 interrupted.",
)
@click.version_option(__version__, prog_name="asr", message="%(prog)s %(version)s")
def main() -> None:
    """Speech recognition with Bi-LSTM acoustic models and CTC.

    To transcribe audio files, all you need is:

        asr transcribe FILE...

    To make a model: prepare a corpus, train on it, export one .onnx file, evaluate that.
    """
