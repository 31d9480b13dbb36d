"""Print what is said in WAV files, with onnxruntime and NumPy alone: python transcribe.py model.onnx FILE.wav..."""

import json
import sys
import wave

import numpy as np
import onnxruntime


def read_wav(path, rate_hz):
    """Return the samples [T] in [-1, 1] of a WAV file of 16 bits, its channels mixed."""
    with wave.open(path) as file:
        if file.getsampwidth() != 2 or file.getframerate() != rate_hz:
            sys.exit(f"{path}: must have 16 bits at {rate_hz} Hz; convert: ffmpeg -i {path} -ar {rate_hz} out.wav")
        samples = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
        return samples.reshape(-1, file.getnchannels()).mean(axis=1, dtype=np.float32) / 32768


class Recognizer:
    def __init__(self, path):
        self.session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        metadata = self.session.get_modelmeta().custom_metadata_map  # every value is JSON
        self.tokens, self.blank, self.rate_hz, self.frame_shift_s = (
            json.loads(metadata[f"asr.{name}"]) for name in ("tokens", "blank", "rate_hz", "frame_shift_s")
        )

    def tokens_of(self, samples):
        """Return (token, start in seconds) of each token heard in samples [T]."""
        inputs = {"samples": samples[None], "lengths": np.array([len(samples)], dtype=np.int64)}
        log_probs, frames = self.session.run(["log_probs", "frames"], inputs)
        best = log_probs[0, : frames[0]].argmax(axis=1)  # [F]
        starts = np.flatnonzero((best != self.blank) & np.diff(best, prepend=self.blank).astype(bool))
        return [(self.tokens[best[start]], start * self.frame_shift_s) for start in starts]

    def transcribe(self, samples):
        """Return the text: a token that begins with this mark begins a word, and <0x41> is a byte."""
        tokens = [token for token, _ in self.tokens_of(samples)]
        parts = [bytes.fromhex(t[3:5]) if len(t) == 6 and t.startswith("<0x") else t.encode() for t in tokens]
        return " ".join(b"".join(parts).decode(errors="replace").replace("▁", " ").split())


if __name__ == "__main__":
    model, *files = sys.argv[1:]
    recognizer = Recognizer(model)
    for file in files:
        print(recognizer.transcribe(read_wav(file, recognizer.rate_hz)))
