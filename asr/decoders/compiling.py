"""The compiled core made ready: loaded from numba's cache, or compiled, which happens once and is said."""

from __future__ import annotations

import contextlib
import functools
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Lock
from types import ModuleType
from typing import Any

import numpy as np
from numba.core import event

from asr import ngrams, viterbi
from asr.decoders import frames, fusion, kernel, pool, tree
from asr.decoders.compose import compose
from asr.decoders.fitting import Parts
from asr.decoders.fusion import Limits
from asr.decoders.search import Search

_ENTRIES: tuple[Any, ...] = (frames.begin, frames.run, frames.finish, tree.trace, tree.compact)
_SOURCES: tuple[ModuleType, ...] = (ngrams, fusion, kernel, tree, pool, frames)
_lock = Lock()


def make_ready() -> None:
    """Compile the core if that was never done on this machine, with one line on stderr; load it otherwise."""
    with _lock:
        _make_ready()


@functools.cache
def _make_ready() -> None:
    _forget_stale()
    with _announced():
        nothing, _ = compose(("<blk>", "a"), 0, Parts())
        limits = Limits(blank=0, beam=1, max_tokens=1, token_margin=np.inf, beam_margin=np.inf)
        search = Search(nothing, limits, vocabulary=2)
        log_probs = np.log(np.full((1, 2), 0.5, np.float32))
        search.feed(log_probs)
        search.complete(1)
        search.forget()
        viterbi.best_path(log_probs, np.ones(1, np.int32), 0)


class _Notice(event.Listener):
    """Says the first time that something is compiled."""

    def __init__(self) -> None:
        self._said = False

    def on_start(self, event: Any) -> None:
        if not self._said:
            print("compiling the beam search, once: this takes some seconds", file=sys.stderr)
        self._said = True

    def on_end(self, event: Any) -> None:
        pass


@contextlib.contextmanager
def _announced() -> Iterator[None]:
    with event.install_listener("numba:compile", _Notice()):
        yield


def _forget_stale() -> None:
    """Remove what was compiled from older sources: numba compares a function's own file alone, not those it calls."""
    changed = [Path(str(module.__file__)).stat().st_mtime for module in _SOURCES]
    newest = max((time_s for time_s in changed if time_s <= time.time()), default=0.0)  # clocks may be wrong
    for entry in _ENTRIES:
        folder = Path(entry.stats.cache_path)
        for index in folder.glob(f"*.{entry.py_func.__name__}-*.nbi"):
            with contextlib.suppress(OSError):
                if index.stat().st_mtime < newest:
                    index.unlink()
