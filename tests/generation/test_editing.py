"""Edits keep what they should, on both time axes, and say how they were made."""

import json
import math
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from tiny_model import save_tiny_checkpoint

from mug.charts.beatmap import Beatmap, Note, TimingPoint
from mug.charts.osu import format_osu, parse_osu
from mug.errors import ChartError, PromptError
from mug.generation import ChartGenerator, SamplingSettings
from mug.generation.editing import known_frames, spherical
from mug.generation.region import Region, Span
from mug.generation.song import Song
from mug.placement.density import Density
from mug.progress import Progress

PLAIN = SamplingSettings(steps=2, ensemble=1, attempts=1)
SECOND = Region([Span(1000.0, 2000.0)])
FEATURES = """
- {name: sr, type: numeric, min: 1, max: 8, interval: 0.2}
- {name: tempo, type: numeric, min: 110, max: 230, interval: 5}
"""


@pytest.fixture(scope="module")
def song(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("song") / "audio.wav"
    soundfile.write(path, np.random.default_rng(0).normal(0, 0.3, 3 * 22050), 22050)
    return path


@pytest.fixture(scope="module")
def on_beats(tmp_path_factory) -> ChartGenerator:
    """A generator whose model counts beats."""
    folder = tmp_path_factory.mktemp("beats")
    (folder / "features.yaml").write_text(FEATURES)
    time = {"axis": "beats", "frames_per_beat": 8}
    path = save_tiny_checkpoint(folder / "x.ckpt", start_bias=0.0, features=str(folder / "features.yaml"), time=time)
    return ChartGenerator.load(path)


def person_chart() -> Beatmap:
    """Somebody's: with a tempo of 150 BPM, notes on eighths, and a long note that reaches into the second second."""
    notes = [Note(200.0 * i, i % 3) for i in range(15)] + [Note(801.0, 3, 1601.0)]
    return Beatmap(4, sorted(notes), [TimingPoint(0.0, 400.0)], title="T", artist="A", creator="P", version="Hard")


@pytest.mark.parametrize("axis", ["ms", "beats"])
def test_all_outside_the_region_stays(tiny_generator, on_beats, song, axis):
    generator = tiny_generator if axis == "ms" else on_beats
    chart = person_chart()
    (edited,) = generator.edit(chart, song, SECOND, settings=PLAIN, progress=Progress())
    kept = [note for note in chart.notes if not 1000 <= note.start_ms < 2000]
    assert [note for note in edited.notes if not 1000 <= note.start_ms < 2000] == kept
    drawn = [note for note in edited.notes if note not in kept]
    assert drawn
    assert set(drawn) != set(chart.notes) - set(kept)
    assert edited.timing_points == chart.timing_points
    for column in range(4):
        lane = [note for note in edited.notes if note.column == column]
        assert all(b.start_ms - a.last_ms >= 90 for a, b in pairwise(lane) if a in drawn or b in drawn)


def test_only_given_columns_change(tiny_generator, song):
    chart = person_chart()
    region = Region([Span(0.0, 3000.0, columns=[1])], keep_only=True)
    for given, kept_columns in ((region, {1}), (Region([Span(0.0, 3000.0, columns=[1])]), {0, 2, 3})):
        (edited,) = tiny_generator.edit(chart, song, given, settings=PLAIN, progress=Progress())
        for column in range(4):
            before, after = ([note for note in c.notes if note.column == column] for c in (chart, edited))
            assert (before == after) == (column in kept_columns)


def test_the_result_is_a_new_difficulty_of_the_same_chart(tiny_generator, song):
    chart = replace(person_chart(), beatmap_id=17, beatmap_set_id=5, metadata={"Tags": "x"})
    edits = tiny_generator.edit(
        chart, song, SECOND, {"sr": 4.0}, count=2, seed=3, strength=0.5, settings=PLAIN, progress=Progress()
    )
    assert [edited.version for edited in edits] == ["Hard AI v1", "Hard AI v2"]
    first = edits[0]
    assert (first.title, first.creator, first.beatmap_set_id, first.beatmap_id) == ("T", "P", 5, 0)
    assert first.metadata["Tags"] == "x"
    assert (first.metadata["AIPrompt"], first.metadata["AISeed"]) == ('{"sr": 4.0}', "3")
    assert json.loads(first.metadata["AIEdit"]) == {
        "spans": [{"start_ms": 1000.0, "end_ms": 2000.0, "columns": None}],
        "keep_only": False, "strength": 0.5, "harder": 0.0,
    }  # fmt: skip
    (again,) = tiny_generator.edit(first, song, SECOND, settings=PLAIN, progress=Progress())
    assert again.version == "Hard AI v2"


def test_an_edited_file_keeps_its_other_lines(tiny_generator, song):
    text = format_osu(person_chart()).decode()
    text = text.replace("[TimingPoints]\n", "[TimingPoints]\n700,-50,4,1,0,70,0,1\n").replace(
        "[Events]\n", "[Events]\n//x\n"
    )
    chart = parse_osu(text.encode(), "x.osu")
    (edited,) = tiny_generator.edit(chart, song, SECOND, settings=PLAIN, progress=Progress())
    lines = format_osu(edited).decode().splitlines()
    assert "700,-50,4,1,0,70,0,1" in lines
    assert "//x" in lines


def test_strength_0_gives_the_chart_back(tiny_generator, song):
    (same,) = tiny_generator.variations(person_chart(), song, strength=0, settings=PLAIN, progress=Progress())
    assert same.notes == person_chart().notes


def test_a_weak_variation_is_nearer_than_a_strong_one(tiny_generator, song, monkeypatch):
    """What the sampler begins with, beside the chart's own latent."""
    begun = []
    monkeypatch.setattr(
        "mug.generation.note_sampler.beginning",
        lambda *arguments: begun.append(real(*arguments)) or begun[-1],
    )
    from mug.generation.start import beginning as real

    settings = replace(PLAIN, steps=10)
    chart = person_chart()
    for strength in (0.1, 0.5, 1.0):
        tiny_generator.variations(chart, song, strength, settings=settings, progress=Progress())
    latent = tiny_generator.sampler.latent_of(chart.notes, None, begun[0].x_T.shape[-1])
    away = [float((each.x_T[0] - latent).norm() / latent.norm()) for each in begun]
    assert away[0] < 0.5 * away[1] < away[2]
    assert [each.steps for each in begun] == [1, 5, 10]


def test_each_edit_of_several_is_the_one_of_its_seed(tiny_generator, song):
    def edits(**arguments):
        return tiny_generator.edit(person_chart(), song, SECOND, settings=PLAIN, progress=Progress(), **arguments)

    first, second = edits(count=2, seed=4)
    assert first.notes != second.notes
    assert edits(seed=4)[0].notes == first.notes
    assert edits(seed=5)[0].notes == second.notes


def test_charts_between_two_differ_from_both(tiny_generator, song):
    first = person_chart()
    second = replace(first, notes=[Note(100.0 * i, 3 - i % 4) for i in range(28)], version="Insane")
    found = tiny_generator.interpolate(first, second, song, count=2, settings=PLAIN, progress=Progress())
    assert [json.loads(chart.metadata["AIEdit"])["share"] for chart in found] == [
        pytest.approx(1 / 3),
        pytest.approx(2 / 3),
    ]
    assert found[0].notes != found[1].notes
    assert all(chart.notes not in (first.notes, second.notes) for chart in found)


def test_spherical_interpolation_keeps_the_norm():
    first, second = torch.tensor([[3.0, 0.0]]), torch.tensor([[0.0, 3.0]])
    assert spherical(first, second, 0.5).tolist()[0] == pytest.approx([3 * 0.5**0.5] * 2)
    assert spherical(first, second, 0.0).tolist() == [[3.0, 0.0]]
    assert spherical(first, first, 0.3).tolist() == [[3.0, 0.0]]


def test_known_frames_leave_a_margin(on_beats, song):
    """A beat of 400 ms has 4 latent frames on the axis, so frame 10 begins at 1000 ms."""
    prepared = on_beats.reader.read(song, Song(timing_points=[TimingPoint(0.0, 400.0)]))
    known = known_frames(SECOND.opened(4, 3000.0), prepared, on_beats.sampler.grid, 32)
    assert np.flatnonzero(~known).tolist() == list(range(4, 26))


def test_charts_that_do_not_fit_are_refused(tiny_generator, song):
    chart = person_chart()
    seven = Beatmap(7, [Note(0.0, 6)], chart.timing_points, version="7K")
    with pytest.raises(ChartError, match="'7K' has 7 keys, and this model writes 4"):
        tiny_generator.edit(seven, song, SECOND)
    long = replace(chart, notes=[*chart.notes, Note(60_000.0, 0)])
    with pytest.raises(ChartError, match=r"ends at 60.0 s, but .* after 3.0 s: give the audio of the chart's own song"):
        tiny_generator.edit(long, song, SECOND)
    for arguments, what in (
        ({"strength": 1.5}, "strength 1.5"),
        ({"prompt": {"starz": 1}}, "starz"),
        ({"harder": 1, "prompt": {"sr": 2}}, "give one"),
    ):
        with pytest.raises(PromptError, match=what):
            tiny_generator.edit(chart, song, SECOND, **arguments)


def test_an_empty_chart_can_be_filled(tiny_generator, song):
    empty = replace(person_chart(), notes=[])
    (filled,) = tiny_generator.edit(empty, song, SECOND, settings=PLAIN, progress=Progress())
    assert filled.notes
    assert all(1000 <= note.start_ms < 2000 for note in filled.notes)


def test_a_part_without_new_notes_is_said(tmp_path, song):
    silent = ChartGenerator.load(save_tiny_checkpoint(tmp_path / "silent.ckpt", start_bias=-99.0))
    with pytest.warns(UserWarning, match="edit 1: the model wrote no notes there"):
        (edited,) = silent.edit(person_chart(), song, SECOND, settings=PLAIN, progress=Progress())
    assert edited.notes == [note for note in person_chart().notes if not 1000 <= note.start_ms < 2000]


def test_a_part_is_as_dense_as_before_unless_it_shall_be_harder(tiny_generator, monkeypatch):

    editor = tiny_generator.editor
    monkeypatch.setattr(editor, "_density_of", lambda prompt: Density(float(prompt["sr"]), 0.3))
    old = Beatmap(4, [Note(200.0 * i, i % 4) for i in range(11)], [])
    density = editor._density_as_before(old, {"sr": 3.0}, {"sr": 3.5})
    assert density.log_rate == pytest.approx(math.log(11 / 2.0) + 0.5)
    assert editor._density_as_before(replace(old, notes=old.notes[:9]), {"sr": 3.0}, {"sr": 3.5}) is None
