"""Groups of settings: frozen, strict, and wrong ones explained in one sentence with the nearest known name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

from asr.errors import did_you_mean

EXPLAINED = "explained"  # the type of an error whose message says all there is to say

Share = Annotated[float, Field(ge=0.0, le=1.0)]
Count = Annotated[int, Field(ge=0)]
Positive = Annotated[float, Field(gt=0.0)]
Speed = Annotated[float, Field(ge=0.5, le=2.0)]


def rising(limits: tuple[float, float]) -> tuple[float, float]:
    if limits[0] > limits[1]:
        raise PydanticCustomError("rising", "input should be [least, greatest]")
    return limits


Rising = AfterValidator(rising)
Range = Annotated[tuple[float, float], Rising]
Positives = Annotated[tuple[Positive, Positive], Rising]


class Section(BaseModel):
    """Settings that are checked when they are made and stay as they are."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


def explain(error: ValidationError, kind: type[BaseModel], *, within: Sequence[str] = ()) -> str:
    """Return one sentence for the first thing that is wrong in settings of a kind, which lie `within` others."""
    first = error.errors(include_url=False)[0]
    names = [str(part) for part in first["loc"]]
    if first["type"] == EXPLAINED:
        return ": ".join([*within, *names, first["msg"]])
    *section, key = names
    place = ": ".join([*within, *section]) or "top level"
    if first["type"] == "extra_forbidden":
        return f"{place}: unknown {key!r}{did_you_mean(key, known_keys(section, kind))}"
    if first["type"] == "missing":
        return f"{place}: has no {key!r}; add it"
    return f"{place}: {key} = {first['input']!r}: {first['msg'][0].lower()}{first['msg'][1:]}"


def known_keys(section: list[str], kind: type[BaseModel]) -> list[str]:
    """Return the keys of the section that a path of names leads to; none where it leads to something else."""
    for name in section:
        field = kind.model_fields.get(name)
        inner = field.annotation if field else None
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            return []
        kind = inner
    return list(kind.model_fields)
