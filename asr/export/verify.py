"""Proof that an exported file says what the torch model says, on real utterances."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from asr.bundle import ModelInfo
from asr.decoders import get_decoder
from asr.errors import DataError, VerifyError
from asr.export import speech
from asr.export.selfcheck import difference
from asr.model.ctc import AcousticModel
from asr.recognizer import Recognizer
from asr.train import checkpoint as checkpoints
from asr.train.checkpoint import Checkpoint
from asr.types import FloatArray

TOLERANCE = 1e-4  # of log-probabilities
BATCH = 8


@dataclass(frozen=True, slots=True)
class Agreement:
    """How many recordings agreed, alone and in batches, and the largest difference of their log-probabilities."""

    recordings: int
    difference: float


def verify(path: str | Path, checkpoint: str | Path, *, manifest: str | Path | None = None) -> Agreement:
    """Compare a model file with the checkpoint that it was made from, on the run's dev set or another manifest.

    Raises VerifyError where they differ, and what reading the three files raises.
    """
    source = checkpoints.load(checkpoint)
    return compare(checkpoints.build_model(source), Recognizer(path), recordings(source, manifest))


def recordings(source: Checkpoint, manifest: str | Path | None = None) -> dict[str, FloatArray]:
    """Return name -> samples [T] of utterances spread over the manifest, and very short pieces of the first one.

    manifest: the run's dev set unless given. Raises MissingFile, ManifestError, AudioError, DataError.
    """
    manifest = manifest or source.provenance.get("dev", {}).get("manifest")
    if manifest is None:
        raise DataError("the checkpoint names no dev set to verify on; name a manifest")
    return speech.recordings(manifest, int(source.config["features"]["rate_hz"]))


def compare(model: AcousticModel, recognizer: Recognizer, waveforms: Mapping[str, FloatArray]) -> Agreement:
    """Compare log-probabilities within TOLERANCE and texts exactly, every recording alone and in ragged batches.

    Raises VerifyError naming the recording and what differs.
    """
    batched = _in_batches(recognizer, waveforms)
    worst = 0.0
    for name, samples in waveforms.items():
        expected = _torch_log_probs(model, samples)
        for how, found in (("alone", recognizer.log_probs([samples])[0]), ("in a batch", batched[name])):
            worst = max(worst, _agreed(recognizer.info, f"{name}, {how},", expected, found))
    return Agreement(len(waveforms), worst)


def _agreed(info: ModelInfo, what: str, expected: FloatArray, found: FloatArray) -> float:
    """Return the largest difference of two answers that agree; VerifyError otherwise."""
    worst = difference(expected, found)
    if worst > TOLERANCE:
        raise VerifyError(
            f"{info.name}: log-probabilities of {what} differ from torch's by {worst:.2g}, more than {TOLERANCE:g}; "
            "do not use this model, and report it"
        )
    decoder = get_decoder("greedy")(info.tokens, info.blank)
    right, read = (decoder.decode(answer, frame_shift_s=info.frame_shift_s).text for answer in (expected, found))
    if read != right:
        raise VerifyError(f"{info.name}: {what} reads {read!r}, in torch {right!r}; do not use this model")
    return worst


def _in_batches(recognizer: Recognizer, waveforms: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    """Return name -> log_probs, computed in batches that mix the shortest with the longest."""
    names = sorted(waveforms, key=lambda name: len(waveforms[name]))
    stride = -(-len(names) // BATCH)
    found: dict[str, FloatArray] = {}
    for first in range(stride):
        members = names[first::stride]
        found |= zip(members, recognizer.log_probs([waveforms[name] for name in members]), strict=True)
    return found


@torch.inference_mode()
def _torch_log_probs(model: AcousticModel, samples: FloatArray) -> FloatArray:
    batch = torch.from_numpy(samples)[None]  # [1, T]
    log_probs, _ = model(batch, torch.tensor([len(samples)]))
    return np.asarray(log_probs[0].numpy(), dtype=np.float32)
