"""`asr bench`."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from asr.cli import options
from asr.cli.options import PATH, given
from asr.cli.output import write_json
from asr.errors import ModelError, require

if TYPE_CHECKING:
    from asr.benchmark import Figures, Setting
    from asr.types import FloatArray

BATCHES = (1, 16)


@click.command("bench")
@click.argument("model", type=PATH)
@click.argument("files", metavar="[AUDIO]...", type=PATH, nargs=-1)
@click.option("--threads", type=int, multiple=True, metavar="N", help="Cores; 1, and all that may be used.")
@click.option("--batch", "batches", type=int, multiple=True, metavar="N", help="Most recordings at once; 1 and 16.")
@click.option(
    "--precision", "precisions", multiple=True, metavar="NAME",
    help="MODEL's own, unless given; or fp32, int8, fp16, int8-weights, made of MODEL for this run.",
)  # fmt: skip
@click.option("--rounds", type=int, metavar="N", help="Processes of each setting, whose median counts; 3 unless given.")
@click.option("--json", "json_file", type=PATH, metavar="FILE", help="Also write the figures there.")
@options.provider
def command(
    model: Path,
    files: tuple[Path, ...],
    threads: tuple[int, ...],
    batches: tuple[int, ...],
    precisions: tuple[str, ...],
    rounds: int | None,
    json_file: Path | None,
    provider: str | None,
) -> None:
    """Measure how fast a model file transcribes here.

    For every combination of --threads, --batch and --precision (each may be given more than once) prints the seconds
    of audio in a second of computing, how long the first text takes, how long it takes to start, and the most memory
    held. Each is measured in processes of its own, on AUDIO or, without any, on 32 clips of a synthetic voice.

    A model in int8 is run one recording at a time, whatever the batch: its scales span a batch.

    \b
    Example:
      asr bench model.onnx --threads 1 --precision fp32 --precision int8
    """
    from asr import audio, bundle, machine
    from asr.benchmark import Setting, bench, synthetic
    from asr.cores import available_cores

    info = bundle.read_info(model)
    clips = [audio.read(file, rate_hz=info.rate_hz).samples for file in files] or synthetic(info.rate_hz)
    about = machine.described() | {"model": info.name, "clips": len(clips), "audio_s": spoken_s(clips, info.rate_hz)}
    with tempfile.TemporaryDirectory() as folder:
        paths = dict(made(model, info.precision, precisions or (info.precision,), Path(folder)))
        settings = [
            Setting(path, name, cores, batch, **given(provider=provider))
            for name, path in paths.items()
            for cores in threads or sorted({1, available_cores()})
            for batch in (batches or BATCHES if name != "int8" else (1,))
        ]
        figures = bench(settings, clips, **given(rounds=rounds))
    click.echo(", ".join(f"{name} {value}" for name, value in about.items()))
    for line in table(settings, figures):
        click.echo(line)
    if json_file is not None:
        rows = [
            {**asdict(setting), **asdict(one), "model": info.name}
            for setting, one in zip(settings, figures, strict=True)
        ]
        write_json({**about, "rows": rows}, json_file)


def made(model: Path, own: str, precisions: Sequence[str], folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield each precision with a file of it, written into a folder where it is not the model's own."""
    for name in precisions:
        if name == own:
            yield name, model
            continue
        if own != "fp32":
            raise ModelError(f"{model}: is in {own}, of which no {name} can be made; name the file in fp32")
        require("onnx", extra="onnx", purpose=f"measuring {name}")
        from asr.export.quantise import convert

        yield name, convert(model, name, folder / f"{model.stem}-{name}.onnx")


def spoken_s(clips: Sequence[FloatArray], rate_hz: int) -> float:
    return round(sum(map(len, clips)) / rate_hz, 1)


def table(settings: Sequence[Setting], figures: Sequence[Figures]) -> Iterator[str]:
    """Yield the lines of the table, the first of them the heads of the columns."""
    columns = "{:<13} {:>8} {:>7} {:>6} {:>11} {:>11} {:>9} {:>9}"
    yield columns.format("precision", "provider", "threads", "batch", "real time", "first text", "start", "memory")
    for setting, one in zip(settings, figures, strict=True):
        memory = "unknown" if one.peak_mb is None else f"{one.peak_mb:.0f} MB"
        times = f"x {one.speed:.1f}", f"{1000 * one.first_s:.0f} ms", f"{1000 * one.start_s:.0f} ms", memory
        yield columns.format(setting.precision, setting.provider, setting.threads, setting.batch, *times)
