"""Where the tests find other people's programs and packages, or why they skip."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest


def program(*names: str) -> str:
    """Return the path of the first program there is; skip without any."""
    for name in names:
        if path := shutil.which(name):
            return path
    return pytest.skip(f"no program {' or '.join(names)} here")


def node_modules(package: str) -> Path:
    """Return the folder with a package of npm, named by ASR_NODE_MODULES; skip without."""
    folder = Path(os.environ.get("ASR_NODE_MODULES", "node_modules")).absolute()
    if not (folder / package / "package.json").is_file():
        pytest.skip(f"{folder}: no {package} there; npm install it and set ASR_NODE_MODULES")
    return folder
