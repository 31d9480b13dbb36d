"""Small model files of random weights that say something, for tests of what runtimes make of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from asr import bundle

TOKENS = ("<blk>", "▁", *"abcdefghij")
SMALL = {"hidden": 24, "layers": 2, "channels": 8, "project": 16}


def make(path: Path, *, encoder: str = "blstm", **features: Any) -> Path:
    """Write a model file with these features; it needs torch and onnx."""
    import torch

    from asr import config
    from asr.export import graph, info, selfcheck
    from asr.train.checkpoint import Checkpoint, new_model

    torch.manual_seed(0)
    settings = config.parse({"features": features, "model": SMALL | {"encoder": encoder}})
    model = new_model(settings, vocab=len(TOKENS)).eval()
    with torch.no_grad():
        model.mean.fill_(-7.0)
        model.deviation.fill_(4.0)
        model.head.weight.mul_(20.0)
        samples = torch.from_numpy(selfcheck.signal(model.features.spec.rate_hz))[None]
        model.head.bias.sub_(model(samples, torch.tensor([samples.shape[1]]))[0][0].mean(dim=0))
    source = Checkpoint(settings.model_dump(mode="json"), TOKENS, model.state_dict())
    bundle.save(graph.build(model), info.model_info(source, model, name=path.stem), path)
    return path
