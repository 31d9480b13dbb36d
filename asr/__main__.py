"""`python -m asr` is the command `asr`."""

from __future__ import annotations

from asr.cli import main

if __name__ == "__main__":
    main(prog_name="asr")
