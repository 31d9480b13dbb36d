"""From what a user names (files, folders, patterns, addresses, lists) to recordings."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from asr import tars
from asr.containers import AUDIO_SUFFIXES, VIDEO_SUFFIXES
from asr.errors import AudioError, DataError
from asr.files import existing_file
from asr.inputs.recording import STDIN, Recording, measured

SUFFIXES = (*AUDIO_SUFFIXES, *VIDEO_SUFFIXES)
_MAGIC = re.compile(r"[*?[]")


def find(names: Iterable[str], lists: Iterable[Path] = ()) -> list[Recording]:
    """Return the recordings that are named, in this order, each once.

    A folder stands for the audio and video below it, a tar archive for those in it, hidden ones left out, by their
    names; a pattern (`*`, `?`, `[]`, `**`) for what it matches, where no file has that name; `-` for standard input;
    `http://` and `https://` for what is there. Any other name, a folder or an archive without audio and a pattern
    without matches are recordings that cannot be read, so that they do not stop the others. A list holds a name a line,
    or names ended by zero bytes, as `find -print0` writes them; `-` is a list from standard input.

    Raises DataError for an empty list and for standard input named twice; MissingFile for a list that is not there.
    """
    names = list(names)
    if [*names, *map(str, lists)].count(STDIN) > 1:
        raise DataError("standard input: is named twice, but can be read once; leave one '-' out")
    found = (recording for name in [*names, *_listed(lists)] for recording in _found(name))
    return list({recording.name: recording for recording in found}.values())


def _found(name: str) -> Iterator[Recording]:
    recording = Recording(name)
    if not recording.is_file:
        yield recording
    elif os.path.isdir(name):
        yield from _below(name)
    elif os.path.isfile(name):
        yield from _one(name, name)
    elif _MAGIC.search(name) and not os.path.lexists(name) and not tars.split(name):
        yield from _matching(name)
    else:
        yield measured(name)


def _one(file: str, root: str) -> Iterator[Recording]:
    """Yield a file, or what is in an archive; one that is damaged or holds no audio is found out when it is read."""
    if not file.endswith(tars.SUFFIX):
        yield measured(file, "" if file == root else root)
        return
    try:
        names = [name for name in tars.members(Path(file)) if _is_shown_audio(os.path.basename(name))]
    except AudioError:
        names = []
    for name in names:
        yield measured(name, root)
    if not names:
        yield Recording(file)


def _is_shown_audio(file: str) -> bool:
    return file.lower().endswith(SUFFIXES) and not file.startswith(".")


def _below(folder: str) -> Iterator[Recording]:
    """Yield what is in a folder and below it; links to folders are not followed, since they may lead in circles."""
    count = 0
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for file in sorted(files):
            if _is_shown_audio(file):
                count += 1
                yield measured(os.path.join(parent, file), folder)
    if not count:
        yield Recording(folder)


def _matching(pattern: str) -> Iterator[Recording]:
    import glob  # here, since a single file has no need of it

    matches = sorted(path for path in glob.iglob(pattern, recursive=True) if not os.path.isdir(path))
    if not matches:
        yield Recording(pattern)
    root = os.path.dirname(pattern)
    while _MAGIC.search(root):
        root = os.path.dirname(root)
    for path in matches:
        yield from _one(path, root or ".")


def _listed(lists: Iterable[Path]) -> Iterator[str]:
    for path in lists:
        data = sys.stdin.buffer.read() if str(path) == STDIN else existing_file(path, "list of files").read_bytes()
        names = _names(data)
        if not names:
            raise DataError(f"{path}: names no file; a list holds a name a line")
        yield from names


def _names(data: bytes) -> list[str]:
    """Return the names in a list, as the file system has them, which need not be UTF-8."""
    data = data.removeprefix(b"\xef\xbb\xbf")
    if b"\0" in data:
        return [os.fsdecode(name) for name in data.split(b"\0") if name]
    return [os.fsdecode(line) for line in data.splitlines() if line.strip()]
