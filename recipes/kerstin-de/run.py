"""Kerstin, a German voice: prepare, train one model a seed, export, verify, score, and write the table.

    python recipes/kerstin-de/run.py --source DIR --out DIR [--seeds 1 2 3]

DIR is the folder with metadata.csv and wavs of https://github.com/rhasspy/dataset-voice-kerstin. There is one speaker,
so that the figures say nothing about other voices. A few texts hold numbers, which the extra `text` spells out.
A run that was stopped goes on when it is started again.
"""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))  # for what the recipes share

import common  # noqa: E402

if __name__ == "__main__":
    options = common.parser(__doc__, HERE / "config.toml")
    common.main("kerstin-de", "kerstin-de.onnx", **vars(options.parse_args()))
