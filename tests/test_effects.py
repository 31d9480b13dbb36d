"""Each kind of augmentation by itself: what it does to samples, measured from outside."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from asr import manifest
from asr.augment import Draws, Studio, link
from asr.augment.coding import coded
from asr.augment.filters import band_pass, convolve
from asr.augment.mixing import as_loud_as, looped, with_noise
from asr.augment.mp3 import MP3
from asr.augment.noise import coloured, quick_size
from asr.augment.opus import OPUS
from asr.augment.reverb import impulse
from asr.augment.sounds import digest, listed
from asr.errors import DataError, MissingFile
from asr.types import FloatArray, Utterance

RATE_HZ = 16000
Speech = Callable[..., npt.NDArray[np.float32]]
Sounds = Callable[..., list[Utterance]]


def draws(seed: int = 0) -> Draws:
    return Draws(np.random.default_rng(seed))


def applied(
    samples: FloatArray,
    kind: str,
    *,
    seed: int = 0,
    drawn: Draws | None = None,
    utterances: list[Utterance] | None = None,
    rate_hz: int = RATE_HZ,
    **settings: Any,
) -> FloatArray:
    """Return what a kind makes of samples."""
    one = link({"kind": kind, "p": 1.0, **settings})
    effect = one.effect(Studio(rate_hz, utterances or []), np.random.default_rng(seed))
    return effect(samples, drawn or draws(seed))


def power_db(samples: npt.NDArray[Any]) -> float:
    return float(10 * np.log10(np.mean(np.square(samples, dtype=np.float64))))


def sine(hz: float, duration_s: float = 1.0, rate_hz: int = RATE_HZ) -> FloatArray:
    return (0.3 * np.sin(2 * np.pi * hz * np.arange(round(duration_s * rate_hz)) / rate_hz)).astype(np.float32)


# ---- noise


@pytest.mark.parametrize("snr_db", [-5.0, 0.0, 10.0, 30.0])
@pytest.mark.parametrize("kind", ["noise", "babble", "recordings"])
def test_the_noise_is_as_loud_as_asked(
    kind: str, snr_db: float, speech: Speech, sounds: Sounds, tmp_path: Path
) -> None:
    samples, utterances = speech(), sounds()
    more = {"path": tmp_path / "sounds"} if kind == "recordings" else {}
    found = applied(samples, kind, utterances=utterances, snr_db=(snr_db, snr_db), **more)
    noise = found.astype(np.float64) - samples
    assert power_db(samples) - power_db(noise) == pytest.approx(snr_db, abs=0.1)


@pytest.mark.parametrize(("colour", "slope"), [("white", 0.0), ("pink", -3.01), ("brown", -6.02)])
def test_the_spectrum_falls_by_its_slope(colour: Any, slope: float) -> None:
    noise = coloured(colour, 2**19, RATE_HZ, np.random.default_rng(0)).reshape(256, 2048)
    power = np.square(np.abs(np.fft.rfft(noise * np.hanning(2048)))).mean(axis=0)
    hertz = np.fft.rfftfreq(2048, 1 / RATE_HZ)
    within = (hertz > 150) & (hertz < 7000)
    found, _ = np.polyfit(np.log2(hertz[within]), 10 * np.log10(power[within]), 1)  # decibels an octave
    assert found == pytest.approx(slope, abs=0.1)


def test_noise_is_gaussian_and_never_the_same() -> None:
    rng = np.random.default_rng(0)
    for colour in ("white", "pink", "brown"):
        noise = coloured(colour, 100_000, RATE_HZ, rng)
        assert len(noise) == 100_000
        assert not np.array_equal(noise, coloured(colour, 100_000, RATE_HZ, rng))
        standard = (noise - noise.mean()) / noise.std()
        assert np.mean(standard**4) == pytest.approx(3.0, abs=0.3)


def test_every_colour_is_drawn(speech: Speech) -> None:
    seen = set()
    for seed in range(30):
        drawn = draws(seed)
        applied(speech(0.1), "noise", drawn=drawn)
        seen.add(drawn.drawn["colour"])
    assert seen == {"white", "pink", "brown"}


def test_sizes_that_are_transformed_fast() -> None:
    quick = {odd << power for odd in (1, 3, 5) for power in range(20)}
    for length in range(1, 5000):
        assert quick_size(length) == min(size for size in quick if size >= length)


def test_silence_has_no_ratio_to_noise() -> None:
    silence, noise = np.zeros(100, dtype=np.float32), np.ones(100, dtype=np.float32)
    assert with_noise(silence, noise, 10.0) is silence
    assert with_noise(noise, silence, 10.0) is noise
    assert as_loud_as(silence, noise) is silence


def test_sounds_begin_again_where_they_end() -> None:
    sound = np.arange(5, dtype=np.float32)
    assert looped(sound, 3, 1).tolist() == [3]
    assert looped(sound, 3, 12).tolist() == [3, 4, 0, 1, 2, 3, 4, 0, 1, 2, 3, 4]
    assert looped(sound[:1], 0, 3).tolist() == [0, 0, 0]


# ---- babble


def test_babble_is_made_of_the_training_set(speech: Speech, sounds: Sounds) -> None:
    """Noise of one voice is that utterance, begun anywhere and repeated."""
    utterances = sounds(count=1)
    voice = soundfile.read(utterances[0].audio, dtype="float32")[0]
    noise = applied(speech(), "babble", utterances=utterances, voices=(1, 1)) - speech()
    whole = np.tile(voice, 2)
    place = int(np.correlate(whole, noise[: len(voice)], mode="valid").argmax())
    wanted = np.resize(np.roll(voice, -place), len(noise))
    assert np.corrcoef(noise, wanted)[0, 1] == pytest.approx(1.0, abs=1e-3)


def test_a_bank_of_babble_is_as_large_as_asked_and_has_no_silence(sounds: Sounds, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "silent.wav", np.zeros(800), RATE_HZ)
    silent = Utterance("silent", tmp_path / "silent.wav", "", 0.05)
    studio, rng = Studio(RATE_HZ, [*sounds(count=5), silent]), np.random.default_rng(0)
    assert len(link({"kind": "babble", "p": 1.0, "bank": 3}).drawn(studio, rng)) in (2, 3)  # type: ignore[attr-defined]
    bank = link({"kind": "babble", "p": 1.0}).drawn(studio, rng)  # type: ignore[attr-defined]
    assert len(bank) == 5
    for voice in bank:
        assert power_db(voice) == pytest.approx(0.0, abs=1e-3)


def test_a_silent_training_set_has_no_babble(tmp_path: Path, speech: Speech) -> None:
    soundfile.write(tmp_path / "silent.wav", np.zeros(800), RATE_HZ)
    silent = Utterance("silent", tmp_path / "silent.wav", "", 0.05)
    np.testing.assert_array_equal(applied(speech(), "babble", utterances=[silent]), speech())


# ---- recordings


def test_a_recording_is_mixed_in_from_anywhere(tmp_path: Path, speech: Speech) -> None:
    """The noise is a span of the file, at another place each time."""
    long = np.random.default_rng(1).standard_normal(4 * RATE_HZ).astype(np.float32)
    (tmp_path / "deep" / "er").mkdir(parents=True)
    soundfile.write(tmp_path / "deep" / "er" / "long.flac", 0.1 * long, RATE_HZ)
    (tmp_path / "deep" / "notes.txt").write_text("no sound")
    places = []
    for seed in range(8):
        drawn = draws(seed)
        samples = speech(0.5)
        noise = applied(samples, "recordings", drawn=drawn, path=str(tmp_path), snr_db=(0.0, 0.0)) - samples
        assert drawn.drawn["sound"] == "deep/er/long.flac"
        products = np.correlate(long, noise, mode="valid")
        places.append(int(products.argmax()))
        span = long[places[-1] :][: len(noise)]
        assert np.corrcoef(span, noise)[0, 1] > 0.999
    assert max(places) - min(places) > RATE_HZ


def test_recordings_of_another_rate_and_of_a_manifest(tmp_path: Path, speech: Speech) -> None:
    time_s = np.arange(3 * 44100) / 44100
    tones = np.where(time_s < 1.0, np.sin(2 * np.pi * 500 * time_s), np.sin(2 * np.pi * 2000 * time_s))
    soundfile.write(tmp_path / "tones.wav", 0.3 * tones, 44100)
    second = Utterance("second", tmp_path / "tones.wav", "", 1.5, start_s=1.2)
    manifest.write(tmp_path / "noise.jsonl", [second])
    for length_s in (0.3, 4.0):
        samples = speech(length_s)
        noise = applied(samples, "recordings", path=str(tmp_path / "noise.jsonl"), snr_db=(0.0, 0.0)) - samples
        spectrum = np.abs(np.fft.rfft(noise * np.hanning(len(noise))))
        assert spectrum.argmax() * RATE_HZ / len(noise) == pytest.approx(2000, abs=5), "the span that the line names"


def test_collections_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(MissingFile, match="no such folder of sounds or manifest"):
        listed(tmp_path / "absent")
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "readme.txt").touch()
    (tmp_path / "empty.jsonl").touch()
    for name in ("empty", "empty.jsonl"):
        with pytest.raises(DataError, match=rf"{name}: holds no sounds .*; name another"):
            listed(tmp_path / name)


def test_collections_are_in_the_order_of_their_names(tmp_path: Path, sounds: Sounds) -> None:
    sounds("b", count=2)
    sounds("a", count=1, rate_hz=8000)
    found = listed(tmp_path)
    assert [sound.id for sound in found] == ["a/0.wav", "b/0.wav", "b/1.wav"]
    assert [sound.duration_s for sound in found] == [0.5, 0.5, 0.75]


def test_a_digest_tells_collections_apart(tmp_path: Path, sounds: Sounds) -> None:
    sounds("a", count=2)
    sounds("b", count=2)
    sounds("c", count=3)
    assert digest(tmp_path / "a") == digest(tmp_path / "b"), "wherever it lies"
    assert digest(tmp_path / "a") != digest(tmp_path / "c")
    (tmp_path / "a.jsonl").write_text(json.dumps({"id": "x"}))
    assert len({digest(tmp_path / "a.jsonl"), digest(tmp_path / "a")}) == 2


# ---- filters


@pytest.mark.parametrize("taps", [1, 2, 50, 1023, 1024, 1025, 5000])
@pytest.mark.parametrize("length", [1, 3, 100, 4096, 9999])
def test_convolution_in_blocks_is_convolution(taps: int, length: int) -> None:
    rng = np.random.default_rng(taps * length)
    samples, filt = (rng.standard_normal(size).astype(np.float32) for size in (length, taps))
    wanted = np.convolve(samples.astype(np.float64), filt)
    for lead in (0, taps // 2, taps - 1):
        found = convolve(samples, filt, lead)
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, wanted[lead : lead + length], rtol=0, atol=1e-5 * np.sqrt(taps) * 10)


@pytest.mark.parametrize("rate_hz", [8000, 16000, 44100])
def test_a_band_passes_what_lies_inside(rate_hz: int) -> None:
    taps = band_pass(300.0, 3000.0, rate_hz)
    hertz = np.fft.rfftfreq(1 << 16, 1 / rate_hz)
    gain_db = 20 * np.log10(np.abs(np.fft.rfft(taps, 1 << 16)) + 1e-9)
    assert np.abs(gain_db[(hertz > 360) & (hertz < 2940)]).max() < 0.1
    assert gain_db[(hertz < 240) | (hertz > 3060)].max() < -60
    np.testing.assert_allclose(taps, taps[::-1], rtol=0, atol=1e-7)


def test_an_open_band_changes_nothing(speech: Speech) -> None:
    taps = band_pass(0.0, 1e6, RATE_HZ)
    np.testing.assert_allclose(convolve(speech(), taps, len(taps) // 2), speech(), rtol=0, atol=1e-6)


def test_a_band_limit_is_drawn(speech: Speech) -> None:
    drawn = draws()
    found = applied(speech(), "band", drawn=drawn, low_hz=(200.0, 250.0), high_hz=(2000.0, 2500.0))
    power = np.square(np.abs(np.fft.rfft(found * np.hanning(len(found)))))
    hertz = np.fft.rfftfreq(len(found), 1 / RATE_HZ)
    limits = float(drawn.drawn["low_hz"]), float(drawn.drawn["high_hz"])
    assert 200 <= limits[0] <= 250 < 2000 <= limits[1] <= 2500
    outside = (hertz < limits[0] - 100) | (hertz > limits[1] + 100)
    assert power[outside].sum() < 1e-5 * power.sum()


# ---- rooms


def test_the_direct_sound_is_on_time(tmp_path: Path, speech: Speech) -> None:
    """A response that is one late click changes nothing at all."""
    (tmp_path / "irs").mkdir()
    soundfile.write(tmp_path / "irs" / "click.wav", np.r_[np.zeros(300), 0.5, np.zeros(50)], RATE_HZ)
    np.testing.assert_allclose(applied(speech(), "impulses", path=str(tmp_path / "irs")), speech(), rtol=0, atol=1e-5)


def test_a_room_is_a_convolution(tmp_path: Path, speech: Speech) -> None:
    rng = np.random.default_rng(0)
    response = np.r_[np.zeros(100), 0.9, 0.2 * rng.standard_normal(3000) * np.exp(-np.arange(3000) / 400)]
    (tmp_path / "irs").mkdir()
    soundfile.write(tmp_path / "irs" / "hall.wav", response, RATE_HZ, subtype="FLOAT")
    soundfile.write(tmp_path / "irs" / "silent.wav", np.zeros(100), RATE_HZ)
    drawn = draws()
    found = applied(speech(), "impulses", drawn=drawn, path=str(tmp_path / "irs"))
    assert drawn.drawn == {"room": "hall.wav"}
    wanted = np.convolve(speech(), response)[100 : 100 + len(found)]
    wanted *= np.sqrt(np.mean(speech() ** 2) / np.mean(wanted**2))
    np.testing.assert_allclose(found, wanted, rtol=0, atol=2e-3)
    assert power_db(found) == pytest.approx(power_db(speech()), abs=0.01)


def test_silent_impulses_are_refused(tmp_path: Path, speech: Speech) -> None:
    (tmp_path / "irs").mkdir()
    soundfile.write(tmp_path / "irs" / "silent.wav", np.zeros(100), RATE_HZ)
    with pytest.raises(DataError, match="all impulse responses are silent"):
        applied(speech(), "impulses", path=str(tmp_path / "irs"))


def test_what_is_too_faint_is_cut_off() -> None:
    response = np.exp(-np.arange(RATE_HZ) / 500).astype(np.float32)
    room = impulse(response)
    assert room.direct == 0
    assert 3000 < len(room.taps) < 4000, "where the energy left is 60 dB down: 500 / 2 * ln(10 ** 6)"
    assert impulse(np.array([0.0, 0.1, -1.0, 0.5], dtype=np.float32)).direct == 2
    assert impulse(np.array([0.0, 0.1, -1.0, 0.5], dtype=np.float32), direct=1).direct == 1


@pytest.fixture
def rooms() -> Any:
    pytest.importorskip("pyroomacoustics", reason="needs the extra `augment`")
    from asr.augment import room

    return room


def test_rooms_are_as_described(rooms: Any) -> None:
    settings = {"width_m": (3.0, 6.0), "height_m": (2.5, 3.0), "rt60_s": (0.1, 0.4), "distance_m": (0.5, 2.0)}
    places = list(rooms.Room(p=1.0, bank=300, **settings).places(np.random.default_rng(0)))
    for place in places:
        assert (place.size_m >= [3.0, 3.0, 2.5]).all()
        assert (place.size_m <= [6.0, 6.0, 3.0]).all()
        for point in (place.microphone_m, place.mouth_m):
            assert (point >= 0.3).all()
            assert (point <= place.size_m - 0.3).all()
        assert place.distance_m <= 2.0
        assert max(0.1, rooms.shortest_rt60_s(place.size_m)) <= place.rt60_s <= 0.4
    assert np.mean([place.distance_m >= 0.5 for place in places]) > 0.9


@pytest.mark.parametrize("rt60_s", [0.2, 0.4])
def test_a_simulated_room_fades_as_asked(rt60_s: float, rooms: Any) -> None:
    from pyroomacoustics.experimental import measure_rt60

    place = rooms.Place(np.array([5.0, 4.0, 3.0]), rt60_s, np.array([1.0, 1.5, 1.2]), np.array([3.2, 2.1, 1.6]))
    room = rooms.simulated(place, RATE_HZ)
    assert measure_rt60(room.taps, RATE_HZ, decay_db=30) == pytest.approx(rt60_s, rel=0.25)
    metres = np.linalg.norm([2.2, 0.6, 0.4])
    assert np.argmax(np.abs(room.taps)) == pytest.approx(room.direct, abs=1)
    assert room.direct == pytest.approx(metres / 343.0 * RATE_HZ + 40, abs=1)


def test_the_bank_does_not_depend_on_threads(rooms: Any) -> None:
    import pyroomacoustics

    place = rooms.Place(np.array([4.0, 4.0, 3.0]), 0.2, np.array([1.0, 1.5, 1.2]), np.array([3.2, 2.1, 1.6]))
    first, before = rooms.simulated(place, 8000), pyroomacoustics.constants.get("num_threads")
    pyroomacoustics.constants.set("num_threads", before + 2)
    try:
        np.testing.assert_array_equal(rooms.simulated(place, 8000).taps, first.taps)
        assert pyroomacoustics.constants.get("num_threads") == before + 2, "what others set stays"
    finally:
        pyroomacoustics.constants.set("num_threads", before)


# ---- codes


def g711_levels(law: str) -> npt.NDArray[np.float64]:
    """Return the values that eight bits stand for, from the definitions in ITU-T G.711, on a scale of 1."""
    steps, segments = np.arange(16), np.arange(8)[:, None]
    if law == "mulaw":
        positive = ((2 * steps + 33) * 2.0**segments - 33) / 8192
    else:
        positive = np.where(segments == 0, 2 * steps + 1, (2 * steps + 33) * 2.0 ** (segments - 1)) / 4096
    return np.unique([positive, -positive])


@pytest.mark.parametrize("law", ["mulaw", "alaw"])
def test_a_line_knows_but_the_levels_of_g711(law: str, speech: Speech) -> None:
    found = applied(speech(rate_hz=8000), "telephone", rate_hz=8000, laws=(law,))
    levels = g711_levels(law)
    nearest = levels[np.abs(found[:, None] - levels).argmin(axis=1)]
    np.testing.assert_allclose(found, nearest, rtol=0, atol=1e-6)
    assert len(np.unique(found)) > 100


def test_a_line_passes_300_to_3400_hz() -> None:
    for hz, gain_db in ((100, -50), (1000, 0), (3000, 0), (3700, -40), (6000, -40)):
        change_db = power_db(applied(sine(hz), "telephone")[2000:-2000]) - power_db(sine(hz))
        assert change_db == pytest.approx(0.0, abs=0.5) if gain_db == 0 else change_db < gain_db


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Collect the sizes in bytes of what is encoded."""
    sizes: list[int] = []
    write = soundfile.write

    def counted(file: io.BytesIO, *args: Any, **settings: Any) -> None:
        write(file, *args, **settings)
        sizes.append(len(file.getvalue()))

    monkeypatch.setattr(soundfile, "write", counted)
    return sizes


