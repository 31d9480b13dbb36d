"""Reports of scores and comparisons for people to read: plain text, Markdown, and a page with everything in it."""

from __future__ import annotations

__all__: list[str] = []
