"""Downloads as a whole: the tables, what is chosen, the room, the folder, and the commands, from a server near by."""

from __future__ import annotations

import functools
import hashlib
import http.server
import importlib.util
import io
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import numpy as np
import pytest
import soundfile
from commands import run

import asr
from asr import manifest
from asr.corpora import CORPORA, prepare
from asr.downloads import ARCHIVES, BY_HAND, Archive, Patience, Quiet, download, place, select
from asr.downloads.report import amount
from asr.errors import AsrError, ConfigError, CorpusError, DownloadError, OutputError

CHECKOUT = Path(__file__).resolve().parent.parent
PATIENCE = Patience(timeout_s=10.0, tries=2, pause_s=0.01)
TABLE = [(corpus, archive) for corpus, archives in ARCHIVES.items() for archive in archives]
PARTS = ("train-clean-5", "dev-clean-2", "test-clean")


# ---- the tables


@pytest.mark.parametrize(("corpus", "archive"), TABLE, ids=[f"{corpus}:{archive.part}" for corpus, archive in TABLE])
def test_every_archive_can_be_found_and_checked(corpus: str, archive: Archive) -> None:
    assert archive.urls
    for url in archive.urls:
        assert urlsplit(url).scheme in ("http", "https")
    assert re.fullmatch(r"(sha256:[0-9a-f]{64}|md5:[0-9a-f]{32})?", archive.digest)
    assert bool(archive.digest) == bool(archive.origin), "a digest has somebody who published it"
    if not archive.digest:
        assert archive.exact, "where there is no digest, the size is known to the byte"
        assert {urlsplit(url).scheme for url in archive.urls} == {"https"}
    assert archive.size > 0
    assert archive.grows >= 1
    assert re.fullmatch(r"[\w.-]+\.(tar\.gz|tgz|tar\.bz2|zip)", archive.file)
    assert re.fullmatch(r"[\w.-]+", archive.part)


@pytest.mark.parametrize("corpus", ARCHIVES)
def test_parts_and_files_are_not_named_twice(corpus: str) -> None:
    for names in ([each.part for each in ARCHIVES[corpus]], [each.file for each in ARCHIVES[corpus]]):
        assert len(set(names)) == len(names)


@pytest.mark.parametrize("corpus", sorted(ARCHIVES))
def test_what_is_loaded_makes_the_splits_of_the_preparer(corpus: str) -> None:
    """Where there is a preparer yet; a corpus whose archives are no choice of splits says nothing about them."""
    named = {split for archive in ARCHIVES[corpus] for split in archive.splits}
    if corpus in CORPORA and named:
        assert named == set(CORPORA[corpus].splits)


def test_digests_and_files_are_of_one_archive_each() -> None:
    digests = [archive.digest for _, archive in TABLE if archive.digest]
    assert len(set(digests)) == len(digests) > 40


def test_what_may_not_be_loaded_is_in_no_table_and_says_how_it_is_got() -> None:
    assert set(BY_HAND) >= {"commonvoice", "timit"}
    assert set(BY_HAND).isdisjoint(ARCHIVES)
    for corpus in BY_HAND:
        with pytest.raises(CorpusError, match=rf"{corpus} cannot be downloaded: .*https?://"):
            select(corpus)


