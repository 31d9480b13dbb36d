"""`asr info`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from asr.cli.options import PATH
from asr.cli.output import as_json, per_cent, precisions_table

if TYPE_CHECKING:
    from asr.bundle import ModelInfo


@click.command("info")
@click.argument("model", type=PATH, required=False)
@click.option("--json", "in_json", is_flag=True, help="Print everything that the file says about itself, as JSON.")
@click.option("--devices", is_flag=True, help="Print what this machine computes with, in place of the model.")
def command(model: Path | None, in_json: bool, devices: bool) -> None:
    """Print what is inside a model file.

    Its tokens, sample rate, text rules, decoder, error rates and where it comes from. MODEL is a .onnx file of
    'asr export'; the one that ships, unless given.

    \b
    Examples:
      asr info model.onnx
      asr info --devices
    """
    if devices and model is not None:
        raise click.UsageError("--devices is about this machine: name no MODEL beside it")
    if devices:
        show(found_devices(), in_json=in_json)
        return
    from asr import bundle

    path = bundle.default_model() if model is None else model
    info = bundle.read_info(path)
    if in_json:
        show(asdict(info), in_json=True)
    else:
        show({"file": f"{path} ({path.stat().st_size / 1e6:.1f} MB)", **described(info)}, in_json=False)


def show(values: Mapping[str, Any], *, in_json: bool) -> None:
    click.echo(as_json(values) if in_json else "\n".join(lines(values)))


def found_devices() -> dict[str, Any]:
    """Return the machine, and each execution provider with whether it is in the installed onnxruntime."""
    import onnxruntime

    from asr import machine, runtime

    here = runtime.present()
    return {
        **machine.described(),
        "onnxruntime": onnxruntime.__version__,
        "providers": {
            name: "installed" if name in here else f"not installed (package {provider.package})"
            for name, provider in runtime.PROVIDERS.items()
        },
    }


def described(info: ModelInfo) -> dict[str, Any]:
    """Return what is printed, by its name."""
    return {
        "name": info.name,
        "tokens": f"{len(info.tokens)} ({info.tokenizer}): {' '.join(info.tokens)}",
        "sample rate": f"{info.rate_hz} Hz",
        "frame shift": f"{1000 * info.frame_shift_s:g} ms",
        "precision": info.precision,
        "text rules": info.text_rules,
        "decoder": info.decoder,
        "features": info.features,
        "scores": {score.get("set", "unnamed"): rates(score) for score in info.scores} or "none stored",
        "quantisation": quantised(info.quantisation) or "none",
        "priors": f"of {len(info.priors)} tokens, as logarithms" if info.priors else "none stored",
        "licence": info.licence or "not stated",
        "provenance": info.provenance,
    }


def rates(score: Mapping[str, Any]) -> Any:
    """Return a score in one line where `asr evaluate --store` left it, else as it is."""
    if not {"wer", "cer", "words", "utterances"} <= score.keys():
        return score
    amounts = f"{score['words']} words, {score['utterances']} utterances"
    return f"WER {per_cent(score['wer'])}, CER {per_cent(score['cer'])} ({amounts})"


def quantised(story: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return how a file was measured when it was quantised, its table as lines."""
    return {**story, "table": "\n" + "\n".join(precisions_table(story["table"]))} if story else {}


def lines(values: Mapping[str, Any], indent: str = "") -> Iterator[str]:
    """Yield `name: value` of each entry, those of a table below it and indented."""
    for name, value in values.items():
        if isinstance(value, Mapping) and value:
            yield f"{indent}{name}:"
            yield from lines(value, indent + "  ")
        else:
            shown = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
            yield f"{indent}{name}: " + shown.replace("\n", f"\n{indent}  ")
