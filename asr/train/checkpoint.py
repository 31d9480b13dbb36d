"""Checkpoints: everything a run needs to go on, or a model to be used, in one file that loads without pickled code."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from asr import config as settings
from asr.errors import CheckpointError, ConfigError
from asr.files import existing_file, replacing
from asr.model.ctc import AcousticModel
from asr.model.encoders import build_encoder
from asr.model.fbank import Features

FORMAT = 1
MODEL, LAST = "model.pt", "last.pt"
MARK_OF_FOLDER = 0x10  # in the attributes of an entry of a ZIP archive
TEXTS = ("config", "provenance", "history", "progress", "tokenizer_state")  # stored as JSON


@dataclass(frozen=True)
class Checkpoint:
    """The weights with what they mean; `optimizer` and `progress` only where a run is to go on, `priors` at its end."""

    config: dict[str, Any]
    tokens: tuple[str, ...]
    weights: dict[str, Tensor]
    provenance: dict[str, Any] = field(default_factory=dict)
    history: list[dict[str, Any]] = field(default_factory=list)
    progress: dict[str, Any] = field(default_factory=dict)
    optimizer: dict[str, Any] | None = None
    priors: tuple[float, ...] = ()  # of each token, as natural logarithms; none before the end of a run
    tokenizer_state: dict[str, Any] = field(default_factory=dict)  # what encoding needs beside the tokens


def save(checkpoint: Checkpoint, path: Path) -> None:
    """Write a checkpoint whole or not at all; raises OutputError (a full disk, a read-only folder)."""
    values = {"format": FORMAT, **asdict_shallow(checkpoint)}
    # In memory first: a failed write of torch's own says nothing of the disk, and only after a half-written file.
    written = io.BytesIO()
    torch.save(values, written)
    with replacing(path) as temporary:
        temporary.write_bytes(written.getbuffer())


def asdict_shallow(checkpoint: Checkpoint) -> dict[str, Any]:
    """Return plain containers of tensors, numbers and strings, which is all a safe load admits."""
    texts = {name: json.dumps(getattr(checkpoint, name)) for name in TEXTS}
    return texts | {
        "tokens": list(checkpoint.tokens),
        "weights": checkpoint.weights,
        "optimizer": checkpoint.optimizer,
        "priors": list(checkpoint.priors),
    }


def load(path: str | Path) -> Checkpoint:
    """Read a checkpoint, or the finished model of a run's folder.

    Raises MissingFile, or CheckpointError for a file that is damaged, is no checkpoint, or has a newer format.
    """
    path = Path(path)
    path = existing_file(path / MODEL if path.is_dir() else path, "checkpoint")
    values = read_safely(path)
    if not isinstance(values, dict) or "format" not in values:
        raise CheckpointError(f"{path}: not a checkpoint of this package; name a run's folder or its {MODEL}")
    if values["format"] != FORMAT:
        raise CheckpointError(
            f"{path}: checkpoint format {values['format']}, this version reads {FORMAT}; update bilstm-asr"
        )
    try:
        values.setdefault("tokenizer_state", "{}")  # checkpoints of older versions have none
        texts = {name: json.loads(values[name]) for name in TEXTS}
        tokens, weights, optimizer = tuple(values["tokens"]), values["weights"], values["optimizer"]
        priors = tuple(values.get("priors", ()))  # nor these
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"{path}: not a checkpoint of this package ({error!r}); name another file") from error
    name_version(texts["config"])
    return Checkpoint(tokens=tokens, weights=weights, optimizer=optimizer, priors=priors, **texts)


def name_version(config: dict[str, Any]) -> None:
    """Give text rules that name no version, as checkpoints of asr 0.1.0 have them, the one that all had: 1."""
    text = config.get("text", {})
    if "/" not in text.get("rules", "/"):
        text["rules"] += "/1"


def read_safely(path: Path) -> Any:
    """Return what `torch.save` wrote, if it is plain containers of tensors, numbers and strings, bit for bit."""
    try:
        with zipfile.ZipFile(path) as archive:
            # Torch itself passes over flipped bits in the weights, and reads nothing of what is marked as a folder.
            folders = [entry.filename for entry in archive.infolist() if entry.external_attr & MARK_OF_FOLDER]
            changed = archive.testzip() or next(iter(folders), None)
        if changed:
            raise zipfile.BadZipFile(f"{changed} has changed since it was written")
        return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise CheckpointError(
            f"{path}: holds more than tensors, numbers and text, which is never loaded; name a checkpoint of ours"
        ) from error
    except Exception as error:  # a damaged archive fails in many ways
        raise CheckpointError(f"{path}: not a checkpoint, or damaged ({first_line(error)}); train again") from error


def build_model(checkpoint: Checkpoint) -> AcousticModel:
    """Return the model of a checkpoint with its weights, in evaluation mode; CheckpointError if they do not fit."""
    config = settings.parse(checkpoint.config, where="checkpoint")
    model = new_model(config, vocab=len(checkpoint.tokens))
    try:
        model.load_state_dict(checkpoint.weights)
    except RuntimeError as error:
        reason = " ".join(str(error).split())[:200]
        raise CheckpointError(
            f"checkpoint: weights do not fit the model of its config ({reason}); train again"
        ) from error
    return model.eval()


def new_model(config: settings.Config, vocab: int) -> AcousticModel:
    """Return a model with fresh weights and no normalisation (mean 0, deviation 1)."""
    spec = config.features.spec()
    encoder = build_encoder(config.model.encoder, spec.dim, **config.model.settings)
    if config.train.inter_ctc and len(encoder.layers) < 2:  # type: ignore[arg-type]
        raise ConfigError("train: inter_ctc needs an encoder of 2 layers or more; raise model.layers or leave it out")
    return AcousticModel(Features(spec), [0.0] * spec.dim, [1.0] * spec.dim, encoder, vocab)


def mean_weights(states: list[dict[str, Tensor]]) -> dict[str, Tensor]:
    """Return the mean of several models' weights, name by name."""
    return {
        name: torch.stack([state[name].double() for state in states]).mean(dim=0).to(weight.dtype)
        for name, weight in states[0].items()
    }


def first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
