"""One JSON object a file, on one line."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any, ClassVar

from asr.types import Hypothesis, Word
from asr.writers.names import encodable

OMITTED = ("alternatives", "warnings")  # where there are none


class Json:
    """Keys: file, text, confidence, words; of a word: text, start_s, end_s (to the millisecond), confidence.

    What a hypothesis or a word knows beside has keys of its own (scores, and of an alignment `interpolated`).
    """

    suffix: ClassVar = "json"
    one_recording: ClassVar = False

    @staticmethod
    def write(name: str, hypothesis: Hypothesis, *, several: bool) -> str:
        return json.dumps({"file": encodable(name), **plain("", hypothesis)}, ensure_ascii=False)


def plain(name: str, value: Any) -> Any:
    """Return a value as JSON has it: nouns as objects, lists last; times to the millisecond."""
    if isinstance(value, Hypothesis | Word):
        known = {field.name: plain(field.name, getattr(value, field.name)) for field in fields(value)}
        lists_last = sorted(known.items(), key=lambda item: isinstance(item[1], list))
        return {key: content for key, content in lists_last if content is not None and (content or key not in OMITTED)}
    if isinstance(value, tuple):
        return [plain(name, one) for one in value]
    return round(value, 3 if name.endswith("_s") else 4) if isinstance(value, float) else value
