"""One JSON object a file, on one line."""

from __future__ import annotations

import json

from asr.types import Hypothesis, Word
from asr.writers.names import encodable


class Json:
    """Keys: file, text, confidence, words; of a word: text, start_s, end_s (to the millisecond), confidence."""

    @staticmethod
    def write(name: str, hypothesis: Hypothesis, *, several: bool) -> str:
        line = {
            "file": encodable(name),
            "text": hypothesis.text,
            "confidence": round(hypothesis.confidence, 4),
            "words": [_word(word) for word in hypothesis.words],
        }
        return json.dumps(line, ensure_ascii=False)


def _word(word: Word) -> dict[str, object]:
    return {
        "text": word.text,
        "start_s": round(word.start_s, 3),
        "end_s": round(word.end_s, 3),
        "confidence": round(word.confidence, 4),
    }
