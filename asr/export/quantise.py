"""Smaller and faster files made of one in fp32, each measured beside it and refused where it reads worse."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import onnx
import onnxruntime

from asr import bundle, machine
from asr import manifest as manifests
from asr.errors import ConfigError, DataError, ModelError
from asr.export import selfcheck
from asr.export.measuring import Row, measure
from asr.export.precisions import PRECISIONS, get_precision
from asr.files import replacing
from asr.recognizer import Recognizer

MARGIN = 0.003  # by how much the word error rate may grow: 0.3 points, one word in 333
THREADS = 1
# Of the probe, in nats. A last bit that another processor rounds otherwise can move an activation to the next of its
# integers (0.03 was seen), and a GPU adds up halves in another order.
TOLERANCES = {"int8": 0.25, "fp16": 0.1}


@dataclass(frozen=True, slots=True)
class Quantised:
    """The table, fp32 first; the files that were written, and the precisions that were refused."""

    table: tuple[Row, ...]
    files: Mapping[str, Path]
    refused: tuple[str, ...]


def quantise(
    model: str | Path,
    manifest: str | Path,
    *,
    out: str | Path | None = None,
    precisions: Sequence[str] = tuple(PRECISIONS),
    margin: float = MARGIN,
    threads: int = THREADS,
) -> Quantised:
    """Write `NAME-PRECISION.onnx` of each precision whose word error rate on a manifest grows by `margin` at the most.

    out: the folder to write to, the model's own unless given. The table that was measured is kept in every file.
    Raises MissingFile, ModelError for a file that is not ours or was quantised before, ManifestError, AudioError,
    DataError for a manifest without words, ConfigError, OutputError.
    """
    model, manifest = Path(model), Path(manifest)
    if not margin >= 0:
        raise ConfigError(f"margin: {margin} is below 0; give how much the word error rate may grow, such as {MARGIN}")
    folder = model.parent if out is None else Path(out)
    with tempfile.TemporaryDirectory() as scratch:
        files = {name: convert(model, name, Path(scratch) / f"{model.stem}-{name}.onnx") for name in precisions}
        table = _measured({"fp32": model, **files}, manifest, threads)
        refused = tuple(row.precision for row in table if row.wer > table[0].wer + margin)
        story = _story(model, manifest, table, margin=margin, threads=threads)
        written = {name: folder / file.name for name, file in files.items() if name not in refused}
        for name, path in written.items():
            bundle.update(files[name], replace(bundle.read_info(files[name]), quantisation=story))
            with replacing(path) as temporary:
                shutil.copyfile(files[name], temporary)
    return Quantised(table, written, refused)


def convert(model: Path, precision: str, out: Path) -> Path:
    """Write a model file in another precision, measured by nobody, and return its path.

    It says its own answer to the probe, and none of the scores of fp32. Raises MissingFile, ModelError, ConfigError,
    OutputError.
    """
    make = get_precision(precision)
    data, info = bundle.load_bytes(model)
    if info.precision != "fp32":
        raise ModelError(f"{model}: is quantised already ({info.precision}); name the file that it was made from")
    info = replace(info, name=f"{info.name}-{precision}", precision=precision, scores=(), probe=None)
    bundle.save(make(onnx.load_model_from_string(data)), info, out)
    answer = selfcheck.probe(Recognizer(out).log_probs([selfcheck.signal(info.rate_hz)])[0])
    tolerance = TOLERANCES.get(precision, selfcheck.PROBE_TOLERANCE)
    bundle.update(out, replace(info, probe=answer | {"tolerance": tolerance}))
    return out


def _measured(files: Mapping[str, Path], manifest: Path, threads: int) -> tuple[Row, ...]:
    try:
        return measure(files, manifests.read(manifest), threads=threads)
    except DataError as error:
        raise DataError(f"{manifest}: {error}") from error


def _story(model: Path, manifest: Path, table: Sequence[Row], *, margin: float, threads: int) -> dict[str, object]:
    """Return what a file keeps of how it was measured."""
    return {
        "source_sha256": hashlib.sha256(model.read_bytes()).hexdigest(),
        "manifest": manifest.name,
        "manifest_sha256": hashlib.sha256(manifest.read_bytes()).hexdigest(),
        "margin": margin,
        "threads": threads,
        "onnxruntime": onnxruntime.__version__,
        "machine": machine.described(),
        "table": [asdict(row) for row in table],
    }
