"""Shared by all commands: errors that a user can fix are one line on stderr and exit status 2, not a traceback."""

import argparse
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

from mug.errors import MugError

PACKAGE = Path(__file__).resolve().parent
PYTHONS_OWN = warnings.formatwarning


def run(main: Callable[[], int | None]) -> None:
    """Run a command's `main` and leave the process with its exit status (0 if it returns None)."""
    warnings.formatwarning = _one_line
    try:
        status = main()
    except MugError as error:
        print(f"error: {printable(str(error))}", file=sys.stderr)
        sys.exit(2)
    except OSError as error:  # full disk, folder without write permission
        print(f"error: {printable(str(error))}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(130)
    sys.exit(status or 0)


def _one_line(
    message: Warning | str, category: type[Warning], filename: str, lineno: int, line: str | None = None
) -> str:
    """Show this package's warnings to users as what they are; those of others as Python does."""
    if category is UserWarning and Path(filename).is_relative_to(PACKAGE):
        return f"warning: {printable(str(message))}\n"
    return PYTHONS_OWN(message, category, filename, lineno, line)


def command_parser(name: str, description: str | None) -> argparse.ArgumentParser:
    """Return a parser for `mug <name>`, whose help keeps the lines of `description`."""
    return argparse.ArgumentParser(
        prog=f"mug {name}", description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )


def add_earlier_names(group: argparse._ActionsContainer, option: argparse.Action, *names: str) -> None:
    """Accept earlier names of an option, which the help does not show."""
    for name in names:
        group.add_argument(
            name, dest=option.dest, type=option.type or str, default=argparse.SUPPRESS, help=argparse.SUPPRESS
        )


def printable(text: str) -> str:
    """Return `text` with control characters escaped, such as \\x1b, because names may come from strangers."""
    return "".join(char if char.isprintable() or char == "\n" else ascii(char)[1:-1] for char in text)
