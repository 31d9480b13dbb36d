"""Audio inside tar archives: read as it is outside of them, and missed with a sentence."""

from __future__ import annotations

import io
import shutil
import tarfile
from pathlib import Path

import numpy as np
import pytest
import soundfile

from asr import audio, manifest, tars
from asr.errors import AudioError, ManifestError, MissingFile
from asr.types import Utterance

RATE_HZ = 16000


def noise(seconds: float = 1.0) -> np.ndarray:
    return 0.1 * np.random.default_rng(0).standard_normal(round(seconds * RATE_HZ))


def packed(folder: Path, *files: Path, name: str = "a.tar", **options: int) -> Path:
    with tarfile.open(folder / name, "w", **options) as archive:  # type: ignore[call-overload]
        for file in files:
            archive.add(file, file.name)
    return folder / name


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg", "a.mp3", "a.aiff", "with space ü.wav"])
def test_audio_in_an_archive_is_that_outside(tmp_path: Path, name: str) -> None:
    outside = tmp_path / name
    soundfile.write(outside, noise(), RATE_HZ)
    inside = packed(tmp_path, outside) / name
    assert audio.probe(inside) == audio.probe(outside)
    np.testing.assert_array_equal(audio.read(inside).samples, audio.read(outside).samples)
    part = Utterance("u", inside, "", 0.5, start_s=0.25)
    np.testing.assert_array_equal(
        audio.read_utterance(part, 8000).samples,
        audio.read(outside, rate_hz=8000, start_s=0.25, duration_s=0.5).samples,
    )


def test_an_mp3_without_index_is_read_whole_in_an_archive_too(tmp_path: Path, test_data: Path) -> None:
    source = next((test_data / "librispeech-sample" / "LibriSpeech" / "dev-sample").rglob("*.mp3"))
    data = source.read_bytes()
    (tmp_path / "a.mp3").write_bytes(data + data)  # joined: the index of the first speaks of half
    inside = packed(tmp_path, tmp_path / "a.mp3") / "a.mp3"
    assert audio.duration_s(inside) == audio.duration_s(tmp_path / "a.mp3") > 1.9 * audio.duration_s(source)


def test_what_ffmpeg_decodes_is_read_in_an_archive_too(tmp_path: Path) -> None:
    av = pytest.importorskip("av", reason="PyAV (extra video) is not installed")
    with av.open(str(tmp_path / "a.m4a"), "w") as file:
        stream = file.add_stream("aac", rate=RATE_HZ)
        frame = av.AudioFrame.from_ndarray(noise()[None].astype(np.float32), format="fltp", layout="mono")
        frame.rate = RATE_HZ
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            file.mux(packet)
    outside = tmp_path / "a.m4a"
    inside = packed(tmp_path, outside) / "a.m4a"
    assert audio.probe(inside) == audio.probe(outside)
    np.testing.assert_array_equal(audio.read(inside, start_s=0.6).samples, audio.read(outside, start_s=0.6).samples)


def test_an_open_member_is_like_an_open_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = np.random.default_rng(0).bytes(5000)
    for name in ("a", "b"):
        (tmp_path / name).write_bytes(content)
    (tmp_path / "none").touch()
    archive = packed(tmp_path, *(tmp_path / name for name in ("a", "b", "none")))
    monkeypatch.setattr(tars, "_BUFFER", 100)
    with tars.opened(archive / "b") as member, tars.opened(tmp_path / "b") as file:
        for whence, offset, count in [(0, 10, 20), (1, -5, 300), (2, -10, 30), (2, 5, 1), (0, 0, -1), (0, 0, 1)]:
            assert member.seek(offset, whence) == file.seek(offset, whence)
            assert member.read(count) == file.read(count)
            assert member.tell() == file.tell()
    assert tars.size(archive / "b") == 5000
    with tars.opened(archive / "none") as member:
        assert member.read() == b""


