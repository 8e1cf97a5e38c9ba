"""How long do commands take before they do anything? Processor seconds, compared with what was aimed for."""

import resource
import statistics
import subprocess
import sys
from collections.abc import Sequence

from benchmarks.measure import Row, Settings, parse, report, settings_of
from mug.commands import COMMANDS

TITLE = "Start"
HELP_SECONDS, IMPORT_SECONDS = 0.4, 0.3  # aims


def rows(settings: Settings) -> list[Row]:
    """The slowest help of all commands, and what generation imports besides torch."""
    names = ["ranked"] if settings.quick else list(COMMANDS)
    library, room = ("math", "mug.charts") if settings.quick else ("torch", "mug.generate")
    programs = {name: ["-m", "mug", name, "--help"] for name in names}
    programs |= {module: ["-c", f"import {module}"] for module in (library, room)}
    readings: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(settings.repeats):  # alternating, so that a slow period of the machine affects all
        for name, arguments in programs.items():
            readings[name].append(seconds_of(arguments))
    medians = {name: statistics.median(values) for name, values in readings.items()}
    slowest = max(names, key=medians.__getitem__)
    imports = max(medians[room] - medians[library], 0.001)
    return [
        Row(f"mug {slowest} --help, of all commands", HELP_SECONDS, medians[slowest], "s", 1.0),
        Row(f"import {room}, after {library}", IMPORT_SECONDS, imports, "s", 1.0),
    ]


def seconds_of(arguments: Sequence[str]) -> float:
    """Processor seconds of a Python of its own."""
    start = children_seconds()
    subprocess.run([sys.executable, *arguments], stdout=subprocess.DEVNULL, check=True)
    return children_seconds() - start


def children_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def main(argv: Sequence[str] | None = None) -> None:
    settings = settings_of(parse(__doc__, argv))
    report(TITLE, rows(settings), settings, other="aim")


if __name__ == "__main__":
    main()
