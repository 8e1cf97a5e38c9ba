"""What the README and the pages under docs/ say is true of the program."""

import importlib
import re
from pathlib import Path

import pytest

from mug.commands import COMMANDS
from mug.config import load_config

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8").replace("\\\n", " ")
    for path in (
        README,
        *(ROOT / "docs").glob("*.md"),
        *(ROOT / name / "README.md" for name in ("data", "models/mug-mini", "models/mug-mini-7k", "mug/webui/example")),
    )
}
ABSENT = ("data.params.stream.", "lightning.trainer.strategy", "lightning.trainer.num_nodes")  # not in shipped files
LINES = [(page, line) for page, text in PAGES.items() for line in text.split("\n")]
CALLS = [  # (page, command of mug, the rest of the line), in code blocks and between backticks
    (page, name, rest)
    for page, line in LINES
    for name, rest in re.findall(r"(?:^|`)mug ([a-z][\w-]*)((?: [^`\n]*)?)", line)
]


def test_the_two_commands_are_targets_of_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(r"^make (\w+)", PAGES["README.md"], re.MULTILINE)
    assert targets == ["demo", "test"]
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


@pytest.mark.parametrize("command", sorted({name for _, name, _ in CALLS}))
def test_documented_commands_know_their_documented_options(command: str) -> None:
    parser = importlib.import_module(COMMANDS[command].module).build_parser()
    known = set(parser._option_string_actions)
    for page, name, rest in CALLS:
        if name == command:
            options = re.findall(r"\s(--?[a-zA-Z][\w-]*)", rest.partition("#")[0])
            assert set(options) <= known, f"{page}: mug {command} has no {sorted(set(options) - known)}"


def test_documented_overrides_are_keys_of_the_configurations() -> None:
    found = 0
    for page, name, rest in CALLS:
        base = re.match(r" --base ((?:configs/\S+ )+)(.*)$", rest)
        if name not in ("train", "latents") or base is None:
            continue
        shipped = load_config(base[1].split())
        for override in re.findall(r"([\w.]+)=\S+", base[2].partition("#")[0]):
            if override.startswith(ABSENT):
                continue
            node = shipped
            for key in override.split("."):
                assert key in node, f"{page}: {override}"
                node = node[key]
            found += 1
    assert found >= 10


@pytest.mark.parametrize("page", sorted(PAGES))
def test_documented_files_exist(page: str) -> None:
    folder = (ROOT / page).parent
    for path in re.findall(r"\]\((?!http)([^)#]+)\)", PAGES[page]):
        assert (folder / path).exists(), path
    for path in re.findall(r"`((?:configs|mug|docs|benchmarks)/[\w./]+\.(?:yaml|py|md))`", PAGES[page]):
        assert (ROOT / path).exists(), path


def test_the_readme_lists_every_package_and_page() -> None:
    tree, pages = PAGES["README.md"].split("## The tree")[1].split("## Documentation")
    for path in ROOT.glob("mug/*/__init__.py"):
        assert f"{path.parent.name}/" in tree, path.parent
    for path in ROOT.glob("docs/*.md"):
        assert f"(docs/{path.name})" in pages, path.name


def test_pages_fit_their_limits() -> None:
    assert len(README.read_text(encoding="utf-8").splitlines()) <= 200
    for page in PAGES:
        prose = re.sub(r"```.*?```", "", (ROOT / page).read_text(encoding="utf-8"), flags=re.DOTALL)
        long = [line for line in prose.splitlines() if len(line) > 100 and not line.startswith("|")]
        assert long == [], page
