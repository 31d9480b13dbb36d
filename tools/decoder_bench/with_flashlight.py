"""flashlight-text with KenLM as a worker of `serve.py`: the lexicon decoder; without a model the lexicon-free one."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from flashlight.lib.text import decoder as fl
from flashlight.lib.text.decoder.kenlm import KenLM
from flashlight.lib.text.dictionary import Dictionary
from serve import Make, Material
from settings import Setting

NEVER = -1e4


def maker(material: Material) -> Make:
    """Load the model and build the lexicon's trie, smeared by the best word, once for all settings."""
    words = Dictionary(material.words)
    words.add_entry("<unk>")
    lm = KenLM(material.lm, words)
    trie = trie_of(material, words, lm)
    unknown = words.get_index("<unk>")

    def make(setting: Setting) -> Flashlight:
        limits = (setting.beam, setting.tokens or len(material.tokens), setting.threshold)
        if setting.vocabulary == "none":
            options = fl.LexiconFreeDecoderOptions(*limits, 0.0, 0.0, setting.log_add, fl.CriterionType.CTC)
            decoder = fl.LexiconFreeDecoder(options, fl.ZeroLM(), material.space, material.blank, [])
            return Flashlight(decoder, material, words=None)
        # KenLM's scores are in log10 here.
        weights = (setting.lm_weight * math.log(10), setting.word_bonus, -math.inf, 0.0)
        options = fl.LexiconDecoderOptions(*limits, *weights, setting.log_add, fl.CriterionType.CTC)
        decoder = fl.LexiconDecoder(options, trie, lm, material.space, material.blank, unknown, [], False)
        return Flashlight(decoder, material, words)

    return make


def trie_of(material: Material, words: Dictionary, lm: KenLM) -> fl.Trie:
    """Return the trie of all words, each spelled with the space behind it."""
    number = {token: at for at, token in enumerate(material.tokens)}
    trie = fl.Trie(len(material.tokens), material.space)
    start = lm.start(False)
    for word in material.words:
        index = words.get_index(word)
        _, score = lm.score(start, index)
        trie.insert([*(number[char] for char in word), material.space], index, score)
    trie.smear(fl.SmearingMode.MAX)
    return trie


class Flashlight:
    def __init__(self, decoder: Any, material: Material, words: Dictionary | None) -> None:
        self._decoder, self._words = decoder, words
        self._tokens, self._space, self._blank = material.tokens, material.space, material.blank

    def prepare(self, log_probs: Any) -> Any:
        """Add a frame of space where words end with one: recordings do not, and the last word would stay unfinished."""
        if self._words is None:
            return np.ascontiguousarray(log_probs, np.float32)
        last = np.full((1, log_probs.shape[1]), NEVER, np.float32)
        last[0, self._space] = 0
        return np.concatenate([log_probs, last], dtype=np.float32)

    def begin(self) -> None:
        pass

    def decode(self, prepared: Any) -> str:
        # Not `decode`: that would bring all hypotheses of the beam to Python.
        self._decoder.decode_begin()
        self._decoder.decode_step(prepared.ctypes.data, *prepared.shape)
        self._decoder.decode_end()
        best = self._decoder.get_best_hypothesis()
        if self._words is None:
            return self._spelled(best.tokens)
        return " ".join(self._words.get_entry(index) for index in best.words if index >= 0)

    def _spelled(self, path: list[int]) -> str:
        runs = [label for at, label in enumerate(path) if at == 0 or label != path[at - 1]]
        return "".join(" " if label == self._space else self._tokens[label] for label in runs if label != self._blank)
