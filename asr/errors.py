"""Every failure that a user can cause: the message is one sentence that names the thing and the way out.

Each class derives from `AsrError` and from the builtin that a Python programmer would expect to catch.
"""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Iterable
from types import ModuleType


class AsrError(Exception):
    """The base of all errors that this package raises for a user's mistake."""


class MissingFile(AsrError, FileNotFoundError):
    """A named file or folder is not there, or is a folder where a file is needed."""


class AudioError(AsrError, ValueError):
    """Audio that cannot be read, or samples that are not audio."""


class SampleError(AudioError):
    """Samples that are not audio: not finite, or floats that were never scaled to [-1, 1]."""


class ManifestError(AsrError, ValueError):
    """A manifest line that cannot be used."""


class CorpusError(AsrError, ValueError):
    """A corpus folder that is not laid out as its preparer expects."""


class TextError(AsrError, ValueError):
    """A text with characters outside the token set, or an unknown rule or tokenizer."""


class ConfigError(AsrError, ValueError):
    """A setting that is unknown, of the wrong type, or impossible."""


class DataError(AsrError, ValueError):
    """A data set that cannot be trained on or scored."""


class CheckpointError(AsrError, ValueError):
    """A checkpoint that cannot be read or does not fit."""


class ModelError(AsrError, ValueError):
    """A model file that is not ours, too new, or damaged."""


class LanguageModelError(AsrError, ValueError):
    """A language model that cannot be read or used: not an ARPA file or a binary of ours, too new, or damaged."""


class VerifyError(AsrError, RuntimeError):
    """An exported model whose outputs differ from those of the model it was made from."""


class OutputError(AsrError, OSError):
    """A file that cannot be written."""


class DownloadError(AsrError, OSError):
    """A file that none of its mirrors gives as it was published."""


class MissingPackage(AsrError, ImportError):
    """An optional package that this step needs."""


def require(module: str, *, extra: str, purpose: str) -> ModuleType:
    """Import an optional package, or say which extra brings it.

    Raises MissingPackage: `{purpose} needs 'pip install bilstm-asr[{extra}]'`.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        absent = (error.name or module).partition(".")[0]
        raise MissingPackage(
            f"{purpose} needs the package {absent!r} ({error}); install it with: pip install 'bilstm-asr[{extra}]'"
        ) from error


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return `"; did you mean 'x'?"` where a known name is near, else the list of the known names."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    return f"; did you mean {near[0]!r}?" if near else f"; known: {', '.join(names)}"
