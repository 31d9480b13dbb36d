"""A certificate that two runtimes, or two model files, say the same about the same recordings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from asr import bundle
from asr.errors import VerifyError
from asr.export import speech
from asr.export.runtimes import Answer, get_runtime, own
from asr.export.selfcheck import difference, signal
from asr.types import FloatArray

# In nats, as of the probe: other kernels round otherwise, and by far less.
TOLERANCE = 0.01
# Of the starts of tokens, which some runtimes give in float32; a frame is much longer.
START_TOLERANCE_S = 1e-3


@dataclass(frozen=True, slots=True)
class Row:
    """One recording: the largest difference of log-probabilities, where there are two, and both texts."""

    name: str
    duration_s: float
    difference: float | None
    same_starts: bool
    expected: str
    found: str

    @property
    def same_text(self) -> bool:
        return self.found == self.expected


@dataclass(frozen=True, slots=True)
class Certificate:
    """What was compared with what, recording by recording."""

    reference: str
    runtime: str
    rows: tuple[Row, ...]

    @property
    def difference(self) -> float | None:
        """The largest difference of log-probabilities; None where the runtime gives none."""
        return max((row.difference for row in self.rows if row.difference is not None), default=None)

    @property
    def same_texts(self) -> int:
        return sum(row.same_text for row in self.rows)


def compare(
    model: str | Path,
    other: str | Path | None = None,
    *,
    runtime: str = "onnxruntime",
    manifest: str | Path | None = None,
) -> Certificate:
    """Compare a model file as this package runs it with another file, another runtime, or both.

    manifest: the recordings; without one, pieces of a synthetic signal. Nothing is refused: see `check`. Raises
    ConfigError for an unknown runtime, MissingPackage for an absent one, and what reading the files raises.
    """
    ask = get_runtime(runtime)
    rate_hz = bundle.read_info(model).rate_hz
    waveforms = synthetic(rate_hz) if manifest is None else speech.recordings(manifest, rate_hz)
    reference = own.answers(Path(model), list(waveforms.values()))
    found = ask(Path(other or model), list(waveforms.values()))
    pairs = zip(waveforms.items(), reference.answers, found.answers, strict=True)
    rows = (_row(name, len(samples) / rate_hz, expected, answer) for (name, samples), expected, answer in pairs)
    return Certificate(reference.runtime, found.runtime, tuple(rows))


def check(certificate: Certificate, tolerance: float = TOLERANCE) -> Certificate:
    """Return a certificate whose recordings all agree; VerifyError names the first that does not."""
    for row in certificate.rows:
        if not row.same_text:
            raise VerifyError(
                f"{certificate.runtime}: {row.name} reads {row.found!r}, in {certificate.reference} {row.expected!r}; "
                "do not use the model there, and report it"
            )
        if row.difference is not None and row.difference > tolerance:
            raise VerifyError(
                f"{certificate.runtime}: log-probabilities of {row.name} differ by {row.difference:.2g}, more than "
                f"{tolerance:g}; do not use the model there, and report it"
            )
        if not row.same_starts:
            raise VerifyError(f"{certificate.runtime}: tokens of {row.name} begin elsewhere; report it")
    return certificate


def synthetic(rate_hz: int) -> Mapping[str, FloatArray]:
    """Return name -> samples [T] of a signal that is no speech, for who has no corpus at hand."""
    waveforms = {f"signal {seed}": signal(rate_hz, seed=seed, duration_s=1.0 + seed) for seed in range(5)}
    return waveforms | {f"the first {size} samples of signal 0": waveforms["signal 0"][:size] for size in speech.SHORT}


def _row(name: str, duration_s: float, expected: Answer, found: Answer) -> Row:
    apart = None
    if expected.log_probs is not None and found.log_probs is not None:
        apart = difference(expected.log_probs, found.log_probs)
    same_starts = difference(expected.starts_s, found.starts_s) <= START_TOLERANCE_S
    return Row(name, duration_s, apart, same_starts, expected.text, found.text)
