"""CONTRIBUTING.md and CITATION.cff say what is true of the files beside them."""

import ast
import re
from pathlib import Path

import yaml

from mug import __version__

ROOT = Path(__file__).resolve().parent.parent
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
ROWS = [re.findall(r"`(\w+)`", row) for row in re.findall(r"^\| (`.+?) \|", CONTRIBUTING, re.MULTILINE)]
STOREYS = {room: storey for storey, rooms in enumerate(reversed(ROWS), 1) for room in rooms}


def rooms_imported_by(file: Path) -> set[str]:
    """The rooms of what a file imports of the package; its files on the ground floor have none."""
    modules = {
        node.module
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module is not None
    }
    return {parts[1] for parts in (module.split(".") for module in modules) if parts[0] == "mug" and len(parts) > 1}


def test_the_table_has_every_room():
    assert set(STOREYS) == {path.parent.name for path in ROOT.glob("mug/*/__init__.py")}


def test_imports_go_down_the_table():
    for file in ROOT.glob("mug/*/**/*.py"):
        room = file.relative_to(ROOT / "mug").parts[0]
        for imported in rooms_imported_by(file) & STOREYS.keys():
            assert STOREYS[imported] <= STOREYS[room], f"{file} imports mug.{imported}"


def test_files_and_tables_it_names_exist():
    for path in re.findall(r"`(mug/[\w/]+\.py)`", CONTRIBUTING):
        assert (ROOT / path).is_file(), path
    for table, path in re.findall(r"`([A-Z_]+)`\s+\(`([\w/]+\.py)`\)", CONTRIBUTING):
        assert f"\n{table}: " in (ROOT / path).read_text(encoding="utf-8"), table


def test_the_citation_has_the_version_of_the_package():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == __version__
    assert {"cff-version", "message", "title", "type", "authors", "license"} <= citation.keys()
