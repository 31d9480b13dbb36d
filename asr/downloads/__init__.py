"""Downloads: the archives of a corpus, loaded, checked and unpacked; what is there already is left alone.

To add a corpus: a line in `asr.downloads.archives`.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from asr.downloads.archive import Archive, digest_of, fault_of
from asr.downloads.archives import ARCHIVES, BY_HAND
from asr.downloads.extraction import unpack
from asr.downloads.place import ask_room, is_done, locked, path_of, settle, staging_of
from asr.downloads.report import Quiet, Report, amount
from asr.downloads.transfer import Patience, fetch
from asr.errors import AsrError, ConfigError, CorpusError, DownloadError, did_you_mean
from asr.files import writing

__all__ = ["ARCHIVES", "BY_HAND", "Archive", "Patience", "Quiet", "Report", "download", "select"]


def download(
    corpus: str,
    folder: str | Path,
    splits: Sequence[str] = (),
    *,
    mirrors: Sequence[str] = (),
    keep_archives: bool = True,
    report: Report | None = None,
    patience: Patience | None = None,
) -> None:
    """Load archives of a corpus into a folder and unpack them there; a second call goes on where the first stopped.

    `splits`: parts of the corpus as its publisher names them, or nothing for the whole of it; `mirrors`: addresses to
    look for the archives below before those that are known. Raises CorpusError for a corpus or a split that cannot be
    loaded and an archive that is damaged or not safe, DownloadError where no mirror has an archive as it was published,
    OutputError where the disk has no room or another process is at work in the folder.
    """
    folder, report, patience = Path(folder), report or Quiet(), patience or Patience()
    chosen = [archive.mirrored(_addresses(mirrors)) for archive in select(corpus, splits)]
    with locked(folder):
        left = [archive for archive in chosen if not is_done(folder, archive)]
        if not left:
            report.note(f"{corpus}: {', '.join(archive.part for archive in chosen)}: in {folder} already")
            return
        plan = ask_room(folder, left, keep_archives=keep_archives)
        report.note(f"{corpus}: {', '.join(archive.part for archive in left)}: {plan} in {folder}")
        try:
            for archive in left:
                _obtain(archive, folder, report, patience)
                _unpack(archive, folder, keep_archives, report)
        except KeyboardInterrupt as stop:
            raise KeyboardInterrupt("interrupted; the same command goes on where this one stopped") from stop


def select(corpus: str, splits: Sequence[str] = ()) -> list[Archive]:
    """Return the archives of a corpus that hold the named parts; without names those that make the whole of it.

    Raises CorpusError for a corpus that may not be loaded, with the way to get it; for an unknown part; and where a
    corpus is so large that its parts are to be chosen.
    """
    if corpus in BY_HAND:
        raise CorpusError(f"{corpus} cannot be downloaded: {BY_HAND[corpus]}; then name its folder as the source")
    if corpus not in ARCHIVES:
        raise CorpusError(
            f"{corpus} cannot be downloaded{did_you_mean(corpus, ARCHIVES)}; name its folder as the source"
        )
    by_part = {archive.part: archive for archive in ARCHIVES[corpus]}
    for part in splits:
        if part not in by_part:
            raise CorpusError(f"{corpus} has no split {part!r} to download{did_you_mean(part, by_part)}")
    chosen = [by_part[part] for part in dict.fromkeys(splits)] or [each for each in by_part.values() if each.default]
    if not chosen:
        sizes = ", ".join(f"{part} ({amount(archive.size)})" for part, archive in by_part.items())
        raise CorpusError(f"{corpus}: choose among its splits, which are downloaded one by one: {sizes}")
    return chosen


def _addresses(mirrors: Sequence[str]) -> tuple[str, ...]:
    for mirror in mirrors:
        parts = urlsplit(mirror)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise ConfigError(f"mirror {mirror!r}: is no address like https://example.org/corpora; give a whole one")
    return tuple(mirrors)


def _obtain(archive: Archive, folder: Path, report: Report, patience: Patience) -> None:
    """Have an archive in the folder, loaded unless it is there, and checked in either case."""
    path = path_of(folder, archive)
    if not path.exists():
        fetch(archive, path, report, patience)
    elif fault := fault_of(path, archive):
        raise DownloadError(f"{path}: {fault}; remove it, and the same command loads it again")
    if not archive.digest:
        report.note(
            f"{archive.file}: nobody has published its digest, so that its size alone is checked; "
            f"{digest_of(path, 'sha256')} is what has come"
        )


def _unpack(archive: Archive, folder: Path, keep_archive: bool, report: Report) -> None:
    path, staged = path_of(folder, archive), staging_of(folder, archive)
    with writing(staged):
        if staged.exists():  # from a run that was stopped
            shutil.rmtree(staged)
        staged.mkdir()
    try:
        count = unpack(path, staged, archive.nested, report)
    except AsrError:
        shutil.rmtree(staged)
        raise
    settle(staged, folder, archive)
    report.note(f"{archive.file}: {count} files and folders unpacked into {folder / archive.into}")
    if not keep_archive:
        path.unlink()
