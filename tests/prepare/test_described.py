"""Filtering and statistics read the charts of a list from features.db, and say what the files would say."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from mug.charts.beatmap import Beatmap, Note, TimingPoint
from mug.charts.osu import format_osu, parse_osu
from mug.prepare import described
from mug.prepare.chart_list import write_beatmap_txt
from mug.prepare.describe import prepare_features
from mug.prepare.filtering import filter_beatmap
from mug.prepare.limits import Limits
from mug.prepare.statistics import read_statistics
from mug.prepare.statistics_text import statistics_text
from tests.prepare.song_folders import FEATURES, Quiet, add_set

LIMITS = Limits(steady_tempo=True, steady_scroll=True)


def song(title: str, gap_ms: float = 150.0, long_every: int = 3, lines: str = "", **changes) -> bytes:
    beats = [i + i * i % 11 / 20 for i in range(150)]
    notes = [
        Note(gap_ms * beat, i * i % 4, gap_ms * (beat + 0.4) if i % long_every == 0 else None)
        for i, beat in enumerate(beats)
    ]
    names = {"artist": "曲", "creator": "Ann", "version": "Hard", "audio_filename": "audio.wav", "beatmap_set_id": 5}
    chart = format_osu(Beatmap(4, notes, [TimingPoint(0.0, 500.0)], title=title, **names | changes))
    return chart.replace(b"[TimingPoints]", b"[TimingPoints]\n" + lines.encode())


@pytest.fixture
def prepared(tmp_path) -> Path:
    charts = {
        "a.osu": song("One"),
        "b.osu": song("One", 300.0),  # a copy at half the speed
        "c.osu": song("One", version="Reuploaded"),
        "d.osu": song("Other 1.1x", 140.0, long_every=7),
        "e.osu": song("Tempo", 130.0, lines="5000,250,4,1,0,100,1,0"),
        "f.osu": song("Scroll", 120.0, lines="5000,-50,4,1,0,100,0,0"),
        "g.osu": song("Silent", 110.0, long_every=5, audio_filename="gone.ogg"),
        "h.osu": b"osu file format v14\n",
    }
    add_set(tmp_path / "set", charts)
    write_beatmap_txt(tmp_path / "beatmap.txt", [f"set/{name}" for name in charts])
    prepare_features(tmp_path / "beatmap.txt", FEATURES, tqdm_class=Quiet)
    return tmp_path


def outcome(folder: Path) -> tuple[str, str, str]:
    """A filtered list, the reasons, and the page of statistics but for what features.db has."""
    filter_beatmap(folder / "beatmap.txt", folder / "out.txt", LIMITS, tqdm_class=Quiet)
    page = statistics_text(read_statistics(folder / "beatmap.txt", tqdm_class=Quiet))
    page = "\n".join(line for line in page.split("\n") if "features.db" not in line)
    return (folder / "out.txt").read_text(), (folder / "out.dropped.tsv").read_text(), page


def test_the_database_says_what_the_files_say(prepared, monkeypatch):
    parsed = []
    monkeypatch.setattr(described, "parse_osu", lambda data, name: parsed.append(name) or parse_osu(data, name))
    known = outcome(prepared)
    assert [Path(name).name for name in parsed] == ["h.osu", "h.osu"]  # by both; the database has no such chart
    (prepared / "features.db").unlink()
    assert outcome(prepared) == known
    assert known[0] == "set/a.osu\nset/g.osu\n"


def test_an_edited_chart_is_read_from_its_file(prepared):
    (prepared / "set" / "a.osu").write_bytes(song("Edited", 200.0))
    known = outcome(prepared)
    assert "mappers" in known[2]
    (prepared / "features.db").unlink()
    assert outcome(prepared) == known


@pytest.mark.parametrize("change", ["UPDATE Chart SET notes = x'00'", "ALTER TABLE Chart DROP COLUMN title"])
def test_an_old_or_damaged_database_is_ignored(prepared, change):
    known = outcome(prepared)
    with closing(sqlite3.connect(prepared / "features.db")) as database, database:
        database.execute(change)
    assert outcome(prepared) == known
