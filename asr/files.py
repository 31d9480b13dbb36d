"""Files and folders that are written whole or not at all."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from asr.errors import AsrError, MissingFile, OutputError

_PART = ".part"


def existing_file(path: str | Path, what: str = "file") -> Path:
    """Return the path if it is a file; MissingFile says what is wrong otherwise."""
    path = Path(path)
    if path.is_dir():
        raise MissingFile(f"{path}: is a folder, not a {what}; name a file in it")
    if not path.exists():
        raise MissingFile(f"{path}: no such {what}; check the path")
    return path


@contextlib.contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside `path` and rename it to `path` if the block succeeds.

    A block that fails leaves neither the temporary file nor a half-written `path`.
    Raises OutputError where the disk is full, the folder cannot be written, or `path` is a folder or a device.
    """
    import tempfile  # here, since it brings archives and random numbers along, and most commands write nothing

    path = Path(path)
    if path.exists() and not path.is_file():
        raise OutputError(f"{path}: is no regular file, so it cannot be replaced; name another file")
    temporary: Path | None = None
    with writing(path):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=_PART)
            os.close(handle)
            temporary = Path(name)
            yield temporary
            os.chmod(temporary, 0o666 & ~_umask())
            with open(temporary, "rb+") as file:
                os.fsync(file.fileno())
            os.replace(temporary, path)
        finally:
            if temporary is not None:
                temporary.unlink(missing_ok=True)


def unfinished(path: Path) -> Path | None:
    """Return the file that a temporary one of `replacing` was to become, None for any other file.

    A process that is killed leaves such a one; nothing else does.
    """
    if not (path.name.startswith(".") and path.suffix == _PART):
        return None
    target, _, random = path.name[1 : -len(_PART)].rpartition(".")
    return path.with_name(target) if target and len(random) == 8 else None


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Run a block that writes a file or folder; what the disk refuses is an OutputError that names it."""
    try:
        yield
    except AsrError:
        raise
    except OSError as error:
        raise OutputError(
            f"{path}: cannot be written ({error.strerror or error}); free some space or choose another folder"
        ) from error


@contextlib.contextmanager
def new_folder(path: str | Path) -> Iterator[Path]:
    """Yield a temporary folder beside `path` that is renamed to `path` if the block succeeds, and removed otherwise.

    Raises OutputError where `path` is there already and not an empty folder, or cannot be written.
    """
    import shutil
    import tempfile

    path = Path(path)
    if path.exists() and not (path.is_dir() and not any(path.iterdir())):
        raise OutputError(f"{path}: is there already; name a new folder")
    temporary: Path | None = None
    with writing(path):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part"))
            yield temporary
            os.chmod(temporary, 0o777 & ~_umask())
            os.replace(temporary, path)
        finally:
            if temporary is not None:
                shutil.rmtree(temporary, ignore_errors=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
