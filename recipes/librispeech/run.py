"""LibriSpeech, or a part of it: prepare, train one model a seed, export, verify, score, and write the table.

    python recipes/librispeech/run.py --source DIR --out DIR [--seeds 1 2 3] [--config FILE]

DIR is the folder LibriSpeech that the archives of https://www.openslr.org/12 unpack into, or one like it with
train-sample, dev-sample and test-sample. Every folder train-* in it is trained on. config.toml is for a sample of four
hours on a CPU; beside it are config-mini.toml (Mini LibriSpeech, https://www.openslr.org/31), config-100h.toml
(train-clean-100) and config-960h.toml (all), for a GPU. A run that was stopped goes on when it is started again.
"""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))  # for what the recipes share

import common  # noqa: E402

if __name__ == "__main__":
    options = common.parser(__doc__, HERE / "config.toml")
    common.main("librispeech", "librispeech-sample-en.onnx", **vars(options.parse_args()))
