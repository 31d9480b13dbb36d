"""Inputs: what a user names to be transcribed, found and read."""

from __future__ import annotations

from asr.inputs.channels import CHANNELS, merged, parse_channel
from asr.inputs.finding import find
from asr.inputs.raw import Raw, parse_raw
from asr.inputs.reading import Reading
from asr.inputs.recording import Recording

__all__ = ["CHANNELS", "Raw", "Reading", "Recording", "find", "merged", "parse_channel", "parse_raw"]
