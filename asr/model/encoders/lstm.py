"""The unidirectional LSTM encoder: no future beyond the convolutions, for streaming and for comparison."""

from __future__ import annotations

from functools import partial

from asr.model.encoders.recurrent import RecurrentEncoder

Lstm = partial(RecurrentEncoder, bidirectional=False)
