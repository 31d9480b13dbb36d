"""Free Spoken Digit Dataset: prepare, train one 8 kHz model a seed, export, verify, score, and write the table.

    python recipes/fsdd/run.py --source DIR --out DIR [--seeds 1 2 3] [--leave-one-out]

DIR is a clone of https://github.com/Jakobovski/free-spoken-digit-dataset. The official split shares its speakers;
--leave-one-out adds one model a speaker, trained without that speaker, and their pooled error rate. A run that was
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
    options.add_argument("--leave-one-out", action="store_true", help="also train without each speaker in turn")
    common.main("fsdd", "fsdd-en.onnx", **vars(options.parse_args()))
