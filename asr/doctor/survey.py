"""From manifests to all that is known about their utterances, on all cores."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from asr import audio, manifest
from asr.alignment import Alignment, align
from asr.cores import available_cores
from asr.doctor.case import BrokenLine, Case, Survey
from asr.doctor.measure import Sound, measure
from asr.doctor.target import Target, for_nothing
from asr.errors import AsrError, ConfigError, DataError, ManifestError, MissingPackage, TextError
from asr.recognizer import Recognizer
from asr.types import Utterance

MakeTarget = Callable[[Iterable[str]], Target]  # of the texts of the first manifest
Watch = Callable[[Iterable[Case], int], Iterable[Case]]

_BLOCK = 1024  # utterances handed to the threads at a time


class _Line(NamedTuple):
    number: int
    utterance: Utterance


def take_survey(
    manifests: Mapping[str, str | Path],
    target: Target | MakeTarget | None = None,
    *,
    threads: int | None = None,
    watch: Watch | None = None,
) -> Survey:
    """Read manifests, by their names, and every recording that they list.

    target: of `asr.doctor.target`; what `for_config` returns is given the texts of the first manifest. watch: is given
    the utterances as they are examined, and their number, and gives them on.
    Raises MissingFile, DataError for a manifest without utterances, ManifestError for one without a line that is one,
    ConfigError for an impossible number of threads, and
    MissingPackage. What is wrong with single lines and recordings becomes part of the survey.
    """
    if threads is not None and threads < 1:
        raise ConfigError(f"threads: {threads} is too few; give 1 or more, or leave it out for all cores")
    paths = {name: Path(path) for name, path in manifests.items()}
    broken: list[BrokenLine] = []
    lines = {name: _lines(name, path, broken) for name, path in paths.items()}
    if target is None:
        target = for_nothing()
    elif not isinstance(target, Target):
        target = target([line.utterance.text for line in next(iter(lines.values()))])
    cases = [_case(name, line, target) for name, members in lines.items() for line in members]
    examined: Iterable[Case] = _examined(cases, target, available_cores() if threads is None else threads)
    return Survey(target, paths, tuple(watch(examined, len(cases)) if watch else examined), tuple(broken))


def _lines(name: str, path: Path, broken: list[BrokenLine]) -> list[_Line]:
    """Return the utterances of a manifest, and add its broken lines to those of the others."""
    lines, wrong = [], []
    for number, content in manifest.each_line(path):
        if isinstance(content, ManifestError):
            wrong.append(content)
            broken.append(BrokenLine(name, number, str(content).removeprefix(f"{path}:{number}: ")))
        else:
            lines.append(_Line(number, content))
    if not lines:
        raise wrong[0] if wrong else DataError(f"{path}: has no utterances; prepare the corpus again")
    return lines


def _case(name: str, line: _Line, target: Target) -> Case:
    text = target.rule(line.utterance.text)
    case = Case(name, line.number, line.utterance, text)
    try:
        return replace(case, labels=target.labels(text))
    except TextError:
        return replace(case, outside=target.outside(text))


def _examined(cases: Iterable[Case], target: Target, threads: int) -> Iterator[Case]:
    """Yield the cases in order with what is in their recordings."""
    remaining = iter(cases)
    with ThreadPoolExecutor(threads) as pool:
        while block := list(islice(remaining, _BLOCK)):
            yield from pool.map(lambda case: _with_sound(case, target), block)


def _with_sound(case: Case, target: Target) -> Case:
    sound = measure(case.utterance)
    heard = _heard(case.utterance, target.model) if target.model and isinstance(sound, Sound) else None
    return replace(case, sound=sound, heard=heard)


def _heard(utterance: Utterance, model: Recognizer) -> Alignment | None:
    """Return the text aligned with what a model hears; None where that cannot be, for which there are other checks."""
    try:
        return align(model, audio.read_utterance(utterance, model.info.rate_hz), utterance.text)
    except MissingPackage:
        raise
    except AsrError:
        return None
