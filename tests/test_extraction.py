"""Archives that mean no good, and honest ones in every form: what is unpacked stays in its folder and within bounds."""

from __future__ import annotations

import contextlib
import gzip
import io
import os
import random
import stat
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from asr.downloads import extraction
from asr.downloads.extraction import unpack
from asr.downloads.report import Quiet, Report
from asr.errors import CorpusError, OutputError

FILES = {"a/one.txt": b"one", "a/b/two.txt": b"two" * 1000, "three.txt": b""}


def member(name: str, content: bytes = b"", **fields: Any) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    for field, value in fields.items():
        setattr(info, field, value)
    return info, content


def link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> tuple[tarfile.TarInfo, bytes]:
    return member(name, type=kind, linkname=target)


def tar(path: Path, members: Iterable[tuple[tarfile.TarInfo, bytes]], mode: str = "w:gz", **options: Any) -> Path:
    with tarfile.open(path, mode, **options) as archive:  # type: ignore[call-overload]
        for info, content in members:
            archive.addfile(info, io.BytesIO(content))
    return path


def zipped(path: Path, files: dict[str, bytes], *, mode: int = 0) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            archive.writestr(info, content, compress_type=zipfile.ZIP_DEFLATED)
    return path


class Notes(Quiet):
    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, sentence: str) -> None:
        self.notes.append(sentence)


def unpacked(path: Path, nested: str = "", report: Report | None = None) -> Path:
    folder = path.parent / "content"
    folder.mkdir()
    unpack(path, folder, nested, report or Quiet())
    return folder


def files_in(folder: Path) -> dict[str, bytes]:
    """Return the content of all below a folder, which must be regular files and folders."""
    paths = sorted(folder.rglob("*"))
    assert not any(path.is_symlink() or not (path.is_file() or path.is_dir()) for path in paths)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths if path.is_file()}


def refused(path: Path, says: str) -> None:
    """Unpack what must be refused, and check that nothing has come to lie beside the folder."""
    before = {each for each in path.parent.rglob("*") if path.parent / "content" not in each.parents}
    with pytest.raises(CorpusError) as caught:
        unpacked(path)
    assert says in str(caught.value)
    assert str(path) in str(caught.value)
    after = {each for each in path.parent.rglob("*") if path.parent / "content" not in each.parents}
    assert after - before == {path.parent / "content"}


# ---- honest archives


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
@pytest.mark.parametrize("format", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_tar_in_every_form(tmp_path: Path, mode: str, format: int) -> None:
    members = [member(name, content) for name, content in FILES.items()]
    assert files_in(unpacked(tar(tmp_path / "a.tar", members, mode, format=format))) == FILES


def test_zip(tmp_path: Path) -> None:
    assert files_in(unpacked(zipped(tmp_path / "a.zip", FILES))) == FILES


@pytest.mark.skipif(os.name != "posix", reason="runs tar and zip")
@pytest.mark.parametrize("command", ["tar -czf ../a.tar.gz .", "tar -cjf ../a.tar.gz a three.txt"])
def test_what_tar_itself_writes(tmp_path: Path, command: str) -> None:
    for name, content in FILES.items():
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    subprocess.run(command.split(), cwd=tmp_path / "in", check=True, timeout=60)
    assert files_in(unpacked(tmp_path / "a.tar.gz")) == FILES


def test_long_names_and_other_scripts(tmp_path: Path) -> None:
    files = {f"語料/{'long' * 40}/grüße.txt": b"1", "ﬀ/e\u0301.wav": b"2"}
    members = [member(name, content) for name, content in files.items()]
    assert files_in(unpacked(tar(tmp_path / "a.tar.gz", members))) == files


def test_names_that_are_not_utf8_are_read_as_latin1(tmp_path: Path) -> None:
    path = tar(tmp_path / "a.tar", [member("größe.txt", b"1"), member("a.txt", b"2")], "w", encoding="latin-1")
    assert files_in(unpacked(path)) == {"größe.txt": b"1", "a.txt": b"2"}


def test_modes_and_owners_are_not_taken_over(tmp_path: Path) -> None:
    path = tar(
        tmp_path / "a.tar", [member("a.sh", b"x", mode=0o6777, uid=12345), member("d", type=tarfile.DIRTYPE, mode=0)]
    )
    folder = unpacked(path)
    assert stat.S_IMODE((folder / "a.sh").stat().st_mode) & 0o7111 == 0
    assert os.access(folder / "d", os.W_OK)


def test_the_last_of_one_name_stays_as_with_tar(tmp_path: Path) -> None:
    path = tar(tmp_path / "a.tar", [member("a.txt", b"old and long"), member("./a.txt", b"new")])
    assert files_in(unpacked(path)) == {"a.txt": b"new"}


def test_archives_inside_are_unpacked_where_they_lie(tmp_path: Path) -> None:
    speakers = {
        name: tar(tmp_path / "s.tar.gz", [member(f"train/{name}/1.wav", name.encode())]).read_bytes()
        for name in ("S2", "S3")
    }
    inside = [member(f"wav/{name}.tar.gz", content) for name, content in speakers.items()]
    path = tar(tmp_path / "a.tgz", [*inside, member("wav/._S2.tar.gz", b"macOS"), member("other/S9.tar.gz", b"x")])
    assert files_in(unpacked(path, "wav/*.tar.gz")) == {
        "wav/train/S2/1.wav": b"S2",
        "wav/train/S3/1.wav": b"S3",
        "wav/._S2.tar.gz": b"macOS",
        "other/S9.tar.gz": b"x",
    }


# ---- links


def test_a_link_inside_becomes_the_file_that_it_leads_to(tmp_path: Path) -> None:
    """As in TED-LIUM 3, whose `legacy` parts lead to `data`: before and behind it, to files and folders, in chains."""
    members = [
        link("legacy/train/1.sph", "../../data/sph/1.sph"),
        member("data/sph/1.sph", b"one"),
        member("data/sph/deep/2.sph", b"two"),
        link("legacy/sph", "../data/sph"),
        link("again.sph", "legacy/train/1.sph"),
        link("hard.sph", "data/sph/1.sph", tarfile.LNKTYPE),
        link("nowhere.sph", "data/none.sph"),
    ]
    assert files_in(unpacked(tar(tmp_path / "a.tgz", members))) == {
        "data/sph/1.sph": b"one",
        "data/sph/deep/2.sph": b"two",
        "legacy/train/1.sph": b"one",
        "legacy/sph/1.sph": b"one",
        "legacy/sph/deep/2.sph": b"two",
        "again.sph": b"one",
        "hard.sph": b"one",
    }


def test_where_there_are_no_hard_links_it_becomes_a_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*arguments: object) -> None:
        raise PermissionError("no hard links on this file system")

    monkeypatch.setattr(os, "link", forbidden)
    path = tar(tmp_path / "a.tgz", [member("a", b"1"), link("b", "a")])
    assert files_in(unpacked(path)) == {"a": b"1", "b": b"1"}


