"""What every preparer of the table promises, on a small folder in exactly its corpus' layout."""

from __future__ import annotations

import functools
import os
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from corpus_trees import FORMS, all_trees, prepared

from asr import audio, corpora
from asr.errors import AsrError, CorpusError, MissingFile
from asr.types import Utterance

TREES = all_trees()
KINDS = ("train", "dev", "test")
WITHIN_S = 0.05  # encoders of blocks fill the last one up, and Common Voice states milliseconds


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return a function from the name of a corpus to its tree, which is made once."""
    return functools.cache(lambda name: TREES[name].make(tmp_path_factory.mktemp(name) / "source"))


def test_every_corpus_has_a_tree() -> None:
    assert set(TREES) == set(corpora.CORPORA)
    assert len(TREES) >= 13


@pytest.mark.parametrize("name", corpora.CORPORA)
def test_a_corpus_says_what_it_is(name: str) -> None:
    corpus = corpora.get_corpus(name)
    assert corpus.name == name
    assert corpus.licence
    assert set(KINDS) <= set(corpus.splits)


@pytest.mark.parametrize("name", corpora.CORPORA)
def test_the_file_of_a_corpus_tells_its_story(name: str) -> None:
    story = sys.modules[type(corpora.get_corpus(name)).__module__].__doc__ or ""
    told = re.findall(r"^(\w+(?: \w+)*):", story, flags=re.MULTILINE)
    assert {"Story", "Licence", "Size", "Splits", "Layout", "Known faults"} <= set(told)


@pytest.mark.parametrize("name", corpora.CORPORA)
def test_a_preparer_keeps_its_promises(
    sources: Callable[[str], Path], tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    tree = TREES[name]
    splits = prepared(name, sources(name), tmp_path / "out")
    said = capsys.readouterr().err.splitlines()
    assert {split: len(part) for split, part in splits.items()} == tree.splits
    check_ids(splits)
    if tree.apart:
        check_speakers(splits)
    for utterance in {one.id: one for part in splits.values() for one in part}.values():
        check_audio(utterance)
    split, name_of_it, text, speaker = tree.example
    assert [(one.text, one.speaker) for one in splits[split] if one.id == name_of_it] == [(text, speaker)]
    assert all(any(line.endswith(end) for line in said) for end in tree.said)
    assert len(said) == len(tree.said)


def check_ids(splits: dict[str, list[Utterance]]) -> None:
    for part in splits.values():
        assert len({one.id for one in part}) == len(part)
        assert all(one.text == one.text.strip() != "" for one in part)
    official = [one.id for kind in KINDS for one in splits[kind]]
    assert len(set(official)) == len(official), "train, dev and test share nothing"


def check_speakers(splits: dict[str, list[Utterance]]) -> None:
    speakers = {kind: {one.speaker for one in splits[kind]} for kind in KINDS}
    assert all(map(all, speakers.values())), "every speaker has a name"
    assert sum(map(len, speakers.values())) == len(set.union(*speakers.values()))


def check_audio(utterance: Utterance) -> None:
    heard = audio.read_utterance(utterance, 16000)
    assert heard.duration_s == pytest.approx(utterance.duration_s, abs=WITHIN_S)


@pytest.mark.parametrize("name", corpora.CORPORA)
def test_it_writes_manifests_and_converted_audio_and_the_same_again(
    sources: Callable[[str], Path], tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, out = sources(name), tmp_path / "out"
    before = {path: path.stat().st_mtime_ns for path in source.rglob("*")}
    paths = corpora.prepare(name, source, out)
    contents = {path: path.read_bytes() for path in paths.values()}
    turn_around(monkeypatch)
    assert corpora.prepare(name, source, out) == paths == {split: out / f"{split}.jsonl" for split in paths}
    assert {path: path.read_bytes() for path in paths.values()} == contents
    assert {path: path.stat().st_mtime_ns for path in source.rglob("*")} == before
    written = {path for path in out.rglob("*") if path.is_file() and path.parent != out / "audio"}
    assert written == set(paths.values())


class Reversed(list[os.DirEntry[str]]):
    def __enter__(self) -> Reversed:
        return self

    def __exit__(self, *_: object) -> None:
        pass


def turn_around(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let folders list what is in them the other way round, as another file system may."""
    scandir = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: Reversed(reversed(list(scandir(path)))))


@pytest.mark.parametrize("name", corpora.CORPORA)
def test_folders_that_are_no_corpus(tmp_path: Path, name: str) -> None:
    with pytest.raises(MissingFile, match="no such folder"):
        corpora.prepare(name, tmp_path / "none", tmp_path / "out")
    (tmp_path / "empty").mkdir()
    with pytest.raises(CorpusError, match=r"empty: has no .+, nor has a folder in it; name the folder of the"):
        corpora.prepare(name, tmp_path / "empty", tmp_path / "out")
    (tmp_path / "archive.tar.gz").touch()
    with pytest.raises(CorpusError, match="is a file where the folder"):
        corpora.prepare(name, tmp_path / "archive.tar.gz", tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", corpora.CORPORA)
def test_a_corpus_of_empty_files_is_refused_in_one_sentence(
    sources: Callable[[str], Path], tmp_path: Path, name: str
) -> None:
    source = shutil.copytree(sources(name), tmp_path / "source")
    for path in source.rglob("*"):
        if path.suffix.lower() in {*FORMS, ".raw"}:
            path.write_bytes(b"")
    with pytest.raises(AsrError) as caught:
        corpora.prepare(name, source, tmp_path / "out")
    assert "\n" not in str(caught.value)
    assert not list((tmp_path / "out").glob("*.jsonl"))
