"""From a checkpoint to the one file: the graph, its metadata, and proof that both models say the same.

This door and `selfcheck` need no torch; `graph`, `info` and `verify` read a checkpoint and do.
"""

from __future__ import annotations

from pathlib import Path

from asr.errors import require
from asr.files import replacing


def export(checkpoint: str | Path, out: str | Path, *, manifest: str | Path | None = None) -> Path:
    """Write the model of a run's folder or checkpoint as one `.onnx` file, after it was verified; return its path.

    manifest: real utterances to verify on; the run's own dev set unless given. `out` appears only if everything
    agreed. Raises MissingPackage, MissingFile, CheckpointError, ManifestError, ModelError, VerifyError, OutputError.
    """
    for package in ("torch", "onnx"):
        require(package, extra="train", purpose="export")
    from asr import bundle
    from asr.export import graph, verify
    from asr.export.info import model_info
    from asr.recognizer import Recognizer
    from asr.train import checkpoint as checkpoints

    out = Path(out)
    source = checkpoints.load(checkpoint)
    model = checkpoints.build_model(source)
    with replacing(out) as temporary:
        bundle.save(graph.build(model), model_info(source, model, name=out.stem), temporary)
        verify.compare(model, Recognizer(temporary), verify.recordings(source, manifest))
    return out
