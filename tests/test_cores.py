"""The cores that a container grants, read from trees laid out as the kernel lays them out."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from asr.cores import available_cores

HOST = 64


@pytest.fixture(autouse=True)
def big_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(HOST)), raising=False)


def tree(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


@pytest.mark.parametrize(
    ("quota", "cores"),
    [("max 100000", HOST), ("200000 100000", 2), ("150000 100000", 2), ("5000 100000", 1), ("9900000 100000", HOST)],
)
def test_cgroup_v2_inside_a_container(tmp_path: Path, quota: str, cores: int) -> None:
    files = {"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": quota + "\n"}
    assert available_cores(tree(tmp_path, files)) == cores


def test_cgroup_v2_the_tightest_group_around_counts(tmp_path: Path) -> None:
    files = {
        "proc/self/cgroup": "0::/user.slice/job.scope\n",
        "sys/fs/cgroup/user.slice/cpu.max": "300000 100000\n",
        "sys/fs/cgroup/user.slice/job.scope/cpu.max": "max 100000\n",
    }
    assert available_cores(tree(tmp_path, files)) == 3


@pytest.mark.parametrize(("quota", "cores"), [("-1", HOST), ("400000", 4), ("50000", 1)])
@pytest.mark.parametrize("mount", ["cpu,cpuacct", "cpu"])
@pytest.mark.parametrize("folder", ["", "/docker/1f"])  # within a container the limits stand at the mount
def test_cgroup_v1(tmp_path: Path, quota: str, cores: int, mount: str, folder: str) -> None:
    files = {
        "proc/self/cgroup": "5:memory:/docker/1f\n4:cpu,cpuacct:/docker/1f\n0::/\n",
        f"sys/fs/cgroup/{mount}{folder}/cpu.cfs_quota_us": f"{quota}\n",
        f"sys/fs/cgroup/{mount}{folder}/cpu.cfs_period_us": "100000\n",
    }
    assert available_cores(tree(tmp_path, files)) == cores


@pytest.mark.parametrize("text", ["", "nonsense\n", "0::/../..\n", "0::\n"])
def test_no_control_groups(tmp_path: Path, text: str) -> None:
    assert available_cores(tree(tmp_path, {"proc/self/cgroup": text})) == HOST
    assert available_cores(tmp_path / "nothing") == HOST


def test_the_affinity_mask_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {3, 5})
    assert available_cores(tmp_path) == 2


def test_without_affinity_the_machine_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert available_cores(tmp_path) == 1
