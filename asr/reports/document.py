"""A page as one HTML file: its style and scripts stand in it, and it may run and load nothing else."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

_SCRIPT = re.compile(r'<script(?: type="module")?>(.*?)</script>', flags=re.DOTALL)


def document(title: str, body: str, *, style: str, scripts: str = "") -> str:
    """Return the page; title: as HTML; scripts: `<script>` elements, which run after the body is there.

    Its Content-Security-Policy lets these scripts run and no other, whatever stands in the body; nothing is fetched.
    """
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy(scripts)}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{title}</title><style>{style}</style></head><body>{body}{scripts}</body></html>\n"
    )


def policy(scripts: str) -> str:
    """Return what a browser may do for a page with these scripts (Content Security Policy Level 2, hashes)."""
    digests = [hashlib.sha256(code.encode()).digest() for code in _SCRIPT.findall(scripts)]
    allowed = " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests) or "'none'"
    return f"default-src 'none'; img-src data:; media-src data:; style-src 'unsafe-inline'; script-src {allowed}"


def resource(name: str, folder: Path | None = None) -> str:
    """Return a file beside the modules of a page; of this package unless `folder` is given."""
    return ((folder or Path(__file__).parent) / name).read_text(encoding="utf-8")
