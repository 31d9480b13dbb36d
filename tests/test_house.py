"""The rules of docs/ARCHITECTURE.md, checked in the source: who imports whom, where torch is, how long things are."""

from __future__ import annotations

import ast
import functools
import importlib.util
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parent.parent
PACKAGE = CHECKOUT / "asr"
FILES = sorted(PACKAGE.rglob("*.py"))
DOOR = "__init__.py"
IMPORTERS = {"require", "import_module", "__import__"}
PARTS = {"": 0.0, "b": 0.5, "c": 0.75}  # of a row: 4, 4b, 4c
TORCH = {"torch", "torchaudio"}
# Training and plotting; a user who transcribes must not wait for them. (numba and onnx: only where asked for.)
HEAVY = ("torch", "torchaudio", "librosa", "numba", "matplotlib", "onnx")
FILE_LINES, FUNCTION_LINES, MEDIAN_FUNCTION_LINES = 300, 60, 11

pytestmark = pytest.mark.skipif(not PACKAGE.is_dir(), reason="only in a checkout, where the source is")


# ---- reading the source


@functools.cache
def tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def name_of(file: Path) -> str:
    return file.relative_to(CHECKOUT).as_posix()


def unit_of(file: Path) -> str:
    """Return the entry of the table that a file belongs to: `audio.py` or `text/`."""
    first, *rest = file.relative_to(PACKAGE).parts
    return f"{first}/" if rest else first


def rows() -> dict[str, float]:
    """Return entry -> row, as the table of the architecture has it, and the door between rows 4 and 5."""
    text = (CHECKOUT / "docs" / "ARCHITECTURE.md").read_text(encoding="utf-8")
    table = re.findall(r"^\| (\d+)([bc]?) \| ([^|]+) \|", text, flags=re.MULTILINE)
    return {unit: int(row) + PARTS[part] for row, part, units in table for unit in re.findall(r"`([^`]+)`", units)} | {
        DOOR: 4.5
    }


def imported_modules(node: ast.AST) -> list[str]:
    """Return the modules that one statement imports, written as a statement or as a call with the name in quotes."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        assert node.level == 0, "imports are absolute here"
        # `from asr import audio` imports a file, `from asr import __version__` a name of the door.
        return [f"{node.module}.{alias.name}" for alias in node.names]
    if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in IMPORTERS:
        return [arg.value for arg in node.args[:1] if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
    return []


def imports(file: Path) -> Iterator[tuple[int, str]]:
    """Yield (line, module) of every import of a file, those inside functions included."""
    for node in ast.walk(tree(file)):
        for module in imported_modules(node):
            yield getattr(node, "lineno", 0), module


def unit_of_module(module: str) -> str | None:
    """Return the entry of the table that an imported module belongs to; None for other packages."""
    package, *rest = module.split(".")
    if package != "asr":
        return None
    if rest and (PACKAGE / rest[0]).is_dir():
        return f"{rest[0]}/"
    return f"{rest[0]}.py" if rest and (PACKAGE / f"{rest[0]}.py").is_file() else DOOR


def functions(file: Path) -> Iterator[ast.FunctionDef]:
    yield from (node for node in ast.walk(tree(file)) if isinstance(node, ast.FunctionDef))


def lines_of(node: ast.FunctionDef) -> int:
    """Return the lines of a function's body without its docstring."""
    body = node.body[1:] if ast.get_docstring(node) else node.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


# ---- the rules


def test_every_file_stands_in_the_table() -> None:
    assert len(FILES) > 30
    assert {unit_of(file) for file in FILES} == set(rows())


def test_imports_only_go_to_a_lower_row() -> None:
    row = rows()
    wrong = [
        f"{name_of(file)}:{line}: {unit_of(file)} (row {row[unit_of(file)]:g}) imports {module} (row {row[unit]:g})"
        for file in FILES
        for line, module in imports(file)
        if (unit := unit_of_module(module)) and unit != unit_of(file) and row[unit] >= row[unit_of(file)]
    ]
    assert wrong == []


def test_the_rule_about_rows_sees_every_way_to_import() -> None:
    source = "import asr.cli\nfrom asr import audio\ndef f():\n    from asr.model.ctc import X\n    require('torch.nn')"
    found = [module for node in ast.walk(ast.parse(source)) for module in imported_modules(node)]
    assert sorted(found) == ["asr.audio", "asr.cli", "asr.model.ctc.X", "torch.nn"]
    assert [unit_of_module(module) for module in sorted(found)] == ["audio.py", "cli/", "model/", None]
    assert unit_of_module("asr.__version__") == DOOR


def test_torch_is_only_where_the_graph_and_its_training_are() -> None:
    """In `export/`, torch is for what handles a model or its checkpoint; the rest works on a model file without it."""
    for file in FILES:
        modules = [module for _, module in imports(file)]
        if TORCH.isdisjoint(module.partition(".")[0] for module in modules):
            continue
        from_checkpoint = any(module.startswith(("asr.model.", "asr.train.")) for module in modules)
        assert unit_of(file) in {"model/", "train/"} or (unit_of(file) == "export/" and from_checkpoint), name_of(file)


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_files_and_functions_are_short(file: Path) -> None:
    assert len(file.read_text(encoding="utf-8").splitlines()) <= FILE_LINES
    assert {node.name: lines_of(node) for node in functions(file) if lines_of(node) >= FUNCTION_LINES} == {}


def test_the_median_function_is_a_paragraph() -> None:
    lengths = sorted(lines_of(node) for file in FILES for node in functions(file))
    assert lengths[len(lengths) // 2] <= MEDIAN_FUNCTION_LINES


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_modules_say_what_they_are(file: Path) -> None:
    assert ast.get_docstring(tree(file)), "the first line of a file says what it is"


def test_nothing_happens_on_import() -> None:
    """At a module's top stand definitions and tables; calls for their effect (logging, threads, downloads) do not."""
    for file in FILES:
        effects = [n for n in tree(file).body if isinstance(n, ast.Expr) and not isinstance(n.value, ast.Constant)]
        assert effects == [], f"{name_of(file)}:{effects[0].lineno}"


# ---- what a fresh interpreter loads


def loaded(code: str) -> set[str]:
    """Return the top-level packages that an interpreter has loaded after running `code`."""
    script = f"import sys\n{code}\nprint('\\nLOADED', *{{m.partition('.')[0] for m in sys.modules}})"
    process = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=True)
    return set(process.stdout.splitlines()[-1].split()[1:])


def test_import_asr_loads_no_runtime() -> None:
    packages = loaded("import asr")
    assert "asr" in packages
    assert packages.isdisjoint({*HEAVY, "onnxruntime", "soundfile", "soxr", "jiwer", "pydantic", "click"})


def test_transcribe_loads_no_training_package(sample: Path) -> None:
    packages = loaded(
        "from asr.cli import main\n"
        f"try: main(['transcribe', {str(sample)!r}])\n"
        "except SystemExit as stop: assert not stop.code, stop.code"
    )
    assert "onnxruntime" in packages
    assert packages.isdisjoint(HEAVY)


# ---- the page of the API


def test_the_api_page_is_what_the_code_says() -> None:
    tool = CHECKOUT / "tools" / "api_page.py"
    spec = importlib.util.spec_from_file_location("api_page", tool)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.PAGE.read_text(encoding="utf-8") == module.page(), f"run: python tools/{tool.name}"
    assert "- `load(path: str | Path | None = None, *, " in module.section("asr")


# ---- the data


def test_the_data_folder_is_looked_for_beside_the_checkout(test_data: Path) -> None:
    assert (test_data / "an4").is_dir()
