"""docs/architecture.md against the code: rooms import downwards, and every hop of the walks is there."""

import ast
import re
from pathlib import Path

import pytest

from mug.config import PROJECT_ROOT

PAGE = (PROJECT_ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
ROOMS = re.findall(r"^\| \d+ \| `(\w+)` \|", PAGE, re.MULTILINE)  # from the top down
HOP = re.compile(r"^( *)- `([\w/]+\.py)`(?: `([\w.]+)`)?( \*\(YAML\)\*)?:", re.MULTILINE)
HOPS = HOP.findall(PAGE)


def imports_of(path: Path) -> set[str]:
    """The modules of the project that a file imports, anywhere in it."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    found = {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}
    found |= {f"{node.module}.{name.name}" for node in nodes if isinstance(node, ast.ImportFrom) for name in node.names}
    return {name for name in found if name.startswith("mug.")}


def test_every_room_is_on_the_page_once() -> None:
    rooms = sorted(path.parent.name for path in PROJECT_ROOT.glob("mug/*/__init__.py"))
    assert sorted(ROOMS) == rooms


def test_rooms_import_only_rooms_below_them() -> None:
    upwards = []
    for height, room in enumerate(ROOMS):
        for path in (PROJECT_ROOT / "mug" / room).rglob("*.py"):
            for name in imports_of(path):
                other = name.split(".")[1]
                if other in ROOMS[:height]:
                    upwards.append(f"{path.relative_to(PROJECT_ROOT)} imports {name}")
    assert upwards == []


def test_the_ground_floor_imports_no_room() -> None:
    doors = {"__main__.py", "generate.py"}  # the command, and the earlier name of mug.generation
    for path in PROJECT_ROOT.glob("mug/*.py"):
        if path.name not in doors:
            assert not {name.split(".")[1] for name in imports_of(path)} & set(ROOMS), path


def test_the_walks_are_long_enough_to_be_walks() -> None:
    assert len(HOPS) > 40


@pytest.mark.parametrize("index", range(len(HOPS)))
def test_a_hop_is_called_by_the_line_above_it(index: int) -> None:
    indent, path, name, from_yaml = HOPS[index]
    source = (PROJECT_ROOT / path).read_text(encoding="utf-8")
    for part in name.split("."):
        assert re.search(rf"^\s*(def|class) {part}\b|^{part}\b.*=", source, re.MULTILINE) or not part, f"{path}: {name}"
    callers = [hop for hop in HOPS[:index] if len(hop[0]) < len(indent)]
    if indent and not from_yaml:
        caller = callers[-1][1]
        module = path.removesuffix(".py").replace("/", ".")
        assert module in imports_of(PROJECT_ROOT / caller), f"{caller} does not import {module}"


def test_adding_something_is_shown_by_tests_that_are_there() -> None:
    rows = re.findall(r"^\| an? [^|]+\|([^|]+)\| `([\w/.]+)` \|", PAGE, re.MULTILINE)
    assert len(rows) == 5
    for files, test in rows:
        for path in (*re.findall(r"`(mug/[\w/]+\.py)`", files), test):
            assert (PROJECT_ROOT / path).is_file(), path
        for path, name in re.findall(r"`([A-Z_]{2,})` \(`(mug/[\w/]+\.py)`\)", files):
            assert re.search(rf"^{path}\b", (PROJECT_ROOT / name).read_text(encoding="utf-8"), re.MULTILINE), path
