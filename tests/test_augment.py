"""Speed moves length and pitch, gain loudness, warping pitch alone; masks have the shares they promise, in each row."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from asr import mel
from asr.feasibility import samples_at_speed
from asr.mel import FeatureSpec
from asr.model.fbank import Features
from asr.train.augment import (
    SpecAugment,
    at_speed,
    colour_bands,
    draw_colours,
    draw_gain,
    draw_speed,
    draw_warps,
    warp_bands,
    warped_positions,
)

pytestmark = pytest.mark.usefixtures("one_thread")

NOTHING = {
    "freq_masks": 0,
    "freq_width": 0,
    "time_masks_per_s": 0.0,
    "time_width": 0,
    "time_share": 0.0,
    "frame_shift_s": 0.01,
}


# ---- speed


@pytest.mark.parametrize("speed", [0.5, 0.9, 1.0, 1.1, 2.0])
@pytest.mark.parametrize("length", [0, 1, 79, 8000, 12345])
def test_speed_divides_the_length(speed: float, length: int) -> None:
    faster = at_speed(np.zeros(length, dtype=np.float32), speed, 16000)
    assert faster.dtype == np.float32
    assert len(faster) == math.ceil(round(length / speed, 6))
    assert samples_at_speed(length, speed) <= len(faster) <= samples_at_speed(length, speed) + 1


@pytest.mark.parametrize("speed", [0.9, 1.0, 1.1])
@pytest.mark.parametrize("rate_hz", [8000, 16000])
def test_speed_multiplies_the_pitch(speed: float, rate_hz: int) -> None:
    time_s = np.arange(rate_hz) / rate_hz
    faster = at_speed(np.sin(2 * np.pi * 1000 * time_s).astype(np.float32), speed, rate_hz)
    spectrum = np.abs(np.fft.rfft(faster * np.hanning(len(faster)), 8 * rate_hz))
    peak_hz = spectrum.argmax() / 8
    assert peak_hz == pytest.approx(1000 * speed, abs=0.5)
    middle = faster[len(faster) // 4 : -len(faster) // 4]
    assert np.abs(middle).max() == pytest.approx(1.0, abs=0.01), "no louder, no quieter"


def test_normal_speed_changes_nothing() -> None:
    samples = np.random.default_rng(0).standard_normal(100).astype(np.float32)
    assert at_speed(samples, 1.0, 16000) is samples


def test_all_speeds_are_drawn_equally_often() -> None:
    rng = np.random.default_rng(0)
    drawn = [draw_speed(rng, (0.9, 1.0, 1.1)) for _ in range(3000)]
    assert {type(speed) for speed in drawn} == {float}
    counts = [drawn.count(speed) for speed in (0.9, 1.0, 1.1)]
    assert sum(counts) == 3000
    assert min(counts) > 900
    assert drawn[0] == draw_speed(np.random.default_rng(0), (0.9, 1.0, 1.1))


# ---- loudness


def test_gains_are_even_in_decibels() -> None:
    rng = np.random.default_rng(0)
    gains = [draw_gain(rng, 6.0) for _ in range(2000)]
    decibels = 20 * np.log10(gains)
    assert decibels.min() >= -6.0
    assert decibels.max() <= 6.0
    np.testing.assert_allclose(np.quantile(decibels, [0.05, 0.5, 0.95]), [-5.4, 0.0, 5.4], rtol=0, atol=0.5)
    assert draw_gain(rng, 0.0) == 1.0
    assert draw_gain(np.random.default_rng(0), 6.0) == gains[0]


# ---- the length of the vocal tract


def test_warps_are_even_in_both_directions() -> None:
    warps = np.array(draw_warps(np.random.default_rng(0), 0.2, 2000))
    assert warps.min() >= 0.8
    assert warps.max() <= 1.25
    np.testing.assert_allclose(np.quantile(warps, [0.05, 0.5, 0.95]), [0.8**0.9, 1.0, 0.8**-0.9], rtol=0.02)
    assert draw_warps(np.random.default_rng(0), 0.0, 2) == [1.0, 1.0]


@pytest.mark.parametrize("factor", [0.8, 0.9, 1.1, 1.25])
@pytest.mark.parametrize("hz", [500.0, 1000.0, 3000.0])
def test_a_warped_tone_is_the_tone_of_that_pitch(factor: float, hz: float) -> None:
    spec = FeatureSpec()

    def loudest(pitch_hz: float, warp: float) -> int:
        samples = np.sin(2 * np.pi * pitch_hz * np.arange(8000) / 16000).astype(np.float32)
        features = torch.from_numpy(mel.features(samples, spec))[None]
        return int(warp_bands(features, [warp], spec)[0, 10:-10].mean(0).argmax())

    assert abs(loudest(hz, factor) - loudest(hz * factor, 1.0)) <= 1
    assert (loudest(hz, factor) - loudest(hz, 1.0)) * (factor - 1.0) > 0.0


@pytest.mark.parametrize("factor", [0.8, 1.0, 1.25])
def test_a_warp_reads_upwards_from_end_to_end(factor: float) -> None:
    spec = FeatureSpec(bands=40)
    places = warped_positions(factor, spec)
    assert places.shape == (40,)
    assert (np.diff(places) >= 0.0).all()
    assert places.min() >= 0.0
    assert places[-1] == pytest.approx(39.0, abs=1.0)  # the upper end stays where it is
    if factor == 1.0:
        np.testing.assert_allclose(places, np.arange(40), rtol=0, atol=1e-9)


def test_a_colour_is_a_filter_with_its_gains_at_even_mels() -> None:
    spec = FeatureSpec(bands=41)
    noise = torch.from_numpy(np.random.default_rng(0).standard_normal((2, 8000)).astype(np.float32)) * 0.1
    features, _ = Features(spec)(noise, torch.tensor([8000, 8000]))
    found = colour_bands(features, np.array([[6.0, 0.0, -6.0, 0.0, 20.0], [3.0] * 5])) - features
    decibels = found.numpy() * 10 / np.log(10)
    np.testing.assert_allclose(decibels[0, :, [0, 5, 10, 20, 30, 40]].T[3], [6, 3, 0, -6, 0, 20], atol=1e-4)
    louder, _ = Features(spec)(noise * 10 ** (3 / 20), torch.tensor([8000, 8000]))
    torch.testing.assert_close(features[1] + found[1], louder[1], rtol=0, atol=1e-4)


def test_colours_stay_within_their_decibels() -> None:
    colours = draw_colours(np.random.default_rng(0), 6.0, 500)
    assert colours.shape == (500, 5)
    assert np.abs(colours).max() <= 6.0
    np.testing.assert_allclose(np.quantile(colours, [0.05, 0.5, 0.95]), [-5.4, 0.0, 5.4], atol=0.4)


def test_each_row_is_warped_by_its_own_factor() -> None:
    spec = FeatureSpec(bands=40)
    features = torch.randn(3, 5, 40)
    found = warp_bands(features, [1.0, 1.1, 0.9], spec)
    torch.testing.assert_close(found[0], features[0], rtol=0, atol=1e-5)
    for row, source, factor in zip(found, features, (1.0, 1.1, 0.9), strict=True):
        wanted = [np.interp(warped_positions(factor, spec), np.arange(40), frame) for frame in source.numpy()]
        np.testing.assert_allclose(row, wanted, rtol=0, atol=1e-5)
    flat = torch.full((1, 5, 40), -3.0)
    torch.testing.assert_close(warp_bands(flat, [1.2], spec), flat)
    assert warp_bands(torch.zeros(1, 0, 40), [1.2], spec).shape == (1, 0, 40)


# ---- masks


def ones(frames: list[int], bands: int = 40) -> tuple[Tensor, Tensor]:
    """Return features of ones within each row's frames and zeros past them, as the model has them."""
    features = torch.zeros(len(frames), max(frames), bands)
    for row, count in zip(features, frames, strict=True):
        row[:count] = 1.0
    return features, torch.tensor(frames)


def runs(dropped: Tensor) -> list[int]:
    """Return the lengths of the runs of True."""
    edges = torch.diff(dropped.int(), prepend=torch.tensor([0]), append=torch.tensor([0])).nonzero()[:, 0]
    return (edges[1::2] - edges[::2]).tolist()


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"freq_masks": 2, "time_masks_per_s": 1.0},
        {"freq_width": 27, "time_width": 20, "time_share": 0.2},
        {"time_masks_per_s": 1.0, "time_width": 20},
    ],
    ids=["nothing", "no width", "no masks", "no share"],
)
def test_settings_of_zero_change_nothing(settings: dict[str, float]) -> None:
    features = torch.randn(3, 50, 40)
    found = SpecAugment(**NOTHING | settings)(features, torch.tensor([50, 0, 7]))  # type: ignore[arg-type]
    assert torch.equal(found[0], features[0])
    assert torch.equal(found[2, :7], features[2, :7])


@pytest.mark.parametrize("frames", [[0], [1], [0, 1, 100]])
def test_rows_of_next_to_no_frames_can_be_masked(frames: list[int]) -> None:
    augment = SpecAugment(2, 27, 1.0, 20, 0.2, 0.01)
    features, counts = ones(frames)
    assert augment(features, counts).shape == features.shape


