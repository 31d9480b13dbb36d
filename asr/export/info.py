"""What an exported file says about itself, taken from the checkpoint."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from asr import __version__, text
from asr.bundle import ModelInfo
from asr.export import selfcheck
from asr.export.carried import streaming
from asr.feasibility import FACTOR
from asr.model.ctc import AcousticModel
from asr.train.checkpoint import Checkpoint


def model_info(source: Checkpoint, model: AcousticModel, *, name: str) -> ModelInfo:
    """Return the metadata of a model: tokens, features, text rules, provenance and the answer to the probe."""
    spec = model.features.spec
    samples = torch.from_numpy(selfcheck.signal(spec.rate_hz))[None]  # [1, T]
    with torch.inference_mode():
        log_probs, _ = model(samples, torch.tensor([samples.shape[1]]))
    return ModelInfo(
        name=name,
        tokens=source.tokens,
        rate_hz=spec.rate_hz,
        frame_shift_s=round(FACTOR * spec.frame_shift_s, 9),
        tokenizer=source.config["text"]["tokenizer"],
        tokenizer_state=source.tokenizer_state,
        text_rules=text.label(text.get_rule(source.config["text"]["rules"])),
        features=asdict(spec),
        provenance=provenance(source, model),
        priors=source.priors,
        streaming=streaming(model),
        probe=selfcheck.probe(log_probs[0].numpy()),
    )


def provenance(source: Checkpoint, model: AcousticModel) -> dict[str, Any]:
    """Return where a model comes from, without the folders of the machine that it was trained on."""
    entries = dict(source.provenance)
    for split in ("train", "dev"):
        if split in entries:
            entries[split] = entries[split] | {"manifest": Path(entries[split]["manifest"]).name}
    config = {section: values for section, values in source.config.items() if section != "data"}
    if config["text"].get("lexicon"):
        config["text"] = config["text"] | {"lexicon": Path(config["text"]["lexicon"]).name}
    return entries | {
        "bilstm-asr": __version__,
        "epochs": len(source.history),
        "parameters": sum(weight.numel() for weight in model.parameters()),
        "config": config,
    }
