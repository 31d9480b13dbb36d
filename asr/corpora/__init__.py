"""Corpora: one preparer each, which turns a published folder into manifests with fixed splits.

To add one: a file with a class that has what `Corpus` asks for, and a line in `CORPORA`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from asr import downloads, manifest
from asr.corpora.aishell1 import Aishell1
from asr.corpora.an4 import An4
from asr.corpora.commonvoice import CommonVoice
from asr.corpora.fsdd import Fsdd
from asr.corpora.librispeech import LibriSpeech
from asr.corpora.ljspeech import IdText
from asr.corpora.magicdata import Magicdata
from asr.corpora.mls import Mls
from asr.corpora.primewords import Primewords
from asr.corpora.speech_commands import SpeechCommands
from asr.corpora.st_cmds import StCmds
from asr.corpora.tedlium3 import TedLium3
from asr.corpora.thchs30 import Thchs30
from asr.corpora.timit import Timit
from asr.corpora.vctk import Vctk
from asr.corpora.voxforge import VoxForge
from asr.corpora.yesno import YesNo
from asr.errors import CorpusError, did_you_mean
from asr.types import Utterance


class Corpus(Protocol):
    """A published corpus: its name, its licence in a few words, and how its folder is read."""

    @property
    def name(self) -> str: ...

    @property
    def licence(self) -> str: ...

    @property
    def splits(self) -> tuple[str, ...]:
        """The splits that `prepare` always returns; it may return more."""
        ...

    def prepare(self, source: Path, out: Path) -> dict[str, list[Utterance]]:
        """Return the utterances of every split, by split.

        Audio that the package cannot read as published is converted to files below `out / "audio"`; nothing else is
        written. Raises CorpusError, which names what was expected, where the folder is not laid out as published.
        """
        ...


CORPORA: dict[str, Corpus] = {
    "aishell1": Aishell1(),
    "an4": An4(),
    "commonvoice": CommonVoice(),
    "fsdd": Fsdd(),
    "id-text": IdText("id-text", "that of the collection"),
    "kerstin-de": IdText("kerstin-de", "CC0 1.0", speaker="kerstin"),
    "librispeech": LibriSpeech(),
    "ljspeech": IdText("ljspeech", "public domain", speaker="LJ"),
    "magicdata": Magicdata(),
    "mls": Mls(),
    "primewords": Primewords(),
    "speech_commands": SpeechCommands(),
    "st_cmds": StCmds(),
    "tedlium3": TedLium3(),
    "thchs30": Thchs30(),
    "timit": Timit(),
    "vctk": Vctk(),
    "voxforge": VoxForge(),
    "yesno": YesNo(),
}


def get_corpus(name: str) -> Corpus:
    """Return a corpus by name; CorpusError lists the known ones."""
    if name not in CORPORA:
        raise CorpusError(f"unknown corpus {name!r}{did_you_mean(name, CORPORA)}")
    return CORPORA[name]


def prepare(
    name: str,
    source: str | Path | None,
    out: str | Path,
    *,
    download: bool = False,
    splits: Sequence[str] = (),
    mirrors: Sequence[str] = (),
    keep_archives: bool = True,
    report: downloads.Report | None = None,
) -> dict[str, Path]:
    """Write one manifest `out/<split>.jsonl` for every split of a corpus and return their paths by split.

    `source`: the folder of the unpacked corpus. With `download` it is filled first, as `asr.downloads.download` does,
    and `out/source` where it is None; the further arguments are for that alone. All that is in the folder is prepared.
    Raises CorpusError for an unknown name or a folder that is not the corpus, MissingFile where it is not there,
    AudioError for audio that cannot be read, OutputError where `out` cannot be written, and with `download` whatever
    that raises. No manifest is written unless all of the corpus is good.
    """
    out = Path(out)
    corpus = get_corpus(name)
    source = _source(source, out, download)
    if download:
        downloads.download(name, source, splits, mirrors=mirrors, keep_archives=keep_archives, report=report)
    utterances = corpus.prepare(source, out)
    paths = {split: out / f"{split}.jsonl" for split in utterances}
    # The splits that every run has come last, test at the very end: where it is there, everything is.
    for split in sorted(paths, key=lambda split: corpus.splits.index(split) if split in corpus.splits else -1):
        manifest.write(paths[split], utterances[split])
    return paths


def _source(source: str | Path | None, out: Path, download: bool) -> Path:
    if source is None and not download:
        raise CorpusError("no source: name the folder of the unpacked corpus, or have it downloaded")
    return out / "source" if source is None else Path(source)
