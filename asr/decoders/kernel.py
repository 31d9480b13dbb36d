"""How the core is compiled: entries, which Python calls and which are kept on disk, and what stands inside of them.

Numba counts references to arrays wherever they pass from function to function. The core allocates nothing, so it is
compiled without the counting (`_nrt=False`) and in one piece (`forceinline`): with a beam of 100, 10 us a frame
instead of 75.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

Function = TypeVar("Function", bound=Callable[..., Any])

_OPTIONS: dict[str, Any] = {"nogil": True, "_nrt": False}


def entry(function: Function) -> Function:
    """Compile a function that is called from Python; a later process finds it on disk."""
    return cast(Function, numba.njit(cache=True, **_OPTIONS)(function))


def inside(function: Function) -> Function:
    """Compile a function into those that call it."""
    return cast(Function, numba.njit(forceinline=True, **_OPTIONS)(function))
