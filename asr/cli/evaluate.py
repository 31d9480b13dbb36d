"""`asr evaluate`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from asr.cli import options
from asr.cli.options import PATH, given
from asr.cli.origin import sha256
from asr.cli.scored import Wanted, reporting
from asr.errors import DataError
from asr.types import Hypothesis, Utterance

if TYPE_CHECKING:
    from asr.bundle import ModelInfo
    from asr.recognizer import Recognizer
    from asr.scoring import Line, Report

Rule = Callable[[str], str]


@click.command("evaluate")
@click.argument("model", type=PATH)
@click.argument("manifest", type=PATH)
@click.option("--store", metavar="NAME", help="Also keep rates and counts in MODEL, as those of the set NAME.")
@reporting
@options.decoding
@options.threads
@options.provider
def command(
    model: Path,
    manifest: Path,
    store: str | None,
    wanted: Wanted,
    **settings: Any,
) -> None:
    """Print the error rates of a model on a manifest.

    Transcribes the recordings of MANIFEST with MODEL, a .onnx file, and prints word, character and sentence error
    rates in per cent, with their counts and bootstrap intervals. The model's own text rules are applied to reference
    and hypothesis alike.

    \b
    Example:
      asr evaluate model.onnx data/test.jsonl --by speaker --html test.html
    """
    from asr import manifest as manifests
    from asr import text
    from asr.recognizer import Recognizer
    from asr.scoring import Line
    from asr.scoring.scored import Scored

    bootstrap = wanted.bootstrap()
    utterances = manifests.read(manifest)
    recognizer = Recognizer(model, **given(**settings))
    rule = text.get_rule(recognizer.info.text_rules)
    training = wanted.training_texts(rule)
    hypotheses = transcribed(recognizer, utterances)
    try:
        report = measure(
            written(recognizer.info, settings["lexicon"] is not None), utterances, hypotheses, **wanted.choices
        )
    except DataError as error:
        raise DataError(f"{manifest}: {error}") from error
    scored = Scored(
        report,
        wanted.measured({each.id: line_of(each) for each in utterances}),
        {each.id: Line(found.text, words=found.words) for each, found in zip(utterances, hypotheses, strict=True)},
        {"text_rules": text.label(rule), **wanted.choices, "decoder": decoder_of(recognizer, settings)},
        by=wanted.by,
        training=training,
        bootstrap=bootstrap,
    )
    if store is not None:
        keep(model, recognizer.info, {"set": store, "manifest_sha256": sha256(manifest), **counts(report)})
    files = {name: value for name, value in settings.items() if isinstance(value, Path)}
    wanted.tell(scored, {"reference": manifest, "model": model, **files})


def keep(model: Path, info: ModelInfo, score: dict[str, Any]) -> None:
    """Write a score into the model file, in place of that of the same set."""
    from asr import bundle

    others = [kept for kept in info.scores if kept.get("set") != score["set"]]
    bundle.update(model, replace(info, scores=(*others, score)))


def transcribed(recognizer: Recognizer, utterances: Sequence[Utterance]) -> list[Hypothesis]:
    """Return what a model reads in each utterance; raises AudioError."""
    from asr import audio

    rate_hz = recognizer.info.rate_hz
    bar = click.progressbar(utterances, label="transcribing", file=sys.stderr, hidden=not sys.stderr.isatty())
    with bar as listed:
        return recognizer.transcribe_batch(audio.read_utterance(utterance, rate_hz) for utterance in listed)


def measure(
    rules: tuple[Rule, Rule], utterances: Sequence[Utterance], hypotheses: Sequence[Hypothesis], **choices: str
) -> Report:
    """Return the scores on a set after what is done to references and to hypotheses.

    Raises DataError, and TextError for a reference without phones where phones are compared.
    """
    from asr import scoring

    of_reference, of_hypothesis = rules
    return scoring.score(
        {utterance.id: of_reference(utterance.text) for utterance in utterances},
        {each.id: of_hypothesis(found.text) for each, found in zip(utterances, hypotheses, strict=True)},
        **choices,
    )


def written(info: ModelInfo, in_words: bool) -> tuple[Rule, Rule]:
    """Return what is done to a reference and to a hypothesis before they are compared.

    in_words: a lexicon makes words of phones; else phones are compared, where the model says phones.
    """
    from asr import text, tokenizers

    rule = text.get_rule(info.text_rules)
    if in_words or info.tokenizer != "phone":
        return rule, rule
    tokenizer = tokenizers.restore(info.tokenizer, info.tokens, info.tokenizer_state)
    return lambda reference: tokenizers.readable(tokenizer, rule(reference)), str


def line_of(utterance: Utterance) -> Line:
    """Return an entry of a manifest as `asr.scoring.read_lines` would."""
    from asr.scoring import Line

    of_audio = {"audio": str(utterance.audio), "start_s": utterance.start_s, "duration_s": utterance.duration_s}
    return Line(utterance.text, utterance.speaker, fields={**utterance.extra, **of_audio})


def decoder_of(recognizer: Recognizer, wishes: dict[str, Any]) -> dict[str, Any]:
    """Return the decoder's name and the settings that were asked for or stand in the model file."""
    name = wishes.get("decoder") or recognizer.info.decoder["name"]
    asked = {key: value for key, value in given(**wishes).items() if isinstance(value, int | float)}
    return {"name": name, **dict(recognizer.info.decoder.get(name, {})), **asked}


def counts(report: Report) -> dict[str, Any]:
    """Return a report with the number of its utterances in place of them."""
    return report.as_dict() | {"utterances": len(report.utterances)}
