"""Write docs/CORPORA.md from the tables: every corpus with its licence, splits, size, how it is got, and its story.

    python tools/corpora_page.py            # writes docs/CORPORA.md

`tests/test_downloads.py` checks that the page is up to date.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from asr.corpora import CORPORA, Corpus
from asr.downloads import ARCHIVES, BY_HAND, Archive
from asr.downloads.report import amount

PAGE = Path(__file__).resolve().parent.parent / "docs" / "CORPORA.md"

HEAD = """# Corpora

Written by `python tools/corpora_page.py` from the tables `asr.corpora.CORPORA` and `asr.downloads.ARCHIVES` and from
what each preparer says of its corpus. What is left out of a corpus is named on standard error.

    asr prepare an4 --download --out data
    asr prepare librispeech --download --splits train-clean-5,dev-clean-2 --source ~/corpora/librispeech --out data
    asr prepare an4 --source ~/Downloads/an4 --out data            # unpacked by hand

`--download` loads the archives of a corpus into `archives/` of the source folder (`--source`, by default `source/` of
the output folder), unpacks them beside it, and then prepares all that is in the folder, what earlier calls put there
included. Give every corpus a folder of its own. A large corpus asks for its parts: `--splits`.

- **Stopped, broken off, killed:** the same command goes on where it stopped. What is there is not loaded again; what is
  loading or unpacking has a temporary name (`.part`, `.unpacking`), so that whatever has its own name is whole.
- **Room on the disk** is asked before anything is loaded. `--delete-archives` keeps no archive once it is unpacked.
- **Mirrors** are tried one after another; each is tried again after a broken connection, from where it broke off.
  `--mirror URL` is looked below first, for `URL/<file>`. An archive that was brought by other means goes into
  `archives/` under its published name; it is checked like the others.
- **Proxies** are taken from `http_proxy`, `https_proxy` and `no_proxy`; certificates from the system, or from the file
  that `SSL_CERT_FILE` names.
- **Checks:** size and digest of every archive before it is unpacked. Where nobody has published a digest ("size alone"
  below) the SHA-256 of what has come is printed; keep it, to compare.
- **Unpacking** refuses names that lead out of the folder, devices, and archives that unpack to far more than their size
  lets expect. A link to something in the same archive becomes that; other links are left out and counted.
"""

CORPORA_HEAD = """
## What is prepared and how it is got

| corpus | licence | manifests | to load, unless parts are chosen | how |
|---|---|---|--:|---|"""

ARCHIVES_HEAD = """
## Archives

The parts are the names for `--splits`; those in bold are loaded where nothing is chosen. "Checked by" says who
published the digest.

| corpus | part | file | size | checked by | first address |
|---|---|---|--:|---|---|"""


def page() -> str:
    corpora = [corpus_row(name) for name in sorted({*CORPORA, *ARCHIVES, *BY_HAND})]
    archives = [archive_row(name, archive) for name in sorted(ARCHIVES) for archive in ARCHIVES[name]]
    return "\n".join([HEAD + CORPORA_HEAD, *corpora, ARCHIVES_HEAD, *archives, "", *stories()])


def stories() -> Iterator[str]:
    """Yield a section for each preparer, under all of its names."""
    names: dict[str, list[str]] = {}
    for name, corpus in CORPORA.items():
        names.setdefault(story(corpus), []).append(f"`{name}`")
    for text, given in names.items():
        yield f"## {', '.join(given)}\n\n{text}\n"


def story(corpus: Corpus) -> str:
    """Return what the file of a preparer says."""
    return (sys.modules[type(corpus).__module__].__doc__ or "").strip()


def corpus_row(name: str) -> str:
    corpus = CORPORA.get(name)
    licence = corpus.licence if corpus else ""
    manifests = ", ".join(corpus.splits) if corpus else "no preparer yet"
    default = sum(archive.size for archive in ARCHIVES.get(name, ()) if archive.default)
    size = amount(default) if default else "parts are chosen" if name in ARCHIVES else ""
    return f"| `{name}` | {licence} | {manifests} | {size} | {' '.join(how(name))} |"


def how(name: str) -> Iterator[str]:
    if name in ARCHIVES:
        yield "`--download`"
    elif name in BY_HAND:
        yield f"by hand: {BY_HAND[name]}"
    else:
        yield "by hand: its address stands in the docstring of its preparer"


def archive_row(name: str, archive: Archive) -> str:
    part = f"**`{archive.part}`**" if archive.default else f"`{archive.part}`"
    size = amount(archive.size) if archive.exact else f"about {amount(archive.size)}"
    kind = archive.digest.partition(":")[0].upper().replace("SHA256", "SHA-256")
    checked = f"{kind}, {archive.origin}" if archive.digest else "size alone"
    return f"| `{name}` | {part} | `{archive.file}` | {size} | {checked} | {archive.urls[0].rpartition('/')[0]} |"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