@pytest.mark.parametrize(
    ("kind", "rate_hz", "kbps"),
    [
        *(("opus", rate_hz, kbps) for rate_hz in (8000, 16000) for kbps in (8.0, 32.0)),
        *(("mp3", 8000, kbps) for kbps in (8.0, 16.0, 32.0, 64.0)),
        *(("mp3", 16000, kbps) for kbps in (8.0, 16.0, 24.0, 48.0, 160.0)),
        ("mp3", 44100, 64.0),
    ],
)
def test_the_bit_rate_is_the_one_asked_for_and_nothing_is_late(
    kind: str, rate_hz: int, kbps: float, speech: Speech, written: list[int]
) -> None:
    samples = speech(2.0, rate_hz)
    found = applied(samples, kind, rate_hz=rate_hz, kbps=(kbps, kbps))
    assert sum(written) * 8 / 2.0 / 1000 == pytest.approx(kbps, rel=0.2, abs=3.0)  # with the container
    size = 2 * len(samples)
    products = np.fft.irfft(np.fft.rfft(found, size) * np.fft.rfft(samples, size).conj(), size)
    assert int(products.argmax()) == 0
    assert np.corrcoef(found, samples)[0, 1] > 0.8
    assert not np.array_equal(found, samples)


@pytest.mark.parametrize("code", [OPUS, MP3])
def test_loud_samples_are_not_clipped_and_odd_rates_come_back(code: Any, speech: Speech) -> None:
    loud = np.float32(20.0) * speech()
    found = coded(loud, RATE_HZ, code, 0.5)
    assert np.abs(found).max() > 0.8 * np.abs(loud).max() > 1.5
    assert np.corrcoef(found, loud)[0, 1] > 0.98
    other = speech(1.0, 20000)
    assert np.corrcoef(coded(other, 20000, code, 0.5), other)[0, 1] > 0.98


