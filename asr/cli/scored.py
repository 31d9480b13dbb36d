"""What `asr score` and `asr evaluate` share: the options of a score, and how it is told."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from asr.cli.options import PATH, OneOf, given
from asr.cli.origin import digests, made
from asr.cli.output import write_json
from asr.types import Utterance

if TYPE_CHECKING:
    from asr.scoring import Line
    from asr.scoring.bootstrap import Bootstrap
    from asr.scoring.scored import Scored

KINDS = ("text", "markdown")
SNR = "snr_db"
_RATE_HZ = 16000
_LISTED = 10  # words that the rules make equal


def units() -> Iterable[str]:
    from asr.scoring import UNITS

    return UNITS


def aligners() -> Iterable[str]:
    from asr.scoring import ALIGNERS

    return ALIGNERS


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a user asked to be told of a score, as the options have it."""

    unit: str | None
    alignment: str | None
    by: tuple[str, ...]
    training: Path | None
    words: int | None
    details: bool
    rounds: int | None
    seed: int | None
    level: float | None
    kind: str
    json_file: Path | None
    html_file: Path | None
    audio_mb: float | None

    @property
    def choices(self) -> dict[str, str]:
        """How texts are counted: arguments of `asr.scoring.score`, and what a card keeps of it."""
        return {"unit": self.unit or "word", "alignment": self.alignment or "fewest"}

    def bootstrap(self) -> Bootstrap:
        from asr.scoring.bootstrap import Bootstrap

        return Bootstrap(**given(rounds=self.rounds, seed=self.seed, level=self.level))

    def training_texts(self, rule: Callable[[str], str]) -> list[str] | None:
        """Return the texts that a model was trained on, after its text rules."""
        if self.training is None:
            return None
        from asr.scoring import read_texts

        return [rule(text) for text in read_texts(self.training).values()]

    def measured(self, lines: Mapping[str, Line]) -> Mapping[str, Line]:
        """Return the lines with signal-to-noise ratios where they are asked for; raises AudioError."""
        return {id: _with_snr(id, line) for id, line in lines.items()} if SNR in self.by else lines

    def tell(self, scored: Scored, inputs: Mapping[str, Path | None]) -> None:
        """Print a score, and write its card and its page; `inputs` are the files behind it."""
        card = None
        if self.json_file or self.html_file or self.kind == "markdown":
            from asr.scoring.card import card_of

            card = card_of(replace(scored, inputs=digests({**inputs, "training": self.training}), made=made()))
        if card and self.json_file:  # before anything is printed, since `| head` ends the command
            write_json(card, self.json_file)
        if card and self.html_file:
            from asr.reports.page import write_page

            write_page([card], self.html_file, **given(audio_mb=self.audio_mb))
        for line in self._markdown(card) if card and self.kind == "markdown" else self._text(scored):
            click.echo(line)

    def _markdown(self, card: dict[str, Any]) -> Iterator[str]:
        from asr.reports import markdown

        return markdown.rows([card])

    def _text(self, scored: Scored) -> Iterator[str]:
        from asr.reports import text

        if self.details:
            yield from text.aligned(scored.report)
        yield from text.rates(scored.report)
        yield from text.trust(scored)
        if scored.hidden:
            yield from ("", *text.rules(scored.hidden, self.words or _LISTED))
        for field in scored.by:
            yield from ("", *text.groups(scored, field))
        if scored.training is not None:
            yield from ("", *text.frequencies(scored.frequencies()))
        if self.words:
            yield from ("", *text.words(scored.report, self.words))


_OPTIONS = (
    click.option("--unit", type=OneOf(units), help="A word is what white space parts, and every Han character (word; "
                 "mixed: CER without the spaces beside them), or every character (char)."),
    click.option("--alignment", type=OneOf(aligners), help="The fewest edits, or those of NIST's sclite."),
    click.option("--by", multiple=True, metavar="FIELD", help="Break down by speaker, sex, length, words_per_s, "
                 "snr_db, or any key of the references; may be repeated."),
    click.option("--training", type=PATH, metavar="FILE", help="Texts of training: tell seen words from unseen."),
    click.option("--words", type=click.IntRange(1), metavar="N", help="Print the N most frequent confusions."),
    click.option("--details", is_flag=True, help="Also print every utterance, aligned word by word."),
    click.option("--rounds", type=int, metavar="N", help="Rounds of the bootstrap; 0 for no intervals."),
    click.option("--seed", type=int, metavar="N", help="Seed of the bootstrap."),
    click.option("--level", type=float, metavar="X", help="Share of the rounds in an interval (0.95)."),
    click.option("--format", "kind", type=OneOf(lambda: KINDS), default="text", help="What is printed."),
    click.option("--json", "json_file", type=PATH, metavar="FILE", help="Also write the result card there."),
    click.option("--html", "html_file", type=PATH, metavar="FILE", help="Also write a page to read there."),
    click.option("--audio-mb", type=float, metavar="X", help="Megabytes of audio in the page, worst utterances first."),
)  # fmt: skip


def reporting(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of a score, which it gets as one argument `wanted`."""
    names = [field.name for field in fields(Wanted)]

    @functools.wraps(command)
    def gathered(**options: Any) -> Any:
        return command(wanted=Wanted(**{name: options.pop(name) for name in names}), **options)

    for option in reversed(_OPTIONS):
        gathered = option(gathered)
    return gathered


def _with_snr(id: str, line: Line) -> Line:
    name, start_s, duration_s = (line.fields.get(key) for key in ("audio", "start_s", "duration_s"))
    if SNR in line.fields or not isinstance(name, str) or not isinstance(duration_s, int | float):
        return line
    from asr import audio
    from asr.snr import snr_db

    begin_s = start_s if isinstance(start_s, int | float) else 0.0
    utterance = Utterance(id, Path(name), line.text, duration_s, start_s=begin_s)
    wave = audio.read_utterance(utterance, _RATE_HZ)
    return replace(line, fields={**line.fields, SNR: snr_db(wave.samples, wave.rate_hz)})
