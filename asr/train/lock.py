"""One process a run: two that train in one folder would each remove what the other keeps."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from asr.errors import OutputError


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Hold a folder, which need not be there yet, against other processes of this machine.

    Raises OutputError where one of them holds it. A process that dies lets go.
    """
    name = hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:16]
    lock = FileLock(Path(tempfile.gettempdir()) / f"asr-train-{name}.lock", timeout=0, mode=0o666)
    try:
        lock.acquire()
    except Timeout:
        raise OutputError(f"{folder}: another process trains there; wait for it, or name another folder") from None
    except OSError as error:
        raise OutputError(
            f"{lock.lock_file}: cannot be written ({error.strerror}), which keeps others from training in {folder}; "
            "let TMPDIR name a folder that can be written to"
        ) from error
    try:
        yield
    finally:
        lock.release()
