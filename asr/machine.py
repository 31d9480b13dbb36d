"""What a result was made with: versions and hardware, so that a figure can be made again."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
from pathlib import Path

from asr.cores import available_cores


def versions(*packages: str) -> dict[str, str]:
    """Return the versions of Python and of the packages that are installed."""
    found = {"python": platform.python_version()}
    for name in packages:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def hardware() -> str:
    """Return the processor and how many of its cores this process may use."""
    return f"{processor()}, {available_cores()} cores"


def described() -> dict[str, str | int]:
    """Return the processor, its cores, those of them that this process may use, and the system."""
    return {
        "processor": processor(),
        "cores": os.cpu_count() or 1,
        "usable_cores": available_cores(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }


def processor(root: Path = Path("/")) -> str:
    """Return the name of the processor; root: where `proc` is looked for."""
    try:
        listed = (root / "proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        listed = ""
    named = re.search(r"^(?:model name|Model|Hardware)\s*:\s*(.+)$", listed, flags=re.MULTILINE)
    return named[1].strip() if named else platform.processor() or platform.machine()
