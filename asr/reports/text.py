"""Scores as plain text, for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from asr.scoring.alignment import cells

if TYPE_CHECKING:  # a plain score needs none of them, and should not wait for them
    from asr.scoring.bootstrap import Interval
    from asr.scoring.breakdown import Frequency, Group
    from asr.scoring.comparison import Comparison
    from asr.scoring.hidden import Hidden
    from asr.scoring.paired import Improvement
    from asr.scoring.report import Report
    from asr.scoring.scored import Scored


def per_cent(fraction: float) -> str:
    return "undefined" if fraction != fraction else f"{100 * fraction:.2f} %"


def between(interval: Interval | None) -> str:
    """Return `5.41 to 9.62 %`, or what there is to say where an interval is not defined."""
    return "undefined" if interval is None else f"{100 * interval.low:.2f} to {100 * interval.high:.2f} %"


def chance(p: float) -> str:
    return "p < 0.0001" if p < 0.0001 else f"p {p:.4f}"


def aligned(report: Report) -> Iterator[str]:
    """Yield every utterance with its words one under the other."""
    for utterance in report.utterances:
        yield f"{utterance.id}: errors {utterance.errors}, words {utterance.words}"
        yield f"{utterance.alignment}\n"


def rates(report: Report) -> Iterator[str]:
    """Yield the error rates in per cent with their counts."""
    wrong = int(report.totals.of("wrong"))
    yield (
        f"WER {per_cent(report.wer)}: {report.errors} errors in {report.words} words "
        f"({report.substitutions} substitutions, {report.deletions} deletions, {report.insertions} insertions)"
    )
    yield f"CER {per_cent(report.cer)}: {report.char_errors} errors in {report.characters} characters, spaces included"
    yield f"SER {per_cent(report.ser)}: {wrong} of {len(report.utterances)} utterances with an error"
    yield f"MER {per_cent(report.mer)}, WIL {per_cent(report.wil)}"


def trust(scored: Scored) -> Iterator[str]:
    """Yield the bootstrap intervals of word and character error rate."""
    if not scored.bootstrap.rounds:
        return
    for units, of_rates in scored.intervals(("wer", "cer")).items():
        count = len(set(scored.speakers)) if units == "speakers" else len(scored.report.utterances)
        what = f"{100 * scored.bootstrap.level:g} % interval over {count} {units}"
        if count < 2:
            yield f"{what}: undefined, one of them says nothing about others"
        else:
            yield f"{what}: WER {between(of_rates['wer'])}, CER {between(of_rates['cer'])}"


def groups(scored: Scored, field: str) -> Iterator[str]:
    """Yield the breakdown by a field as a table."""
    from asr.scoring.breakdown import breakdown

    found = breakdown(scored.report, scored.references, field, scored.bootstrap)
    head = (field, "utterances", "words", "errors", "WER", f"{100 * scored.bootstrap.level:g} % interval")
    yield from table([head, *map(_row, found)]) if found else [f"{field}: known of no utterance"]


def _row(group: Group) -> tuple[str, ...]:
    totals = group.totals
    counts = (int(totals.of("utterances")), int(totals.words), int(totals.errors))
    return (group.name, *map(str, counts), per_cent(float(totals.wer)), between(group.interval))


def frequencies(found: Sequence[Frequency]) -> Iterator[str]:
    """Yield the share of lost words by how often they were seen in training."""
    rows = [(each.name, str(each.words), str(each.errors), per_cent(each.rate)) for each in found]
    yield from table([("reference words", "words", "lost", "share"), *rows])


def words(report: Report, most: int) -> Iterator[str]:
    """Yield the most frequent confusions."""
    from asr.scoring.confusions import confusions

    found = confusions(report)
    yield listed("substituted", [f"{said} > {read} {count}" for said, read, count in found.substituted], most)
    yield listed("deleted", _counted(found.deleted), most)
    yield listed("inserted", _counted(found.inserted), most)
    yield listed("always lost", _counted(found.lost), most)
    yield listed("hallucinated", _counted(found.hallucinated), most)


def _counted(found: Sequence[tuple[str, int]]) -> list[str]:
    return [f"{word} {count}" for word, count in found]


def listed(name: str, items: Sequence[str], most: int) -> str:
    more = f", and {len(items) - most} more" if len(items) > most else ""
    return f"{name}: {', '.join(items[:most]) or 'none'}{more}"


def rules(found: Sequence[Hidden], most: int) -> Iterator[str]:
    """Yield the error rates under each set of text rules, and the words that they alone make equal."""
    rows = [(each.rules, *_under(each.report)) for each in found]
    yield from table([("text rules", "words", "errors", "WER", "CER"), *rows])
    for each in found:
        if each.equal:
            yield listed(f"equal under {each.rules}", [f"{a} = {b} {count}" for a, b, count in each.equal], most)


def _under(report: Report | None) -> tuple[str, ...]:
    if report is None:
        return ("0", "", "undefined", "undefined")
    return (str(report.words), str(report.errors), per_cent(report.wer), per_cent(report.cer))


def compared(comparison: Comparison) -> Iterator[str]:
    """Yield what differs between two systems, the tests, and the verdict."""
    shown = zip(comparison.names, comparison.reports, comparison.intervals, strict=True)
    yield from table(
        [("", "WER", "interval", "errors"), *((n, per_cent(r.wer), between(i), str(r.errors)) for n, r, i in shown)]
    )
    for each in comparison.differences:
        yield f"{'also differs' if each.harmless else 'differs'}: {each.name}: {each.a} | {each.b}"
    pairs, signs = comparison.pairs, comparison.signs
    exact = "" if pairs.exact is None else f", exact {chance(pairs.exact)}"
    yield f"matched pairs: {pairs.segments} segments, mean {pairs.mean:.3f}, z {pairs.z:.3f}, {chance(pairs.p)}{exact}"
    yield from _drawn("utterances", comparison.over_utterances, comparison.names)
    if comparison.over_speakers and signs:
        yield from _drawn("speakers", comparison.over_speakers, comparison.names)
        a, b = comparison.names
        odds = f"{signs.better_a} better with {a}, {signs.better_b} with {b}, {signs.equal} equal"
        yield f"sign test over speakers: {odds}, {chance(signs.p)}"
    yield comparison.verdict


def _drawn(units: str, found: Improvement, names: tuple[str, str]) -> Iterator[str]:
    a, b = names
    yield (
        f"bootstrap over {units}: WER {b} - {a} {100 * found.difference:+.2f}, {between(found.interval)}, "
        f"{b} better in {100 * found.probability:.1f} % of the rounds"
    )


def table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield the rows with their columns one under the other, the first to the left and the others to the right."""
    widths = [max(map(cells, column)) for column in zip(*rows, strict=True)]
    for first, *rest in rows:
        line = first + " " * (widths[0] - cells(first))
        yield "  ".join([line, *(" " * (w - cells(t)) + t for t, w in zip(rest, widths[1:], strict=True))]).rstrip()
