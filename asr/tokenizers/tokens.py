"""What every kind of tokenizer shares: the two special tokens, joining, checking, and looking up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from asr.errors import DataError, TextError

BLANK = "<blk>"
SPACE = "\N{LOWER ONE EIGHTH BLOCK}"  # as in SentencePiece and in the tokens.txt of other engines
_NAMED = 10  # how many unknown units an error names


def join_tokens(tokens: Sequence[str]) -> str:
    """Return the text of a sequence of tokens: joined, each SPACE a space, no space at the ends or twice."""
    return " ".join(word for word in "".join(tokens).split(SPACE) if word)


def checked(tokens: Sequence[str]) -> tuple[str, ...]:
    """Return the tokens if BLANK comes first and none is empty or there twice; TextError otherwise."""
    if not tokens or tokens[0] != BLANK:
        raise TextError(
            f"tokens: the first must be {BLANK!r}, not {tokens[0] if tokens else 'missing'!r}; keep their order"
        )
    if len(set(tokens)) < len(tokens):
        twice = next(token for token in tokens if tokens.count(token) > 1)
        raise TextError(f"tokens: {twice!r} is there twice; every label needs a token of its own")
    if "" in tokens:
        raise TextError(f"tokens: number {tokens.index('')} is empty; every label needs a token of its own")
    return tuple(tokens)


def trainable(texts: Iterable[str]) -> Iterator[str]:
    """Yield the texts one by one, so that any number of them needs no memory.

    Raises TextError for characters that no token may hold, and at the end DataError for no words at all.
    """
    lines = spoken = 0
    for text in texts:
        lines += 1
        if not text.isascii() and (bad := sorted({c for c in text if c == SPACE or "\ud800" <= c <= "\udfff"})):
            raise TextError(f"text {shown(text)}: {named(bad)} cannot be part of a token; take it out of the text")
        spoken += bool(text.strip())
        yield text
    if not spoken:
        raise DataError(f"no text to make tokens from in {lines} lines; check that the training manifest has texts")


def look_up(ids: Mapping[str, int], units: Sequence[str], text: str) -> list[int]:
    """Return the id of each unit of a text; TextError names the units outside the token set."""
    try:
        return [ids[unit] for unit in units]
    except KeyError:
        missing = sorted({unit for unit in units if unit not in ids})
        raise TextError(
            f"text {shown(text)}: {named(missing)} outside the token set; "
            f"apply the text rules that the tokens were made with, or drop the line"
        ) from None


def named(units: Sequence[str]) -> str:
    names = [f"{unit!r} (U+{ord(unit):04X})" if len(unit) == 1 else repr(unit) for unit in units[:_NAMED]]
    more = f" and {len(units) - _NAMED} more" if len(units) > _NAMED else ""
    return ", ".join(names) + more


def shown(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:57] + "...")
