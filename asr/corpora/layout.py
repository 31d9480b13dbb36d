"""What the preparers share: finding a corpus' folder, its audio files and its lists, or saying what is not there."""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path

from asr.errors import CorpusError, MissingFile

SHOWN = 5  # names in one message
DEPTH = 2  # folders around a corpus that its archive or its user may have made

_MARK = re.compile(r"\[[^\[\]]*\]")


def corpus_folder(source: Path, corpus: str, mark: str) -> Path:
    """Return the folder that holds `mark`, which may be a pattern: the source itself, one in it, or one in those.

    Raises MissingFile where the source is not there, CorpusError where it is a file or nothing in it looks like the
    corpus.
    """
    if not source.exists():
        raise MissingFile(f"{source}: no such folder; name the folder that the {corpus} corpus was unpacked into")
    if not source.is_dir():
        raise CorpusError(
            f"{source}: is a file where the folder of the {corpus} corpus is needed; unpack it and name the folder"
        )
    found = _holders(source, mark)
    if not found:
        raise CorpusError(
            f"{source}: has no {mark}, nor has a folder in it; name the folder of the {corpus} corpus that holds {mark}"
        )
    if len(found) > 1:
        names = named(folder.relative_to(source) for folder in found)
        raise CorpusError(f"{source}: {mark} is in {names}; name one of them as the source")
    return found[0]


def _holders(source: Path, mark: str) -> list[Path]:
    """Return the folders that hold `mark` on the first level where there is one."""
    level = [source]
    for _ in range(DEPTH + 1):
        found = [folder for folder in level if next(folder.glob(mark), None) is not None]
        if found:
            return found
        # What may not be read, such as lost+found, does not hold the corpus.
        level = [folder for around in level if os.access(around, os.R_OK | os.X_OK) for folder in folders(around)]
    return []


def folders(around: Path) -> list[Path]:
    """Return the folders in a folder by name, without those whose name begins with a dot."""
    with os.scandir(around) as entries:  # asks the disk once; Path.is_dir would for each of a million clips
        names = sorted(entry.name for entry in entries if not entry.name.startswith(".") and entry.is_dir())
    return [around / name for name in names]


def named(names: Iterable[object]) -> str:
    """Return the first names of a list and how many more there are."""
    texts = [str(name) for name in names]
    return ", ".join(texts[:SHOWN]) + (f" and {len(texts) - SHOWN} more" if len(texts) > SHOWN else "")


def refuse(names: Collection[str], path: Path, fault: str, way_out: str) -> None:
    """Raise CorpusError for the utterances that have a fault, where there are any."""
    if names:
        raise CorpusError(f"{path}: {fault} {len(names)} of its utterances: {named(names)}; {way_out}")


def lines(path: Path, corpus: str, *, encodings: Sequence[str] = ("utf-8-sig",)) -> list[str]:
    """Return the lines of a list of the corpus that are not blank, without white space at either end.

    The first of the encodings that fits is taken. Raises CorpusError where the file is not there or none fits.
    """
    if not path.is_file():
        raise CorpusError(f"{path}: is not there, and the {corpus} corpus has it; unpack the archive again")
    content = path.read_bytes()
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError as error:
            reason = error.reason
        else:
            return [line.strip() for line in text.split("\n") if line.strip()]
    raise CorpusError(f"{path}: is not UTF-8 text ({reason}); unpack the archive again")


def rows(path: Path, corpus: str, columns: Sequence[str] = ()) -> Iterator[list[str]]:
    """Yield columns, or all of them, of every row of a corpus' table that parts them by tabs and first names them.

    The file is read as it is asked for, so that a million rows take no memory. Raises CorpusError for a file that is
    not there or not UTF-8, a column that it does not have, and a row with more or fewer fields than names.
    """
    if not path.is_file():
        raise CorpusError(f"{path}: is not there, and the {corpus} corpus has it; unpack the archive again")
    # Lines end at line feeds alone: texts may hold U+2028 and U+0085.
    with open(path, encoding="utf-8-sig", newline="\n") as file:
        try:
            names = file.readline().strip().split("\t")
            absent = [column for column in columns if column not in names]
            if absent:
                raise CorpusError(f"{path}: has no column {named(absent)}; the first line is to name the columns")
            chosen = [names.index(column) for column in columns or names]
            for number, line in enumerate(file, start=2):
                fields = line.rstrip("\r\n").split("\t")
                if len(fields) == len(names):
                    yield [fields[index] for index in chosen]
                elif line.strip():
                    raise CorpusError(
                        f"{path}:{number}: has {len(fields)} fields where the first line names {len(names)} columns; "
                        "unpack the archive again"
                    )
        except UnicodeDecodeError as error:
            raise CorpusError(f"{path}: is not UTF-8 text ({error.reason}); unpack the archive again") from error


def recordings(folder: Path, extensions: Sequence[str]) -> dict[str, Path]:
    """Return the audio files of a folder by their names without extension, in order, none where there is no folder.

    Extensions may be in upper or lower case; of several files of one name the one of the first extension is taken.
    """
    if not folder.is_dir():
        return {}
    # Names that begin with a dot are what macOS and editors leave beside the real files.
    with os.scandir(folder) as entries:
        parted = [os.path.splitext(entry.name) for entry in entries if entry.name[0] != "." and entry.is_file()]
    rank = {extension: -place for place, extension in enumerate(extensions)}
    found = sorted((stem, rank[end.lower()], end) for stem, end in parted if end.lower() in rank)
    return {stem: folder / f"{stem}{end}" for stem, _, end in found}


def recordings_below(folder: Path, extensions: Sequence[str]) -> dict[str, Path]:
    """Return what `recordings` returns of a folder, and of all folders in it."""
    if not folder.is_dir():
        return {}
    found = recordings(folder, extensions)
    for inner in folders(folder):
        found |= recordings_below(inner, extensions)
    return found


def without_marks(text: str) -> str:
    """Return a text without what stands in square brackets, such as marks of noises."""
    return " ".join(_MARK.sub(" ", text).split())


class AudioFiles:
    """The audio files below a folder by their path without extension; each folder is looked into once."""

    def __init__(self, folder: Path, extensions: Sequence[str]) -> None:
        self.folder = folder
        self._in = functools.cache(lambda folder: recordings(folder, extensions))

    def find(self, stem: str) -> Path | None:
        """Return the file `folder/stem.*` as `recordings` would choose it, or None."""
        folder, _, name = stem.rpartition("/")
        return self._in(self.folder / folder).get(name)