OUT = ["/etc/passwd", "../secret", "a/../../secret", "../content/../secret", "C:/secret", "..\\secret", "\\secret"]


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE], ids=["symbolic", "hard"])
@pytest.mark.parametrize("target", OUT)
def test_a_link_out_of_the_folder_is_left_out_and_counted(tmp_path: Path, kind: bytes, target: str) -> None:
    (tmp_path / "secret").write_text("not for others")
    path = tar(tmp_path / "a.tgz", [member("a/x", b"1"), link("leads", target, kind)])
    report = Notes()
    assert files_in(unpacked(path, report=report)) == {"a/x": b"1"}
    assert report.notes == ["a.tgz: 1 links that lead to nothing in it are left out (leads)"]


def test_nothing_is_written_through_a_link(tmp_path: Path) -> None:
    """The classic: a link to a folder outside, then a file in it."""
    (tmp_path / "outside").mkdir()
    path = tar(tmp_path / "a.tgz", [link("door", str(tmp_path / "outside")), member("door/x", b"1")])
    assert files_in(unpacked(path)) == {"door/x": b"1"}
    assert not list((tmp_path / "outside").iterdir())


def test_nothing_is_written_through_a_chain_of_links(tmp_path: Path) -> None:
    """Each harmless by name, together a way out (CVE-2007-4559 and its kin), if links were made as they come."""
    unpacked(tar(tmp_path / "a.tgz", [link("a", "."), link("a/b", ".."), member("a/b/x", b"1")]))
    assert files_in(tmp_path / "content") == {"a/b/x": b"1"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.tgz", "content"]


@pytest.mark.parametrize(("name", "target"), [("a/b/loop", ".."), ("a/loop", "."), ("loop", ".")])
def test_a_link_to_a_folder_around_it_is_left_out(tmp_path: Path, name: str, target: str) -> None:
    path = tar(tmp_path / "a.tgz", [member("a/b/x", b"1"), link(name, target)])
    assert files_in(unpacked(path)) == {"a/b/x": b"1"}


def test_links_in_a_circle_end(tmp_path: Path) -> None:
    path = tar(tmp_path / "a.tgz", [link("a", "b"), link("b", "a"), link("c", "c"), member("x", b"1")])
    assert files_in(unpacked(path)) == {"x": b"1"}


# ---- names


NAMES = ["../x", "a/../../x", "/x", "//x", "C:/x", "C:x", "a\\..\\..\\x", "\\x", "\\\\server\\x", "..", "a/.."]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", [tarfile.REGTYPE, tarfile.DIRTYPE], ids=["file", "folder"])
def test_a_name_that_leads_out_is_refused(tmp_path: Path, name: str, kind: bytes) -> None:
    refused(tar(tmp_path / "a.tgz", [member("good", b"1"), member(name, b"", type=kind)]), "leads out of the folder")


@pytest.mark.parametrize("name", NAMES)
def test_a_name_in_a_zip_that_leads_out_is_refused(tmp_path: Path, name: str) -> None:
    refused(zipped(tmp_path / "a.zip", {"good": b"1", name: b"2"}), "leads out of the folder")


def test_a_file_where_a_folder_is_needed_is_refused(tmp_path: Path) -> None:
    refused(tar(tmp_path / "a.tgz", [member("a", b"1"), member("a/b", b"2")]), "cannot be written beside the rest")


def test_a_name_that_is_too_long_is_refused(tmp_path: Path) -> None:
    refused(tar(tmp_path / "a.tgz", [member("x" * 300, b"1")]), "cannot be written beside the rest")


# ---- things that are no files


@pytest.mark.parametrize("kind", [tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE], ids=["char", "block", "fifo"])
def test_devices_are_refused(tmp_path: Path, kind: bytes) -> None:
    refused(tar(tmp_path / "a.tgz", [member("null", type=kind, devmajor=1, devminor=3)]), "a device")


@pytest.mark.parametrize("mode", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR], ids=["link", "fifo", "char"])
def test_in_a_zip_only_files_and_folders_are_taken(tmp_path: Path, mode: int) -> None:
    refused(zipped(tmp_path / "a.zip", {"x": b"/etc/passwd"}, mode=mode | 0o777), "no file or folder")


