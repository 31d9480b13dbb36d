"""Archives to folders: no path outside, no links, no devices, bounded in bytes and files, whole or not at all.

A link to something in the same archive becomes that, under both names; other links are left out and counted.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from asr.downloads.members import Member, members
from asr.downloads.report import Report
from asr.errors import CorpusError
from asr.files import writing

# Packed speech grows threefold at most, texts tenfold; a bomb a thousandfold. A recording has more than 1000 bytes.
GROWTH, MORE_BYTES = 20, 64 << 20
BYTES_A_FILE, MORE_FILES = 1000, 100_000
SHOWN = 5  # names in one message
CLASHES = (errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENAMETOOLONG, errno.EILSEQ)


@dataclass(slots=True)
class Budget:
    """How many bytes, and files and folders, an archive may still make."""

    path: Path
    size: int
    files: int

    @classmethod
    def of(cls, path: Path) -> Budget:
        size = path.stat().st_size
        return cls(path, size * GROWTH + MORE_BYTES, size // BYTES_A_FILE + MORE_FILES)

    def spend(self, *, size: int = 0, files: int = 0) -> None:
        self.size -= size
        self.files -= files
        if self.size < 0 or self.files < 0:
            what = "bytes" if self.size < 0 else "files"
            raise CorpusError(
                f"{self.path}: unpacks to far more {what} than its size lets expect; nothing of it is kept; remove it "
                "and load it from elsewhere"
            )


def unpack(path: Path, folder: Path, nested: str, report: Report, budget: Budget | None = None) -> int:
    """Unpack an archive into an empty folder, and those inside that match `nested` where they lie; count its members.

    Raises CorpusError for an archive that is damaged or not safe, and OutputError for a disk that is full.
    """
    budget = budget or Budget.of(path)
    before, size, links = budget.files, path.stat().st_size, []
    for member in members(path, budget.size):
        target = folder / member.name
        with _writing(target, path):
            budget.spend(files=1)
            if member.kind == "folder":
                target.mkdir(parents=True, exist_ok=True)
            elif member.kind == "file":
                _write(member, target, budget)
            else:
                links.append(member)
        report.progress(f"unpacking {path.name}", min(member.position, size), size)
    _link_all(links, folder, budget, report)
    for inner in sorted(folder.glob(nested)) if nested else ():
        if not inner.name.startswith("."):  # what macOS leaves beside the real files
            unpack(inner, inner.parent, "", report, budget)
            inner.unlink()
    return before - budget.files


def _write(member: Member, target: Path, budget: Budget) -> None:
    """Write a file; of several of one name the last stays, as with tar itself."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as file:
        for piece in member.pieces():
            budget.spend(size=len(piece))
            file.write(piece)


def _link_all(links: list[Member], folder: Path, budget: Budget, report: Report) -> None:
    """Make links what they lead to, links to links included, as long as more of them lead somewhere."""
    while links:
        left = [link for link in links if not _link(link, folder, budget)]
        if len(left) == len(links):
            names = ", ".join(str(link.name) for link in left[:SHOWN])
            report.note(f"{left[0].archive.name}: {len(left)} links that lead to nothing in it are left out ({names})")
            return
        links = left


def _link(link: Member, folder: Path, budget: Budget) -> bool:
    """Give what a link leads to a second name, if that is there and not a folder around the link."""
    target = folder / link.name
    if link.target is None or not (source := folder / link.target).exists():
        return False
    if source == target or source in target.parents:
        return False
    files = [path for path in source.rglob("*") if path.is_file()] if source.is_dir() else [source]
    for file in files:
        budget.spend(files=1)
        copy = target / file.relative_to(source)
        with _writing(copy, link.archive):
            copy.parent.mkdir(parents=True, exist_ok=True)
            _second_name(file, copy)
    return True


def _second_name(file: Path, copy: Path) -> None:
    if copy.exists():
        return
    try:
        os.link(file, copy)
    except OSError:  # a file system without hard links
        shutil.copyfile(file, copy)


@contextlib.contextmanager
def _writing(target: Path, path: Path) -> Iterator[None]:
    """Run a block that writes a member; names that cannot be side by side here are the archive's fault."""
    try:
        with writing(target):
            yield
    except OSError as error:
        if isinstance(cause := error.__cause__, OSError) and cause.errno in CLASHES:
            raise CorpusError(
                f"{path}: holds {target.name[:80]!r}, which cannot be written beside the rest "
                f"({cause.strerror}); unpack it by other means and name its folder as the source"
            ) from cause
        raise