def test_the_page_is_what_the_tables_say() -> None:
    if not (CHECKOUT / "tools").is_dir():
        pytest.skip("only in a checkout, where the tools are")
    spec = importlib.util.spec_from_file_location("corpora_page", CHECKOUT / "tools" / "corpora_page.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.PAGE.read_text(encoding="utf-8") == module.page(), "run: python tools/corpora_page.py"


# ---- what is chosen


def test_a_corpus_in_one_piece_needs_no_choice() -> None:
    assert [archive.part for archive in select("an4")] == ["sphere"]
    assert [archive.part for archive in select("aishell1")] == ["data", "resource"]
    assert [archive.part for archive in select("thchs30")] == ["data"]


def test_parts_come_in_the_order_that_is_asked_for_and_once() -> None:
    chosen = select("librispeech", ["test-clean", "dev-clean-2", "test-clean"])
    assert [archive.file for archive in chosen] == ["test-clean.tar.gz", "dev-clean-2.tar.gz"]


@pytest.mark.parametrize(
    ("corpus", "splits", "says"),
    [
        ("librispeech", [], "choose among its splits, .* train-clean-5 .333 MB.*, train-other-500 .30.6 GB."),
        ("librispeech", ["train-clean-10"], "no split 'train-clean-10' to download; did you mean 'train-clean-100'"),
        ("an4", ["train"], "known: sphere"),
        ("librispech", [], "did you mean 'librispeech'"),
    ],
)
def test_a_wrong_choice_is_a_sentence(corpus: str, splits: list[str], says: str, tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=says):
        download(corpus, tmp_path / "x", splits)
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("mirror", ["example.org/x", "file:///etc", "ftp://example.org", "https://"])
def test_a_mirror_is_a_web_address(mirror: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is no address"):
        download("an4", tmp_path / "x", mirrors=[mirror])


def test_sizes_are_said_as_people_do() -> None:
    sizes = [0, 999, 1000, 332_954_390, 999_600_000, 1_035_537_823, 30_593_501_606, 651 * 10**9, 24 * 10**11]
    said = ["0 bytes", "999 bytes", "1 kB", "333 MB", "1.0 GB", "1.0 GB", "30.6 GB", "651 GB", "2.4 TB"]
    assert [amount(size) for size in sizes] == said


# ---- a server and a corpus near by


def packed(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def recording(seed: int) -> bytes:
    buffer = io.BytesIO()
    samples = np.random.default_rng(seed).normal(0, 0.1, 1600)
    soundfile.write(buffer, samples, 16000, format="FLAC")
    return buffer.getvalue()


def part_of_librispeech(part: str, speaker: int) -> bytes:
    stem = f"LibriSpeech/{part}/{speaker}/7/{speaker}-7"
    texts = f"{speaker}-7-0000 ONE\n{speaker}-7-0001 TWO\n".encode()
    audio = {f"{stem}-000{n}.flac": recording(10 * speaker + n) for n in (0, 1)}
    return packed({"LibriSpeech/SPEAKERS.TXT": part.encode(), f"{stem}.trans.txt": texts, **audio})


class Library(NamedTuple):
    """A server with archives, whose table is the one that is used."""

    folder: Path
    url: str
    requests: list[str]


@pytest.fixture
def library(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Library]:
    requests: list[str] = []

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_request(self, *arguments: Any) -> None:
            requests.append(self.path)

        def log_message(self, *arguments: Any) -> None:
            pass

    folder = tmp_path_factory.mktemp("server")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(folder)))
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    library = Library(folder, f"http://127.0.0.1:{server.server_port}", requests)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    contents = {part: part_of_librispeech(part, 100 + n) for n, part in enumerate(PARTS)}
    monkeypatch.setitem(ARCHIVES, "librispeech", tuple(shelve(library, part, contents[part]) for part in PARTS))
    yield library
    server.shutdown()
    server.server_close()


def shelve(library: Library, part: str, content: bytes, **fields: Any) -> Archive:
    """Put an archive on the server and return its entry in the table."""
    (library.folder / f"{part}.tar.gz").write_bytes(content)
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    given = {"digest": digest, "origin": "here", "default": False} | fields
    return Archive(part, f"{part}.tar.gz", (f"{library.url}/{part}.tar.gz",), len(content), **given)


class Notes(Quiet):
    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, sentence: str) -> None:
        self.notes.append(sentence)


