"""What a user names to be transcribed: found, read, loaded from a server that does whatever servers do."""

from __future__ import annotations

import http.server
import io
import os
import sys
import tarfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile

from asr.errors import AsrError, AudioError, ConfigError, DataError, DownloadError, MissingFile
from asr.inputs import Raw, Reading, Recording, find, merged, parse_channel, parse_raw
from asr.inputs.reading import Part, with_stdin
from asr.types import Channel, Hypothesis, Waveform, Word

RATE_HZ = 16000
ODD = ["with space.wav", "line\nbreak.wav", "-leading.wav", "😀.wav", "x.b.FLAC", "not-utf8-\udcff.wav"]


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"RIFF")


def names(recordings: list[Recording]) -> list[str]:
    return [recording.name for recording in recordings]


@pytest.fixture
def audios() -> Iterator[Callable[..., list[Part]]]:
    with ExitStack() as stack:
        yield lambda name, **how: Reading(**how).audios(Recording(str(name)), stack)


# ---- finding


def test_a_name_stays_as_it_was_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    touch(tmp_path, "b.wav", "a.wav")
    assert names(find(["./b.wav", "missing.wav", "a.wav", "a.wav"])) == ["./b.wav", "missing.wav", "a.wav"]
    assert [recording.size for recording in find(["a.wav", "missing.wav"])] == [4, 0]


def test_a_folder_is_the_audio_below_it(tmp_path: Path) -> None:
    touch(tmp_path, *ODD, "deep/er/z.mp4", "deep/a.ogg", "notes.txt", ".hidden.wav", ".trash/a.wav")
    (tmp_path / "deep" / "circle").symlink_to(tmp_path)
    found = find([str(tmp_path)])
    below = [os.path.relpath(name, tmp_path) for name in names(found)]
    assert below == [*sorted(ODD), "deep/a.ogg", "deep/er/z.mp4"]
    assert found[-1].fields()["relative"] == "deep/er/z"
    assert found[-1].fields() | {"folder": ""} == {"name": "z.mp4", "stem": "z", "folder": "", "relative": "deep/er/z"}


def test_a_pattern_is_what_it_matches_unless_a_file_has_that_name(tmp_path: Path) -> None:
    touch(tmp_path, "a1.wav", "a2.wav", "b/c/a3.wav", "odd[1].wav")
    assert names(find([f"{tmp_path}/a?.wav"])) == [f"{tmp_path}/a1.wav", f"{tmp_path}/a2.wav"]
    deep = find([f"{tmp_path}/**/a*.wav"])
    assert [recording.fields()["relative"] for recording in deep] == ["a1", "a2", "b/c/a3"]
    assert names(find([f"{tmp_path}/odd[1].wav"])) == [f"{tmp_path}/odd[1].wav"]


@pytest.mark.parametrize("ending", [b"\n", b"\r\n", b"\0"])
def test_a_list_names_a_file_a_line_or_ended_by_zeros(tmp_path: Path, ending: bytes) -> None:
    given = [name for name in ODD if ending == b"\0" or "\n" not in name]
    (tmp_path / "list").write_bytes(b"".join(os.fsencode(name) + ending for name in given) + ending)
    assert names(find(["first.wav"], [tmp_path / "list"])) == ["first.wav", *given]


def test_a_list_comes_on_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"\xef\xbb\xbfa.wav\nb.wav\n")))
    assert names(find([], [Path("-")])) == ["a.wav", "b.wav"]


@pytest.mark.parametrize(
    ("given", "lists", "error", "says"),
    [
        (["-", "-"], [], DataError, "named twice"),
        (["-"], ["-"], DataError, "named twice"),
        ([], ["{}/blank"], DataError, "names no file"),
        ([], ["{}/none"], MissingFile, "no such list"),
    ],
)
def test_what_names_nothing_is_refused(
    tmp_path: Path, given: list[str], lists: list[str], error: type[AsrError], says: str
) -> None:
    (tmp_path / "blank").write_text("\n \n")
    with pytest.raises(error, match=says):
        find([name.format(tmp_path) for name in given], [Path(name.format(tmp_path)) for name in lists])


def test_an_address_and_standard_input_have_names_for_files() -> None:
    fields = [one.fields()["stem"] for one in find(["https://x.org/a/b%2Fc%20d.mp3?q=1", "HTTP://x.org/", "-"])]
    assert fields == ["b_c d", "x", "stdin"]


def test_what_holds_and_matches_nothing_is_refused_when_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    given = [f"{tmp_path}/empty", f"{tmp_path}/*.mp3"]
    assert names(find(given)) == given


