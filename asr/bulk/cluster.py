"""Many recordings by many machines: Ray Data, with one recogniser for each of its actors."""

from __future__ import annotations

import os
import pickle
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from asr import bundle
from asr.bulk.chunks import Chunks, shared_out
from asr.bulk.hearing import Heard
from asr.bulk.workers import Workers
from asr.bundle import ModelInfo
from asr.cores import available_cores
from asr.errors import AsrError, AudioError, ConfigError, MissingFile, require
from asr.inputs import Reading, Recording
from asr.recognizer import Recognizer

_PATIENCE_S = 10.0  # for a machine to answer; Ray itself asks for two minutes, and then ends this process
_STORE_BYTES = 100_000_000  # of a cluster on this machine: texts alone go through it
_SURROUNDINGS = {  # which Ray reads as it is imported
    "RAY_USAGE_STATS_ENABLED": "0",  # else figures about its use go to its makers
    "RAY_DEDUP_LOGS_SKIP_REGEX": ".",  # else what it says about lost machines goes to standard output, as texts do
    "RAY_DATA_DISABLE_PROGRESS_BARS": "1",
    "RAY_DATA_LOG_LEVEL": "CRITICAL",
    "RAY_BACKEND_LOG_LEVEL": "fatal",
}


def transcribed_by_ray(
    recordings: Sequence[Recording],
    reading: Reading,
    *,
    jobs: int | None = None,
    by_length: bool = False,
    timed: bool = False,
    address: str | None = None,
    threads: int = 1,
    **settings: Any,
) -> Iterator[Heard]:
    """Yield what `asr.bulk.transcribed` does, heard by the machines of a cluster; settings: of each one's Recognizer.

    address: `host:port` of the cluster's head, or `auto` for one that runs here; what RAY_ADDRESS says unless given,
    and a cluster of this machine alone where it says nothing. jobs: recognisers; as many as there are cores for
    `threads` each, unless given. All machines see the working directory, the recordings and the model by the same
    names; what the results become is the caller's affair.

    What a machine that is lost had to do is done by others. Raises MissingPackage, ConfigError, AsrError for a cluster
    that cannot be used, and what making a Recognizer raises.
    """
    _refuse(recordings, settings)
    settings["threads"] = threads
    info = Recognizer(**settings).info  # whatever is wrong with the settings is told before a cluster is asked
    ray = _package()
    with _connected(ray, address, jobs, threads):
        count = _actors(ray, jobs, threads)
        job = _Job(reading, settings, info, os.getcwd(), timed)
        yield from shared_out(
            recordings, lambda chunks: _heard(ray, job, chunks, count), jobs=count, by_length=by_length
        )


@dataclass(frozen=True, slots=True)
class _Job:
    """What every actor is told: how to read, what to make a recogniser of, which model that is, and where it is."""

    reading: Reading
    settings: dict[str, Any]
    info: ModelInfo
    folder: str
    timed: bool


class Listener:
    """An actor: chunk after chunk is heard by a process of its own, so that a recording may end it and is named."""

    def __init__(self, job: _Job) -> None:
        self._job = job
        self._machine = socket.gethostname()
        self._workers: Workers | None = None

    def __call__(self, row: dict[str, bytes]) -> dict[str, bytes]:
        try:
            answer: list[Heard] | AsrError = list(self._started().results([pickle.loads(row["chunk"])]))
        except AsrError as error:
            answer = error
        return {"answer": pickle.dumps((self._machine, answer))}

    def _started(self) -> Workers:
        if self._workers is None:
            _enter(self._job.folder)
            path = self._job.settings.get("path") or bundle.default_model()
            if bundle.load_bytes(path)[1] != self._job.info:
                raise AsrError(f"{path}: is another model there; install the same version on all machines")
            workers = Workers(1, self._job.reading, self._job.settings, timed=self._job.timed)
            self._workers = workers.__enter__()  # it ends with this process
        return self._workers


def _enter(folder: str) -> None:
    """Go to where the names of recordings and models count from."""
    try:
        os.chdir(folder)
    except OSError as error:
        why = f"{folder}: is no folder there ({error.strerror})"
        raise AsrError(f"{why}; start the job in one that all machines of the cluster see") from error


# ---- the cluster


