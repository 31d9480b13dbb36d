"""AN4: prepare, train one model a seed, export, verify, score, and write the table.

    python recipes/an4/run.py --source DIR --out DIR [--seeds 1 2 3]

DIR is the unpacked corpus (sphere, raw, WAV or FLAC; http://www.speech.cs.cmu.edu/databases/an4). A run that was
stopped goes on when it is started again.
"""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))  # for what the recipes share

import common  # noqa: E402

if __name__ == "__main__":
    options = common.parser(__doc__, HERE / "config.toml")
    common.main("an4", "an4-en.onnx", **vars(options.parse_args()))
