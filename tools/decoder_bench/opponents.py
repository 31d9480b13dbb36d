"""The environment of the opponents: made once, filled from the package index, and what of it can be imported."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from settings import FLASHLIGHT, PYCTCDECODE

# pyctcdecode needs NumPy 1.
NEEDS = {
    PYCTCDECODE: (("numpy<2", "pyctcdecode", "kenlm"), "import pyctcdecode, kenlm"),
    FLASHLIGHT: (
        ("numpy<2", "flashlight-text"),
        "import flashlight.lib.text.decoder, flashlight.lib.text.decoder.kenlm",
    ),
}


def environment(folder: Path, interpreter: str) -> Path:
    """Return the Python of the environment, which is made if it is not there."""
    python = folder / "bin" / "python"
    if not python.is_file():
        print(f"{folder}: making the environment of the opponents", flush=True)
        subprocess.run([interpreter, "-m", "venv", str(folder)], check=True)
    return python


def installed(python: Path) -> dict[str, str]:
    """Install the opponents that are missing; return decoder -> versions of those that can be imported."""
    there = {}
    for name, (packages, test) in NEEDS.items():
        if not succeeds([str(python), "-c", test]):
            print(f"{name}: installing {', '.join(packages)}", flush=True)
            subprocess.run([str(python), "-m", "pip", "install", "--quiet", *packages], check=False, stdout=sys.stderr)
        if succeeds([str(python), "-c", test]):
            there[name] = versions(python, packages)
        else:
            print(f"{name}: cannot be installed here (the lines above say why); going on without it", flush=True)
    return there


def versions(python: Path, packages: tuple[str, ...]) -> str:
    names = [package.partition("<")[0] for package in packages]
    code = f"from importlib.metadata import version\nprint(', '.join(f'{{n}} {{version(n)}}' for n in {names}))"
    return subprocess.run([str(python), "-c", code], check=True, capture_output=True, text=True).stdout.strip()


def succeeds(command: list[str]) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
