"""`asr completion`."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

SHELLS = ("bash", "zsh", "fish")


@click.command("completion")
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print a script for completion in a shell.

    With it, the Tab key completes commands, options, names and files.

    \b
    Example, for good (a line at the end of ~/.bashrc, or of ~/.zshrc with zsh):
      eval "$(asr completion bash)"
    With fish:
      asr completion fish > ~/.config/fish/completions/asr.fish
    """
    kind = get_completion_class(shell)
    if kind is None:  # pragma: no cover  # click knows all of SHELLS
        raise click.UsageError(f"click cannot complete for {shell}")
    click.echo(kind(ctx.find_root().command, {}, "asr", "_ASR_COMPLETE").source())
