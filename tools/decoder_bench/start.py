"""How long our beam search takes to its first result, in a process of its own; `NUMBA_CACHE_DIR` says what is compiled.

    python start.py MATERIAL.npz LM.bin

Prints seconds as JSON: from before `import asr` to the first hypothesis, and of these the decoder alone.
"""

from __future__ import annotations

import json
import sys
import time

started = time.perf_counter()

from serve import read_log_probs, read_material  # noqa: E402

from asr import lm  # noqa: E402
from asr.decoders.beam import Beam  # noqa: E402

if __name__ == "__main__":
    file, model = sys.argv[1:]
    material = read_material(file, model, "/dev/null", "/dev/null")
    log_probs = read_log_probs(file)[0]
    opened = lm.load(model)
    ready = time.perf_counter()
    Beam(material.tokens, material.blank, lm=opened).decode(log_probs, frame_shift_s=material.frame_shift_s)
    ended = time.perf_counter()
    print(json.dumps({"all_s": ended - started, "decoder_s": ended - ready}))
