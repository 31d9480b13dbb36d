"""LJ Speech: prepare, train one model a seed, export, verify, score, and write the table.

    python recipes/ljspeech/run.py --source DIR --out DIR [--seeds 1 2 3]

DIR is the folder LJSpeech-1.1 that the archive of https://keithito.com/LJ-Speech-Dataset unpacks into. There is one
speaker: the model reads her well and nobody else.
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
    common.main("ljspeech", "ljspeech-en.onnx", **vars(options.parse_args()))
