"""Many recordings by a cluster: the same as by this machine, whatever happens to its machines."""

from __future__ import annotations

import dataclasses
import os
import pickle
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import commands
import numpy as np
import pytest
import soundfile
from commands import content, surroundings

from asr.bulk import Heard, transcribed
from asr.bulk.cluster import Listener, _actors, _checked, _connected, _heard, _Job, transcribed_by_ray
from asr.bulk.engines import ENGINES
from asr.errors import AsrError, AudioError, ConfigError, MissingFile
from asr.inputs import Reading, Recording, find
from asr.recognizer import Recognizer
from asr.types import Hypothesis

PATIENCE_S = 300
run = partial(commands.run, "transcribe")


def started(*arguments: object, **settings: str) -> subprocess.Popen[str]:
    environment = surroundings() | settings
    line = commands.line("transcribe", *arguments)
    return subprocess.Popen(line, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.fixture
def folder(sample: Path, tmp_path: Path) -> Path:
    """A few recordings that say different things, and some that nobody can read."""
    samples, rate_hz = soundfile.read(sample, dtype="float32")
    (tmp_path / "in").mkdir()
    for number in range(4):
        soundfile.write(tmp_path / "in" / f"{number} ü.wav", samples[: (number + 3) * rate_hz // 3], rate_hz)
    (tmp_path / "in" / "empty.wav").touch()
    shutil.copy(tmp_path / "in" / "0 ü.wav", tmp_path / "in" / os.fsdecode(b"\xff.wav"))
    return tmp_path / "in"


@pytest.fixture(scope="module")
def recognizer() -> Recognizer:
    return Recognizer(threads=1)


def job(recognizer: Recognizer, **changes: Any) -> _Job:
    return dataclasses.replace(_Job(Reading(), {"threads": 1}, recognizer.info, os.getcwd(), True), **changes)


def answer(listener: Listener, *recordings: Recording) -> list[Heard] | AsrError:
    machine, found = pickle.loads(listener({"chunk": pickle.dumps(list(recordings))})["answer"])
    assert machine == socket.gethostname()
    assert isinstance(found, list | AsrError)
    return found


# ---- an actor


def test_an_actor_hears_chunks_as_this_process_does(folder: Path, recognizer: Recognizer) -> None:
    listener, given = Listener(job(recognizer)), find([str(folder)])
    found = [answer(listener, *given[:3]), answer(listener, *given[3:])]
    heard = [one for chunk in found if isinstance(chunk, list) for one in chunk]
    alone = transcribed(given, recognizer, Reading(), timed=True)
    assert [(one.recording, str(one.result), one.duration_s) for one in heard] == [
        (one.recording, str(one.result), one.duration_s) for one in alone
    ]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"folder": "/no such folder"}, r"/no such folder: is no folder there .*all machines of the cluster see"),
        ({"settings": {"path": "no.onnx"}}, r"no\.onnx"),
        ({"settings": {"decoder": "beam", "lm": "no.bin"}}, r"no\.bin"),
    ],
)
def test_a_machine_that_cannot_work_says_why(recognizer: Recognizer, changes: dict[str, Any], says: str) -> None:
    found = answer(Listener(job(recognizer, **changes)), Recording("a.wav"))
    assert isinstance(found, AsrError)
    assert re.search(says, str(found))


def test_a_machine_with_another_model_is_refused(recognizer: Recognizer) -> None:
    other = dataclasses.replace(recognizer.info, name="another")
    found = answer(Listener(job(recognizer, info=other)), Recording("a.wav"))
    assert re.search(r"\.onnx: is another model there; install the same version", str(found))


def test_a_recording_that_one_machine_does_not_see_is_told_from_one_that_is_gone(folder: Path) -> None:
    here, gone = (Recording(str(folder / name)) for name in ("0 ü.wav", "gone.wav"))
    seen, unseen, absent = (
        _checked(heard, "node-7")
        for heard in (
            Heard(here, Hypothesis("a")),
            Heard(here, MissingFile("not there")),
            Heard(gone, MissingFile("not there")),
        )
    )
    assert seen.result == Hypothesis("a")
    assert isinstance(unseen.result, AudioError)
    assert str(unseen.result).startswith(f"{here.name}: is here but not on node-7")
    assert isinstance(absent.result, MissingFile)


