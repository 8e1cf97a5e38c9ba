"""The command `mug`: `mug chart --audio song.mp3 --prompt sr=3.5`; also `python -m mug`."""

import argparse
import importlib
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from functools import partial
from types import ModuleType

from mug import __version__
from mug.cli import command_parser, run
from mug.commands import COMMANDS, GROUPS
from mug.errors import MugError

EXAMPLES = """\
examples:
  mug chart --audio song.mp3 --prompt sr=3.5       a chart of 3.5 stars, in outputs/
  mug web                                          charts in the browser
  mug prepare -s ~/osu/Songs -o data/mine          your songs as a training set
  mug train --base configs/mug/mini_autoencoder.yaml -t data.params.common.beatmap_txt=data/mine/beatmap_filtered.txt

`mug COMMAND --help` explains a command. Files that MuG ships, such as configs/mug/mini_autoencoder.yaml and
models/mug-mini, are found from every folder; a file of that name in the working folder comes first."""


def main() -> None:
    """Run the subcommand that the command line names, and leave the process with its exit status."""
    run(partial(dispatch, sys.argv[1:]))


def dispatch(argv: Sequence[str]) -> int | None:
    """Run a subcommand. What follows its name is its own, --help included. Raises MugError for an unknown one."""
    if argv and argv[0] in COMMANDS:
        status: int | None = module_of(argv[0]).main(argv[1:])
        return status
    if argv and not argv[0].startswith("-"):
        close = get_close_matches(argv[0], COMMANDS, n=1)
        hint = f"did you mean '{close[0]}'? " if close else ""
        raise MugError(f"no command '{argv[0]}'; {hint}`mug --help` lists them")
    parser = build_parser()
    shell = parser.parse_args(argv).print_completion
    if shell is None:
        parser.print_help()
    else:
        print(completion(shell))
    return 0


def build_parser() -> argparse.ArgumentParser:
    lines = ["Charts for any song, and models that write them. COMMAND is one of:"]
    for title, commands in GROUPS.items():
        lines += ["", f"{title}:", *(f"  {name:<14}{command.help}" for name, command in commands.items())]
    parser = command_parser("COMMAND", "\n".join(lines))
    parser.prog = "mug"
    parser.usage = "mug COMMAND ...\n       mug COMMAND --help"
    parser.epilog = EXAMPLES
    parser.add_argument("--version", action="version", version=f"mug {__version__}")
    parser.add_argument(
        "--print-completion", choices=("bash", "zsh"), metavar="SHELL", help="a completion script for bash or zsh"
    )
    return parser


def module_of(command: str) -> ModuleType:
    """Import the module of a subcommand, and no other one."""
    return importlib.import_module(COMMANDS[command].module)


def completion(shell: str) -> str:
    """Return a script that completes subcommands, options and file names."""
    import shtab

    parser = argparse.ArgumentParser(prog="mug")
    parser.add_argument("--version", action="store_true", help="print the version")
    commands = parser.add_subparsers()
    for name, command in COMMANDS.items():
        own = module_of(name).build_parser()
        for action in own._actions:
            if action.nargs != 0 and action.choices is None:
                action.complete = shtab.FILE
        commands.add_parser(name, parents=[own], add_help=False, help=command.help)
    script: str = shtab.complete(parser, shell)
    return script


if __name__ == "__main__":
    main()
