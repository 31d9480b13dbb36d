"""What the doctor measures in a recording, against constructed answers and other ways to get them."""

from __future__ import annotations

import hashlib
from itertools import groupby
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile
import soxr

from asr import corpora, manifest, signal
from asr.doctor import measure as measuring
from asr.doctor import robust
from asr.doctor.measure import Fault, Sound, measure
from asr.doctor.report import examined
from asr.doctor.survey import take_survey
from asr.types import FloatArray, Utterance

RATE_HZ = 16000


def noise(duration_s: float, level: float = 0.1, rate_hz: int = RATE_HZ, seed: int = 0) -> FloatArray:
    return np.random.default_rng(seed).normal(0, level, round(duration_s * rate_hz)).astype(np.float32)


def utterance(path: Path, duration_s: float | None = None, start_s: float = 0.0) -> Utterance:
    length_s = soundfile.info(path).duration - start_s if duration_s is None else duration_s
    return Utterance("a", path, "text", length_s, start_s=start_s)


def sound(path: Path, samples: npt.NDArray[np.float32], rate_hz: int = RATE_HZ, **format: str) -> Sound:
    soundfile.write(path, samples, rate_hz, **format)
    found = measure(utterance(path))
    assert isinstance(found, Sound), found
    return found


# ---- clipping


def runs_at_the_ends(samples: FloatArray) -> int:
    """Count with a loop what `clipped_samples` counts with arrays."""
    low, high = samples.min(), samples.max()
    at_end = [value in (low, high) or abs(value) >= 0.999 for value in samples]
    lengths = [len(list(members)) for is_at_end, members in groupby(at_end) if is_at_end]
    return sum(max(length - 2, 0) for length in lengths)


@pytest.mark.parametrize("limit", [0.02, 0.05, 0.1, 0.3, 2.0])
def test_clipped_samples_are_runs_at_the_extremes(limit: float) -> None:
    wave = (0.3 * np.sin(np.arange(4000) / 7)).astype(np.float32)
    samples = np.clip(wave + noise(0.25, 0.02), -limit, limit).astype(np.float32)
    assert signal.clipped_samples(samples) == runs_at_the_ends(samples)
    assert (signal.clipped_samples(samples) > 0) == (limit < 2.0)


def test_full_scale_is_clipped_and_coarse_steps_are_not() -> None:
    loud = np.clip(noise(1.0, 0.9), -1, 1)
    loud[100] = 1.02  # a decoder of MP3 goes beyond
    assert signal.clipped_samples(loud) > 0
    faint = np.round(3 * np.sin(np.arange(RATE_HZ) / 50)).astype(np.float32) / 32768
    assert runs_at_the_ends(faint) > 0
    assert signal.clipped_samples(faint) == 0
    assert signal.clipped_samples(np.zeros(0, np.float32)) == 0
    hum = (0.5 * np.sin(2 * np.pi * 50 * np.arange(RATE_HZ) / RATE_HZ)).astype(np.float32)
    assert signal.clipped_samples(np.round(hum * 32768).astype(np.float32) / 32768) == 0


# ---- pauses


