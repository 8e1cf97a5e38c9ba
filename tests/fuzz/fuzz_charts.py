"""Throws broken files at the readers of charts and packages until one does anything but read or refuse them.

    python tests/fuzz/fuzz_charts.py --seconds 3600 --seed 1              mutates examples and the files given
    python tests/fuzz/fuzz_charts.py --atheris --seconds 3600             guided by coverage, with `pip install atheris`

What breaks a reader is written to --findings and raised.
"""

import argparse
import io
import random
import re
import sys
import tempfile
import time
import zipfile
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from mug.charts.beatmap import Beatmap
from mug.charts.chart_files import CHART_SUFFIXES
from mug.charts.malody import parse_malody
from mug.charts.osu import format_osu, parse_osu
from mug.charts.osz import extract_osz
from mug.charts.quaver import parse_quaver
from mug.charts.stepmania import parse_stepmania
from mug.errors import ChartError
from tests.charts.foreign_charts import EXAMPLES

SLOW_S = 2.0
PARSERS = {
    ".osu": lambda data, name: ([parse_osu(data, name)], []),
    ".qua": lambda data, name: ([parse_quaver(data, name)], []),
    ".mc": lambda data, name: ([parse_malody(data, name)], []),
    ".sm": parse_stepmania,
    ".ssc": parse_stepmania,
}
NUMBER = re.compile(rb"-?\d+(?:\.\d+)?")
NUMBERS = [
    *b"0 -1 1 2 4 18 19 255 1e9 -1e9 1e308 -1e308 1e309 1e-9 1e-320 nan inf -inf NaN Infinity 0x10 1_000".split(),
    *b"4294967296 9223372036854775808 99999999999999999999999999 null true 0.0000001 86400000 86400001".split(),
    *b".5 5. - + -86400001 \xd9\xa3 1e7 10000000 0.02083333".split(),
    b"",
    b"9" * 5000,
    b"1" + b"0" * 400,
]
TOKENS = [
    *b"\x00 \x1b \r \n \r\n \\ \" ' , ; : # // [ ] { } & * ! | > - ? % @ ` = ~ \xff\xfe \xfe\xff \xef\xbb\xbf".split(
        b" "
    ),
    *b"\x85 \xe2\x80\xa8 \xed\xa0\x80 \x83\x5c \xb0\xa1 &a *a <<: !!python/object:os.system --- ...".split(b" "),
    *b'#NOTES: #NOTEDATA:; #BPMS:0=1; 3 2 4 M [HitObjects] [TimingPoints] osu HitObjects: "beat" "endbeat"'.split(b" "),
    *b"[0,0,0] {} [] null \\u0000 \\ud800 2,0,L|1:1,9999,1e9".split(b" "),
]


def check(data: bytes, suffix: str) -> str:
    """Read a file; return "charts" or "refused". Raises AssertionError for anything but charts or a ChartError."""
    started = time.process_time()
    name = f"file{suffix}"
    try:
        if suffix == ".osz":
            check_package(data)
            return "charts"
        charts, errors = PARSERS[suffix](data, name)
    except ChartError as error:
        charts, errors = [], [error]
    for error in errors:
        assert isinstance(error, ChartError)
        assert name in str(error), f"an error that does not name the file: {error!r}"
        assert str(error).isprintable(), f"an error that is no line: {error!r}"
        assert len(str(error)) < 500, f"an error that is no message: {error!r}"
    assert charts or errors, "neither charts nor a reason"
    for chart in charts:
        check_chart(chart, suffix)
    seconds = time.process_time() - started
    assert seconds < SLOW_S, f"took {seconds:.1f} s"
    return "charts" if charts else "refused"


def check_chart(chart: Beatmap, suffix: str) -> None:
    """A chart that a reader gives can be written, and read again, with all its notes."""
    assert chart.notes == sorted(chart.notes, key=lambda note: (note.start_ms, note.column)), "notes out of order"
    again = parse_osu(format_osu(chart), "again")
    assert len(again.notes) == len(chart.notes)
    if suffix != ".osu":
        assert (again.title, again.keys) == (chart.title, chart.keys), "another chart"


def check_package(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "in", "file.osz")
        path.parent.mkdir()
        path.write_bytes(data)
        try:
            extract_osz(path, Path(folder, "out"))
        finally:
            found = {file.name for file in Path(folder).iterdir()}
            assert found <= {"in", "out"}, f"left behind: {found}"
            assert [file.name for file in path.parent.iterdir()] == ["file.osz"]


def mutated(data: bytes, draw: random.Random, others: list[bytes]) -> bytes:
    """Return `data` with one to eight things broken in it."""
    result = bytearray(data)
    for _ in range(draw.choice((1, 1, 1, 2, 3, 8))):
        _mutate(result, draw, others)
    return bytes(result)


def _mutate(data: bytearray, draw: random.Random, others: list[bytes]) -> None:
    at = draw.randrange(len(data) + 1)
    match draw.randrange(11):
        case 0 if data:  # a bit
            data[at % len(data)] ^= 1 << draw.randrange(8)
        case 1 if data:  # a byte
            data[at % len(data)] = draw.randrange(256)
        case 2:  # cut off
            del data[at:]
        case 3:  # a piece missing
            del data[at : at + draw.choice((1, 2, 10, 1000))]
        case 4:  # a piece twice, or often
            piece = data[at : at + draw.choice((1, 5, 50, 500))]
            data[at:at] = piece * draw.choice((1, 1, 2, 100))
        case 5 | 6:  # another number
            spots = list(NUMBER.finditer(data, max(at - 200, 0), at + 2000))
            if spots:
                spot = draw.choice(spots)
                data[spot.start() : spot.end()] = draw.choice(NUMBERS)
        case 7:  # something that means something
            data[at:at] = draw.choice(TOKENS) * draw.choice((1, 1, 1, 2, 50, 3000))
        case 8 | 9:  # lines: gone, twice, swapped
            lines = data.split(b"\n")
            i, j = draw.randrange(len(lines)), draw.randrange(len(lines))
            match draw.randrange(4):
                case 0:
                    del lines[i]
                case 1:
                    lines.insert(j, lines[i])
                case 2:
                    lines[i], lines[j] = lines[j], lines[i]
                case _:
                    del lines[min(i, j) : max(i, j)]
            data[:] = b"\n".join(lines)
        case _:  # a piece of another file
            other = draw.choice(others)
            start = draw.randrange(len(other) + 1)
            data[at:at] = other[start : start + draw.choice((3, 30, 300))]


def package() -> bytes:
    """A package of the examples, as a zip's bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for suffix, data in EXAMPLES.items():
            archive.writestr(zipfile.ZipInfo(f"folder/a{suffix}"), data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def corpus(paths: list[Path]) -> list[tuple[str, bytes]]:
    """Files to start from, with their endings: the examples, a package of them, and those that are given."""
    files = [*EXAMPLES.items(), (".osz", package())]
    for path in paths:
        found = path.rglob("*") if path.is_dir() else [path]
        files += [(file.suffix, file.read_bytes()) for file in sorted(found) if file.suffix in CHART_SUFFIXES]
    return files


def run(seconds: float, seed: int, files: list[tuple[str, bytes]], findings: Path) -> Counter[str]:
    """Mutate and check for some seconds; return how often a reader of a kind read, or refused, a file."""
    draw, outcomes = random.Random(seed), Counter[str]()
    others = [data for _, data in files]
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        suffix, data = draw.choice(files)
        broken = mutated(data, draw, others)
        try:
            outcomes[f"{suffix} {check(broken, suffix)}"] += 1
        except Exception:
            findings.mkdir(parents=True, exist_ok=True)
            (findings / f"seed{seed}-{sum(outcomes.values())}{suffix}").write_bytes(broken)
            raise
    return outcomes


def run_atheris(seconds: float, files: list[tuple[str, bytes]], findings: Path) -> None:
    """Have libFuzzer search; an input is the number of an ending, then the file."""
    import atheris

    suffixes = [*EXAMPLES, ".osz"]

    def target(data: bytes) -> None:
        if data:
            check(data[1:], suffixes[data[0] % len(suffixes)])

    seeds = findings / "corpus"
    seeds.mkdir(parents=True, exist_ok=True)
    for i, (suffix, data) in enumerate(files):
        (seeds / f"{i}").write_bytes(bytes([suffixes.index(suffix)]) + data)
    atheris.instrument_all()
    options = [f"-max_total_time={int(seconds)}", "-timeout=10", "-rss_limit_mb=1000", f"-artifact_prefix={findings}/"]
    atheris.Setup([sys.argv[0], *options, str(seeds)], target)
    atheris.Fuzz()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path, help="charts, or folders of them, to start from")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--findings", type=Path, default=Path("outputs/fuzz"))
    parser.add_argument("--atheris", action="store_true")
    options = parser.parse_args()
    files = corpus(options.files)
    if options.atheris:
        run_atheris(options.seconds, files, options.findings)
    outcomes = run(options.seconds, options.seed, files, options.findings)
    print(f"{sum(outcomes.values())} files: " + ", ".join(f"{n} {what}" for what, n in sorted(outcomes.items())))


if __name__ == "__main__":
    main()
