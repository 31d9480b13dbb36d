"""Processes with a recogniser each, which take the next chunk when they are done with one."""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from types import TracebackType
from typing import Any

from asr.bulk.hearing import Heard, hear
from asr.errors import AsrError, AudioError
from asr.inputs import Reading, Recording
from asr.recognizer import Recognizer

_PATIENCE_S = 5.0  # for a process whose pipe is closed to end


@dataclass(slots=True)
class _Worker:
    """A process, whether it has its recogniser and whether it waits for work, and what it still has to answer for."""

    process: BaseProcess
    started: bool = False
    idle: bool = False
    task: list[Recording] = field(default_factory=list)


class Workers:
    """`count` processes; to be used in a `with` block, which ends them.

    They are started anew, not forked: a fork of a process that has threads, as onnxruntime makes them, can hang. One
    whose parent is gone, however that came, ends by itself when it finds nobody at the other end of its pipe.
    """

    def __init__(self, count: int, reading: Reading, settings: dict[str, Any], *, timed: bool) -> None:
        self._count = count
        self._arguments = (reading, settings, timed)
        self._workers: dict[Connection, _Worker] = {}

    def __enter__(self) -> Workers:
        for _ in range(self._count):
            self._start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for connection, worker in self._workers.items():
            connection.close()
            worker.process.terminate()
        for worker in self._workers.values():
            worker.process.join()

    def results(self, chunks: Iterable[list[Recording]]) -> Iterator[Heard]:
        """Yield what was heard of each recording as it comes.

        The recordings of a chunk that a process died of are tried one by one, and the one that a process died of alone
        is said to be wrong. Raises the AsrError of a recogniser that cannot be made, and of a process that does not
        start.
        """
        waiting = deque(chunks)
        while waiting or any(worker.task for worker in self._workers.values()):
            self._give(waiting)
            for connection in wait([pipe for pipe, worker in self._workers.items() if not worker.idle]):
                assert isinstance(connection, Connection)
                try:
                    answer = connection.recv()
                except (EOFError, OSError):
                    yield from self._bury(connection, waiting)
                else:
                    yield from self._take(self._workers[connection], answer)

    def _start(self) -> None:
        ours, theirs = multiprocessing.Pipe()
        process = multiprocessing.get_context("spawn").Process(
            target=_serve, args=(theirs, *self._arguments), daemon=True
        )
        process.start()
        theirs.close()
        self._workers[ours] = _Worker(process)

    def _give(self, waiting: deque[list[Recording]]) -> None:
        """Give a chunk to each process that has nothing to do."""
        for connection, worker in self._workers.items():
            if worker.idle and waiting:
                worker.idle, worker.task = False, waiting.popleft()
                with contextlib.suppress(OSError):  # it has died: reading from it will tell
                    connection.send(worker.task)

    @staticmethod
    def _take(worker: _Worker, answer: Heard | AsrError | None) -> Iterator[Heard]:
        if isinstance(answer, AsrError):
            raise answer
        if answer is None:  # ready for what is next
            worker.started = worker.idle = True
        else:
            worker.task.remove(answer.recording)
            yield answer

    def _bury(self, connection: Connection, waiting: deque[list[Recording]]) -> Iterator[Heard]:
        """Put another process in the place of one that has died, and its recordings before all others."""
        worker = self._workers.pop(connection)
        connection.close()
        worker.process.join(_PATIENCE_S)
        how = _how_it_ended(worker.process.exitcode)
        if not worker.started:
            raise AsrError(f"a process for transcribing {how} as it started; see what it printed, or give --jobs 1")
        self._start()
        if len(worker.task) > 1:
            waiting.extendleft([recording] for recording in reversed(worker.task))
        for recording in worker.task if len(worker.task) == 1 else ():
            why = f"{recording.name}: the process that read it {how}; if memory was short, give fewer --jobs"
            yield Heard(recording, AudioError(why))


def _how_it_ended(code: int | None) -> str:
    return f"was ended by signal {-code}" if code is not None and code < 0 else f"ended with code {code}"


def _serve(connection: Connection, reading: Reading, settings: dict[str, Any], timed: bool) -> None:
    """Be such a process: answer each chunk with what was heard, one by one, and None for the next."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all; the parent decides
    try:
        try:
            recognizer = Recognizer(**settings)
        except AsrError as error:
            connection.send(error)
            return
        while True:
            connection.send(None)
            for heard in hear(recognizer, connection.recv(), reading, timed=timed):
                connection.send(heard)
    except (EOFError, OSError):
        return  # the parent is gone
