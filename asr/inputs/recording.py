"""One recording to be transcribed, before it is read."""

from __future__ import annotations

import os
import posixpath
from pathlib import Path
from typing import NamedTuple

from asr import tars
from asr.errors import AudioError

STDIN = "-"
SCHEMES = ("http://", "https://")


class Recording(NamedTuple):
    """A file, an address or standard input, by the name under which it is reported.

    `root` is the folder that was searched for it, `size` its bytes (0 where that is not known).
    """

    name: str
    root: str = ""
    size: int = 0

    @property
    def is_url(self) -> bool:
        return self.name.lower().startswith(SCHEMES)

    @property
    def is_stdin(self) -> bool:
        return self.name == STDIN

    @property
    def is_file(self) -> bool:
        return not self.is_url and not self.is_stdin

    def fields(self) -> dict[str, str]:
        """Return what a template for names of outputs can hold: name, stem, folder, relative."""
        name = self._base()
        stem = Path(name).stem
        folder = os.path.dirname(self.name) if self.is_file else ""
        below = os.path.relpath(folder or ".", self.root) if self.root else "."
        return {"name": name, "stem": stem, "folder": folder or ".", "relative": os.path.normpath(f"{below}/{stem}")}

    def _base(self) -> str:
        if self.is_stdin:
            return "stdin"
        if self.is_url:
            from urllib.parse import unquote, urlsplit  # only here, since it takes its time

            parts = urlsplit(self.name)
            name = unquote(posixpath.basename(parts.path)) or parts.hostname or "url"
            return name.replace("/", "_").replace("\\", "_").replace("\0", "_")
        return os.path.basename(self.name)


def measured(name: str, root: str = "") -> Recording:
    """Return a recording with its size; one that is not there is found out when it is read."""
    recording = Recording(name, root)
    try:
        return recording._replace(size=tars.size(name)) if recording.is_file else recording
    except (OSError, AudioError):
        return recording
