"""File names as they can be printed."""

from __future__ import annotations


def encodable(name: str) -> str:
    """Return the name with U+FFFD for bytes that are no UTF-8, which Python holds as surrogates and cannot print."""
    return name.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
