"""Every kind of tokenizer on its whole way: a config, a step of training, a checkpoint, an export, decoded text."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch

from asr import bundle, manifest
from asr.cli.evaluate import measure, transcribed, written
from asr.config import load
from asr.decoders import get_decoder
from asr.errors import TextError
from asr.export import export
from asr.recognizer import Recognizer
from asr.tokenizers import TOKENIZERS, readable, restore
from asr.tokenizers.tokens import BYTES
from asr.train import checkpoint as checkpoints
from asr.train import loop
from asr.train.epoch import Trainer
from asr.types import Utterance

pytestmark = pytest.mark.usefixtures("one_thread")

RATE_HZ = 8000
TEXTS = ["yes no", "über", "你好", "no 你好", "yes"]
LEXICON = "YES Y EH1 S\nNO N OW1\nÜBER UE1 B ER0\n你好 n i3 h ao3\n"
SETTINGS = {"bpe": "pieces = 20", "unigram": "pieces = 20", "phone": 'lexicon = "words.dict"'}
CONFIG = """
[text]
rules = "basic"
tokenizer = "{name}"
{settings}
[features]
rate_hz = 8000
bands = 20
[model]
hidden = 8
layers = 1
channels = 4
project = 8
[train]
epochs = 1
batch_s = 4.0
precision = "fp32"
device = "cpu"
[augment]
speeds = [1.0]
joined = 0.5
"""


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write recordings of noise, 1.2 s each, and return their manifest."""
    folder, rng = tmp_path_factory.mktemp("corpus"), np.random.default_rng(0)
    utterances = [Utterance(f"u{number}", folder / f"{number}.wav", text, 1.2) for number, text in enumerate(TEXTS)]
    for utterance in utterances:
        soundfile.write(utterance.audio, 0.1 * rng.standard_normal(round(1.2 * RATE_HZ)), RATE_HZ)
    manifest.write(folder / "all.jsonl", utterances)
    return folder / "all.jsonl"


def config_of(name: str, folder: Path) -> Any:
    (folder / "words.dict").write_text(LEXICON, encoding="utf-8")
    text = CONFIG.format(name=name, settings=SETTINGS.get(name, ""))
    (folder / "config.toml").write_text(text, encoding="utf-8")
    return load(folder / "config.toml")


@pytest.mark.parametrize("name", TOKENIZERS)
def test_every_kind_is_trained_exported_and_decoded(name: str, corpus: Path, tmp_path: Path) -> None:
    if name == "unigram":
        pytest.importorskip("sentencepiece", reason="SentencePiece trains unigrams (extra 'train')")
    config = config_of(name, tmp_path)
    run = loop.resume_or_start(config, corpus, corpus, tmp_path / "run")
    before = [weight.detach().clone() for weight in run.model.parameters()]
    Trainer(run.model, run.optimizer, run.data, run.config).run(0, run.tally, lambda tally, steps: True)
    assert run.tally.steps > 0
    assert run.tally.skipped == 0
    assert any(not torch.equal(was, now) for was, now in zip(before, run.model.parameters(), strict=True))
    run.save()
    (tmp_path / "words.dict").unlink()
    again = loop.resume_or_start(config, corpus, corpus, tmp_path / "run")
    assert [example.labels for example in again.data.train] == [example.labels for example in run.data.train]
    checkpoints.save(run.checkpoint(whole=False), tmp_path / "run" / checkpoints.MODEL)
    path = export(tmp_path / "run", tmp_path / "model.onnx")
    check_file(path, name, run.data.dev, config)


