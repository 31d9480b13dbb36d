"""Audio in: real codecs write what is read; FFmpeg's decoder, SoX and the formula of the signal are the oracles."""

from __future__ import annotations

import shutil
import subprocess
import sys
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile
import soxr

from asr import audio
from asr.errors import AsrError, AudioError, MissingFile, MissingPackage, OutputError

Samples = npt.NDArray[np.float32]
Folder = Callable[[str], Path]

RATE_HZ = 16000
LENGTH_S = 4.0


def chirp(rate_hz: int = RATE_HZ, length_s: float = LENGTH_S) -> Samples:
    """Return a sine from 100 to 3000 Hz at half of full scale: the same signal at any rate."""
    time_s = np.arange(round(length_s * rate_hz)) / rate_hz  # [T]
    phase = 2 * np.pi * (100 * time_s + (3000 - 100) / (2 * LENGTH_S) * time_s**2)
    return (0.5 * np.sin(phase)).astype(np.float32)


def run(*command: str | Path, stdin: bytes | None = None) -> bytes:
    """Run a program and return what it writes; skip the test where it is not installed."""
    program = str(command[0])
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    return subprocess.run([str(part) for part in command], input=stdin, capture_output=True, check=True).stdout


def ffmpeg(*arguments: str | Path, stdin: bytes | None = None) -> bytes:
    return run("ffmpeg", "-nostdin" if stdin is None else "-y", "-v", "error", "-y", *arguments, stdin=stdin)


def decoded_by_ffmpeg(path: Path, rate_hz: int = RATE_HZ, channels: int = 1) -> Samples:
    data = ffmpeg("-i", path, "-map", "0:a:0", "-ar", str(rate_hz), "-ac", str(channels), "-f", "f32le", "-")
    samples = np.frombuffer(data, np.float32)
    return samples if channels == 1 else samples.reshape(-1, channels)