# ---- what is refused


def test_standard_input_and_providers_are_refused(folder: Path) -> None:
    with pytest.raises(ConfigError, match="standard input: is not heard on a cluster"):
        next(ENGINES["ray"]([Recording("-")], Reading()))
    with pytest.raises(ConfigError, match="provider: cuda is not for clusters"):
        next(ENGINES["ray"](find([str(folder)]), Reading(), provider="cuda"))


@pytest.mark.usefixtures("sample")
def test_what_is_wrong_with_the_settings_is_told_before_a_cluster_is_asked(folder: Path) -> None:
    result = run(folder / "0 ü.wav", "--engine", "ray", "--address", "127.0.0.1:1", "--model", folder / "none.onnx")
    assert result.exit_code == 1
    assert "none.onnx" in result.stderr
    assert "cluster" not in result.stderr


@pytest.mark.usefixtures("sample")
def test_without_the_package_the_extra_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.setitem(sys.modules, "ray.data", None)
    result = run(folder / "0 ü.wav", "--engine", "ray")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "pip install 'bilstm-asr[ray]'" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--engine", "rya"], "unknown 'rya'; did you mean 'ray'?"),
        (["--address", "localhost:6379"], "--address is that of a Ray cluster: add --engine ray"),
    ],
)
def test_a_wrong_command_line_is_exit_code_2(arguments: list[str], says: str) -> None:
    result = run("a.wav", *arguments)
    assert (result.exit_code, says in result.stderr) == (2, True)


def no_ray(*, address: str, **_: object) -> None:
    raise SystemExit(15)  # as Ray does where something else answers


@pytest.mark.parametrize("address", ["127.0.0.1:{closed}", "nowhere.invalid:6379", "localhost:port", "{open}"])
def test_an_address_without_a_cluster_is_told(address: str) -> None:
    ray: Any = SimpleNamespace(is_initialized=lambda: False, init=no_ray)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        if "{open}" not in address:
            server.close()
        named = address.format(closed=port, open=f"127.0.0.1:{port}")
        connection = _connected(ray, named, None, 1)
        with (
            pytest.raises(AsrError, match=f"^{named}: no Ray cluster can be used there .*ray start --head"),
            connection,
        ):
            pass


def test_recognisers_are_as_many_as_machines_have_cores_for() -> None:
    nodes = [{"Alive": alive, "Resources": {"CPU": cores}} for alive, cores in ((True, 3.0), (True, 4.0), (False, 9.0))]
    ray: Any = SimpleNamespace(nodes=lambda: [*nodes, {"Alive": True, "Resources": {}}])
    assert [_actors(ray, None, threads) for threads in (1, 2, 4)] == [7, 3, 1]
    assert (_actors(ray, 2, 1), _actors(ray, 99, 1)) == (2, 7)
    with pytest.raises(AsrError, match="no machine has 5 cores"):
        _actors(ray, None, 5)


class Dead(Exception):
    """What Ray raises, with the reason in its last line."""


def test_machines_that_lack_the_package_are_told(recognizer: Recognizer) -> None:
    def dead() -> Iterator[dict[str, bytes]]:
        raise Dead("The actor died\nModuleNotFoundError: No module named 'asr'")

    dataset = SimpleNamespace(map=lambda *_, **__: SimpleNamespace(iter_rows=dead))
    data = SimpleNamespace(ActorPoolStrategy=lambda **_: None, from_items=lambda *_, **__: dataset)
    ray: Any = SimpleNamespace(data=data, exceptions=SimpleNamespace(RayActorError=Dead))
    with pytest.raises(AsrError, match=r"no recogniser starts \(ModuleNotFoundError: No module named 'asr'\); install"):
        next(_heard(ray, job(recognizer), [[Recording("a.wav")]], 1))