def check_file(path: Path, name: str, examples: list[Any], config: Any) -> None:
    """Check that a model file alone decodes, encodes, and says nothing of the machine."""
    recognizer = Recognizer(path)
    info = recognizer.info
    assert (info.tokenizer, info.text_rules) == (name, "basic/1")
    assert str(path.parent) not in json.dumps(info.provenance)
    tokenizer = restore(info.tokenizer, info.tokens, info.tokenizer_state)
    decoder = get_decoder("greedy")(info.tokens)
    for example in examples:
        assert tuple(tokenizer.encode(example.utterance.text)) == example.labels
        spoken = [label for one in example.labels for label in (one, 0)]
        log_probs = np.full((len(spoken), len(info.tokens)), -20.0, np.float32)
        log_probs[np.arange(len(spoken)), spoken] = 0.0
        expected = readable(tokenizer, example.utterance.text)
        assert decoder.decode(log_probs, frame_shift_s=0.04).text == expected
    recordings = [example.utterance.audio for example in examples]
    assert len(recognizer.transcribe_batch(recordings)) == len(TEXTS)
    utterances = [example.utterance for example in examples]
    report = measure(written(info, in_words=False), utterances, transcribed(recognizer, utterances))
    assert report.words == sum(len(readable(tokenizer, text).replace("你好", "你 好").split()) for text in TEXTS)


def test_files_of_bytes_are_refused_by_readers_that_would_print_their_names(corpus: Path, tmp_path: Path) -> None:
    run = loop.resume_or_start(config_of("char", tmp_path), corpus, corpus, tmp_path / "run")
    checkpoints.save(run.checkpoint(whole=False), tmp_path / "run" / checkpoints.MODEL)
    path = export(tmp_path / "run", tmp_path / "model.onnx")
    info = bundle.read_info(path)
    assert b"asr.format\x12\x011" in path.read_bytes()
    names = list(BYTES)[: len(info.tokens) - 1]
    bundle.update(path, replace(info, tokens=("<blk>", *names)))
    assert b"asr.format\x12\x012" in path.read_bytes()
    assert bundle.read_info(path).tokens[1:] == tuple(names)


def test_scores_of_phones_compare_phones_or_with_a_lexicon_words(tmp_path: Path) -> None:
    state = {"lexicon": "yes Y EH S\nno N OW"}
    info = bundle.ModelInfo("p", ("<blk>", "▁Y", "▁EH", "▁S", "▁N", "▁OW"), 8000, 0.04, tokenizer="phone")
    info = replace(info, tokenizer_state=state, text_rules="en/1")
    reference, hypothesis = written(info, in_words=False)
    assert (reference("Yes, no!"), hypothesis("Y EH S")) == ("Y EH S N OW", "Y EH S")
    with pytest.raises(TextError, match="'maybe' outside the lexicon"):
        reference("maybe")
    reference, hypothesis = written(info, in_words=True)
    assert (reference("Yes, no!"), hypothesis("YES")) == ("yes no", "yes")


def test_a_word_without_phones_is_named_with_its_utterance(corpus: Path, tmp_path: Path) -> None:
    config = config_of("phone", tmp_path)
    (tmp_path / "words.dict").write_text("YES Y EH1 S\nNO N OW1\n", encoding="utf-8")
    with pytest.raises(TextError, match=r"words.dict: lacks 'über', '你好'; add them"):
        loop.resume_or_start(config, corpus, corpus, tmp_path / "run")
    first = tmp_path / "first.jsonl"
    manifest.write(first, [utterance for utterance in manifest.read(corpus) if utterance.text == "yes"])
    with pytest.raises(TextError, match=r"all.jsonl: u1: text 'über': 'über' outside the lexicon; add them"):
        loop.resume_or_start(config, first, corpus, tmp_path / "run")


def test_rules_keep_the_version_that_a_run_began_with(corpus: Path, tmp_path: Path) -> None:
    config = config_of("char", tmp_path)
    run = loop.resume_or_start(config, corpus, corpus, tmp_path / "run")
    assert run.config.text.rules == "basic/1"
    older = replace(run.checkpoint(whole=True), config={**config.model_dump(mode="json")})
    checkpoints.save(older, tmp_path / "older.pt")
    assert checkpoints.load(tmp_path / "older.pt").config["text"]["rules"] == "basic/1", "the only one there was"
