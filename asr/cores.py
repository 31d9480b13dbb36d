"""How many cores this process may use, which in a container is fewer than the machine has."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import Path


def available_cores(root: Path = Path("/")) -> int:
    """Return the cores of the affinity mask, or fewer where a cgroup (v1 or v2) grants less time; at least 1.

    root: where `proc` and `sys` are looked for.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min([cores, *map(math.ceil, _quotas(root))]))


def _quotas(root: Path) -> Iterator[float]:
    """Yield the cores granted by each control group that this process is in, and by the groups around it."""
    mount = root / "sys/fs/cgroup"
    for controllers, group in _groups(root / "proc/self/cgroup"):
        if controllers == "":  # v2: one tree for all controllers
            for folder in _upwards(mount, group):
                yield from _ratio(_words(folder / "cpu.max"))
        elif "cpu" in controllers.split(","):
            for name in {controllers, "cpu"}:
                for folder in _upwards(mount / name, group):
                    yield from _ratio(_words(folder / "cpu.cfs_quota_us") + _words(folder / "cpu.cfs_period_us"))


def _groups(file: Path) -> Iterator[tuple[str, str]]:
    """Yield (controllers, group) of lines such as `4:cpu,cpuacct:/docker/1f` (v1) and `0::/init.scope` (v2)."""
    for line in _words(file):
        _, _, rest = line.partition(":")
        controllers, _, group = rest.partition(":")
        yield controllers, group


def _upwards(mount: Path, group: str) -> Iterator[Path]:
    # In a container the group's name is often the host's, and its own limits stand at the mount: both are looked at.
    folder = mount / group.lstrip("/")
    yield folder
    while folder != mount and mount in folder.parents:
        folder = folder.parent
        yield folder


def _ratio(words: list[str]) -> Iterator[float]:
    """Yield quota / period of two numbers; nothing for `max`, -1 or a missing file."""
    if len(words) == 2 and all(word.isdecimal() for word in words) and int(words[1]) > 0:
        yield int(words[0]) / int(words[1])


def _words(file: Path) -> list[str]:
    try:
        return file.read_text().split()
    except OSError:
        return []