def test_a_mask_of_time_stays_within_its_share_of_the_row() -> None:
    augment = SpecAugment(**NOTHING | {"time_masks_per_s": 1.0, "time_width": 20, "time_share": 0.2})  # type: ignore[arg-type]
    frames = [100, 40, 3]
    for _ in range(50):
        found = augment(*ones(frames))
        for row, count, widest in zip(found, frames, (20, 8, 0), strict=True):
            assert not row[count:].any()
            dropped = row[:count, 0] == 0
            assert torch.equal(row[:count] == 0, dropped[:, None].expand(-1, 40)), "all bands or none"
            assert sum(runs(dropped)) <= widest  # rows of up to a second get one mask


def test_longer_rows_get_more_masks_of_time() -> None:
    augment = SpecAugment(**NOTHING | {"time_masks_per_s": 2.0, "time_width": 10, "time_share": 1.0})  # type: ignore[arg-type]
    for frames, masks in ((1000, 20), (100, 2)):
        shares = [(augment(*ones([frames]))[0, :, 0] == 0).float().mean().item() for _ in range(100)]
        # A width is uniform in 0 to 9 and a place uniform: a frame inside is left alone by all masks with this chance.
        wanted = 1 - (1 - 4.5 / frames) ** masks
        assert np.mean(shares) == pytest.approx(wanted, rel=0.15)


def test_masks_of_bands_have_the_share_and_width_they_promise() -> None:
    augment = SpecAugment(**NOTHING | {"freq_masks": 1, "freq_width": 10})  # type: ignore[arg-type]
    features, frames = ones([20, 5] * 200)
    found = augment(features, frames)
    widths = []
    for row, count in zip(found, frames.tolist(), strict=True):
        dropped = row[0] == 0
        assert torch.equal(row[:count] == 0, dropped.expand(count, -1)), "all frames or none"
        assert len(runs(dropped)) <= 1
        widths.append(int(dropped.sum()))
    assert max(widths) <= 10
    assert len(set(widths)) > 5, "each row draws its own"
    assert np.mean(widths) == pytest.approx(4.5, rel=0.15)


def test_what_is_not_masked_stays_as_it_was() -> None:
    features = torch.randn(4, 200, 40)
    found = SpecAugment(2, 10, 2.0, 20, 0.2, 0.01)(features, torch.tensor([200, 150, 100, 50]))
    kept = found != 0
    assert torch.equal(found[kept], features[kept])
    assert 0.2 < kept[0].float().mean().item() < 1.0


def test_masks_follow_from_the_seed() -> None:
    augment, (features, frames) = SpecAugment(2, 10, 2.0, 20, 0.2, 0.01), ones([200, 150])
    torch.manual_seed(5)
    first = augment(features, frames)
    assert not torch.equal(augment(features, frames), first)
    torch.manual_seed(5)
    assert torch.equal(augment(features, frames), first)
    assert features[0].all(), "the features given are left alone"
