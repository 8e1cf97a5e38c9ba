"""What the README says is true of the files beside it."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from mug.config import load_config

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = sorted(set(re.findall(r"(?:^|`)python ((?:scripts/\w+|main|webui)\.py)", README, re.MULTILINE)))


def test_the_two_commands_are_targets_of_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^make (\w+)", README, re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
    assert {"demo", "test"} <= set(re.findall(r"^make (\w+)", README, re.MULTILINE))


@pytest.mark.parametrize("script", COMMANDS)
def test_commands_of_the_readme_explain_themselves_and_know_the_flags_it_gives_them(script: str) -> None:
    done = subprocess.run([sys.executable, script, "--help"], cwd=ROOT, capture_output=True, text=True, check=True)
    text = README.replace("\\\n", " ")
    for line in re.findall(rf"python {re.escape(script)}(.*)$", text, re.MULTILINE):
        for flag in re.findall(r"\s(--?[a-zA-Z]\w*)", line.split("`")[0]):
            assert re.search(rf"(?<![\w-]){flag}\b", done.stdout), f"{script} has no {flag}"


def test_overrides_of_the_readme_name_keys_of_the_shipped_configurations() -> None:
    commands = README.replace("\\\n", " ")
    found = 0
    for configs, line in re.findall(r"python main\.py --base ((?:configs/\S+ )+)(.*)$", commands, re.MULTILINE):
        shipped = load_config(configs.split())
        for override in re.findall(r"(\S+)=\S+", line):
            node = shipped
            for key in override.split("."):
                assert key in node, override
                node = node[key]
            found += 1
    assert found >= 3


def test_files_that_the_readme_names_exist() -> None:
    for path in re.findall(r"\]\((?!http)([^)]+)\)", README) + re.findall(r"`(configs/[\w./]+\.yaml)`", README):
        assert (ROOT / path).exists(), path


def test_tree_lists_every_room_and_script() -> None:
    tree = README.split("## The tree")[1]
    for path in ROOT.glob("mug/*/__init__.py"):
        assert f"{path.parent.name}/" in tree, path.parent
    for path in ROOT.glob("scripts/*.py"):
        assert path.name in tree, path.name