def tree(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


# ---- the folder


def test_parts_of_a_corpus_come_together_in_one_folder(library: Library, tmp_path: Path) -> None:
    report = Notes()
    download("librispeech", tmp_path / "corpus", PARTS, report=report, patience=PATIENCE)
    assert tree(tmp_path / "corpus") == sorted(
        [
            *(f"archives/{part}.tar.gz{ending}" for part in PARTS for ending in ("", ".done")),
            "archives/.lock",
            "LibriSpeech/SPEAKERS.TXT",
            *(
                f"LibriSpeech/{part}/{100 + n}/7/{100 + n}-7{rest}"
                for n, part in enumerate(PARTS)
                for rest in (".trans.txt", "-0000.flac", "-0001.flac")
            ),
        ]
    )
    assert report.notes[0].startswith("librispeech: train-clean-5, dev-clean-2, test-clean: ")
    assert "free in" in report.notes[0]


def test_a_second_run_asks_for_nothing(library: Library, tmp_path: Path) -> None:
    download("librispeech", tmp_path, PARTS, patience=PATIENCE)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.flac")}
    library.requests.clear()
    report = Notes()
    download("librispeech", tmp_path, PARTS, report=report, patience=PATIENCE)
    assert library.requests == []
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.flac")} == before
    assert report.notes == [f"librispeech: {', '.join(PARTS)}: in {tmp_path} already"]


def test_only_what_is_missing_is_loaded(library: Library, tmp_path: Path) -> None:
    download("librispeech", tmp_path, PARTS[:1], patience=PATIENCE)
    library.requests.clear()
    download("librispeech", tmp_path, PARTS, patience=PATIENCE)
    assert library.requests == ["/dev-clean-2.tar.gz", "/test-clean.tar.gz"]
    library.requests.clear()
    shutil.rmtree(tmp_path / "LibriSpeech" / "test-clean")
    (tmp_path / "archives" / "dev-clean-2.tar.gz.done").write_text("{")  # as a full disk may leave it
    download("librispeech", tmp_path, PARTS, patience=PATIENCE)
    assert library.requests == [], "the archives are there"
    assert len(list(tmp_path.rglob("*.flac"))) == 6


def test_an_archive_that_was_published_anew_is_loaded_again(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    download("librispeech", tmp_path, PARTS[:1], patience=PATIENCE)
    newer = shelve(library, PARTS[0], part_of_librispeech(PARTS[0], 200))
    monkeypatch.setitem(ARCHIVES, "librispeech", (newer,))
    with pytest.raises(
        DownloadError, match=r"train-clean-5\.tar\.gz: .*remove it, and the same command loads it again"
    ):
        download("librispeech", tmp_path, PARTS[:1], patience=PATIENCE)
    (tmp_path / "archives" / "train-clean-5.tar.gz").unlink()
    download("librispeech", tmp_path, PARTS[:1], patience=PATIENCE)
    assert (tmp_path / "LibriSpeech/train-clean-5/200/7/200-7-0000.flac").is_file()


def test_archives_can_be_deleted_and_are_not_loaded_again(library: Library, tmp_path: Path) -> None:
    for _ in range(2):
        download("librispeech", tmp_path, PARTS, keep_archives=False, patience=PATIENCE)
        assert not list(tmp_path.rglob("*.tar.gz"))
        assert len(list(tmp_path.rglob("*.flac"))) == 6
    assert len(library.requests) == 3


def test_an_archive_that_was_brought_by_hand_is_checked_and_used(library: Library, tmp_path: Path) -> None:
    (tmp_path / "archives").mkdir()
    shutil.copy(library.folder / "dev-clean-2.tar.gz", tmp_path / "archives")
    download("librispeech", tmp_path, ["dev-clean-2"], patience=PATIENCE)
    assert library.requests == []
    assert len(list(tmp_path.rglob("*.flac"))) == 2
    (tmp_path / "archives" / "test-clean.tar.gz").write_bytes(b"something else")
    with pytest.raises(DownloadError, match="has 14 bytes where"):
        download("librispeech", tmp_path, ["test-clean"], patience=PATIENCE)


def test_a_mirror_of_the_users_own_is_asked_first(library: Library, tmp_path: Path) -> None:
    (library.folder / "corpora").mkdir()
    shutil.copy(library.folder / "test-clean.tar.gz", library.folder / "corpora")
    mirrors = [f"{library.url}/corpora/"]
    download("librispeech", tmp_path, ["test-clean", "dev-clean-2"], mirrors=mirrors, patience=PATIENCE)
    assert library.requests == ["/corpora/test-clean.tar.gz", "/corpora/dev-clean-2.tar.gz", "/dev-clean-2.tar.gz"]


def test_an_archive_without_a_folder_gets_one_and_its_digest_is_printed_where_none_is_published(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = packed({"yes/1.wav": b"1", "no/1.wav": b"2"})
    words = shelve(library, "words", content, digest="", origin="", into="words_v1", default=True)
    monkeypatch.setitem(ARCHIVES, "speech_commands", (words,))
    report = Notes()
    download("speech_commands", tmp_path, report=report, patience=PATIENCE)
    assert (tmp_path / "words_v1" / "yes" / "1.wav").read_bytes() == b"1"
    (note,) = [note for note in report.notes if "nobody has published its digest" in note]
    assert f"sha256:{hashlib.sha256(content).hexdigest()} is what has come" in note


def test_archives_inside_are_unpacked(library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = packed({"train/S2/1.wav": b"1"})
    outer = packed({"data_aishell/wav/S2.tar.gz": inner, "data_aishell/transcript/t.txt": b"t"})
    data = shelve(library, "data", outer, nested="data_aishell/wav/*.tar.gz")
    monkeypatch.setitem(ARCHIVES, "aishell1", (data,))
    download("aishell1", tmp_path, ["data"], keep_archives=False, patience=PATIENCE)
    assert [name for name in tree(tmp_path) if not name.startswith("archives")] == [
        "data_aishell/transcript/t.txt",
        "data_aishell/wav/train/S2/1.wav",
    ]


def test_an_archive_that_means_no_good_leaves_nothing(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    evil = shelve(library, "evil", packed({"LibriSpeech/good.txt": b"1", "../../evil.txt": b"2"}))
    monkeypatch.setitem(ARCHIVES, "librispeech", (evil,))
    with pytest.raises(CorpusError, match="leads out of the folder"):
        download("librispeech", tmp_path / "corpus", ["evil"], patience=PATIENCE)
    assert tree(tmp_path / "corpus") == ["archives/.lock", "archives/evil.tar.gz"]
    assert not list(tmp_path.rglob("evil.txt"))


def test_a_run_that_was_stopped_while_unpacking_begins_that_again(library: Library, tmp_path: Path) -> None:
    class Impatient(Quiet):
        def progress(self, what: str, done: int, total: int) -> None:
            if what.startswith("unpacking dev-clean-2"):
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt, match="the same command goes on"):
        download("librispeech", tmp_path, PARTS, report=Impatient(), patience=PATIENCE)
    assert not (tmp_path / "LibriSpeech" / "dev-clean-2").exists(), "half of it would look like the whole"
    assert (tmp_path / "LibriSpeech" / "train-clean-5").is_dir()
    assert (tmp_path / "archives" / ".dev-clean-2.tar.gz.unpacking").is_dir()
    (tmp_path / "archives" / ".dev-clean-2.tar.gz.unpacking" / "rest.txt").write_text("of another time")
    download("librispeech", tmp_path, PARTS, patience=PATIENCE)
    assert len(library.requests) == 3
    assert len(list(tmp_path.rglob("*.flac"))) == 6
    assert not list(tmp_path.rglob("*unpacking")) + list(tmp_path.rglob("rest.txt"))


def test_a_folder_in_use_is_not_touched(library: Library, tmp_path: Path) -> None:
    with place.locked(tmp_path), pytest.raises(OutputError, match="another process is loading into it"):
        download("librispeech", tmp_path, PARTS, patience=PATIENCE)
    assert library.requests == []
    download("librispeech", tmp_path, PARTS[:1], patience=PATIENCE)


def test_a_folder_that_cannot_be_made_is_a_sentence(library: Library, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match=r"archives/.lock: cannot be written"):
        download("librispeech", tmp_path / "file", PARTS, patience=PATIENCE)


# ---- the room


def free(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    usage = shutil.disk_usage(".")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=size))


def test_room_is_asked_for_before_anything_is_loaded(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archives = ARCHIVES["librispeech"]
    packed, content = sum(each.size for each in archives), sum(each.unpacked_size for each in archives)
    needed = round(1.05 * (packed + content))
    free(monkeypatch, needed - 1)
    with pytest.raises(OutputError, match=r"has no room \(.* to load, about .* unpacked, .* free, .* needed\)"):
        download("librispeech", tmp_path / "new" / "corpus", PARTS, patience=PATIENCE)
    assert library.requests == []
    free(monkeypatch, needed)
    download("librispeech", tmp_path / "new" / "corpus", PARTS, patience=PATIENCE)


def test_what_is_there_needs_no_room_again(library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, _ = ARCHIVES["librispeech"]
    download("librispeech", tmp_path, [first.part], patience=PATIENCE)
    (tmp_path / "archives" / f"{second.file}.part").write_bytes((library.folder / second.file).read_bytes()[:1000])
    free(monkeypatch, round(1.05 * (second.size - 1000 + second.unpacked_size)))
    download("librispeech", tmp_path, [first.part, second.part], patience=PATIENCE)


def test_without_the_archives_less_room_is_needed(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archives = ARCHIVES["librispeech"]
    content, largest = sum(each.unpacked_size for each in archives), max(each.size for each in archives)
    free(monkeypatch, round(1.05 * (content + largest)))
    with pytest.raises(OutputError, match="have the archives deleted once they are unpacked"):
        download("librispeech", tmp_path, PARTS, patience=PATIENCE)
    download("librispeech", tmp_path, PARTS, keep_archives=False, patience=PATIENCE)


# ---- prepare, from Python and as a command


@pytest.mark.usefixtures("library")
def test_a_corpus_is_loaded_and_prepared_in_one_command(tmp_path: Path) -> None:
    out = tmp_path / "data"
    result = run("prepare", "librispeech", "--download", "--splits", ",".join(PARTS), "--out", out)
    assert result.exit_code == 0, result.stderr
    assert result.stdout.split() == [str(out / f"{split}.jsonl") for split in ("train", "dev", "test")]
    (first, second) = manifest.read(out / "train.jsonl")
    assert (first.id, first.text, second.text) == ("100-7-0000", "ONE", "TWO")
    assert first.audio == out / "source/LibriSpeech/train-clean-5/100/7/100-7-0000.flac"
    for line in ("loading from http://127.0.0.1", "unpacking test-clean.tar.gz", "licence: CC BY 4.0"):
        assert line in result.stderr
    assert "\r" not in result.stderr, "a bar is for terminals"
    again = run("prepare", "librispeech", "--source", out / "source", "--out", tmp_path / "again")
    assert again.exit_code == 0, again.stderr


@pytest.mark.usefixtures("library")
def test_the_source_is_where_it_is_loaded_to(tmp_path: Path) -> None:
    splits = [word for part in PARTS for word in ("--splits", part)]
    command = ["prepare", "librispeech", "--download", *splits, "--delete-archives"]
    result = run(*command, "--source", tmp_path / "corpus", "--out", tmp_path / "data")
    assert result.exit_code == 0, result.stderr
    assert (tmp_path / "corpus" / "LibriSpeech").is_dir()
    assert not list(tmp_path.glob("corpus/archives/*.tar.gz"))
    assert set(os.listdir(tmp_path / "data")) == {"train.jsonl", "dev.jsonl", "test.jsonl"}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--out", "x"], "Missing option '--source'"),
        (["--source", "x", "--out", "x", "--splits", "dev-clean"], "--splits is for --download"),
        (["--source", "x", "--out", "x", "--mirror", "http://x.org"], "--mirror is for --download"),
        (["--source", "x", "--out", "x", "--delete-archives"], "--delete-archives is for --download"),
    ],
)
def test_options_that_do_not_go_together_are_exit_code_2(arguments: list[str], says: str) -> None:
    result = run("prepare", "librispeech", *arguments)
    assert result.exit_code == 2
    assert says in result.stderr


def test_a_download_that_fails_is_exit_code_1_and_a_sentence(library: Library, tmp_path: Path) -> None:
    (library.folder / "dev-clean-2.tar.gz").unlink()
    result = run("prepare", "librispeech", "--download", "--splits", "dev-clean-2", "--out", tmp_path / "x")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.splitlines()[-1] == (
        f"asr: error: dev-clean-2.tar.gz: not loaded ({library.url}/dev-clean-2.tar.gz answers 404 File not found); "
        f"the same command tries again, or load it by other means to {tmp_path}/x/source/archives/dev-clean-2.tar.gz"
    )
    assert not list((tmp_path / "x").glob("*.jsonl"))


def test_without_a_source_python_says_so(tmp_path: Path) -> None:
    with pytest.raises(AsrError, match="no source"):
        prepare("an4", None, tmp_path)


CHILD = """
import sys
from asr.cli import main
from asr.downloads import ARCHIVES, Archive
file, url, size, digest = sys.argv[1:5]
ARCHIVES["fsdd"] = (Archive("all", file, (url,), int(size), digest),)
main(["prepare", "fsdd", "--download", "--out", sys.argv[5]])
"""


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")
def test_ctrl_c_says_that_the_same_command_goes_on(tmp_path: Path) -> None:
    """The command as a process of its own, stopped in the middle of the transfer, then run again."""
    clips = {f"fsdd-1/recordings/7_theo_{n}.flac": recording(n) for n in range(12)}
    content = packed(clips)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/fsdd.tar.gz"
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        command = [sys.executable, "-c", CHILD, "fsdd.tar.gz", url, str(len(content)), digest, str(tmp_path / "out")]
        here = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        here["PYTHONPATH"] = str(Path(asr.__file__).parents[1])
        half = len(content) // 2

        with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=here) as child:
            connection = answer(listener, content, 0, half)
            part = tmp_path / "out/source/archives/fsdd.tar.gz.part"
            wait_for_size(part, half)
            child.send_signal(signal.SIGINT)
            _, stderr = child.communicate(timeout=60)
            connection.close()
        assert child.returncode == 130
        assert stderr.endswith("asr: interrupted; the same command goes on where this one stopped\n")
        assert "Traceback" not in stderr

        with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=here) as child:
            answer(listener, content, half, len(content)).close()
            stdout, stderr = child.communicate(timeout=60)
        assert child.returncode == 0, stderr
    assert str(tmp_path / "out" / "test.jsonl") in stdout
    assert json.loads((tmp_path / "out/source/archives/fsdd.tar.gz.done").read_text())["paths"] == ["fsdd-1"]
    assert len(manifest.read(tmp_path / "out" / "test.jsonl")) == 5


def answer(listener: socket.socket, content: bytes, first: int, end: int) -> socket.socket:
    """Take one request, which must ask for the bytes from `first` on, and send those up to `end` of all that follow."""
    listener.settimeout(60)
    connection, _ = listener.accept()
    request = b""
    while not request.endswith(b"\r\n\r\n"):
        request += connection.recv(4096)
    assert (f"Range: bytes={first}-\r\n".encode() in request) == bool(first)
    status = (
        f"206 Partial Content\r\nContent-Range: bytes {first}-{len(content) - 1}/{len(content)}" if first else "200 OK"
    )
    head = textwrap.dedent(f"HTTP/1.1 {status}\r\nContent-Length: {len(content) - first}\r\n\r\n")
    connection.sendall(head.encode() + content[first:end])
    return connection


def wait_for_size(path: Path, size: int) -> None:
    for _ in range(6000):
        if path.exists() and path.stat().st_size == size:
            return
        threading.Event().wait(0.01)
    pytest.fail(f"{path}: never had {size} bytes")