@pytest.mark.parametrize("floor", [0.0, 1e-4, 3e-3])
@pytest.mark.parametrize("rate_hz", [8000, 16000, 44100])
def test_pauses_lie_where_they_were_put(tmp_path: Path, floor: float, rate_hz: int) -> None:
    loud, quiet = (lambda s: noise(s, 0.1, rate_hz, seed=1)), (lambda s: noise(s, floor, rate_hz, seed=2))
    parts = [quiet(0.7), loud(1.0), quiet(0.1), loud(0.5), quiet(1.3), loud(2.0), quiet(0.5), loud(0.4), quiet(0.2)]
    parts[4][len(parts[4]) // 2] = 0.5  # a click is no speech
    pauses = sound(tmp_path / "a.wav", np.concatenate(parts), rate_hz).pauses
    found = (pauses.lead_s, pauses.tail_s, pauses.longest_s, pauses.longest_at_s, pauses.inside_s)
    assert found == pytest.approx((0.7, 0.2, 1.3, 2.3, 1.8), abs=0.07)


def test_what_does_not_stand_out_is_no_pause() -> None:
    level = np.full(300, -40.0, np.float32)
    assert signal.pauses(level) == signal.Pauses(0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    level[:100] -= 8.0
    assert signal.pauses(level)[:5] == (0.0, 0.0, 0.0, 0.0, 0.0)
    assert signal.pauses(level).contrast_db == pytest.approx(8.0, abs=0.1)
    level[:100] -= 8.0
    assert signal.pauses(level).lead_s == pytest.approx(1.0, abs=0.03)
    assert signal.pauses(level[:0]).lead_s == 0.0
    assert signal.pauses(level[:1]).lead_s == 0.0


# ---- band limits


@pytest.mark.parametrize(("source_hz", "target_hz"), [(8000, 16000), (11025, 16000), (16000, 44100), (8000, 48000)])
def test_a_lower_rate_leaves_its_limit(tmp_path: Path, source_hz: int, target_hz: int) -> None:
    samples = soxr.resample(noise(2.0, rate_hz=source_hz), source_hz, target_hz)
    limit_hz = sound(tmp_path / "a.wav", samples, target_hz).band_hz
    assert limit_hz == pytest.approx(source_hz / 2, abs=400)


@pytest.mark.parametrize("colour", [0.0, 0.7, 0.95])
@pytest.mark.parametrize("rate_hz", [8000, 16000, 48000])
def test_a_full_band_has_no_limit(tmp_path: Path, colour: float, rate_hz: int) -> None:
    white = noise(2.0, 0.05, rate_hz).astype(np.float64)
    for at in range(1, len(white)):  # of first order, as the spectrum of speech falls
        white[at] += colour * white[at - 1]
    assert sound(tmp_path / "a.wav", white.astype(np.float32), rate_hz).band_hz == rate_hz / 2


def test_an_mp3_has_the_limit_of_its_encoder(tmp_path: Path) -> None:
    if "MP3" not in soundfile.available_formats():
        pytest.skip("this libsndfile writes no MP3")
    samples = np.clip(noise(3.0, 0.2, 44100), -1, 1)
    found = sound(tmp_path / "a.mp3", samples, 44100, format="MP3", subtype="MPEG_LAYER_III")
    assert 10000 < found.band_hz < 21000
    assert found.coding == "MP3"


def test_silence_and_what_is_shorter_than_a_window_have_no_limit(tmp_path: Path) -> None:
    assert sound(tmp_path / "a.wav", np.zeros(RATE_HZ, np.float32)).band_hz == RATE_HZ / 2
    assert sound(tmp_path / "b.wav", noise(0.01)).band_hz == RATE_HZ / 2


# ---- level, offset, channels, digest


def test_level_and_offset_are_those_of_a_sine(tmp_path: Path) -> None:
    sine = 0.5 * np.sin(2 * np.pi * 200 * np.arange(RATE_HZ) / RATE_HZ)
    found = sound(tmp_path / "a.wav", (sine + 0.1).astype(np.float32), subtype="FLOAT")
    assert found.level_db == pytest.approx(20 * np.log10(0.5 / np.sqrt(2)), abs=1e-3)
    assert found.offset == pytest.approx(0.1, abs=1e-6)
    assert not found.is_constant


@pytest.mark.parametrize(
    ("second", "lost_db"), [(1.0, 0.0), (0.0, 3.0), (-0.9, 10 * np.log10(0.905 / 0.0025)), (None, 3.0)]
)
def test_channels_that_cancel(tmp_path: Path, second: float | None, lost_db: float) -> None:
    first = noise(2.0)
    other = noise(2.0, seed=5) if second is None else np.float32(second) * first
    found = sound(tmp_path / "a.wav", np.stack([first, other], axis=1), subtype="FLOAT")
    assert found.channels == 2
    assert found.cancelled_db == pytest.approx(lost_db, abs=0.2)


def test_the_digest_is_of_the_samples(tmp_path: Path) -> None:
    samples = np.round(noise(1.0) * 32768).astype(np.float32) / 32768
    wav, flac = (sound(tmp_path / f"a.{kind}", samples, subtype="PCM_16") for kind in ("wav", "flac"))
    assert wav.digest == flac.digest
    assert sound(tmp_path / "float.wav", samples, subtype="FLOAT").digest == wav.digest
    read, _ = soundfile.read(tmp_path / "a.wav", dtype="int16")
    assert wav.digest == hashlib.blake2b(read.astype("<i2").tobytes(), digest_size=16).digest()
    samples[500] += 1 / 32768
    assert sound(tmp_path / "b.wav", samples, subtype="PCM_16").digest != wav.digest


# ---- spans and pieces


def test_only_the_span_is_measured(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.concatenate([noise(1.0, 0.3), noise(1.0, 0.01), noise(1.0, 0.3)]), RATE_HZ)
    found = measure(utterance(tmp_path / "a.wav", duration_s=1.0, start_s=1.0))
    assert isinstance(found, Sound)
    assert found.level_db == pytest.approx(-40, abs=0.2)
    assert (found.duration_s, found.file_s) == (1.0, 3.0)


def test_pieces_make_no_difference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = [noise(0.4, 1e-3), noise(2.1, 0.2, seed=3), noise(1.0, 1e-3), noise(3.713, 0.1, seed=4)]
    path = tmp_path / "a.wav"
    whole = sound(path, np.concatenate(parts), subtype="PCM_16")
    monkeypatch.setattr(measuring, "PIECE_S", 1.0)
    pieces = measure(utterance(path))
    assert isinstance(pieces, Sound)
    assert pieces.digest == whole.digest
    assert pieces.duration_s == whole.duration_s
    assert pieces.pauses == pytest.approx(whole.pauses, abs=0.02)
    assert (pieces.level_db, pieces.offset) == pytest.approx((whole.level_db, whole.offset), abs=1e-6)
    assert pieces.band_hz == whole.band_hz


def test_times_may_be_rounded(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", noise(2.0), RATE_HZ)
    for stated_s in (1.96, 2.04):
        found = measure(utterance(tmp_path / "a.wav", duration_s=stated_s))
        assert isinstance(found, Sound)
        assert found.duration_s == 2.0
    assert measure(utterance(tmp_path / "a.wav", duration_s=2.2)) == Fault(
        "outside", "ends at 2.20 s, its file at 2.00 s"
    )


# ---- what is usual


def test_a_deviation_is_that_of_a_normal_distribution_and_outliers_do_not_move_it() -> None:
    values = list(np.random.default_rng(0).normal(3.0, 2.0, 5000))
    found = robust.usual(values + [1000.0] * 50, at_least=0.1)
    assert found is not None
    assert tuple(found) == pytest.approx((3.0, 2.0), abs=0.1)
    assert found.is_far(12.0, deviations=4.0)
    assert not found.is_far(12.0, deviations=4.0, noise=2.0)
    assert robust.usual([1.0] * 30, at_least=0.1) == (1.0, 0.1)
    assert robust.usual([1.0] * 5, at_least=0.1) is None


# ---- real speech


def test_real_recordings_are_well(test_data: Path, tmp_path: Path) -> None:
    report = examined(take_survey({"test": corpora.prepare("an4", test_data / "an4", tmp_path)["test"]}))
    assert report.overviews["test"].utterances == 130
    assert report.overviews["test"].words == 773  # the denominator of every published figure
    assert report.names("error") == report.names("warning") == []


def test_an_mp3_corpus_is_known_by_its_band(test_data: Path, tmp_path: Path) -> None:
    """The test set of this sample went through an MP3 encoder with a low-pass near 5.8 kHz, as its read-me says."""
    prepared = corpora.prepare("librispeech", test_data / "librispeech-sample", tmp_path)["test"]
    manifest.write(tmp_path / "few.jsonl", manifest.read(prepared)[:12])
    report = examined(take_survey({"few": tmp_path / "few.jsonl"}))
    assert report.names("error") == []
    assert report.names("warning") == ["band_limit"]
    assert len(report.found["band_limit"]) == 12
    assert {unit for unit, _ in report.counted("band_limit")} <= {"5.7 kHz", "5.8 kHz", "5.9 kHz"}
