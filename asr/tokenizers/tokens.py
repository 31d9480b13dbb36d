"""What every kind of tokenizer shares: the special tokens, joining, checking, and looking up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from asr.errors import DataError, TextError
from asr.han import is_han

BLANK = "<blk>"
SPACE = "\N{LOWER ONE EIGHTH BLOCK}"  # as in SentencePiece and in the tokens.txt of other engines
BYTES = {f"<0x{byte:02X}>": byte for byte in range(256)}  # tokens that are a byte of UTF-8, written as there
NO_STATE: Mapping[str, Any] = {}  # of a tokenizer that its tokens say all of
_NAMED = 10  # how many unknown units an error names
_INVALID = "\N{REPLACEMENT CHARACTER}"


def join_tokens(tokens: Sequence[str]) -> str:
    """Return the text of a sequence of tokens: joined, each SPACE a space, no space at the ends or twice.

    Bytes that are no UTF-8 become U+FFFD, and so does white space that is spelled in bytes and not by SPACE.
    """
    return " ".join(word for word in "".join(text for text, _ in characters(tokens)).split(SPACE) if word)


def characters(tokens: Sequence[str]) -> Iterator[tuple[str, list[int]]]:
    """Yield what tokens say, with their places: each on its own, but the bytes of a character together."""
    run: list[int] = []
    for at, token in enumerate(tokens):
        byte = BYTES.get(token)
        if run and (byte is None or byte & 0xC0 != 0x80):  # no byte that goes on with a character
            yield _character(tokens, run), run
            run = []
        if byte is None:
            yield token, [at]
        else:
            run.append(at)
    if run:
        yield _character(tokens, run), run


def _character(tokens: Sequence[str], run: Sequence[int]) -> str:
    text = bytes(BYTES[tokens[at]] for at in run).decode("utf-8", errors="replace")
    return "".join(_INVALID if c.isspace() or c == SPACE else c for c in text)


def decoded(tokens: Sequence[str], ids: Iterable[int]) -> str:
    """Return the text of labels; blanks among them say nothing."""
    return join_tokens([tokens[number] for number in ids if number])


def words_of(text: str) -> list[str]:
    """Return the words of a text; TextError where it holds SPACE."""
    if SPACE in text:
        raise TextError(
            f"text {shown(text)}: {named([SPACE])} stands for the space between words; take it out of the text"
        )
    return text.split()


def marked(words: Iterable[str]) -> list[str]:
    """Return the words with SPACE before them: apart from a Han character, and none before one that begins the text.

    So a Han character, which hardly ever follows a space, has no second form with SPACE.
    """
    parts: list[str] = []
    for word in words:
        if is_han(word):
            parts += [SPACE, word] if parts else [word]
        else:
            parts.append(SPACE + word)
    return parts


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


def trainable(texts: Iterable[str]) -> list[list[str]]:
    """Return the words of each text; TextError for characters that no token may hold, DataError for no words at all."""
    texts = list(texts)
    for text in texts:
        if bad := sorted({c for c in text if c == SPACE or "\ud800" <= c <= "\udfff"}):
            raise TextError(f"text {shown(text)}: {named(bad)} cannot be part of a token; take it out of the text")
    lines = [words for text in texts if (words := text.split())]
    if not lines:
        raise DataError(
            f"no text to make tokens from in {len(texts)} lines; check that the training manifest has texts"
        )
    return lines


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
