"""Write docs/CORPORA.md from what the preparers say of their corpora.

python tools/corpora_page.py
"""

from __future__ import annotations

import sys
from pathlib import Path

from asr.corpora import CORPORA, Corpus

PAGE = Path(__file__).resolve().parent.parent / "docs" / "CORPORA.md"
HEAD = """# Corpora

Written by `python tools/corpora_page.py` from the source; a test checks that it is up to date. `asr prepare NAME
--source DIR --out DIR` turns the unpacked folder DIR of a corpus, or one around it, into manifests. What is left out is
named on standard error.
"""


def page() -> str:
    """Return the page: a section for each preparer, under all of its names."""
    names: dict[str, list[str]] = {}
    for name, corpus in CORPORA.items():
        names.setdefault(story(corpus), []).append(f"`{name}`")
    return "\n".join([HEAD, *(f"## {', '.join(given)}\n\n{text}\n" for text, given in names.items())])


def story(corpus: Corpus) -> str:
    """Return what the file of a preparer says."""
    return (sys.modules[type(corpus).__module__].__doc__ or "").strip()


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(f"{PAGE}: written")
