"""Real recordings to compare runtimes on, and next to nothing of them."""

from __future__ import annotations

from pathlib import Path

from asr import audio
from asr import manifest as manifests
from asr.errors import DataError
from asr.types import FloatArray

UTTERANCES = 24
# Frames begin and end at some of these for every window and shift; 79 and 80, 399 to 401 do at 16 kHz.
SHORT = (0, 1, 39, 40, 79, 80, 199, 200, 201, 399, 400, 401, 1000)


def recordings(manifest: str | Path, rate_hz: int) -> dict[str, FloatArray]:
    """Return name -> samples [T] of utterances spread over a manifest, and very short pieces of the first one.

    Raises MissingFile, ManifestError, AudioError, DataError.
    """
    utterances = manifests.read(manifest)
    if not utterances:
        raise DataError(f"{manifest}: has no utterances to verify on; name another manifest")
    step = -(-len(utterances) // UTTERANCES)
    waveforms = {utterance.id: audio.read_utterance(utterance, rate_hz).samples for utterance in utterances[::step]}
    first, samples = next(iter(waveforms.items()))
    return waveforms | {f"the first {size} samples of {first}": samples[:size] for size in SHORT}
