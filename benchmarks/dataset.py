"""How many full-size items does one worker make per second, compared with the plain way?

The plain way caches nothing: for every item it parses the chart, unpacks the song's spectrum, queries the database for
the prompt, and recomputes star rating and skillsets if the rate is not 1.
"""

import itertools
import sqlite3
import tempfile
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import torch

from benchmarks.measure import Row, Settings, median_seconds, parse, report, settings_of
from mug.charts.beatmap import Beatmap, Note, TimingPoint
from mug.charts.osu import parse_osu, write_osu
from mug.data.convertor import ManiaConvertor
from mug.data.dataset import OsuTrainDataset
from mug.prepare.chart_list import write_beatmap_txt
from mug.prepare.describe import prepare_features
from mug.ratings.chart_features import features_at

TITLE = "A training item, one worker"
FEATURES = "configs/mug/mania_beatmap_features.yaml"
N_SONGS, N_ITEMS = 4, 20
SECONDS, NOTES_A_SECOND = 200.0, 11.0  # somewhat longer than an item; a chart of 2200 notes
RATE = 1.1
AUGMENTATION = {"mirror_p": 0.5, "offset_p": 0.5, "feature_dropout_p": 0.5, "prompt_dropout_p": 0.1}
TARGET = 10.0


def rows(settings: Settings) -> list[Row]:
    """An item of 190 s at rate 1, at another rate, and at other rates as often as in mug_diffusion.yaml."""
    torch.set_num_threads(1)  # as in a worker of a data loader
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_songs(folder, 10.0 if settings.quick else SECONDS)
        found = []
        for what, augmentation in {
            "rate 1": {},
            f"rate {RATE:g}": {"rate": [RATE, RATE], "rate_p": 1.0},
            "rate 0.9 to 1.1 of every fifth": {"rate": [0.9, 1.1], "rate_p": 0.2},
        }.items():
            items = open_dataset(folder, {**AUGMENTATION, **augmentation}, settings.quick)
            plain = PlainItems(items)
            some = median_seconds({"plain": in_turn(plain.item), "ours": in_turn(items.__getitem__)}, settings)
            seconds = {name: value / N_ITEMS for name, value in some.items()}
            label = f"{what}: {1 / seconds['ours']:.0f} items a second"
            found.append(Row(label, seconds["plain"], seconds["ours"], "s", TARGET))
    return found


def in_turn(item: Callable[[tuple[int, int]], object]) -> Callable[[], object]:
    """Load the next N_ITEMS, cycling through the songs."""
    keys = ((index, epoch) for epoch in itertools.count() for index in range(N_SONGS))

    def some() -> None:
        for key in itertools.islice(keys, N_ITEMS):
            item(key)

    return some


def write_songs(folder: Path, seconds: float) -> None:
    """Make a prepared folder: songs of noise and pulsing tones, charts and features."""
    rng = np.random.default_rng(0)
    time = np.arange(int(seconds * 22050)) / 22050
    lines = []
    for i in range(N_SONGS):
        beat = np.exp(-8 * (time % 0.4))
        tones = sum(np.sin(2 * np.pi * hertz * time) for hertz in rng.uniform(100, 4000, 5))
        (folder / f"song {i}").mkdir()
        soundfile.write(folder / f"song {i}" / "audio.wav", 0.05 * beat * (tones + rng.normal(size=time.size)), 22050)
        times = np.sort(rng.choice(int(seconds * 1000), int(seconds * NOTES_A_SECOND), replace=False))
        columns = rng.integers(4, size=times.size)
        notes = [Note(float(at), int(column)) for at, column in zip(times, columns, strict=True)]
        chart = Beatmap(4, notes, [TimingPoint(0, 400)], audio_filename="audio.wav", beatmap_set_id=i + 1)
        write_osu(chart, folder / f"song {i}" / "chart.osu")
        lines.append(f"song {i}/chart.osu")
    write_beatmap_txt(folder / "beatmap.txt", lines)
    prepare_features(folder / "beatmap.txt", FEATURES, jobs=1, tqdm_class=lambda items, **_: items)


def open_dataset(folder: Path, augmentation: dict[str, Any], quick: bool) -> OsuTrainDataset:
    return OsuTrainDataset(
        str(folder / "beatmap.txt"),
        FEATURES,
        audio={"max_audio_frame": 1024} if quick else {},
        cache_dir=str(folder / "cache"),
        valid_fraction=0.0,
        test_fraction=0.0,
        augmentation=augmentation,
    )


class PlainItems:
    """The items of a dataset, made the plain way from the same files; spectra are compressed .npz beside the songs."""

    def __init__(self, items: OsuTrainDataset) -> None:
        self.items = items
        for entry in items.entries:
            np.savez_compressed(entry.path.with_suffix(".npz"), mel=np.load(entry.spectrum))

    def item(self, key: tuple[int, int]) -> dict[str, np.ndarray]:
        index, epoch = key
        path, settings = self.items.entries[index].path, self.items.settings
        rng = np.random.default_rng([epoch, index])
        rate = self.items.augmentation.draw_rate(rng)
        data = path.read_bytes()
        chart = parse_osu(data, str(path))
        drawn = self.augment(rng)
        convertor = ManiaConvertor(settings.note_frame_ms, settings.max_note_frame, rate=rate, **drawn)
        prompt = self.prompt(path)
        if rate != 1.0:
            prompt |= features_at(chart, data, [rate])[0]
        ids = self.items.spec.encode(prompt)
        with np.load(path.with_suffix(".npz")) as file:
            mel = resize(file["mel"], rate)[:, : settings.max_audio_frame]
        if drawn:
            ids = np.where(rng.random(len(ids)) < 0.5, self.items.spec.unconditional, ids)
        return {
            "note": convertor.encode(chart).note,
            "feature": ids,
            "audio": np.pad(mel, [(0, 0), (0, settings.max_audio_frame - mel.shape[1])]),
        }

    def augment(self, rng: np.random.Generator) -> dict[str, Any]:
        """Draw an item's augmentation, except its rate and dropped features."""
        offset_ms = self.items.settings.grid.audio.to_ms(float(rng.integers(8)))
        return {"mirror": bool(rng.random() < 0.5), "offset_ms": offset_ms}

    def prompt(self, path: Path) -> dict[str, Any]:
        with closing(sqlite3.connect(path.parent.parent / "features.db")) as connection:
            connection.row_factory = sqlite3.Row
            query = "SELECT * FROM Feature WHERE name = ? AND set_name = ?"
            row = dict(connection.execute(query, (path.name, path.parent.name)).fetchone())
        return {name: row[name] for name in self.items.spec.names}


def resize(mel: np.ndarray, rate: float) -> np.ndarray:
    """Play a spectrum [M, A] at a rate: every new frame is interpolated linearly between two old ones."""
    if rate == 1.0:
        return mel.astype(np.float32)
    position = rate * np.arange(int((mel.shape[1] - 1) / rate))
    left = position.astype(np.int64)
    weight = (position - left).astype(np.float32)
    return mel[:, left] * (1 - weight) + mel[:, left + 1] * weight


def main(argv: Sequence[str] | None = None) -> None:
    settings = settings_of(parse(__doc__, argv))
    report(TITLE, rows(settings), settings)


if __name__ == "__main__":
    main()
