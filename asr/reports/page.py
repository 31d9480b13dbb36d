"""The page of a score."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from asr.scoring.card import Card
from asr.scoring.comparison import Comparison


def write_page(
    cards: Sequence[Card], path: Path, comparison: Comparison | None = None, *, audio_mb: float = 20.0
) -> None:
    """Write."""
