"""Model files for other engines: a table from the name of an engine to what writes its folder."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from asr import bundle
from asr.errors import require
from asr.export import export

Writer = Callable[[Path, Path], str]  # from a model file and a folder to what must be said to the engine


def convert(source: str | Path | None, out: str | Path, *, target: str, manifest: str | Path | None = None) -> str:
    """Write the folder that an engine loads, and return what it must be told beside the folder's name.

    source: a model file, or the folder or checkpoint of a run, verified as by `export`; the model that ships unless
    given. Raises MissingPackage, ModelError, VerifyError, OutputError, and what `export` raises.
    """
    require("onnx", extra="onnx", purpose=f"writing a folder for {target}")
    source = bundle.default_model() if source is None else Path(source)
    if not is_checkpoint(source):
        return TARGETS[target](source, Path(out))
    with tempfile.TemporaryDirectory() as folder:
        name = source.stem if source.is_dir() else source.parent.name
        return TARGETS[target](export(source, Path(folder) / f"{name}.onnx", manifest=manifest), Path(out))


def is_checkpoint(source: Path) -> bool:
    return source.is_dir() or source.suffix == ".pt"


def _sherpa(model: Path, out: Path) -> str:
    from asr.export import sherpa

    spec = sherpa.write(model, out)
    return f"sample_rate={spec.rate_hz} feature_dim={spec.bands}"


def _onnx_asr(model: Path, out: Path) -> str:
    from asr.export import onnx_asr

    onnx_asr.write(model, out)
    return "kaldi-rnnt"


TARGETS: dict[str, Writer] = {"onnx-asr": _onnx_asr, "sherpa": _sherpa}