# ---- clipping and gaps


def test_clipping_cuts_so_far_below_the_peak(speech: Speech) -> None:
    samples = speech()
    found = applied(samples, "clip", over_db=(6.0206, 6.0206))
    limit = np.abs(samples).max() / 2
    assert np.abs(found).max() == pytest.approx(limit, rel=1e-4)
    quiet = np.abs(samples) < 0.999 * limit
    np.testing.assert_array_equal(found[quiet], samples[quiet])
    assert 0 < (~quiet).sum() < len(samples)


def test_gaps_are_silent_and_the_rest_is_as_it_was(speech: Speech) -> None:
    samples = speech(10.0) + np.float32(1.0)  # no zeros of its own
    found = applied(samples, "gaps", per_s=(2.0, 2.0), length_ms=(10.0, 10.0))
    gone = found == 0.0
    np.testing.assert_array_equal(found[~gone], samples[~gone])
    starts = np.flatnonzero(np.diff(np.r_[0, gone.astype(int)]) == 1)
    assert 15 <= len(starts) <= 20, "twenty, of which some may touch"
    assert 15 * 160 <= gone.sum() <= 20 * 160
    assert starts.max() > 8 * RATE_HZ


def test_a_short_word_is_not_swallowed() -> None:
    samples = np.ones(1600, dtype=np.float32)
    for seed in range(20):
        found = applied(samples, "gaps", seed=seed, per_s=(0.1, 0.1), length_ms=(5000.0, 5000.0))
        assert (found == 0.0).sum() == 160