# ---- bombs


@pytest.fixture
def little_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Allow 20 times the size and 1 MB, so that bombs can be small."""
    monkeypatch.setattr(extraction, "MORE_BYTES", 1 << 20)
    monkeypatch.setattr(extraction, "MORE_FILES", 100)


def size_of(folder: Path) -> int:
    return sum(len(content) for content in files_in(folder).values())


@pytest.mark.usefixtures("little_room")
def test_a_bomb_is_stopped(tmp_path: Path) -> None:
    path = tar(tmp_path / "a.tgz", [member("zeros", bytes(12 << 20))])
    assert path.stat().st_size < 100_000
    refused(path, "far more")
    assert size_of(tmp_path / "content") < 4 << 20


@pytest.mark.usefixtures("little_room")
def test_a_bomb_in_a_zip_is_stopped(tmp_path: Path) -> None:
    refused(zipped(tmp_path / "a.zip", {"zeros": bytes(12 << 20)}), "far more bytes")
    assert size_of(tmp_path / "content") < 4 << 20


@pytest.mark.usefixtures("little_room")
def test_a_bomb_inside_is_stopped(tmp_path: Path) -> None:
    inner = tar(tmp_path / "i.tgz", [member("zeros", bytes(12 << 20))]).read_bytes()
    path = tar(tmp_path / "a.tgz", [member("i.tgz", inner)])
    (tmp_path / "content").mkdir()
    with pytest.raises(CorpusError, match="far more"):
        unpack(path, tmp_path / "content", "*.tgz", Quiet())
    assert size_of(tmp_path / "content") < 4 << 20


@pytest.mark.usefixtures("little_room")
def test_a_hole_of_a_terabyte_is_stopped(tmp_path: Path) -> None:
    """A sparse file, whose zeros are not in the archive at all."""
    pax = {
        "GNU.sparse.major": "1",
        "GNU.sparse.minor": "0",
        "GNU.sparse.realsize": str(1 << 40),
        "GNU.sparse.name": "hole",
    }
    info = tarfile.TarInfo("hole")
    info.pax_headers = pax
    content = b"0\n".ljust(512, b"\0")
    info.size = len(content)
    refused(tar(tmp_path / "a.tgz", [(info, content)], format=tarfile.PAX_FORMAT), "far more bytes")


@pytest.mark.usefixtures("little_room")
@pytest.mark.parametrize("kind", [tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE], ids=["files", "folders", "links"])
def test_a_crowd_is_stopped(tmp_path: Path, kind: bytes) -> None:
    crowd = [member(f"x/{number}", type=kind, linkname="first") for number in range(500)]
    refused(tar(tmp_path / "a.tgz", [member("x/first", b"1"), *crowd]), "far more files")


@pytest.mark.usefixtures("little_room")
def test_links_to_folders_of_links_do_not_multiply_without_end(tmp_path: Path) -> None:
    doubling = [link(f"d{n}/{side}", f"../d{n - 1}") for n in range(1, 30) for side in ("l", "r")]
    refused(tar(tmp_path / "a.tgz", [member("d0/x", b"1"), *doubling]), "far more files")


@pytest.mark.usefixtures("little_room")
def test_a_name_of_many_megabytes_is_stopped(tmp_path: Path) -> None:
    info, content = member("x", b"1")
    info.pax_headers = {"comment": "x" * (8 << 20)}
    refused(tar(tmp_path / "a.tgz", [(info, content)], format=tarfile.PAX_FORMAT), "far more")


# ---- damage


def whole(tmp_path: Path) -> Path:
    rng_bytes = os.urandom(200_000)
    return tar(tmp_path / "a.tgz", [member("a", rng_bytes), member("b", rng_bytes)])


@pytest.mark.parametrize("kept", [0, 1, 100, 150_000, -20, -4])
def test_an_archive_that_was_cut_short_is_refused(tmp_path: Path, kept: int) -> None:
    path = whole(tmp_path)
    path.write_bytes(path.read_bytes()[:kept])
    refused(path, "damaged")


@pytest.mark.parametrize("at", [2, 150_000, -6])
def test_a_changed_byte_is_seen(tmp_path: Path, at: int) -> None:
    """The last one lies in gzip's checksum, which stands behind the last member."""
    path = whole(tmp_path)
    content = bytearray(path.read_bytes())
    content[at] ^= 0x55
    path.write_bytes(content)
    refused(path, "damaged")


