"""What the preparers share: finding a corpus' folder, its audio files and its lists, or saying what is not there."""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable
from pathlib import Path

from asr.errors import CorpusError, MissingFile

SHOWN = 5  # names in one message


def corpus_folder(source: Path, corpus: str, mark: str) -> Path:
    """Return the folder that holds `mark`: the source itself or one folder in it.

    Raises MissingFile where the source is not there, CorpusError where it is a file or nothing in it looks like the
    corpus.
    """
    if not source.exists():
        raise MissingFile(f"{source}: no such folder; name the folder that the {corpus} corpus was unpacked into")
    if not source.is_dir():
        raise CorpusError(
            f"{source}: is a file where the folder of the {corpus} corpus is needed; unpack it and name the folder"
        )
    found = [folder for folder in (source, *sorted(source.iterdir())) if (folder / mark).exists()]
    if not found:
        raise CorpusError(
            f"{source}: has no {mark}, nor has a folder in it; name the folder of the {corpus} corpus that holds {mark}"
        )
    if found[0] != source and len(found) > 1:
        raise CorpusError(
            f"{source}: {mark} is in {named(folder.name for folder in found)}; name one of them as the source"
        )
    return found[0]


def named(names: Iterable[object]) -> str:
    """Return the first names of a list and how many more there are."""
    texts = [str(name) for name in names]
    return ", ".join(texts[:SHOWN]) + (f" and {len(texts) - SHOWN} more" if len(texts) > SHOWN else "")


def refuse(names: Collection[str], path: Path, fault: str, way_out: str) -> None:
    """Raise CorpusError for the utterances that have a fault, where there are any."""
    if names:
        raise CorpusError(f"{path}: {fault} {len(names)} of its utterances: {named(names)}; {way_out}")


def lines(path: Path, corpus: str) -> list[str]:
    """Return the lines of a list of the corpus that are not blank, without white space at either end."""
    if not path.is_file():
        raise CorpusError(f"{path}: is not there, and the {corpus} corpus has it; unpack the archive again")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise CorpusError(f"{path}: is not UTF-8 text ({error.reason}); unpack the archive again") from error
    return [line.strip() for line in text.split("\n") if line.strip()]


class AudioFiles:
    """The audio files below a folder by their path without extension, which may be in upper or lower case."""

    def __init__(self, folder: Path, extensions: tuple[str, ...]) -> None:
        self.folder = folder
        self.extensions = extensions  # the first that is there is taken
        self._names_in = functools.cache(_names_in)

    def find(self, stem: str) -> Path | None:
        """Return the file `folder/stem.*` of the most preferred extension, or None."""
        path = self.folder / stem
        names = self._names_in(path.parent)
        for extension in self.extensions:
            name = names.get((path.name, extension))
            if name is not None:
                return path.with_name(name)
        return None


def _names_in(folder: Path) -> dict[tuple[str, str], str]:
    if not folder.is_dir():
        return {}
    # Names that begin with a dot are what macOS and editors leave beside the real files.
    files = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    return {(path.stem, path.suffix.lower()): path.name for path in files}