def signal_to_difference_db(expected: Samples, got: Samples) -> float:
    return float(10 * np.log10(np.mean(expected**2) / (np.mean((expected - got) ** 2) + 1e-20)))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with chirp.wav (mono, 16 bit), stereo.wav (the chirp and its reverse), long.wav (chirps and noises)."""
    path = tmp_path_factory.mktemp("audio")
    soundfile.write(path / "chirp.wav", chirp(), RATE_HZ)
    soundfile.write(path / "stereo.wav", np.stack([chirp(), chirp()[::-1]], axis=1), RATE_HZ)
    rng = np.random.default_rng(1)
    parts = [part for level in (0.2, 0.001) for part in (chirp(), level * rng.standard_normal(4 * RATE_HZ))]
    soundfile.write(path / "long.wav", np.concatenate(parts), RATE_HZ)
    return path


def made(folder: Path, name: str, *command: str | Path) -> Path:
    """Return folder/name; make it with the command where it is not there yet."""
    if not (folder / name).exists():
        run(*command)
    return folder / name


# ---- formats


LOSSLESS = {
    "u8.wav": ("-c:a", "pcm_u8"),
    "s16.wav": ("-c:a", "pcm_s16le"),
    "s24.wav": ("-c:a", "pcm_s24le"),
    "s32.wav": ("-c:a", "pcm_s32le"),
    "f32.wav": ("-c:a", "pcm_f32le"),
    "f64.wav": ("-c:a", "pcm_f64le"),
    "mulaw.wav": ("-c:a", "pcm_mulaw"),
    "alaw.wav": ("-c:a", "pcm_alaw"),
    "s16.flac": ("-c:a", "flac"),
    "s24.flac": ("-c:a", "flac", "-sample_fmt", "s32"),
    "s16.aiff": ("-c:a", "pcm_s16be"),
    "rf64.wav": ("-rf64", "always"),
}
SPHERE = {
    "little.sph": ("-L",),
    "big.sph": ("-B",),
    "mulaw.sph": ("-e", "mu-law"),
    "s8.sph": ("-b", "8", "-e", "signed"),
}


@pytest.mark.parametrize("name", LOSSLESS)
@pytest.mark.parametrize("source", ["chirp", "stereo"])
def test_lossless_formats_agree_with_ffmpeg(folder: Path, source: str, name: str) -> None:
    path = folder / f"{source}-{name}"
    ffmpeg("-i", folder / f"{source}.wav", *LOSSLESS[name], path)
    channels = 1 if source == "chirp" else 2
    expected = decoded_by_ffmpeg(path, channels=channels)
    waveform = audio.read(path)
    assert (waveform.rate_hz, waveform.samples.dtype, len(waveform.samples)) == (RATE_HZ, np.float32, 64000)
    np.testing.assert_allclose(waveform.samples, expected if channels == 1 else expected.mean(axis=1), atol=1e-6)
    info = audio.probe(path)
    assert (info.rate_hz, info.channels, info.frames, info.duration_s) == (RATE_HZ, channels, 64000, LENGTH_S)


@pytest.mark.parametrize("name", SPHERE)
def test_sphere_agrees_with_sox(folder: Path, name: str) -> None:
    path = folder / name
    run("sox", folder / "chirp.wav", *SPHERE[name], path)
    expected = np.frombuffer(run("sox", path, "-t", "f32", "-"), np.float32)
    np.testing.assert_allclose(audio.read(path).samples, expected, atol=1e-6)
    assert audio.duration_s(path) == LENGTH_S


def test_the_extensible_header_is_read(folder: Path) -> None:
    path = folder / "extensible.wav"
    ffmpeg("-i", folder / "stereo.wav", "-af", "pan=3.0|c0=c0|c1=c1|c2=c0", "-c:a", "pcm_s24le", path)
    assert path.read_bytes()[20:22] == b"\xfe\xff", "WAVE_FORMAT_EXTENSIBLE"
    expected = decoded_by_ffmpeg(path, channels=3)
    np.testing.assert_allclose(audio.read(path).samples, expected.mean(axis=1), atol=1e-6)
    np.testing.assert_allclose(audio.read(path, channel=2).samples, expected[:, 2], atol=1e-6)


LOSSY = {
    "a.ogg": ("ffmpeg", "-c:a", "libvorbis"),
    "cbr.mp3": ("ffmpeg", "-c:a", "libmp3lame", "-b:a", "48k"),
    "vbr.mp3": ("ffmpeg", "-c:a", "libmp3lame", "-q:a", "2", "-metadata", "title=ünïcode"),
    "a.opus": ("opusenc", "--quiet", "--bitrate", "64"),
}


def lossy(folder: Path, name: str, source: str = "chirp") -> Path:
    path = folder / f"{source}-{name}"
    program, *options = LOSSY[name]
    if path.exists():
        return path
    if program == "opusenc":
        run(program, *options, folder / f"{source}.wav", path)
    else:
        ffmpeg("-i", folder / f"{source}.wav", *options, path)
    return path


@pytest.mark.parametrize("name", LOSSY)
def test_lossy_formats_agree_with_ffmpeg(folder: Path, name: str) -> None:
    path = lossy(folder, name)
    samples, expected = audio.read(path, rate_hz=RATE_HZ).samples, decoded_by_ffmpeg(path)
    assert len(samples) == len(expected) == 64000
    # Opus is decoded at 16 kHz here and at 48 kHz there; the others differ by rounding alone.
    least_db = 30 if name == "a.opus" else 80
    assert signal_to_difference_db(expected[800:-800], samples[800:-800]) > least_db
    assert audio.duration_s(path) == LENGTH_S


CONTAINERS = {
    "a.m4a": (),
    "fast.m4a": ("-movflags", "faststart"),
    "a.aac": (),
    "a.webm": ("-c:a", "libopus", "-ar", "48000"),
    "a.mkv": ("-c:a", "libvorbis"),
    "s16.mkv": ("-c:a", "pcm_s16le"),
    "a.mov": (),
    "a.wma": (),
    "ogg-flac.oga": ("-c:a", "flac"),
    "video.mp4": ("-f", "lavfi", "-i", "testsrc=duration=4:rate=5:size=64x64", "-c:v", "mpeg4"),
    "video.webm": ("-f", "lavfi", "-i", "testsrc=duration=4:rate=5:size=64x64", "-c:v", "libvpx", "-c:a", "libvorbis"),
}


def container(folder: Path, name: str, source: str = "chirp") -> Path:
    pytest.importorskip("av", reason="PyAV (extra video) is not installed")
    path = folder / f"{source}-{name}"
    if not path.exists():
        ffmpeg("-i", folder / f"{source}.wav", *CONTAINERS[name], path)
    return path


@pytest.mark.parametrize("name", CONTAINERS)
def test_containers_agree_with_ffmpeg(folder: Path, name: str) -> None:
    path = container(folder, name)
    info = audio.probe(path)
    samples, expected = audio.read(path).samples, decoded_by_ffmpeg(path, info.rate_hz)
    if name == "a.webm":  # FFmpeg's releases trim up to 5 ms more or less at the start of Opus
        shift = best_shift(expected, samples[4800:14400], 4800, 240)
        assert abs(shift) <= 240
        expected = expected[max(0, shift) :]
        samples = samples[max(0, -shift) :]
    shortest = min(len(samples), len(expected))
    assert abs(len(samples) - len(expected)) <= 0.005 * info.rate_hz
    assert signal_to_difference_db(expected[:shortest], samples[:shortest]) > 60
    # The stated length may be off by a frame of the codec: 128 ms in WMA and AAC at 16 kHz.
    assert audio.duration_s(path) == pytest.approx(len(expected) / info.rate_hz, abs=0.13)


def best_shift(whole: Samples, piece: Samples, place: int, reach: int) -> int:
    """Return by how many samples the piece fits later in the whole than at its place, by 1000 of them."""
    place, piece = place + 1000, piece[1000:2000]
    window = whole[max(0, place - reach) : place + reach + len(piece)]
    energy = np.correlate(window**2, np.ones_like(piece), "valid")
    return int(np.argmin(energy - 2 * np.correlate(window, piece, "valid"))) - min(reach, place)


def test_without_pyav_the_way_to_it_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = folder / "phone.m4a"
    path.write_bytes(b"\x00\x00\x00\x1cftypM4A " + bytes(100))
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(MissingPackage, match=r"phone\.m4a: reading MP4 .*pip install 'bilstm-asr\[video\]'"):
        audio.read(path)


def test_what_libsndfile_reads_never_loads_pyav(folder: Path) -> None:
    script = (
        f"import sys; from asr import audio; audio.read({str(folder / 'chirp.wav')!r}); assert 'av' not in sys.modules"
    )
    run(sys.executable, "-c", script)


# ---- lengths that libsndfile would get wrong without a word


@pytest.mark.parametrize(
    "options", ["-ar 8000 -q:a 5", "-ar 16000 -q:a 5", "-ar 44100 -q:a 5", "-b:a 32k", "-ar 24000 -b:a 8k"]
)
def test_an_mp3_without_an_index_is_read_whole(folder: Path, options: str) -> None:
    path = folder / f"no-index{options}.mp3"
    ffmpeg("-i", folder / "long.wav", *options.split(), "-write_xing", "0", path)
    waveform = audio.read(path)
    expected = decoded_by_ffmpeg(path, waveform.rate_hz)
    # Without an index the encoder's delay is not known: 529 samples of the decoder are left out here, none there.
    assert len(expected) - len(waveform.samples) == 529
    assert signal_to_difference_db(expected[529:], waveform.samples) > 60
    assert audio.duration_s(path) == waveform.duration_s


def test_joined_mp3s_are_read_to_the_end(folder: Path) -> None:
    first, second, path = lossy(folder, "cbr.mp3"), lossy(folder, "vbr.mp3", "long"), folder / "joined.mp3"
    path.write_bytes(first.read_bytes() + second.read_bytes())
    samples = audio.read(path).samples
    assert len(samples) == pytest.approx(20 * RATE_HZ, abs=4 * 1152)  # delays and paddings of both
    assert np.abs(samples[13 * RATE_HZ : 14 * RATE_HZ]).max() > 0.1


def test_a_tag_behind_the_audio_changes_nothing(folder: Path) -> None:
    path = folder / "tagged.mp3"
    path.write_bytes(lossy(folder, "vbr.mp3").read_bytes() + b"APETAGEX" + bytes(range(255)) * 50)
    np.testing.assert_array_equal(audio.read(path).samples, audio.read(lossy(folder, "vbr.mp3")).samples)


@pytest.mark.parametrize("name", ["piped.wav", "piped.flac"])
def test_what_was_written_into_a_pipe_is_read_whole(folder: Path, name: str) -> None:
    """Its header could not be completed, and states no length or an endless one."""
    path = folder / name
    path.write_bytes(ffmpeg("-i", folder / "chirp.wav", "-f", path.suffix[1:], "-"))
    if name == "piped.flac":
        pytest.importorskip("av", reason="PyAV (extra video) is not installed")
    np.testing.assert_array_equal(audio.read(path).samples, audio.read(folder / "chirp.wav").samples)
    assert audio.duration_s(path) == LENGTH_S


def sphere(count: int | None, data: bytes, coding: str = "pcm") -> bytes:
    fields = ["sample_rate -i 16000", "channel_count -i 1", "sample_n_bytes -i 2", "sample_byte_format -s2 01"]
    fields += [f"sample_coding -s{len(coding)} {coding}"] + ([f"sample_count -i {count}"] if count is not None else [])
    return "\n".join(["NIST_1A", "   1024", *fields, "end_head", ""]).encode().ljust(1024) + data


@pytest.mark.parametrize("count", [None, 1000])
def test_sphere_has_as_many_samples_as_its_header_says(tmp_path: Path, count: int | None) -> None:
    path = tmp_path / "a.sph"
    path.write_bytes(sphere(count, np.arange(1200, dtype="<i2").tobytes()))
    np.testing.assert_array_equal(audio.read(path).samples * 32768, np.arange(count or 1200))


# ---- rates, channels, spans


@pytest.mark.parametrize("rate_hz", [8000, 11025, 22050, 24000, 32000, 44100, 48000, 96000])
def test_resampling_gives_the_same_signal(tmp_path: Path, rate_hz: int) -> None:
    soundfile.write(tmp_path / "a.wav", chirp(rate_hz), rate_hz, subtype="FLOAT")
    waveform = audio.read(tmp_path / "a.wav", rate_hz=RATE_HZ)
    assert (waveform.rate_hz, len(waveform.samples)) == (RATE_HZ, 64000)
    inside = slice(1600, -1600)  # the filter sees silence beyond both ends
    np.testing.assert_allclose(waveform.samples[inside], chirp()[inside], atol=1e-4)
    np.testing.assert_array_equal(audio.from_array(chirp(rate_hz), rate_hz, RATE_HZ).samples, waveform.samples)


def test_channels_become_their_mean_unless_one_is_named(folder: Path) -> None:
    path = folder / "stereo.wav"
    both = soundfile.read(path)[0]
    np.testing.assert_allclose(audio.read(path).samples, both.mean(axis=1), atol=1e-7)
    for channel in (0, 1):
        np.testing.assert_array_equal(audio.read(path, channel=channel).samples, both[:, channel].astype(np.float32))


def test_eight_channels_at_96_khz(tmp_path: Path) -> None:
    levels = np.arange(1, 9) / 8
    soundfile.write(tmp_path / "a.wav", chirp(96000)[:, None] * levels, 96000, subtype="PCM_24")
    samples = audio.read(tmp_path / "a.wav", rate_hz=RATE_HZ).samples
    np.testing.assert_allclose(samples[1600:-1600], levels.mean() * chirp()[1600:-1600], atol=1e-4)


SPANS = [(0.0, 0.5), (0.001, 0.01), (1.23456, 0.7), (2.0, None), (3.4999, 0.5001), (3.99, 0.01), (3.9, 0.14)]


@pytest.mark.parametrize(
    "rates", [(16000, 16000), (44100, 16000), (8000, 16000), (48000, 16000), (22050, 8000), (16001, 16000)]
)
def test_a_span_is_that_part_of_the_whole(tmp_path: Path, rates: tuple[int, int]) -> None:
    source_hz, target_hz = rates
    noise = 0.3 * np.random.default_rng(2).standard_normal(4 * source_hz)
    soundfile.write(tmp_path / "a.flac", noise, source_hz)
    whole = soundfile.read(tmp_path / "a.flac", dtype="float32")[0]
    if source_hz != target_hz:
        whole = soxr.resample(whole, source_hz, target_hz, quality="HQ")
    for start_s, duration_s in SPANS:
        got = audio.read(tmp_path / "a.flac", rate_hz=target_hz, start_s=start_s, duration_s=duration_s)
        first = round(start_s * target_hz)
        expected = whole[first:] if duration_s is None else whole[first : first + round(duration_s * target_hz)]
        # 1e-5 of noise of 0.3: what the filter has beyond 256 samples; without the wider reading it is 0.1.
        np.testing.assert_allclose(got.samples, expected, atol=1e-5, err_msg=f"{start_s} {duration_s}")


@pytest.mark.parametrize("name", LOSSY)
def test_spans_of_lossy_files_lie_where_they_should(folder: Path, name: str) -> None:
    path = lossy(folder, name, "long")
    whole = audio.read(path).samples
    for start_s in (0.01, 5.4321, 10.0, 14.5):
        first = round(start_s * RATE_HZ)
        got = audio.read(path, start_s=start_s, duration_s=1.0).samples
        assert best_shift(whole, got, first, 2000) == 0, start_s
        # A decoder of MP3 or Opus remembers: right after a seek it differs a little.
        assert signal_to_difference_db(whole[first + 2000 :][: len(got) - 2000], got[2000:]) > 30, start_s


def test_spans_of_a_long_mp3_of_variable_bit_rate_are_exact(tmp_path: Path) -> None:
    """libsndfile seeks in them by a table of 100 places, and lands up to 0.1 s away."""
    time_s = np.arange(60 * RATE_HZ) / RATE_HZ
    noise = 0.1 * np.random.default_rng(0).standard_normal(len(time_s)) * (np.sin(time_s / 3) > 0)
    soundfile.write(tmp_path / "a.wav", np.tile(0.3 * chirp(), 15) + noise, RATE_HZ)
    ffmpeg("-i", tmp_path / "a.wav", "-q:a", "4", tmp_path / "a.mp3")
    whole = audio.read(tmp_path / "a.mp3").samples
    for first in range(RATE_HZ, len(whole) - RATE_HZ, 94222):
        got = audio.read(tmp_path / "a.mp3", start_s=first / RATE_HZ, duration_s=0.5).samples
        np.testing.assert_allclose(got, whole[first : first + RATE_HZ // 2], atol=1e-6)


@pytest.mark.parametrize("name", [name for name in CONTAINERS if not name.startswith("video")])
def test_spans_of_containers_lie_where_they_should(folder: Path, name: str) -> None:
    path = container(folder, name, "long")
    rate_hz = audio.probe(path).rate_hz
    whole = audio.read(path).samples
    for start_s in (0.01, 5.4321, 10.0, 14.5):
        first = round(start_s * rate_hz)
        got = audio.read(path, start_s=start_s, duration_s=1.0).samples
        assert len(got) == rate_hz
        # The clock of Matroska has ticks of 1 ms, and Opus in it is trimmed at its start as in the test above.
        assert abs(best_shift(whole, got, first, 2000)) <= (0.002 * rate_hz if "webm" in name else 0), start_s


def test_a_span_is_read_without_decoding_the_rest(folder: Path) -> None:
    """The rest is cut off here: reading it would fail."""
    whole, path = folder / "whole.flac", folder / "cut.flac"
    soundfile.write(whole, soundfile.read(folder / "long.wav")[0], RATE_HZ)
    path.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    assert audio.duration_s(path) == 16.0
    np.testing.assert_array_equal(
        audio.read(path, start_s=3.0, duration_s=1.0).samples, audio.read(whole).samples[3 * RATE_HZ : 4 * RATE_HZ]
    )


def test_a_file_is_opened_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[object] = []
    original = soundfile.SoundFile

    def counting(*args: object) -> soundfile.SoundFile:
        opened.append(args)
        return original(*args)

    monkeypatch.setattr(soundfile, "SoundFile", counting)
    audio.read(folder / "chirp.wav", rate_hz=8000, start_s=1.0, duration_s=1.0)
    assert len(opened) == 1


def test_real_recordings_agree_with_ffmpeg(test_data: Path) -> None:
    paths = sorted((test_data / "an4" / "wav" / "an4test_clstk").rglob("*.flac"))[::50]
    paths += sorted((test_data / "librispeech-sample").rglob("*.mp3"))[::700]
    assert len(paths) >= 4
    for path in paths:
        expected, waveform = decoded_by_ffmpeg(path), audio.read(path, rate_hz=RATE_HZ)
        assert len(waveform.samples) == len(expected)
        assert waveform.duration_s == pytest.approx(audio.duration_s(path))
        np.testing.assert_allclose(waveform.samples, expected, atol=1e-4)


# ---- arrays


def test_whole_numbers_are_scaled_by_their_type() -> None:
    for dtype, full in ((np.int16, 2**15), (np.int32, 2**31)):
        array = np.array([-full, 0, full // 2, full - 1], dtype)
        np.testing.assert_allclose(
            audio.from_array(array, 8000, 8000).samples, [-1, 0, 0.5, (full - 1) / full], atol=1e-7
        )


@pytest.mark.parametrize("length", [0, 1, 2, 79])
@pytest.mark.parametrize("shape", [(), (1,), (2,)], ids=["mono", "one channel", "stereo"])
@pytest.mark.parametrize("source_hz", [8000, 16000, 44100])
def test_short_arrays(length: int, shape: tuple[int, ...], source_hz: int) -> None:
    waveform = audio.from_array(np.full((length, *shape), 0.25), source_hz, RATE_HZ)
    assert waveform.samples.shape == (round(length * RATE_HZ / source_hz),)
    assert waveform.samples.dtype == np.float32
    assert source_hz != RATE_HZ or np.all(waveform.samples == 0.25)


def test_an_array_need_not_be_contiguous_and_is_not_changed() -> None:
    array = np.stack([chirp(), chirp()[::-1]])
    copy = array.copy()
    np.testing.assert_allclose(audio.from_array(array.T, RATE_HZ, RATE_HZ).samples, array.mean(axis=0), atol=1e-7)
    np.testing.assert_array_equal(audio.from_array(array[0, ::2], 8000, 8000).samples, array[0, ::2])
    np.testing.assert_array_equal(array, copy)


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.array([0, 0.5, np.nan]), "sample 2 is nan"),
        (np.array([[0, 0], [0, np.inf]]), "sample 1 is inf"),
        (np.array([0, 1e300]), "sample 1 is inf"),
        (np.array([0.0, -20000.0]), "floats reach 20000"),
        (np.zeros((2, 16000)), "time first"),
        (np.zeros((2, 2, 2)), "shape"),
        (np.float32(0.5), "shape"),
        (np.zeros(4, np.uint8), "type uint8"),
        (np.zeros(4, bool), "type bool"),
        (np.zeros(4, complex), "type complex128"),
        (["a", "b"], "pass floats"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_arrays_that_are_no_audio(array: npt.ArrayLike, words: str) -> None:
    with pytest.raises(AudioError, match=words):
        audio.from_array(array, RATE_HZ, RATE_HZ)


@pytest.mark.parametrize("rates", [(0, 16000), (-8000, 16000), (16000, 0)])
def test_rates_that_are_none(rates: tuple[int, int]) -> None:
    with pytest.raises(AudioError, match="is no sample rate"):
        audio.from_array(np.zeros(10), *rates)


# ---- headerless files


@pytest.mark.parametrize("big_endian", [False, True])
def test_headerless_files_agree_with_sox(folder: Path, tmp_path: Path, big_endian: bool) -> None:
    raw, target = tmp_path / "a.raw", tmp_path / "made" / "a.wav"
    run("sox", folder / "chirp.wav", "-B" if big_endian else "-L", raw)
    expected = audio.read(folder / "chirp.wav").samples
    got = audio.read_raw(raw, source_rate_hz=RATE_HZ, big_endian=big_endian)
    np.testing.assert_array_equal(got.samples, expected)
    audio.raw_to_wav(raw, target, source_rate_hz=RATE_HZ, big_endian=big_endian)
    with wave.open(str(target)) as file:
        assert file.getparams()[:4] == (1, 2, RATE_HZ, 64000)
    np.testing.assert_array_equal(audio.read(target).samples, expected)
    halved = audio.read_raw(raw, source_rate_hz=RATE_HZ, rate_hz=8000, big_endian=big_endian)
    np.testing.assert_allclose(halved.samples[800:-800], chirp(8000)[800:-800], atol=1e-3)


@pytest.mark.parametrize("data", [b"", b"123"])
def test_headerless_files_that_are_no_samples(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.raw").write_bytes(data)
    for function in (audio.read_raw, lambda path, **rate: audio.raw_to_wav(path, tmp_path / "b.wav", **rate)):
        with pytest.raises(AudioError, match=r"a\.raw: has \d bytes"):
            function(tmp_path / "a.raw", source_rate_hz=RATE_HZ)
    assert not (tmp_path / "b.wav").exists()
    with pytest.raises(MissingFile):
        audio.read_raw(tmp_path / "none.raw", source_rate_hz=RATE_HZ)


def test_a_wav_that_cannot_be_written_is_not_left_in_pieces(tmp_path: Path) -> None:
    (tmp_path / "a.raw").write_bytes(bytes(10))
    (tmp_path / "b.wav").mkdir()
    with pytest.raises(OutputError):
        audio.raw_to_wav(tmp_path / "a.raw", tmp_path / "b.wav", source_rate_hz=RATE_HZ)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.raw", "b.wav"]


# ---- bad input


def one_sentence(error: AsrError, path: Path, *words: str) -> None:
    text = str(error)
    assert text.startswith(f"{path}: ")
    assert "; " in text, "the way out"
    assert "\n" not in text
    assert not text.endswith(".")
    for word in words:
        assert word in text


BAD_BYTES = {
    "empty.wav": (b"", "empty"),
    "empty.mp3": (b"", "empty"),
    "text.wav": (b"no audio at all\n" * 100, "text"),
    "text.mp3": ("nür Töxt\n".encode() * 1000, "text"),
    "noise.wav": (np.random.default_rng(3).bytes(5000), "no audio format"),
    "riff.wav": (b"RIFF\x24\x00\x00\x00WAVEfmt ", "damaged"),
    "header.flac": (b"fLaC\x00\x00\x00\x22" + bytes(30), "damaged"),
    "talk.raw": (bytes(1000), "sox -r RATE"),
    "header.sph": (sphere(0, b""), "after its header"),
    "short.sph": (sphere(1000, bytes(1000)), "0.03 s are there of 0.06 s"),
    "shorten.sph": (sphere(1000, bytes(1000), "pcm,embedded-shorten-v2.00"), "sph2pipe"),
    "other.sph": (sphere(1000, bytes(1000), "wavpack"), "sox IN"),
}


@pytest.mark.parametrize("name", BAD_BYTES)
def test_files_that_are_no_audio(tmp_path: Path, name: str, capfd: pytest.CaptureFixture[str]) -> None:
    content, words = BAD_BYTES[name]
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(AudioError) as caught:
        audio.read(path)
    one_sentence(caught.value, path, words)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("function", [audio.read, audio.duration_s, audio.probe])
def test_what_is_no_file(tmp_path: Path, function: Callable[[Path], object]) -> None:
    for path, words in ((tmp_path / "none.wav", "no such"), (tmp_path, "folder")):
        with pytest.raises(MissingFile) as caught:
            function(path)
        one_sentence(caught.value, path, words)


def test_a_header_alone(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "header.wav"
    path.write_bytes((folder / "chirp.wav").read_bytes()[:44])
    with pytest.raises(AudioError) as caught:
        audio.read(path)
    one_sentence(caught.value, path, "no samples", "ends after its header")
    soundfile.write(tmp_path / "none.wav", np.zeros(0), RATE_HZ)
    with pytest.raises(AudioError, match="no samples"):
        audio.read(tmp_path / "none.wav")
    assert audio.duration_s(tmp_path / "none.wav") == 0


CUT = {
    "s16.wav": ("chirp", "are there of 4.00 s"),
    "s16.aiff": ("chirp", "are there of 4.00 s"),
    "s16.flac": ("chirp", "of 4.00 s"),
    "vbr.mp3": ("chirp", "of 4.00 s"),
    "a.ogg": ("long", "last page is missing"),
    "a.opus": ("chirp", "last page is missing"),
    "a.m4a": ("chirp", "cannot be opened"),
    "fast.m4a": ("chirp", "of 4.0"),
    "a.webm": ("chirp", "of 4.0"),
}


@pytest.mark.parametrize("name", CUT)
def test_files_cut_short_are_not_taken_for_whole(folder: Path, tmp_path: Path, name: str) -> None:
    source, words = CUT[name]
    if name in LOSSLESS:
        whole = folder / f"cut-{name}"
        ffmpeg("-i", folder / "chirp.wav", *LOSSLESS[name], whole)
    else:
        whole = lossy(folder, name, source) if name in LOSSY else container(folder, name, source)
    path = tmp_path / name
    path.write_bytes(whole.read_bytes()[: whole.stat().st_size * 6 // 10])
    with pytest.raises(AudioError) as caught:
        audio.read(path)
    one_sentence(caught.value, path, words, "re-copy it")
    assert audio.read(whole).samples.size


@pytest.mark.parametrize(
    ("value", "words"), [(np.nan, "sample 7 is nan"), (-np.inf, "sample 7 is -inf"), (3e4, "reach 30000")]
)
@pytest.mark.parametrize("subtype", ["FLOAT", "DOUBLE"])
def test_samples_that_are_no_numbers(tmp_path: Path, subtype: str, value: float, words: str) -> None:
    path, samples = tmp_path / "a.wav", np.zeros((100, 2))
    samples[7, 1] = value
    soundfile.write(path, samples, RATE_HZ, subtype=subtype)
    with pytest.raises(AudioError) as caught:
        audio.read(path, start_s=0.0002)
    one_sentence(caught.value, path, words)


@pytest.mark.parametrize(
    ("start_s", "duration_s", "words"),
    [
        (4.0, None, "from 4 to 4 s"),
        (5.0, 1.0, "from 5 to 6 s"),
        (3.5, 0.6, "lasts 4.000 s"),
        (-0.1, 1.0, "from -0.1"),
        (1.0, -0.5, "from 1 to 0.5 s"),
        (1.0, 0.0, "from 1 to 1 s"),
        (float("nan"), None, "from nan"),
        (1.0, float("nan"), "to nan"),
        (1.0, 1e-6, "holds no sample"),
    ],
)
def test_spans_outside_the_file(folder: Path, start_s: float, duration_s: float | None, words: str) -> None:
    for rate_hz in (RATE_HZ, 8000):
        with pytest.raises(AudioError) as caught:
            audio.read(folder / "chirp.wav", rate_hz=rate_hz, start_s=start_s, duration_s=duration_s)
        one_sentence(caught.value, folder / "chirp.wav", words)


def test_a_span_may_end_a_little_behind_the_file(folder: Path) -> None:
    """Times in manifests are rounded: up to 50 ms more are forgiven, and nothing is made up for them."""
    assert len(audio.read(folder / "chirp.wav", start_s=3.0, duration_s=1.04).samples) == RATE_HZ


@pytest.mark.parametrize("channel", [2, -1])
def test_channels_that_are_not_there(folder: Path, channel: int) -> None:
    with pytest.raises(AudioError) as caught:
        audio.read(folder / "stereo.wav", channel=channel)
    one_sentence(caught.value, folder / "stereo.wav", f"no channel {channel}", "from 0 to 1")


def test_a_length_that_fits_in_no_memory(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Damage to the header of a FLAC can make it state years; the allocation is what fails."""

    def failing(*args: object, **kwargs: object) -> None:
        raise MemoryError

    monkeypatch.setattr(soundfile.SoundFile, "read", failing)
    with pytest.raises(AudioError) as caught:
        audio.read(folder / "chirp.wav")
    one_sentence(caught.value, folder / "chirp.wav", "4 s of audio", "by spans")


