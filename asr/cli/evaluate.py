"""`asr evaluate`."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from asr.cli import options
from asr.cli.options import PATH, given
from asr.cli.output import print_report, write_json
from asr.errors import DataError
from asr.types import Utterance

if TYPE_CHECKING:
    from asr.bundle import ModelInfo
    from asr.recognizer import Recognizer
    from asr.scoring import Report


@click.command("evaluate")
@click.argument("model", type=PATH)
@click.argument("manifest", type=PATH)
@click.option("--details", is_flag=True, help="Also print every utterance, aligned word by word.")
@click.option("--json", "json_file", type=PATH, metavar="FILE", help="Also write rates, counts and utterances there.")
@click.option("--store", metavar="NAME", help="Also keep rates and counts in MODEL, as those of the set NAME.")
@options.decoding
@options.threads
def command(
    model: Path,
    manifest: Path,
    details: bool,
    json_file: Path | None,
    store: str | None,
    **settings: Any,
) -> None:
    """Print the error rates of a model on a manifest.

    Transcribes the recordings of MANIFEST with MODEL, a .onnx file, and prints word, character and sentence error
    rates in per cent, with their counts. The model's own text rules are applied to reference and hypothesis alike.

    \b
    Example:
      asr evaluate model.onnx data/test.jsonl --details
    """
    from asr import bundle
    from asr import manifest as manifests
    from asr.recognizer import Recognizer

    utterances = manifests.read(manifest)
    recognizer = Recognizer(model, **given(**settings))
    try:
        report = measure(recognizer, utterances, in_words=settings["lexicon"] is not None)
    except DataError as error:
        raise DataError(f"{manifest}: {error}") from error
    print_report(report, details=details)
    digest = {"manifest_sha256": hashlib.sha256(manifest.read_bytes()).hexdigest()}
    if store is not None:
        score = {"set": store, **digest, **counts(report)}
        others = [kept for kept in recognizer.info.scores if kept.get("set") != store]
        bundle.update(model, replace(recognizer.info, scores=(*others, score)))
    if json_file is not None:
        write_json({"model": recognizer.info.name, "manifest": manifest.name, **digest, **report.as_dict()}, json_file)


def measure(recognizer: Recognizer, utterances: Sequence[Utterance], *, in_words: bool = False) -> Report:
    """Return the scores of a model on a set, after its own text rules on both sides.

    in_words: a lexicon makes words of phones; else phones are compared, where the model says phones.
    Raises DataError, AudioError, and TextError for a reference without phones.
    """
    from asr import audio, scoring

    info = recognizer.info
    of_reference, of_hypothesis = written(info, in_words)
    references = {utterance.id: of_reference(utterance.text) for utterance in utterances}
    bar = click.progressbar(utterances, label="transcribing", file=sys.stderr, hidden=not sys.stderr.isatty())
    with bar as listed:
        hypotheses = recognizer.transcribe_batch(audio.read_utterance(utterance, info.rate_hz) for utterance in listed)
    texts = (of_hypothesis(hypothesis.text) for hypothesis in hypotheses)
    return scoring.score(references, dict(zip(references, texts, strict=True)))


def written(info: ModelInfo, in_words: bool) -> tuple[Callable[[str], str], Callable[[str], str]]:
    """Return what is done to a reference and to a hypothesis before they are compared."""
    from asr import text, tokenizers

    rule = text.get_rule(info.text_rules)
    if in_words or info.tokenizer != "phone":
        return rule, rule
    tokenizer = tokenizers.restore(info.tokenizer, info.tokens, info.tokenizer_state)
    return lambda reference: tokenizers.readable(tokenizer, rule(reference)), str


def counts(report: Report) -> dict[str, Any]:
    """Return a report with the number of its utterances in place of them."""
    return report.as_dict() | {"utterances": len(report.utterances)}