@pytest.mark.parametrize("content", [b"<html>Not Found</html>", b"PK\x03\x04 and no more", b"\x1f\x8b and no more"])
def test_what_is_no_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.tgz").write_bytes(content)
    refused(tmp_path / "a.tgz", "damaged")


def test_a_changed_byte_in_a_zip_is_seen(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"a": os.urandom(1000)})
    content = bytearray(path.read_bytes())
    content[200] ^= 0x55
    path.write_bytes(content)
    refused(path, "damaged")


def test_a_zip_with_a_password_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"a": b"1"})
    content = bytearray(path.read_bytes())
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    refused(path, "password")


# ---- the disk


def test_a_disk_that_is_full_is_no_fault_of_the_archive(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource", reason="file size limits are POSIX's")
    assert resource
    path = tar(tmp_path / "a.tgz", [member("big", os.urandom(100_000))])
    (tmp_path / "content").mkdir()
    code = (
        "import resource, signal, sys\nfrom pathlib import Path\n"
        "from asr.downloads.report import Quiet\nfrom asr.downloads.extraction import unpack\n"
        "from asr.errors import OutputError\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        "try: unpack(Path(sys.argv[1]), Path(sys.argv[2]), '', Quiet())\n"
        f"except OutputError as error: print({OutputError.__name__!r}, error)"
    )
    command = [sys.executable, "-c", code, str(path), str(tmp_path / "content")]
    ended = subprocess.run(
        command, capture_output=True, text=True, timeout=60, cwd=Path(__file__).parents[1], check=True
    )
    assert ended.stdout.startswith(f"OutputError {tmp_path / 'content' / 'big'}: cannot be written")


# ---- an outside opinion


@pytest.mark.skipif(not hasattr(tarfile, "data_filter"), reason="Python's own filter is there from 3.11.4 on")
@pytest.mark.parametrize("seed", range(40))
def test_it_takes_no_more_than_pythons_filter(tmp_path: Path, seed: int) -> None:
    """Random names and links: what comes out is what `tarfile` and its filter for data make, links read through.

    Whatever the filter refuses as a whole is refused here or, if it was for a link, has come without that link.
    """
    rng = random.Random(seed)

    def name() -> str:
        return "/".join(rng.choices(["a", "b", "c", "..", "."], k=rng.randint(1, 3)))

    members = [member(name(), bytes([48 + n])) if n < 2 else link(name(), name()) for n in range(4)]
    path = tar(tmp_path / "a.tgz", members)
    (tmp_path / "theirs").mkdir()
    theirs: dict[str, bytes] | None = None
    with tarfile.open(path) as archive, contextlib.suppress(tarfile.FilterError, OSError, KeyError):
        archive.extractall(tmp_path / "theirs", filter="data")
        real = [each for each in (tmp_path / "theirs").rglob("*") if each.is_file() and not each.is_symlink()]
        theirs = {each.relative_to(tmp_path / "theirs").as_posix(): each.read_bytes() for each in real}
    try:
        ours = files_in(unpacked(path))
    except CorpusError:
        return
    assert {each.name for each in tmp_path.iterdir()} == {"a.tgz", "content", "theirs"}
    assert theirs is None or theirs.items() <= ours.items()


def test_gzip_of_several_members_is_read_to_its_end(tmp_path: Path) -> None:
    plain = tar(tmp_path / "a.tar", [member("a", b"1" * 5000), member("b", b"2")], "w").read_bytes()
    (tmp_path / "a.tgz").write_bytes(gzip.compress(plain[:3000]) + gzip.compress(plain[3000:]))
    assert set(files_in(unpacked(tmp_path / "a.tgz"))) == {"a", "b"}
