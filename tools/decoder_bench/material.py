"""What all decoders of the benchmark are given: log-probabilities, a language model in every form, lists of words."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from settings import OURS

from asr import audio, bundle, lm, manifest, scoring, text
from asr.decoders.path import SPACE
from asr.lm import binary
from asr.recognizer import Recognizer
from asr.types import FloatArray

HOTWORD_LETTERS = 4  # a hot word has so many or more


@dataclass(frozen=True)
class Set:
    """Utterances with the log-probabilities of a model, as `read_material` of the workers wants them."""

    tokens: Sequence[str]
    blank: int
    frame_shift_s: float
    rules: str
    ids: Sequence[str]
    references: Sequence[str]
    log_probs: Sequence[FloatArray]  # [F, V] each

    @property
    def audio_s(self) -> float:
        return sum(map(len, self.log_probs)) * self.frame_shift_s

    def store(self, file: Path) -> Path:
        np.savez(
            file, tokens=list(self.tokens), blank=self.blank, space=self.tokens.index(SPACE),
            frame_shift_s=self.frame_shift_s, frames=[len(each) for each in self.log_probs],
            log_probs=np.concatenate(self.log_probs).astype(np.float32),
        )  # fmt: skip
        return file

    def wer(self, texts: Sequence[str]) -> float:
        """Return the word error rate after the model's text rules on both sides, as `asr evaluate` counts it."""
        rule = text.get_rule(self.rules)
        references = dict(zip(self.ids, map(rule, self.references), strict=True))
        return scoring.score(references, dict(zip(self.ids, map(rule, texts), strict=True))).wer


def read_set(model: Path, file: Path, limit: int | None) -> Set:
    """Run a model over the utterances of a manifest, one by one; of its beginning where there is a limit."""
    info = bundle.read_info(model)
    if any(len(token) != 1 for number, token in enumerate(info.tokens) if number != info.blank):
        sys.exit(f"{model}: its tokens are no single characters, which the decoders here are compared with")
    recognizer = Recognizer(model, decoder="greedy")
    utterances = manifest.read(file)[:limit]
    samples = (audio.read_utterance(utterance, info.rate_hz).samples for utterance in utterances)
    return Set(
        tokens=info.tokens, blank=info.blank, frame_shift_s=info.frame_shift_s, rules=info.text_rules,
        ids=[utterance.id for utterance in utterances], references=[utterance.text for utterance in utterances],
        log_probs=[recognizer.log_probs([each])[0] for each in samples],
    )  # fmt: skip


@dataclass(frozen=True)
class Words:
    """The files that a worker is started with beside the log-probabilities."""

    ours: Path  # the language model
    kenlm: Path
    words: Path
    hotwords: Path

    def of(self, decoder: str) -> list[str]:
        model = self.ours if decoder == OURS else self.kenlm
        return [str(model), str(self.words), str(self.hotwords)]


def prepare_words(arpa: Path, tokens: Sequence[str], hotwords: int, build_binary: str, folder: Path) -> Words:
    """Write the language model in each decoder's best form, its words, and hot words drawn from them by chance."""
    model = lm.load(arpa)
    binary.save(model, folder / "lm.bin")
    specials = {model.bos, model.eos, model.unk}
    known = [word for number, word in enumerate(model.words) if number not in specials]
    spelled = [word for word in known if set(word) <= set(tokens)]
    if not spelled:
        sys.exit(f"{arpa}: none of its words is spelled with the model's characters")
    long = [word for word in spelled if len(word) >= HOTWORD_LETTERS]
    drawn = random.Random(0).sample(long, min(hotwords, len(long)))
    return Words(
        ours=folder / "lm.bin",
        kenlm=kenlm_binary(arpa, build_binary, folder),
        words=write_lines(folder / "words.txt", spelled),
        hotwords=write_lines(folder / "hotwords.txt", drawn),
    )


def kenlm_binary(arpa: Path, build_binary: str, folder: Path) -> Path:
    """Return the model in KenLM's fastest form (probing), or the ARPA file where its tool is not there.

    The python module cannot write it. Of an ARPA file KenLM makes the same tables in memory: only loading is slower.
    """
    if shutil.which(build_binary) is None:
        print(f"{build_binary}: not found, so KenLM reads the ARPA file; only loading is slower, which is not counted")
        return arpa.resolve()
    out = folder / "kenlm.bin"
    subprocess.run([build_binary, "probing", str(arpa), str(out)], check=True, capture_output=True)
    return out


def write_lines(file: Path, lines: Sequence[str]) -> Path:
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return file