def test_an_archive_stands_for_the_audio_in_it(tmp_path: Path) -> None:
    inside = ["b.wav", "deep/a.FLAC", "notes.txt", ".hidden.wav", "odd [1].ogg"]
    touch(tmp_path, *inside)
    for name in ("a", "b"):
        with tarfile.open(tmp_path / f"{name}.tar", "w") as archive:
            for member in inside:
                archive.add(tmp_path / member, member)
    audio = ["b.wav", "deep/a.FLAC", "odd [1].ogg"]
    found = find([f"{tmp_path}/a.tar"])
    assert names(found) == [f"{tmp_path}/a.tar/{name}" for name in audio]
    assert {recording.size for recording in found} == {4}
    assert found[1].fields()["relative"] == "deep/a"
    matching = find([f"{tmp_path}/?.tar"])
    assert names(matching) == [f"{tmp_path}/{tar}.tar/{name}" for tar in "ab" for name in audio]
    assert matching[-2].fields()["relative"] == "b.tar/deep/a"
    for one in found:
        assert find([one.name]) == [one._replace(root="")]


def test_an_archive_that_holds_no_audio_or_is_damaged_says_so(
    tmp_path: Path, audios: Callable[..., list[Part]]
) -> None:
    with tarfile.open(tmp_path / "empty.tar", "w"):
        pass
    (tmp_path / "text.tar").write_text("no archive")
    for name, says in {"empty.tar": "holds no audio", "text.tar": "is no tar archive"}.items():
        assert names(find([f"{tmp_path}/{name}"])) == [f"{tmp_path}/{name}"]
        with pytest.raises(AudioError, match=rf"{name}: {says}"):
            audios(tmp_path / name)


# ---- reading


def stereo(path: Path) -> np.ndarray:
    samples = np.random.default_rng(0).uniform(-0.5, 0.5, (1600, 2)).astype(np.float32)  # [T, C]
    soundfile.write(path, samples, RATE_HZ, subtype="FLOAT")
    return samples


def test_a_file_as_a_whole_is_left_to_the_recogniser(tmp_path: Path, audios: Callable[..., list[str]]) -> None:
    assert audios(tmp_path / "missing.wav") == [str(tmp_path / "missing.wav")]


def test_channels_are_left_to_the_recogniser_too(tmp_path: Path, audios: Callable[..., list[Channel]]) -> None:
    path = tmp_path / "a.wav"
    stereo(path)
    for text, numbers in {"left": [0], "right": [1], "2": [1], "split": [0, 1]}.items():
        assert audios(path, channel=parse_channel(text)) == [Channel(str(path), number) for number in numbers]
    with pytest.raises(AudioError, match=r"a\.wav: has 2 channels and no channel 3"):
        audios(tmp_path / "a.wav", channel=3)


@pytest.mark.parametrize("text", ["0", "-1", "middle", "", "1.5"])
def test_a_channel_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="channel: unknown"):
        parse_channel(text)


@pytest.mark.parametrize(
    ("form", "dtype"), [("8000", "<i2"), ("8000,s16be", ">i2"), ("8000,f32le", "<f4"), ("8000,s32le,1", "<i4")]
)
def test_raw_samples_are_read_in_the_form_stated(
    tmp_path: Path, audios: Callable[..., list[Waveform]], form: str, dtype: str
) -> None:
    samples = np.linspace(-0.5, 0.5, 800)
    scale = 1 if "f" in dtype else 2.0 ** (8 * np.dtype(dtype).itemsize - 1)
    (tmp_path / "a").write_bytes((samples * scale).astype(dtype).tobytes())
    (read,) = audios(tmp_path / "a", raw=parse_raw(form))
    assert (len(read.samples), read.rate_hz) == (800, 8000)
    assert np.abs(read.samples - samples).max() < 1e-4


def test_channels_of_raw_samples(tmp_path: Path, audios: Callable[..., list[Waveform]]) -> None:
    (tmp_path / "a").write_bytes(np.array([[8192, -8192], [16384, 0]], "<i2").tobytes())
    raw = parse_raw(f"{RATE_HZ},s16le,2")
    assert [list(one.samples) for one in audios(tmp_path / "a", raw=raw, channel="split")] == [[0.25, 0.5], [-0.25, 0]]
    assert list(audios(tmp_path / "a", raw=raw)[0].samples) == [0.0, 0.25]


def test_raw_samples_that_do_not_fit_their_form(tmp_path: Path, audios: Callable[..., list[Waveform]]) -> None:
    for content in (b"", b"abc"):
        (tmp_path / "a").write_bytes(content)
        with pytest.raises(AudioError, match=f"has {len(content)} bytes"):
            audios(tmp_path / "a", raw=Raw(RATE_HZ))
    with pytest.raises(MissingFile):
        audios(tmp_path / "none", raw=Raw(RATE_HZ))