# ---- tempo and pitch


def pitch_hz(samples: FloatArray) -> float:
    librosa = pytest.importorskip("librosa", reason="measures the pitch")
    return float(np.median(librosa.yin(samples, fmin=80, fmax=500, sr=RATE_HZ)))


@pytest.mark.parametrize("factor", [0.8, 0.95, 1.25])
def test_tempo_keeps_the_pitch(factor: float, speech: Speech) -> None:
    pytest.importorskip("python_stretch", reason="needs the extra `augment`")
    samples = speech(3.0)
    found = applied(samples, "tempo", factor=(factor, factor))
    assert len(found) == int(np.ceil(len(samples) / factor))
    assert pitch_hz(applied(sine(200.0, 2.0), "tempo", factor=(factor, factor))) == pytest.approx(200.0, rel=0.005)
    for click_s in (0.5, 1.6, 2.8):
        clicks = np.zeros(48000, dtype=np.float32)
        centre = round(click_s * RATE_HZ)
        clicks[centre - 80 : centre + 80] = sine(1000.0, 0.01) * np.hanning(160)
        energy = np.square(applied(clicks, "tempo", factor=(factor, factor)), dtype=np.float64)
        found_s = float(np.arange(len(energy)) @ energy / energy.sum()) / RATE_HZ
        assert found_s == pytest.approx(click_s / factor, abs=0.002)


@pytest.mark.parametrize("semitones", [-4.0, -1.0, 2.0])
def test_pitch_keeps_the_length(semitones: float) -> None:
    pytest.importorskip("python_stretch", reason="needs the extra `augment`")
    samples = sine(200.0, 2.0)
    found = applied(samples, "pitch", semitones=(semitones, semitones))
    assert len(found) == len(samples)
    assert pitch_hz(found) == pytest.approx(200.0 * 2 ** (semitones / 12), rel=0.01)
    assert power_db(found) == pytest.approx(power_db(samples), abs=0.5)


@pytest.mark.parametrize(("kind", "key", "same"), [("tempo", "factor", 1.0), ("pitch", "semitones", 0.0)])
def test_no_change_is_none(kind: str, key: str, same: float, speech: Speech) -> None:
    pytest.importorskip("python_stretch", reason="needs the extra `augment`")
    np.testing.assert_allclose(applied(speech(), kind, **{key: (same, same)}), speech(), rtol=0, atol=1e-5)