# ---- clusters


@pytest.fixture(scope="module")
def quiet_ray() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.delenv("RAY_ADDRESS", raising=False)
        pytest.importorskip("ray.data", reason="Ray is an extra of its own")
        yield


@pytest.mark.slow
@pytest.mark.usefixtures("quiet_ray")
def test_a_cluster_of_this_machine_prints_what_is_printed_without_it(folder: Path) -> None:
    expected = run(folder)
    with started(folder, "--engine", "ray", "--jobs", 2) as process:
        stdout, stderr = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, stdout) == (1, expected.stdout)
    assert [line for line in stderr.splitlines() if line.startswith("asr: ")] == expected.stderr.splitlines()
    assert "Traceback" not in stderr


@pytest.fixture(scope="module")
def cluster(quiet_ray: None) -> Iterator[Any]:
    """A head that does no work and two machines of one core each, which are this one; lost ones are soon noticed."""
    from ray.cluster_utils import Cluster

    health = {"health_check_period_ms": 1000, "health_check_timeout_ms": 2000, "health_check_failure_threshold": 2}
    small = {"object_store_memory": 80_000_000}
    head = small | {"num_cpus": 0, "include_dashboard": False, "_system_config": health}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    cluster.machines = [cluster.add_node(num_cpus=1, **small) for _ in range(2)]
    yield cluster
    cluster.shutdown()


@pytest.mark.slow
def test_a_cluster_is_left_as_it_was(folder: Path, cluster: Any) -> None:
    given = find([str(folder)])
    found = list(transcribed_by_ray(given, Reading(), address=cluster.address))
    assert [one.recording for one in found] == given
    import ray

    assert not ray.is_initialized()
    ray.init(address=cluster.address, log_to_driver=False)
    again = list(transcribed_by_ray(given, Reading()))
    assert ray.is_initialized(), "who has connected disconnects"
    ray.shutdown()
    assert [str(one.result) for one in again] == [str(one.result) for one in found]


@pytest.mark.slow
def test_a_machine_that_is_killed_during_a_job_costs_nothing(folder: Path, tmp_path: Path, cluster: Any) -> None:
    """It is the last test of this cluster."""
    samples, rate_hz = soundfile.read(folder / "3 ü.wav")
    for number in range(96):
        soundfile.write(folder / f"more {number}.wav", np.tile(samples[number * 10 :], 2), rate_hz)
    formats = ("--format", "txt,json,ctm")
    expected = run(folder, "--out", tmp_path / "expected", *formats, "--jobs", 1)
    out = tmp_path / "out"
    with started(folder, "--out", out, *formats, "--engine", "ray", RAY_ADDRESS=cluster.address) as process:
        until(lambda: len(content(out)) > 24, process)
        cluster.remove_node(cluster.machines[0], allow_graceful=False)
        before = len(content(out))
        stdout, stderr = process.communicate(timeout=PATIENCE_S)
    assert before < len(content(tmp_path / "expected")), "it was killed too late to tell"
    assert (process.returncode, stdout) == (expected.exit_code, "") == (1, "")
    assert content(out) == content(tmp_path / "expected")
    assert told(stderr) == told(expected.stderr)
    resumed = run(folder, "--out", out, *formats, "--resume", "--engine", "ray", "--address", "127.0.0.1:1")
    assert "127.0.0.1:1: no Ray cluster" in resumed.stderr, "the file that cannot be read is still to be done"


def until(done: Any, process: subprocess.Popen[str]) -> None:
    end_s = time.monotonic() + PATIENCE_S
    while not done():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end_s
        time.sleep(0.05)


def told(stderr: str) -> list[str]:
    """Return what is told of errors and counts; times and what Ray has to say differ."""
    return [line for line in stderr.splitlines() if re.match(r"asr: |done|failed|skipped|audio", line)]
