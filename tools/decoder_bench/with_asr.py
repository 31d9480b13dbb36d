"""Our beam search as a worker of `serve.py`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from serve import Make, Material
from settings import Setting

from asr import lm
from asr.decoders.beam import Beam


def maker(material: Material) -> Make:
    model = lm.load(material.lm)
    return lambda setting: Ours(material, model, setting)


class Ours:
    """What a user gets: the text with times and confidences of its words."""

    def __init__(self, material: Material, model: lm.LanguageModel, setting: Setting) -> None:
        self._frame_shift_s = material.frame_shift_s
        self._beam = Beam(
            material.tokens,
            material.blank,
            beam=setting.beam,
            max_tokens=setting.tokens,
            beam_margin=setting.threshold,
            token_margin=math.inf if setting.floor is None else setting.floor,
            lm=None if setting.vocabulary == "none" else model,
            lm_weight=setting.lm_weight,
            word_bonus=setting.word_bonus,
            unknown_price=setting.unknown_price,
            open_vocabulary=setting.vocabulary != "closed",
            hotwords=material.hotwords[: setting.hotwords],
        )

    def prepare(self, log_probs: Any) -> Any:
        return np.ascontiguousarray(log_probs, np.float32)

    def begin(self) -> None:
        pass

    def decode(self, prepared: Any) -> str:
        return self._beam.decode(prepared, frame_shift_s=self._frame_shift_s).text
