"""Who hears the recordings of a job: processes of this machine, or a cluster."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from asr.bulk import transcribed
from asr.bulk.chunks import jobs_for
from asr.bulk.hearing import Heard
from asr.inputs import Reading, Recording
from asr.recognizer import Recognizer


class Engine(Protocol):
    """Yields each recording with what is said in it or what is wrong with it; settings: of the recognisers.

    jobs, threads: of them, and of each or all; what is the fastest unless given. by_length: in the order in which they
    are done, the longest begun first; else in their own. timed: say how long each is as well.
    """

    def __call__(
        self,
        recordings: Sequence[Recording],
        reading: Reading,
        *,
        jobs: int | None = None,
        by_length: bool = False,
        timed: bool = False,
        **settings: Any,
    ) -> Iterator[Heard]: ...


def on_this_machine(
    recordings: Sequence[Recording],
    reading: Reading,
    *,
    jobs: int | None = None,
    by_length: bool = False,
    timed: bool = False,
    threads: int | None = None,
    **settings: Any,
) -> Iterator[Heard]:
    """Yield what is said in the recordings, by one process for a few and by one a core for many."""
    jobs = jobs_for(len(recordings), threads) if jobs is None else jobs
    if jobs == 1:
        yield from transcribed(recordings, Recognizer(threads=threads, **settings), reading, timed=timed)
        return
    from asr.bulk.processes import transcribed_by_processes  # here, since a single file has no need of it

    if threads is not None:
        settings["threads"] = max(1, threads // jobs)
    yield from transcribed_by_processes(recordings, reading, jobs=jobs, by_length=by_length, timed=timed, **settings)


def on_a_cluster(recordings: Sequence[Recording], reading: Reading, **settings: Any) -> Iterator[Heard]:
    """Yield what is said in the recordings, heard by the machines of a Ray cluster."""
    from asr.bulk.cluster import transcribed_by_ray  # here, since a single file has no need of it

    yield from transcribed_by_ray(recordings, reading, **settings)


ENGINES: dict[str, Engine] = {"processes": on_this_machine, "ray": on_a_cluster}
