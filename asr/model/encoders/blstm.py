"""The Bi-LSTM encoder."""

from __future__ import annotations

from functools import partial

from asr.model.encoders.recurrent import RecurrentEncoder

Blstm = partial(RecurrentEncoder, bidirectional=True)
