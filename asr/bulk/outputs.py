"""Where the results of many recordings are written: named by a template, never over what is there unless told so."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from asr.errors import ConfigError, OutputError, did_you_mean
from asr.files import replacing, unfinished
from asr.inputs import Recording
from asr.types import Hypothesis
from asr.writers import Writer

BESIDE = "{folder}/{stem}.{ext}"
BELOW = "{relative}.{ext}"
FIELDS = ("name", "stem", "folder", "relative", "ext")
_FIELD = re.compile(r"\{(\w*)\}")


@dataclass(frozen=True)
class Outputs:
    """The files of a job: for each recording one in each format."""

    writers: Mapping[str, Writer]
    paths: Mapping[Recording, Mapping[str, Path]]  # by format; those that are still to be written

    @property
    def recordings(self) -> list[Recording]:
        return list(self.paths)

    def write(self, recording: Recording, hypothesis: Hypothesis) -> None:
        """Write the files of a recording, each whole or not at all; raises OutputError."""
        for name, path in self.paths[recording].items():
            text = self.writers[name].write(recording.name, hypothesis, several=False)
            with replacing(path) as temporary:
                temporary.write_text(text + "\n", encoding="utf-8", errors="backslashreplace")


def template_of(out: str, recordings: Sequence[Recording], writers: Mapping[str, Writer]) -> str:
    """Return the template that `--out` means: itself, the name of the only file, or a folder for all files."""
    if _FIELD.search(out):
        return out
    suffixes = [f".{writer.suffix}" for writer in writers.values()]
    if len(suffixes) == 1 and out.lower().endswith(suffixes[0].lower()) and not os.path.isdir(out):
        if len(recordings) > 1:
            raise ConfigError(f"{out}: is one file for {len(recordings)} recordings; name a folder or a template")
        return out
    return os.path.join(out, BELOW)


def plan(
    recordings: Iterable[Recording],
    template: str,
    writers: Mapping[str, Writer],
    *,
    force: bool = False,
    resume: bool = False,
) -> Outputs:
    """Return what is to be written: `template` with the fields of `FIELDS` filled in, for each recording and format.

    resume: leave out what is there, and remove what a process that was killed has left of files that are not.
    Raises ConfigError for a template without the fields that tell files apart, OutputError for files that are there
    unless `force` or `resume` says what to do with them, and for a folder that cannot be made.
    """
    _check(template)
    paths: dict[Recording, Mapping[str, Path]] = {
        recording: _paths(recording, template, writers) for recording in recordings
    }
    _refuse_collisions(paths)
    if not force:
        paths = _without_done(paths, resume=resume)
    folders = {path.parent for targets in paths.values() for path in targets.values()}
    for folder in folders:
        _prepare(folder)
    if resume:
        _tidy(folders, {path for targets in paths.values() for path in targets.values()})
    return Outputs(writers, paths)


def _check(template: str) -> None:
    unknown = [field for field in _FIELD.findall(template) if field not in FIELDS]
    if unknown:
        raise ConfigError(f"{template}: unknown field {{{unknown[0]}}}{did_you_mean(unknown[0], FIELDS)}")


def _paths(recording: Recording, template: str, writers: Mapping[str, Writer]) -> dict[str, Path]:
    fields = recording.fields()
    return {name: _filled(template, fields | {"ext": writer.suffix}) for name, writer in writers.items()}


def _filled(template: str, fields: Mapping[str, str]) -> Path:
    return Path(_FIELD.sub(lambda match: fields[match[1]], template))


def _refuse_collisions(paths: Mapping[Recording, Mapping[str, Path]]) -> None:
    """Refuse two results in one file, and a result in the file that is read."""
    owners: dict[str, str] = {
        os.path.abspath(recording.name): recording.name for recording in paths if recording.is_file
    }
    for recording, targets in paths.items():
        for path in targets.values():
            other = owners.setdefault(os.path.abspath(path), recording.name)
            if other != recording.name or os.path.abspath(path) == os.path.abspath(recording.name):
                raise ConfigError(
                    f"{path}: is what both {other} and {recording.name} would be written to; name files by a template, "
                    f"such as --out 'DIR/{{folder}}/{{name}}.{{ext}}'"
                )


def _without_done(
    paths: Mapping[Recording, Mapping[str, Path]], *, resume: bool
) -> dict[Recording, Mapping[str, Path]]:
    left: dict[Recording, Mapping[str, Path]] = {}
    for recording, targets in paths.items():
        missing = {name: path for name, path in targets.items() if not os.path.lexists(path)}
        if len(missing) < len(targets) and not resume:
            (there, *_) = (path for path in targets.values() if os.path.lexists(path))
            raise OutputError(f"{there}: is there already; --force replaces such files, --resume leaves what is done")
        if missing:
            left[recording] = missing
    return left


def _prepare(folder: Path) -> None:
    """Make a folder and see that it can be written to, before hours of work for it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder}: cannot be made a folder ({error.strerror}); name another with --out") from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise OutputError(f"{folder}: is a folder that cannot be written to; name another with --out")


def _tidy(folders: Iterable[Path], targets: set[Path]) -> None:
    for folder in folders:
        for part in folder.iterdir():
            target = unfinished(part)
            if target in targets:
                part.unlink(missing_ok=True)
