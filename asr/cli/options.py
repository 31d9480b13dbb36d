"""What several commands accept."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from asr.errors import did_you_mean

PATH = click.Path(path_type=Path)  # whether it is there is checked by whoever reads it, who can say more


class OneOf(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.4 alone
    """A name of a table, which is looked up only when it is needed, so that `asr --help` stays fast."""

    name = "name"

    def __init__(self, names: Callable[[], Iterable[str]]) -> None:
        self.names = names

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        names = list(self.names())
        if value not in names:
            self.fail(f"unknown {value!r}{did_you_mean(str(value), names)}", param, ctx)
        return str(value)

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        names = "|".join(self.names())
        return f"{{{names}}}" if isinstance(param, click.Argument) else f"[{names}]"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        return [CompletionItem(name) for name in self.names() if name.startswith(incomplete)]


def given(**options: Any) -> dict[str, Any]:
    """Return the options that the user gave: those that are absent are not passed on, so that a default lives once."""
    return {name: value for name, value in options.items() if value is not None}


def decoders() -> Iterable[str]:
    from asr.decoders import DECODERS

    return DECODERS


threads = click.option(
    "--threads", type=int, metavar="N", help="Cores to use; all that this process may use, unless given."
)
provider = click.option(
    "--provider", metavar="NAME",
    help="Where to compute: cpu, unless given; cuda, tensorrt, directml, coreml, openvino; auto for what starts. "
    "'asr info --devices' lists what there is.",
)  # fmt: skip
decoder = click.option(
    "--decoder", type=OneOf(decoders), help="How to search for the text; the model's own way, unless given."
)


def decoding(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of the decoders; those that are absent are None."""
    for option in reversed(
        (
            decoder,
            click.option(
                "--lm", type=PATH, metavar="FILE", help="For beam: an n-gram model (ARPA, or of 'asr lm build')."
            ),
            click.option("--lm-weight", type=float, metavar="X", help="For beam: weight of the n-gram model."),
            click.option("--word-bonus", type=float, metavar="X", help="For beam: what every word earns."),
            click.option("--hotwords", type=PATH, metavar="FILE", help="For beam: phrases to favour, one a line."),
            click.option("--lexicon", type=PATH, metavar="FILE", help="For beam: the only words that may be said."),
            click.option("--beam", type=int, metavar="N", help="For beam: how many readings are followed."),
        )
    ):
        command = option(command)
    return command
