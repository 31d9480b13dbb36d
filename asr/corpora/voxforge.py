"""VoxForge, sentences read at home in many languages, sent in one archive at a time.

Story: since 2006 volunteers have recorded ten sentences or more in a web page and sent them in, so that free
recognisers could be trained (K. MacLean; http://www.voxforge.org). One folder of archives a language.

Licence: GNU GPL; each archive holds its own copy.

Size: English about 6,000 archives, more than 100 h; German, Spanish, French, Italian, Russian and others less. 16 kHz
as a rule, 16 bit, mono.

Splits: none are published. The speakers are shuffled, sorted by the SHA-256 of `1:<speaker>` where 1 is the seed;
`test` = the first twentieth of them, `dev` = the next, `train` = the rest. Which speakers these are depends on the
archives that are there. Many read the same sentences, so that texts of dev and test are in train as well.

Layout: `<speaker>-<date>-<letters>/` with `wav/` or `flac/` and the texts in `etc/PROMPTS` (lines `folder/mfc/name
TEXT`, in capitals and without punctuation), `etc/prompts-original` (lines `name Text.`) or a few other names of the
first years. Folders that hold `etc` are looked for everywhere below the source. The utterance's id is
`<folder>-<name>`. Case and extensions of names do not matter.

Known faults: everything that many hands can do. Archives without texts, without audio or with another folder inside;
recordings without a text and empty files; texts that are not UTF-8, which are then read as Windows-1252. Recordings
without a text and such as cannot be read are left out and counted, up to a tenth of all. Who sent in as "anonymous" is
taken for a new speaker in every archive; the same person may have sent in under two names. Some folders hold the 8 kHz
copies of others: keep one of them.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path, PurePosixPath

from asr.corpora.entries import Entry, at_once, by_speaker, leave_out, timed_where_readable
from asr.corpora.layout import corpus_folder, folders, lines, named, recordings
from asr.errors import CorpusError
from asr.types import Utterance

SEED = 1
SHARE = 0.1  # of the recordings that may be left out
EXTENSIONS = (".wav", ".flac")
ENCODINGS = ("utf-8-sig", "cp1252", "latin-1")  # the last fits everything
# Files of texts by their names in small letters; where several have a recording, the first of them is believed.
PROMPTS = (
    "prompts",
    "prompts-original",
    "prompts.txt",
    "prompt.txt",
    "cc.prompts",
    "therainbowpassage.prompt",
    "transcriptions.txt",
    "a13.text",
    "rp.text",
)

_NAME = re.compile(r"(?P<speaker>.+?)-[0-9]{6,}.*")
_ANONYMOUS = re.compile(r"anonym.*", re.IGNORECASE)


class VoxForge:
    """The archives of one language of VoxForge."""

    name = "voxforge"
    licence = "GNU GPL"
    splits = ("train", "dev", "test")

    def prepare(self, source: Path, out: Path) -> dict[str, list[Utterance]]:
        """Return train, dev and test, no speaker in two of them; nothing is converted."""
        folder = corpus_folder(source, self.name, "**/etc")
        places = sorted(path.parent for path in folder.glob("**/etc") if path.is_dir())
        archives = [(_archive(place, folder), place) for place in places]
        several = [name for name, count in Counter(name for name, _ in archives).items() if count > 1]
        if several:
            raise CorpusError(f"{folder}: has more than one folder {named(several)}; keep one of each")
        entries = [entry for part in at_once(lambda archive: _entries(*archive), archives) for entry in part]
        textless = [entry.id for entry in entries if not entry.text]
        leave_out(textless, folder, "no text", of=len(entries), share=SHARE)
        spoken = [entry for entry in entries if entry.text]
        found = {one.id: one for one in timed_where_readable(spoken, folder, share=SHARE)}
        splits = by_speaker([entry for entry in spoken if entry.id in found], folder, seed=SEED)
        return {split: [found[entry.id] for entry in part] for split, part in splits.items()}


def _archive(place: Path, folder: Path) -> str:
    """Return the name of the archive that a folder with texts and audio came in: its own, or that of one around it."""
    around = [path.name for path in (place, *place.parents) if path.is_relative_to(folder)]
    return next((name for name in around if _NAME.fullmatch(name)), place.name)


def _entries(name: str, archive: Path) -> list[Entry]:
    """Return the recordings of an archive by name; where a recording has no text, it is empty."""
    texts = _texts(archive / "etc")
    match = _NAME.fullmatch(name)
    known = match is not None and not _ANONYMOUS.fullmatch(match["speaker"])
    speaker = match["speaker"].lower() if match and known else name.lower()
    places = [path for path in folders(archive) if path.name.lower() in ("wav", "flac")]
    paths = {stem: path for place in reversed(places) for stem, path in recordings(place, EXTENSIONS).items()}
    return [
        Entry(f"{name}-{stem}".replace(" ", "_"), path, texts.get(stem.lower(), ""), speaker)
        for stem, path in sorted(paths.items())
    ]


def _texts(folder: Path) -> dict[str, str]:
    """Return the texts of an archive by the name of the recording in small letters."""
    path_of = {path.name.lower(): path for path in folder.glob("[!.]*") if path.is_file()}
    texts: dict[str, str] = {}
    for path in (path_of[name] for name in reversed(PROMPTS) if name in path_of):
        for line in lines(path, VoxForge.name, encodings=ENCODINGS):
            name, _, text = line.replace("\t", " ").partition(" ")
            if text:
                texts[_plain(name)] = text.strip()
    return texts


def _plain(name: str) -> str:
    """Return the name of a recording without folders and extension, in small letters."""
    path = PurePosixPath(name.replace("\\", "/").lower())
    return path.stem if path.suffix in EXTENSIONS else path.name