@pytest.mark.parametrize("kind", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_members_of_every_kind_of_tar_are_found(tmp_path: Path, kind: int) -> None:
    names = ["a.wav", "deep/er/b.wav", "./c.wav", "z" * 90 + ".wav"] + ["x" * 120 + "ü.wav"] * (
        kind != tarfile.USTAR_FORMAT
    )
    with tarfile.open(tmp_path / "a.tar", "w", format=kind) as archive:
        for number, name in enumerate(names):
            member = tarfile.TarInfo(name)
            member.size = 1
            archive.addfile(member, io.BytesIO(bytes([number])))
    for number, name in enumerate(names):
        with tars.opened(tmp_path / "a.tar" / name) as file:
            assert file.read() == bytes([number])
    assert sorted(tars.members(tmp_path / "a.tar")) == sorted(str(tmp_path / "a.tar" / name) for name in names)


def test_of_equal_names_the_last_counts_and_an_archive_may_change(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    for content in (b"1", b"22"):
        with tarfile.open(path, "a") as archive:
            member = tarfile.TarInfo("a")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        with tars.opened(path / "a") as file:
            assert file.read() == content


def test_a_folder_may_be_called_like_an_archive(tmp_path: Path) -> None:
    (tmp_path / "a.tar").mkdir()
    soundfile.write(tmp_path / "a.tar" / "a.wav", noise(), RATE_HZ)
    assert tars.split(tmp_path / "a.tar" / "a.wav") is None
    assert len(audio.read(tmp_path / "a.tar" / "a.wav").samples) == RATE_HZ


def test_what_is_not_in_an_archive_is_named(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", noise(), RATE_HZ)
    archive = packed(tmp_path, tmp_path / "a.wav")
    for name in ("b.wav", "a.wa", "a.wavv", "b.mp3", "b.ogg"):
        assert not tars.is_file(archive / name)
        with pytest.raises(MissingFile, match=f"{name}: the archive has no such member"):
            audio.read(archive / name)
    with pytest.raises(MissingFile, match=r"no such audio file"):
        audio.read(tmp_path / "none.tar" / "a.wav")
    (tmp_path / "text").write_text("no audio")
    with pytest.raises(AudioError, match=r"text: is text"):
        audio.read(packed(tmp_path, tmp_path / "text", name="t.tar") / "text")


@pytest.mark.parametrize("size", [0.6, 100])
def test_a_damaged_archive_is_named(tmp_path: Path, size: float) -> None:
    for name in "ab":
        soundfile.write(tmp_path / f"{name}.wav", noise(), RATE_HZ)
    archive = packed(tmp_path, tmp_path / "a.wav", tmp_path / "b.wav")
    data = archive.read_bytes()
    archive.write_bytes(data[: int(size * len(data))] if size < 1 else b"\x1f\x8b" + data)
    with pytest.raises(AudioError, match=r"a\.tar: is no tar archive, or is cut short") as caught:
        audio.read(archive / "b.wav")
    assert "\n" not in str(caught.value)


def test_a_manifest_may_name_audio_in_archives_and_moves_with_them(tmp_path: Path) -> None:
    old = tmp_path / "old"
    (old / "shards").mkdir(parents=True)
    soundfile.write(tmp_path / "a.wav", noise(), RATE_HZ)
    archive = packed(old / "shards", tmp_path / "a.wav")
    manifest.write(old / "m.jsonl", [Utterance("a", archive / "a.wav", "", 1.0)])
    assert '"shards/a.tar/a.wav"' in (old / "m.jsonl").read_text()
    shutil.move(old, tmp_path / "new")
    (utterance,) = manifest.read(tmp_path / "new" / "m.jsonl")
    assert len(audio.read_utterance(utterance, RATE_HZ).samples) == RATE_HZ
    manifest.write(
        tmp_path / "new" / "m.jsonl", [utterance, Utterance("b", utterance.audio.with_name("b.wav"), "", 1.0)]
    )
    with pytest.raises(ManifestError, match=r"m\.jsonl:2: .*a\.tar/b\.wav: the audio file of 'b' is not there"):
        manifest.read(tmp_path / "new" / "m.jsonl")