def _refuse(recordings: Sequence[Recording], settings: dict[str, Any]) -> None:
    if any(recording.is_stdin for recording in recordings):
        raise ConfigError("standard input: is not heard on a cluster; name a file that all of its machines see")
    if settings.get("provider", "cpu") != "cpu":
        raise ConfigError(f"provider: {settings['provider']} is not for clusters; leave it out, they use processors")


def _package() -> ModuleType:
    for name, value in _SURROUNDINGS.items():
        os.environ.setdefault(name, value)
    require("ray.data", extra="ray", purpose="hearing on a cluster")
    return require("ray", extra="ray", purpose="hearing on a cluster")


@contextmanager
def _connected(ray: ModuleType, address: str | None, jobs: int | None, threads: int) -> Iterator[None]:
    """Be part of a cluster, and end it afterwards if it was made for this; of one that is there already stay part."""
    if address is None and ray.is_initialized():
        yield
        return
    address = address or os.environ.get("RAY_ADDRESS") or "local"
    cores = available_cores() if jobs is None else jobs * threads
    own = {"num_cpus": cores, "object_store_memory": _STORE_BYTES, "include_dashboard": False}
    _look_for(address)
    try:
        ray.init(address=address, log_to_driver=False, logging_level="ERROR", **(own if address == "local" else {}))
    except (SystemExit, OSError, RuntimeError, ValueError) as error:  # SystemExit: what answers is no Ray
        raise _no_cluster(address, str(error) or type(error).__name__) from error
    try:
        yield
    finally:
        ray.shutdown()


def _look_for(address: str) -> None:
    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if not colon:  # a word that Ray knows, or refuses
        return
    try:
        socket.create_connection((host, int(port)), timeout=_PATIENCE_S).close()
    except (OSError, ValueError, OverflowError) as error:
        raise _no_cluster(address, getattr(error, "strerror", None) or str(error)) from error


def _no_cluster(address: str, why: str) -> AsrError:
    reason = why.splitlines()[0].rstrip(".")
    return AsrError(
        f"{address}: no Ray cluster can be used there ({reason}); start one with 'ray start --head', give its "
        "--address, or leave --address and RAY_ADDRESS out for one on this machine"
    )


def _actors(ray: ModuleType, jobs: int | None, threads: int) -> int:
    """Return how many actors of so many threads the machines have cores for, and no more than wanted."""
    nodes = (node["Resources"] for node in ray.nodes() if node["Alive"])
    room = sum(int(resources.get("CPU", 0)) // threads for resources in nodes)
    if not room:
        raise AsrError(f"cluster: no machine has {threads} cores for a recogniser; give fewer --threads")
    return room if jobs is None else min(jobs, room)


# ---- the work


def _heard(ray: ModuleType, job: _Job, chunks: Chunks, count: int) -> Iterator[Heard]:
    """Yield what is heard of each recording as it comes."""
    for machine, answer in _answers(ray, job, chunks, min(count, len(chunks))):
        if isinstance(answer, AsrError):
            raise type(answer)(f"{machine}: {answer}")
        yield from (_checked(heard, machine) for heard in answer)


def _answers(ray: ModuleType, job: _Job, chunks: Chunks, count: int) -> Iterator[tuple[str, list[Heard] | AsrError]]:
    """Yield what the actors answer, and on which machine; Ray gives what a lost one had to do to another."""
    # Fewer than at first are allowed, so that one that waits for the room of a lost machine takes that of an idle one.
    pool = ray.data.ActorPoolStrategy(min_size=1, max_size=count, initial_size=count, max_tasks_in_flight_per_actor=2)
    rows = [{"chunk": pickle.dumps(chunk)} for chunk in chunks]
    given = ray.data.from_items(rows, override_num_blocks=len(rows))  # a task for each chunk
    answers = given.map(Listener, fn_constructor_args=(job,), compute=pool, num_cpus=job.settings["threads"])
    try:
        for row in answers.iter_rows():
            yield pickle.loads(row["answer"])
    except ray.exceptions.RayActorError as error:
        why = str(error).splitlines()[-1]
        raise AsrError(f"cluster: no recogniser starts ({why}); install bilstm-asr on all of its machines") from error


def _checked(heard: Heard, machine: str) -> Heard:
    """Return a result, or who does not see a file that is here."""
    name = heard.recording.name
    if isinstance(heard.result, MissingFile) and os.path.exists(name):
        why = f"{name}: is here but not on {machine}, a machine of the cluster"
        return heard._replace(result=AudioError(f"{why}; put it where all of them see it under this name"))
    return heard
