"""onnxruntime as this package uses it: where a graph runs, and on how many threads."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import NamedTuple

import onnxruntime

from asr.cores import available_cores
from asr.errors import ConfigError, ModelError, did_you_mean

AUTO = "auto"


class Provider(NamedTuple):
    """An execution provider: onnxruntime's name for it, and the package whose onnxruntime has it."""

    name: str
    package: str


# "auto" takes the first that starts, in this order.
PROVIDERS: dict[str, Provider] = {
    "cuda": Provider("CUDAExecutionProvider", "onnxruntime-gpu"),
    "directml": Provider("DmlExecutionProvider", "onnxruntime-directml"),
    "tensorrt": Provider("TensorrtExecutionProvider", "onnxruntime-gpu"),
    "coreml": Provider("CoreMLExecutionProvider", "onnxruntime, on macOS"),
    "openvino": Provider("OpenVINOExecutionProvider", "onnxruntime-openvino"),
    "cpu": Provider("CPUExecutionProvider", "onnxruntime"),
}
# TensorRT compiles an engine for every new length of audio, CoreML and OpenVINO run little of a graph whose sizes are
# open: they are there for whoever names them.
_AUTOMATIC = ("cuda", "directml", "cpu")


def present() -> list[str]:
    """Return the names in `PROVIDERS` that the installed onnxruntime was built with."""
    built = onnxruntime.get_available_providers()
    return [name for name, provider in PROVIDERS.items() if provider.name in built]


def session(
    model: bytes, path: Path, *, threads: int | None = None, provider: str = "cpu"
) -> onnxruntime.InferenceSession:
    """Return a session of a model file's bytes; `path` is what errors call it.

    threads: all cores that this process may use, unless given. provider: a name in `PROVIDERS`, which must start; or
    "auto" for the first of cuda, directml and cpu that does. Raises ConfigError, ModelError.
    """
    threads = available_cores() if threads is None else threads
    if threads < 1:
        raise ConfigError(f"threads: {threads} is too few; give 1 or more, or leave it out for all cores")
    *optional, last = _wanted(provider)
    for name in optional:
        with contextlib.suppress(ConfigError, ModelError):  # that is what "auto" asks for
            return _start(model, path, threads, name)
    return _start(model, path, threads, last)


def _wanted(provider: str) -> list[str]:
    """Return the providers to try, in order."""
    here = present()
    if provider == AUTO:
        return [name for name in _AUTOMATIC if name in here]
    if provider not in PROVIDERS:
        raise ConfigError(f"provider: {provider!r} is not known{did_you_mean(provider, [*PROVIDERS, AUTO])}")
    if provider not in here:
        raise ConfigError(
            f"provider: {provider} is not in the installed onnxruntime {onnxruntime.__version__}, which has "
            f"{', '.join(here)}; install {PROVIDERS[provider].package} in its place, or choose one of those or 'auto'"
        )
    return [provider]


def _start(model: bytes, path: Path, threads: int, provider: str) -> onnxruntime.InferenceSession:
    name = PROVIDERS[provider].name
    # What a provider has no kernel for runs on the CPU, which has one for everything.
    names = list(dict.fromkeys([name, PROVIDERS["cpu"].name]))
    try:
        started = onnxruntime.InferenceSession(model, _options(threads), providers=names)
    except Exception as error:  # onnxruntime's own exceptions share no base that it exports
        raise ModelError(
            f"{path}: onnxruntime {onnxruntime.__version__} cannot load it ({str(error).splitlines()[0]}); "
            "update with: pip install -U onnxruntime"
        ) from error
    if started.get_providers()[0] != name:  # onnxruntime only warns, and goes on with the next
        raise ConfigError(
            f"provider: {provider} does not start on this machine (its libraries or its device are missing); "
            "choose 'cpu', or 'auto' for what starts"
        )
    return started


def _options(threads: int) -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3  # errors; warnings are for those who wrote the graph
    return options
