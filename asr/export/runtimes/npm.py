"""Packages of npm, looked for where Node would, and the recogniser in JavaScript that the examples share."""

from __future__ import annotations

import json
from pathlib import Path

from asr import bundle
from asr.errors import MissingFile, MissingPackage


def package(name: str) -> Path:
    """Return the folder of an npm package: in `node_modules` here or in a folder above; MissingPackage without it."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "node_modules" / name / "package.json").is_file():
            return folder / "node_modules" / name
    raise MissingPackage(
        f"comparing with {name} needs the npm package {name!r} in {here / 'node_modules'} or above; "
        f"install it with: npm install {name}"
    )


def version(folder: Path) -> str:
    return str(json.loads((folder / "package.json").read_text(encoding="utf-8"))["version"])


def recognizer() -> Path:
    """Return `recognizer.mjs` of the examples, which travel beside the model that ships."""
    path = bundle.default_model().parent / "examples" / "recognizer.mjs"
    if not path.is_file():
        raise MissingFile(f"{path}: the examples are not part of this installation; install the package again")
    return path
