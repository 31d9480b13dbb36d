"""Measure the whole way from audio files to texts against sherpa-onnx, with the same weights, threads and files.

    python tools/bench_sherpa.py FILE_OR_FOLDER... [--model MODEL] [--threads 1] [--rounds 5]

sherpa-onnx gets the folder of `asr export --target sherpa`, and its files through soundfile, which this package reads
with too. Both run after loading and alternate within one run; ratios are of medians. The texts are compared before
anything is measured.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import onnxruntime
import sherpa_onnx
import soundfile
from bench_transcribe import alternate, found

from asr import bundle
from asr.export import sherpa
from asr.recognizer import Recognizer

BATCH = 16


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("audio", nargs="+", type=Path, help="files at the model's rate, or folders of them")
    parser.add_argument("--model", type=Path, default=None, help="the model that ships, unless given")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    model = options.model or bundle.default_model()
    files = list(found(options.audio))
    ours, theirs = Recognizer(model, threads=options.threads), loaded(model, options.threads)
    seconds = sum(soundfile.info(file).duration for file in files)
    print(
        f"{model.name}, {options.threads} threads, {len(files)} files of {seconds:.0f} s, {options.rounds} rounds, "
        f"onnxruntime {onnxruntime.__version__}, sherpa-onnx {version('sherpa-onnx')}"
    )
    same = [ours.transcribe(file).text for file in files] == texts(theirs, files, 1)
    print(f"texts: {'all the same' if same else 'they differ'}")
    one, sherpa_one, several, sherpa_several = alternate(
        options.rounds,
        lambda: [ours.transcribe(file) for file in files],
        lambda: texts(theirs, files, 1),
        lambda: ours.transcribe_batch(files),
        lambda: texts(theirs, files, BATCH),
    )
    print(f"one by one:  {one:.2f} s, sherpa-onnx {sherpa_one:.2f} s: {sherpa_one / one:.2f} times as fast")
    print(f"in batches:  {several:.2f} s, sherpa-onnx {sherpa_several:.2f} s: {sherpa_several / several:.2f} times")


def loaded(model: Path, threads: int) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        spec = sherpa.write(model, folder)
        return sherpa_onnx.OfflineRecognizer.from_zipformer_ctc(
            *(str(Path(folder) / name) for name in (sherpa.MODEL, sherpa.TOKENS)),
            num_threads=threads,
            sample_rate=spec.rate_hz,
            feature_dim=spec.bands,
        )


def texts(recognizer: Any, files: Sequence[Path], size: int) -> list[str]:
    said = []
    for first in range(0, len(files), size):
        streams = [recognizer.create_stream() for _ in files[first : first + size]]
        for stream, file in zip(streams, files[first : first + size], strict=True):
            samples, rate_hz = soundfile.read(file, dtype="float32")
            stream.accept_waveform(rate_hz, samples)
        recognizer.decode_streams(streams)
        said += [stream.result.text for stream in streams]
    return said


if __name__ == "__main__":
    main()
