"""The command `mug`: its table, its help, completion, and what a wheel of it carries."""

import importlib
import os
import re
import subprocess
import sys
import zipfile

import pytest

from mug import __version__
from mug.__main__ import build_parser, dispatch
from mug.commands import COMMANDS
from mug.config import PROJECT_ROOT, SHIPPED_MODELS
from mug.errors import MugError

MODULES = {command.module for command in COMMANDS.values()}


def test_every_command_module_is_in_the_table():
    files = (PROJECT_ROOT / "mug/commands").glob("*.py")
    parsing = [file for file in files if "def build_parser(" in file.read_text(encoding="utf-8")]
    assert {f"mug.commands.{file.stem}" for file in parsing} == MODULES


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name, capsys):
    with pytest.raises(SystemExit) as left:
        dispatch([name, "--help"])
    assert left.value.code == 0
    printed = capsys.readouterr().out
    assert printed.startswith(f"usage: mug {name} ")
    assert f"mug {name}" in importlib.import_module(COMMANDS[name].module).__doc__  # an example
    assert f"  {name:<14}{COMMANDS[name].help}\n" in build_parser().format_help()


def test_every_script_runs_a_command():
    for script in (PROJECT_ROOT / "scripts").glob("*.py"):
        code = re.sub(r'^""".*?"""\n', "", script.read_text(encoding="utf-8"), flags=re.DOTALL)
        module = re.fullmatch(
            r"\nfrom mug\.cli import run\nfrom (mug\.commands\.\w+) import main\n\n"
            r'if __name__ == "__main__":\n    run\(main\)\n',
            code,
        )
        assert module is not None, script
        assert module[1] in MODULES


HELP = """
import sys
from mug.__main__ import module_of
from mug.commands import COMMANDS
slow = "torch scipy.special scipy.stats librosa.core numba pandas matplotlib mir_eval gradio pytorch_lightning".split()
for name in COMMANDS:
    module_of(name).build_parser().format_help()
    for module in slow:
        if sys.modules.pop(module, None):
            print(name, module)
"""


def test_help_imports_nothing_slow():
    done = subprocess.run([sys.executable, "-c", HELP], cwd=PROJECT_ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("chrat", "no command 'chrat'; did you mean 'chart'? `mug --help` lists them"),
        ("7K", "no command '7K'; `mug --help` lists them"),
    ],
)
def test_an_unknown_command_is_named(name, said):
    with pytest.raises(MugError) as error:
        dispatch([name])
    assert str(error.value) == said


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_completion_knows_commands_and_options(shell, capsys):
    assert dispatch(["--print-completion", shell]) == 0
    script = capsys.readouterr().out
    assert "describe" in script
    assert "--prompt_dir" in script
    assert "mapping_config" not in script.split("--prompt_dir")[0]


@pytest.mark.slow
def test_a_wheel_works_from_an_empty_folder(tmp_path):
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    build = ["wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(tmp_path), str(PROJECT_ROOT)]
    subprocess.run([*pip, *build], check=True, capture_output=True)
    (wheel,) = tmp_path.glob("mug-*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {"mug/webui/player/player.js", "mug/webui/player/player.css"} <= set(names)
    assert "mug/webui/example/Menbrin - Horshancol.ogg" in names
    shipped = [name for name in names if name.startswith("mug/shipped/")]
    here = [file for room in ("configs", *SHIPPED_MODELS.values()) for file in (PROJECT_ROOT / room).rglob("*.*")]
    assert sorted(shipped) == sorted(f"mug/shipped/{file.relative_to(PROJECT_ROOT).as_posix()}" for file in here)

    installed, empty = tmp_path / "installed", tmp_path / "empty"
    empty.mkdir()
    subprocess.run([*pip, "install", "--no-deps", "--target", str(installed), str(wheel)], check=True)
    environment = {**os.environ, "PYTHONPATH": str(installed)}

    def mug(*arguments: str) -> str:
        command = [sys.executable, "-m", "mug", *arguments]
        return subprocess.run(command, cwd=empty, env=environment, capture_output=True, text=True, check=True).stdout

    assert mug("--version") == f"mug {__version__}\n"
    printed = mug("doctor")
    assert f"in {installed / 'mug'}\n" in printed
    assert "models/mug-mini loads: 4K" in printed
    assert f"prompts in {installed / 'mug/shipped/configs'}\n" in printed
    assert (installed / "bin" / "mug").is_file() or os.name == "nt"
    assert list(empty.iterdir()) == []
