"""What is unpacked, and the room for it: a corpus' folder with the archives beside their content.

<folder>/archives/train-clean-5.tar.gz            an archive, whole and checked
<folder>/archives/train-clean-5.tar.gz.part       one that is being loaded
<folder>/archives/train-clean-5.tar.gz.unpacking  a folder into which one is being unpacked
<folder>/archives/train-clean-5.tar.gz.done       what has been unpacked to where, as JSON
<folder>/LibriSpeech/...                          the corpus
"""

from __future__ import annotations

import contextlib
import json
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from asr.downloads.archive import Archive
from asr.downloads.report import amount
from asr.errors import OutputError
from asr.files import replacing, writing

SPARE = 1.05  # of the room that is needed: blocks are filled in part, and some sizes are rounded


def path_of(folder: Path, archive: Archive, ending: str = "") -> Path:
    return folder / "archives" / f"{archive.file}{ending}"


def staging_of(folder: Path, archive: Archive) -> Path:
    return folder / "archives" / f".{archive.file}.unpacking"


def is_done(folder: Path, archive: Archive) -> bool:
    """Say whether an archive has been unpacked and all that came of it is still there."""
    try:
        done = json.loads(path_of(folder, archive, ".done").read_text("utf-8"))
        return done["digest"] == archive.digest and all((folder / name).exists() for name in done["paths"])
    except (OSError, ValueError, KeyError, TypeError):
        return False  # never begun, or not ended


def settle(staged: Path, folder: Path, archive: Archive) -> None:
    """Move what was unpacked to its place, whole folders at once, and note that it is done."""
    top = folder / archive.into
    with writing(top):
        top.mkdir(parents=True, exist_ok=True)
    paths = [path.relative_to(folder).as_posix() for path in _move(staged, top)]
    with replacing(path_of(folder, archive, ".done")) as temporary:
        temporary.write_text(json.dumps({"digest": archive.digest, "paths": paths}), "utf-8")
    shutil.rmtree(staged)


def _move(staged: Path, folder: Path) -> Iterator[Path]:
    """Move the content of one folder into another, and into the folders that are there already; yield what is moved."""
    for path in sorted(staged.iterdir()):
        target = folder / path.name
        if path.is_dir() and target.is_dir():
            yield from _move(path, target)
            continue
        with writing(target):
            path.replace(target)
        yield target


def ask_room(folder: Path, archives: Sequence[Archive], *, keep_archives: bool) -> str:
    """Return how much is to be loaded and unpacked; OutputError where the disk has no room for it."""
    loads = [_left(folder, archive) for archive in archives]
    unpacked = sum(archive.unpacked_size for archive in archives)
    packed = sum(loads) if keep_archives else max(loads)
    needed = round((packed + unpacked) * SPARE)
    free = shutil.disk_usage(_existing(folder)).free
    plan = f"{amount(sum(loads))} to load, about {amount(unpacked)} unpacked, {amount(free)} free"
    if needed > free:
        raise OutputError(
            f"{folder}: has no room ({plan}, {amount(needed)} needed); choose another folder or fewer splits"
            + (", or have the archives deleted once they are unpacked" if keep_archives else "")
        )
    return plan


def _left(folder: Path, archive: Archive) -> int:
    """Return how many bytes of an archive are not there yet."""
    paths = (path_of(folder, archive), path_of(folder, archive, ".part"))
    return max(0, archive.size - max(path.stat().st_size if path.exists() else 0 for path in paths))


def _existing(folder: Path) -> Path:
    return next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep other processes from loading into the same folder; the lock ends with the process, however that ends."""
    path = folder / "archives" / ".lock"
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a")
    with file:
        try:
            _lock(file.fileno())
        except OSError as error:
            raise OutputError(
                f"{folder}: another process is loading into it; wait for it, or name another folder"
            ) from error
        yield


def _lock(descriptor: int) -> None:
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
