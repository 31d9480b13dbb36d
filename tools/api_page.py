"""Write docs/API.md from the source: the signature and the first sentence of everything public.

    python tools/api_page.py            # writes docs/API.md

It reads the source without importing it, so that it needs no torch. `tests/test_house.py` checks that the page is up
to date.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
PAGE = CHECKOUT / "docs" / "API.md"

# What users import, in the order of a reader's interest; the rest of the package may change without notice.
MODULES = (
    "asr",
    "asr.types",
    "asr.recognizer",
    "asr.runtime",
    "asr.inputs",
    "asr.inputs.finding",
    "asr.inputs.reading",
    "asr.bulk",
    "asr.bulk.engines",
    "asr.bulk.processes",
    "asr.bulk.cluster",
    "asr.bulk.outputs",
    "asr.listening",
    "asr.longform",
    "asr.streaming",
    "asr.phrases",
    "asr.alignment",
    "asr.explain",
    "asr.explain.excerpt",
    "asr.explain.heard",
    "asr.doctor",
    "asr.doctor.check",
    "asr.viterbi",
    "asr.bundle",
    "asr.audio",
    "asr.manifest",
    "asr.manifest.reading",
    "asr.manifest.index",
    "asr.manifest.writing",
    "asr.manifest.picking",
    "asr.exchange",
    "asr.text",
    "asr.tokenizers",
    "asr.lm",
    "asr.lm.model",
    "asr.lm.perplexity",
    "asr.lm.estimate",
    "asr.ngrams",
    "asr.decoders",
    "asr.decoders.beam",
    "asr.decoders.hotwords",
    "asr.decoders.lexicon",
    "asr.decoders.compat",
    "asr.decoders.confidence",
    "asr.decoding",
    "asr.tuning",
    "asr.scoring",
    "asr.scoring.report",
    "asr.scoring.totals",
    "asr.scoring.formats",
    "asr.scoring.units",
    "asr.scoring.bootstrap",
    "asr.scoring.paired",
    "asr.scoring.breakdown",
    "asr.scoring.confusions",
    "asr.scoring.calibration",
    "asr.scoring.hidden",
    "asr.scoring.scored",
    "asr.scoring.card",
    "asr.scoring.comparison",
    "asr.reports.page",
    "asr.writers",
    "asr.writers.cues",
    "asr.corpora",
    "asr.downloads",
    "asr.downloads.archive",
    "asr.downloads.report",
    "asr.config",
    "asr.augment",
    "asr.augment.link",
    "asr.augment.chain",
    "asr.augment.draws",
    "asr.mel",
    "asr.feasibility",
    "asr.model",
    "asr.model.fbank",
    "asr.model.lstm",
    "asr.model.encoders",
    "asr.model.ctc",
    "asr.train.checkpoint",
    "asr.export",
    "asr.benchmark",
    "asr.export.quantise",
    "asr.export.measuring",
    "asr.export.precisions",
    "asr.export.targets",
    "asr.export.sherpa",
    "asr.export.parity",
    "asr.export.runtimes",
    "asr.errors",
)

HEAD = """# API

