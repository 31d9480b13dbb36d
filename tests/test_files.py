"""Files are written whole or not at all, on a full disk too; the disk is filled for real."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from asr.errors import AsrError, MissingFile, OutputError
from asr.files import existing_file, new_folder, replacing

resource = pytest.importorskip("resource", reason="file size limits are POSIX's")


def limited(script: str, *args: str | Path, limit_bytes: int = 4096) -> subprocess.CompletedProcess[str]:
    """Run a script in a process whose files may not grow beyond the limit: write() fails there as on a full disk."""
    head = f"""
        import resource, signal, sys
        from asr.errors import OutputError
        from asr.files import replacing
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # then write() fails with EFBIG instead of killing the process
        resource.setrlimit(resource.RLIMIT_FSIZE, ({limit_bytes}, {limit_bytes}))
    """
    code = textwrap.dedent(head) + textwrap.dedent(script)
    command = [sys.executable, "-c", code, *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=Path(__file__).parent.parent)


def test_a_block_that_succeeds_replaces_the_file(tmp_path: Path) -> None:
    target = tmp_path / "new folder" / "a.bin"
    for content in (b"old", b"new and longer", b""):
        with replacing(target) as part:
            assert part.parent == target.parent, "a rename is atomic within one file system"
            part.write_bytes(content)
        assert target.read_bytes() == content
        assert os.listdir(target.parent) == ["a.bin"]


def test_until_the_block_ends_readers_see_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")
    with replacing(target) as part:
        part.write_text("half of the n")
        assert target.read_text() == "old"
        part.write_text("new")
    assert target.read_text() == "new"


def write_half(target: Path, failure: Callable[[], object]) -> None:
    with replacing(target) as part:
        part.write_text("half")
        failure()


def raising(error: BaseException) -> Callable[[], None]:
    def fail() -> None:
        raise error

    return fail


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt(), SystemExit(3)], ids=repr)
@pytest.mark.parametrize("existed", [True, False])
def test_a_block_that_fails_leaves_what_was_there(tmp_path: Path, error: BaseException, existed: bool) -> None:
    target = tmp_path / "a.txt"
    if existed:
        target.write_text("old")
    with pytest.raises(type(error)):
        write_half(target, raising(error))
    assert os.listdir(tmp_path) == (["a.txt"] if existed else [])
    assert not existed or target.read_text() == "old"


def test_a_file_may_be_read_by_others_as_any_new_file(tmp_path: Path) -> None:
    """mkstemp makes files for the owner alone; what is renamed into place follows the umask."""
    (tmp_path / "plain").touch()
    with replacing(tmp_path / "ours") as part:
        part.write_text("x")
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("plain", "ours")]
    assert modes[0] == modes[1]


def test_a_full_disk_is_one_sentence_and_leaves_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "a.bin"
    target.write_bytes(b"old")
    script = """
        try:
            with replacing(sys.argv[1]) as part:
                part.write_bytes(bytes(100_000))
        except OutputError as error:
            print(error)
    """
    done = limited(script, target)
    assert done.returncode == 0, done.stderr
    assert str(target) in done.stdout
    assert "free some space" in done.stdout
    assert done.stdout.count("\n") == 1
    assert os.listdir(tmp_path) == ["a.bin"]
    assert target.read_bytes() == b"old"


def test_a_limit_that_is_not_reached_does_no_harm(tmp_path: Path) -> None:
    done = limited("with replacing(sys.argv[1]) as part: part.write_bytes(bytes(4096))", tmp_path / "a.bin")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "a.bin").stat().st_size == 4096


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_an_error_of_another_full_device_inside_the_block_is_told_too(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="No space left on device"):
        write_half(tmp_path / "a.txt", lambda: Path("/dev/full").write_text("x"))
    assert os.listdir(tmp_path) == []


def test_a_folder_in_the_place_of_the_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").mkdir()
    with pytest.raises(OutputError, match=r"a\.txt: is no regular file"), replacing(tmp_path / "a.txt") as part:
        part.write_text("x")
    assert os.listdir(tmp_path) == ["a.txt"]


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "folder").write_text("a file")
    with pytest.raises(OutputError, match="cannot be written"), replacing(tmp_path / "folder" / "a.txt"):
        pytest.fail("nothing can be written there")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="Permission denied"), replacing(tmp_path / "a.txt"):
        pytest.fail("nothing can be written there")


def test_a_missing_input_keeps_its_own_error(tmp_path: Path) -> None:
    with pytest.raises(MissingFile, match="no such"), replacing(tmp_path / "out.txt") as part:
        part.write_text(existing_file(tmp_path / "in.txt").read_text())
    assert os.listdir(tmp_path) == []


def test_existing_file_says_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "ünï.txt").touch()
    assert existing_file(str(tmp_path / "ünï.txt")) == tmp_path / "ünï.txt"
    for wrong, word in ((tmp_path, "folder"), (tmp_path / "none.wav", "no such audio file")):
        with pytest.raises(MissingFile, match=word) as caught:
            existing_file(wrong, "audio file")
        assert str(wrong) in str(caught.value)
        assert isinstance(caught.value, AsrError)
        assert isinstance(caught.value, FileNotFoundError)


def test_a_device_is_not_replaced_by_a_file() -> None:
    with pytest.raises(OutputError, match=r"/dev/null: is no regular file"), replacing("/dev/null") as part:
        part.write_bytes(b"never")
    assert not Path("/dev/null").is_file()


def test_a_new_folder_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    def fill(content: str) -> None:
        with new_folder(tmp_path / "out/new") as folder:
            (folder / "a.txt").write_text(content)
            assert not (tmp_path / "out/new/a.txt").exists()
            if not content:
                raise ValueError("half-way")

    with pytest.raises(ValueError, match="half-way"):
        fill("")
    assert os.listdir(tmp_path / "out") == []
    (tmp_path / "out/new").mkdir()
    fill("content")
    assert (tmp_path / "out/new/a.txt").read_text() == "content"
    assert os.listdir(tmp_path / "out") == ["new"]
    with pytest.raises(OutputError, match=r"new: is there already; name a new folder"):
        fill("other")
    with (
        pytest.raises(OutputError, match=r"x: cannot be written \("),
        new_folder(tmp_path / "out/new/a.txt/x"),
    ):
        pytest.fail("there is no such place")