@pytest.mark.parametrize("text", ["", "fast", "0", "8000,s17le", "8000,s16le,0", "8000,s16le,65", "8000,s16le,1,1"])
def test_a_form_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="raw audio: "):
        parse_raw(text)


def test_standard_input_is_kept_until_it_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"abc")))
    recording = Recording("-")
    with ExitStack() as stack:
        reading = with_stdin([recording], Reading(), stack)
        (path,) = reading.audios(recording, stack)
        assert isinstance(path, str)
        assert Path(path).read_bytes() == b"abc"
    assert not Path(path).exists()


@pytest.mark.parametrize("name", ["x" * 5000 + ".wav", "zero\0byte.wav"])
def test_a_name_that_cannot_be_one(audios: Callable[..., list[str]], name: str) -> None:
    with pytest.raises(AudioError, match="cannot be opened"):
        audios(name)


# ---- channels put together


def test_channels_are_merged_by_turns() -> None:
    def spoken(*words: tuple[str, float]) -> Hypothesis:
        return Hypothesis("", tuple(Word(text, at_s, at_s + 0.2, 0.5) for text, at_s in words), 0.5)

    both = merged([spoken(("how", 0.0), ("are", 0.3), ("fine", 3.0)), spoken(("well", 0.25), ("and", 2.0))])
    assert both.text == "1: how are\n2: well and\n1: fine"
    assert [word.channel for word in both.words] == [1, 1, 2, 2, 1]
    assert both.confidence == 0.5
    assert merged([Hypothesis(""), Hypothesis("")]) == Hypothesis("")


def test_warnings_of_channels_name_them_unless_they_are_about_all() -> None:
    low, high = Hypothesis("", warnings=("is low", "is odd")), Hypothesis("", warnings=("is odd", "is high"))
    assert merged([low, high]).warnings == ("is odd", "channel 1 is low", "channel 2 is high")


# ---- addresses


class Server(http.server.BaseHTTPRequestHandler):
    """Answers by the name of what is asked for."""

    def do_GET(self) -> None:
        kind = self.path.strip("/").partition(".")[0]
        if kind in ("file", "loop"):
            target = "file:///etc/passwd" if kind == "file" else "/loop.wav"
            self._head(302, {"Location": target})
        elif kind == "page":
            self._head(200, {"Content-Type": "text/html; charset=utf-8"})
        elif kind == "none":
            self._head(404, {})
        elif kind == "announced":
            self._head(200, {"Content-Length": str(10**9)})
        else:
            self._head(200, {"Content-Length": "9"} if kind == "short" else {})
            for _ in range({"endless": 10**6}.get(kind, 1)):
                try:
                    self.wfile.write(b"content" * (1000 if kind == "endless" else 1))
                except OSError:
                    return

    def _head(self, code: int, headers: dict[str, str]) -> None:
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def test_an_address_is_loaded_and_removed(address: str) -> None:
    with ExitStack() as stack:
        (path,) = Reading().audios(Recording(f"{address}/a.wav"), stack)
        assert Path(str(path)).read_bytes() == b"content"
    assert not Path(str(path)).exists()


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("file.wav", "302"),
        ("loop.wav", "302"),
        ("page.wav", "answers with a page for people"),
        ("none.wav", "answers 404"),
        ("announced.wav", "has 1000 MB, more than 1; raise --url-mb"),
        ("endless.wav", "sends more than 1 MB"),
        ("short.wav", "breaks off after 7 of 9 bytes"),
    ],
)
def test_an_address_that_gives_no_audio(address: str, tmp_path: Path, name: str, says: str) -> None:
    with ExitStack() as stack, pytest.raises(DownloadError, match=says) as caught:
        Reading(url_mb=1.0).audios(Recording(f"{address}/{name}"), stack)
    assert str(caught.value).startswith(f"{address}/{name}: ")


def test_an_address_may_take_so_long_and_no_longer(address: str) -> None:
    with ExitStack() as stack, pytest.raises(DownloadError, match="takes more than 1e-06 s"):
        Reading(url_s=1e-6).audios(Recording(f"{address}/endless.wav"), stack)
    with ExitStack() as stack, pytest.raises(ConfigError, match="time_s is 0"):
        Reading(url_s=0.0).audios(Recording(f"{address}/a.wav"), stack)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/a.wav", "http:///a.wav", "http://[::bad/a.wav"])
def test_an_address_where_nobody_answers(url: str) -> None:
    with ExitStack() as stack, pytest.raises(DownloadError, match="cannot be loaded"):
        Reading().audios(Recording(url), stack)