Written by `python tools/api_page.py` from the source; `tests/test_house.py` checks that it is up to date. `asr.model`,
`asr.train` and `asr.export` need the extra `train`; everything else runs without torch. Shapes, units and what each
function raises stand in its docstring: `python -c "import asr.audio; help(asr.audio.read)"`.
"""


def page() -> str:
    return "\n".join([HEAD, *(section(name) for name in MODULES)])


def section(name: str) -> str:
    tree = ast.parse(source(name).read_text(encoding="utf-8"))
    entries = [*reexports(tree), *(line for node in tree.body for line in entry(node))]
    return "\n".join([f"## {name}", "", first_sentence(tree), "", *entries, *([""] if entries else [])])


def source(name: str) -> Path:
    path = CHECKOUT / name.replace(".", "/")
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def reexports(tree: ast.Module) -> Iterator[str]:
    """Yield one line for what `__all__` offers from other modules."""
    offered = {name for node in tree.body if target(node) == "__all__" for name in ast.literal_eval(value(node))}
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and (names := [a.name for a in node.names if a.name in offered]):
            yield f"- from `{node.module}`: {', '.join(f'`{name}`' for name in names)}"


def target(node: ast.stmt) -> str:
    """Return the name that a statement assigns to, or nothing."""
    if isinstance(node, ast.AnnAssign):
        return ast.unparse(node.target)
    return ast.unparse(node.targets[0]) if isinstance(node, ast.Assign) else ""


def value(node: ast.stmt) -> ast.expr:
    assert isinstance(node, ast.Assign | ast.AnnAssign)
    assert node.value is not None
    return node.value


def entry(node: ast.stmt, owner: str = "") -> Iterator[str]:
    """Yield the lines of one public function or class; those of a class are followed by its methods'."""
    if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
        yield line(f"{owner}{node.name}{signature(node)}" if not is_property(node) else f"{owner}{node.name}", node)
    elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
        yield line(f"class {node.name}{constructor(node)}", node)
        for member in node.body:
            yield from entry(member, owner=f"{node.name}.")
    elif not owner and re.fullmatch(r"[A-Z][A-Z_]+", target(node)):
        yield f"- `{table(node)}`"


def table(node: ast.stmt) -> str:
    """Return a table with its keys, or the name of another constant with its value where that is short."""
    content = value(node)
    if isinstance(content, ast.Dict):
        return f"{target(node)}: {', '.join(ast.unparse(key) for key in content.keys if key)}"
    short = ast.unparse(content)
    return f"{target(node)} = {short}" if len(short) <= 60 else target(node)


def line(text: str, node: ast.FunctionDef | ast.ClassDef) -> str:
    sentence = first_sentence(node)
    return f"- `{text}`" + (f": {sentence}" if sentence else "")


def constructor(node: ast.ClassDef) -> str:
    """Return `(base)` of an error, `(fields)` of a dataclass, `(arguments)` of `__init__`."""
    for member in node.body:
        if isinstance(member, ast.FunctionDef) and member.name == "__init__":
            return signature(member)
    if any("dataclass" in ast.unparse(decorator) for decorator in node.decorator_list):
        fields = [member for member in node.body if isinstance(member, ast.AnnAssign)]
        return f"({', '.join(ast.unparse(field) for field in fields)})"
    return f"({', '.join(map(ast.unparse, node.bases))})" if node.bases else ""


def signature(node: ast.FunctionDef) -> str:
    return f"({', '.join(parameters(node.args))})" + (
        f" -> {ast.unparse(node.returns)}" if node.returns and node.name != "__init__" else ""
    )


def parameters(arguments: ast.arguments) -> Iterator[str]:
    """Yield each parameter as `name: type = default`, without self and cls."""
    plain = [*arguments.posonlyargs, *arguments.args]
    defaults = [None] * (len(plain) - len(arguments.defaults)) + arguments.defaults
    for argument, default in zip(plain, defaults, strict=True):
        if argument.arg not in ("self", "cls"):
            yield parameter(argument, default)
    if arguments.vararg or arguments.kwonlyargs:
        yield f"*{ast.unparse(arguments.vararg) if arguments.vararg else ''}"
    yield from map(parameter, arguments.kwonlyargs, arguments.kw_defaults)
    if arguments.kwarg:
        yield f"**{ast.unparse(arguments.kwarg)}"


def parameter(argument: ast.arg, default: ast.expr | None) -> str:
    return ast.unparse(argument) + (f" = {ast.unparse(default)}" if default else "")


def is_property(node: ast.FunctionDef) -> bool:
    return any(ast.unparse(decorator).endswith("property") for decorator in node.decorator_list)


def first_sentence(node: ast.Module | ast.FunctionDef | ast.ClassDef) -> str:
    paragraph = (ast.get_docstring(node) or "").partition("\n\n")[0]
    # "et al." and "e.g." end no sentence.
    return re.split(r"(?<! al)(?<!\.g)\. ", " ".join(paragraph.split()))[0].rstrip(".")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(f"{PAGE.relative_to(CHECKOUT)}: {len(MODULES)} modules")
