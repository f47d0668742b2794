"""The house stays readable: small modules, small functions, a purpose at the top of every file."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MODULE_LINES = 300
TEST_MODULE_LINES = 400
"""A file of tests is read a test at a time, and mirrors one module of the code."""
FUNCTION_LINES = 40
DRAWERS = {"common", "helper", "helpers", "misc", "util", "utils"}


def modules() -> list[Path]:
    """Every Python file that people wrote."""
    found = [ROOT / "manage.py"]
    for room in ("config", "dashboard", "notifications", "tests"):
        found += sorted((ROOT / room).rglob("*.py"))
    return [path for path in found if "migrations" not in path.parts]


def overlong_functions(source: str) -> Iterator[tuple[str, int]]:
    """(name, lines) of each function over budget, docstring included, decorators not."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > FUNCTION_LINES:
                yield node.name, lines


def says_its_purpose(source: str) -> bool:
    """Does the module open with a docstring? An empty one needs none."""
    tree = ast.parse(source)
    return not tree.body or bool(ast.get_docstring(tree))


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def budget(name: str) -> int:
    """Lines that a module may have."""
    return TEST_MODULE_LINES if name.startswith("tests/") else MODULE_LINES


def test_no_module_is_longer_than_its_budget():
    lengths = {relative(path): len(path.read_text().splitlines()) for path in modules()}
    assert {name: lines for name, lines in lengths.items() if lines > budget(name)} == {}


def test_no_function_is_longer_than_its_budget():
    assert [
        (relative(path), name, lines)
        for path in modules()
        for name, lines in overlong_functions(path.read_text())
    ] == []


def test_every_module_says_what_it_is_for():
    assert [relative(path) for path in modules() if not says_its_purpose(path.read_text())] == []


def test_no_file_is_a_drawer_for_everything():
    files = [path for room in ("static", "templates") for path in (ROOT / room).rglob("*")]
    assert [relative(path) for path in modules() + files if path.stem.strip("_") in DRAWERS] == []


def test_the_measure_sees_a_function_over_budget():
    body = "    pass\n" * FUNCTION_LINES
    assert list(overlong_functions(f"class A:\n async def f():\n{body}")) == [("f", FUNCTION_LINES + 1)]


def test_the_measure_lets_a_function_at_the_budget_pass():
    body = "    pass\n" * (FUNCTION_LINES - 1)
    assert list(overlong_functions(f"def f():\n{body}")) == []


def test_the_measure_sees_a_module_without_a_purpose():
    assert not says_its_purpose("import os\n'''late'''")
    assert says_its_purpose("'''What it is for.'''\nimport os")