def test_a_codec_that_nobody_knows(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.mkv"
    path.write_bytes(container(folder, "a.mkv").read_bytes().replace(b"A_VORBIS", b"A_NOBODY"))
    with pytest.raises(AudioError) as caught:
        audio.read(path)
    one_sentence(caught.value, path, "coding that FFmpeg does not know")


def test_damage_anywhere_is_an_error_with_a_sentence_or_harmless(folder: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    wholes = [folder / "chirp.wav", *(lossy(folder, name) for name in LOSSY), container(folder, "a.m4a")]
    for whole in wholes:
        path = tmp_path / whole.name
        for _ in range(8):
            data = bytearray(whole.read_bytes())
            for place in rng.integers(0, min(len(data), 2000), 5):
                data[place] = rng.integers(256)
            path.write_bytes(data[: rng.integers(1, len(data))] if rng.random() < 0.3 else data)
            try:
                assert np.isfinite(audio.read(path, rate_hz=RATE_HZ, start_s=0.1).samples).all()
            except AudioError as error:
                one_sentence(error, path)


def test_a_video_without_sound(folder: Path) -> None:
    pytest.importorskip("av", reason="PyAV (extra video) is not installed")
    path = folder / "silent.mp4"
    ffmpeg("-f", "lavfi", "-i", "testsrc=duration=1:rate=5:size=64x64", "-c:v", "mpeg4", path)
    with pytest.raises(AudioError) as caught:
        audio.read(path)
    one_sentence(caught.value, path, "no audio track")


@pytest.mark.parametrize("name", ["a b: ünï 🎙.wav", "http:x.m4a"])
def test_names_with_spaces_colons_and_umlauts(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    source = container(folder, "a.m4a") if name.endswith("m4a") else folder / "chirp.wav"
    Path(name).write_bytes(source.read_bytes())
    assert len(audio.read(name).samples) >= 64000
