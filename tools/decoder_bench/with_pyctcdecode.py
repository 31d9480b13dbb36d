"""pyctcdecode with KenLM as a worker of `serve.py`."""

from __future__ import annotations

import math
from typing import Any

import kenlm
import numpy as np
from pyctcdecode.alphabet import Alphabet
from pyctcdecode.decoder import BeamSearchDecoderCTC
from pyctcdecode.language_model import LanguageModel
from serve import Make, Material
from settings import Setting

# It has no limit to the number of tokens: those that are not to be added get less than its own floor of 1e-15, and
# where no floor is asked for, its limit lies just above that.
IMPOSSIBLE, LOWEST = -1e4, -34.5


def maker(material: Material) -> Make:
    """Load model and unigrams as `build_ctcdecoder` does, once for all settings."""
    labels = [" " if at == material.space else token for at, token in enumerate(material.tokens)]
    labels[material.blank] = ""
    alphabet = Alphabet.build_alphabet(labels)
    fused = BeamSearchDecoderCTC(alphabet, LanguageModel(kenlm.Model(material.lm), material.words))
    alone = BeamSearchDecoderCTC(alphabet, None)
    return lambda setting: Pyctcdecode(alone if setting.vocabulary == "none" else fused, material, setting)


class Pyctcdecode:
    def __init__(self, decoder: BeamSearchDecoderCTC, material: Material, setting: Setting) -> None:
        self._decoder, self._setting = decoder, setting
        self._hotwords = material.hotwords[: setting.hotwords] or None
        floor = -LOWEST if setting.floor is None else setting.floor
        self._limits = {
            "beam_width": setting.beam, "beam_prune_logp": -setting.threshold, "token_min_logp": -floor,
        }  # fmt: skip

    def prepare(self, log_probs: Any) -> Any:
        if self._setting.tokens is None or self._setting.tokens >= log_probs.shape[1]:
            return log_probs
        kept = np.argsort(-log_probs, axis=1, kind="stable")[:, : self._setting.tokens]
        limited = np.full_like(log_probs, IMPOSSIBLE)
        np.put_along_axis(limited, kept, np.take_along_axis(log_probs, kept, axis=1), axis=1)
        return limited

    def begin(self) -> None:
        setting = self._setting
        if setting.vocabulary != "none":
            # At the end of a word it is multiplied by alpha and by ln 10.
            offset = -setting.unknown_price / math.log(10) / setting.lm_weight
            self._decoder.reset_params(alpha=setting.lm_weight, beta=setting.word_bonus, unk_score_offset=offset)

    def decode(self, prepared: Any) -> str:
        return self._decoder.decode(prepared, hotwords=self._hotwords, **self._limits)
