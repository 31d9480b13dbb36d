"""What a measurement was made on, in words."""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path

from asr.cores import available_cores


def processor(root: Path = Path("/")) -> str:
    """Return the name of the processor; root: where `proc` is looked for."""
    try:
        listed = (root / "proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        listed = ""
    named = re.search(r"^(?:model name|Model|Hardware)\s*:\s*(.+)$", listed, flags=re.MULTILINE)
    return named[1].strip() if named else platform.processor() or platform.machine()


def described() -> dict[str, str | int]:
    """Return the processor, its cores, those of them that this process may use, and the system."""
    return {
        "processor": processor(),
        "cores": os.cpu_count() or 1,
        "usable_cores": available_cores(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }
