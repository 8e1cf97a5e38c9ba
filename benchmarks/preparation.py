"""How many charts per minute does one core gather and describe, compared with the plain way?

The plain way copies folders, parses and rates one chart at a time, again for every rate, commits every row, and starts
over at every run.
"""

import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measure import Row, Settings, median_seconds, parse, report, settings_of
from mug.charts.beatmap import Beatmap, Note, TimingPoint
from mug.charts.osu import parse_osu, read_osu, write_osu
from mug.features import FeatureSpec
from mug.prepare.describe import prepare_features
from mug.prepare.gather import prepare_beatmap
from mug.ratings.chart_features import chart_features
from mug.ratings.rates import rate_grid

TITLE = "Preparing a chart, one core"
FEATURES = "configs/mug/mania_beatmap_features.yaml"
N_CHARTS, N_NOTES = 24, 2000
ONCE, ALL = (1.0, 1.0), (0.75, 1.5)
WANTED = 3000  # target: charts described per minute, with star rating and skillsets


def rows(settings: Settings) -> list[Row]:
    """Charts of 2000 notes, from a folder of songs to beatmap.txt and features.db."""
    with tempfile.TemporaryDirectory() as name:
        songs, ours, plain = (Path(name) / part for part in ("songs", "ours", "plain"))
        n_charts = 3 if settings.quick else N_CHARTS
        write_songs(songs, n_charts, 100 if settings.quick else N_NOTES)
        variants: dict[str, dict[str, Callable[[], object]]] = {
            "gathered": {"plain": lambda: gather_plainly(songs, plain), "ours": lambda: gather(songs, ours)},
            f"described at rate 1 ({WANTED:,} wanted)": {
                "plain": lambda: describe_plainly(plain, ONCE),
                "ours": lambda: describe_anew(ours, ONCE),
            },
            "described at 16 rates": {
                "plain": lambda: describe_plainly(plain, ALL),
                "ours": lambda: describe_anew(ours, ALL),
            },
            "up to date": {
                "plain": lambda: describe_plainly(plain, ALL),
                "ours": lambda: describe(ours, ALL),
            },
        }
        found = []
        for what, variant in variants.items():
            seconds = {name: value / n_charts for name, value in median_seconds(variant, settings).items()}
            label = f"{what}: {60 / seconds['ours']:,.0f} a minute"
            found.append(Row(label, seconds["plain"], seconds["ours"], "s"))
    return found


def write_songs(folder: Path, n_charts: int, n_notes: int, audio_bytes: int = 5_000_000) -> None:
    """Songs of three charts each: notes at irregular times, one in four held."""
    rng = np.random.default_rng(0)
    for i in range(n_charts):
        times = np.cumsum(rng.integers(40, 160, n_notes)).tolist()
        columns, are_held = rng.integers(4, size=n_notes).tolist(), (rng.random(n_notes) < 0.25).tolist()
        notes = [
            Note(float(at), column, at + 80.0 if is_held else None)
            for at, column, is_held in zip(times, columns, are_held, strict=True)
        ]
        song = folder / f"song {i // 3}"
        song.mkdir(parents=True, exist_ok=True)
        (song / "audio.mp3").write_bytes(bytes(audio_bytes))
        write_osu(Beatmap(4, notes, [TimingPoint(0, 400)], beatmap_set_id=i // 3 + 1), song / f"{i}.osu")


def gather(songs: Path, out: Path) -> None:
    shutil.rmtree(out, ignore_errors=True)
    prepare_beatmap(songs, out, tqdm_class=quiet)


def gather_plainly(songs: Path, out: Path) -> None:
    shutil.rmtree(out, ignore_errors=True)
    shutil.copytree(songs, out)
    for path in out.rglob("*.osu"):
        read_osu(path)


def describe(out: Path, rates: tuple[float, float]) -> None:
    prepare_features(out / "beatmap.txt", FEATURES, rates=rates, jobs=1, tqdm_class=quiet)


def describe_anew(out: Path, rates: tuple[float, float]) -> None:
    (out / "features.db").unlink(missing_ok=True)
    describe(out, rates)


def quiet(items: Iterable[Any], **_: Any) -> Iterable[Any]:
    """No progress bar."""
    return items


def describe_plainly(out: Path, rates: tuple[float, float]) -> None:
    (out / "features.db").unlink(missing_ok=True)
    names = FeatureSpec.from_yaml(FEATURES).names
    with closing(sqlite3.connect(out / "features.db")) as connection:
        connection.execute(f"CREATE TABLE Feature (name, set_name, rate, {', '.join(names)})")
        for path in sorted(out.rglob("*.osu")):
            for rate in rate_grid(*rates):
                data = path.read_bytes()
                features = chart_features(parse_osu(data, str(path)), data, rate=rate)
                values = [path.name, path.parent.name, rate, *(features[name] for name in names)]
                connection.execute(f"INSERT INTO Feature VALUES ({', '.join('?' * len(values))})", values)
                connection.commit()


def main(argv: Sequence[str] | None = None) -> None:
    settings = settings_of(parse(__doc__, argv))
    report(TITLE, rows(settings), settings)


if __name__ == "__main__":
    main()
