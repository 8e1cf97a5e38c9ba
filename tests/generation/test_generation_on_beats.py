"""Charts of a model that counts beats: on the lines of the song's timing, whatever its tempos."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from tiny_model import save_tiny_checkpoint

from mug.charts.beatmap import Beatmap, Note, TimingPoint
from mug.charts.tempo_map import TempoMap
from mug.errors import ChartError
from mug.generation import ChartGenerator, SamplingSettings, Song
from mug.progress import Progress

POINTS = [TimingPoint(200.0, 60_000 / 128), TimingPoint(200.0 + 8 * 60_000 / 128, 60_000 / 93)]
FEATURES = """
- {name: sr, type: numeric, min: 1, max: 8, interval: 0.2}
- {name: tempo, type: numeric, min: 110, max: 230, interval: 5}
"""


@pytest.fixture(scope="module")
def generator(tmp_path_factory) -> ChartGenerator:
    folder = tmp_path_factory.mktemp("beats")
    (folder / "features.yaml").write_text(FEATURES)
    time = {"axis": "beats", "frames_per_beat": 8}
    path = save_tiny_checkpoint(folder / "x.ckpt", start_bias=0.0, features=str(folder / "features.yaml"), time=time)
    return ChartGenerator.load(path)


@pytest.fixture(scope="module")
def song(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("song") / "A Song.wav"
    soundfile.write(path, np.random.default_rng(0).normal(0, 0.1, 10 * 22050), 22050)
    return path


def test_every_note_is_on_a_line_of_its_tempo(generator, song):
    settings = SamplingSettings(steps=3, ensemble=2, attempts=1)
    (chart,) = generator.generate(song, {}, song=Song(timing_points=POINTS), settings=settings, progress=Progress())
    assert chart.timing_points == POINTS
    starts = np.array([note.start_ms for note in chart.notes])
    assert len(starts) > 20
    assert starts.min() < POINTS[1].time_ms < starts.max()
    tempo = TempoMap.of_points(POINTS)
    stretch = tempo.stretch_at(starts, early=1.0)
    away = [np.abs(tempo.nearest_lines(starts, divisor, stretch) - starts) for divisor in (12, 16)]
    assert np.minimum(*away).max() <= 0.5  # whole ms


def test_the_tempo_is_part_of_the_prompt(generator, song, monkeypatch):
    asked = []
    sample = generator.sampler.sample
    monkeypatch.setattr(
        generator.sampler,
        "sample",
        lambda spectrum, ids, *rest: asked.append(ids.tolist()) or sample(spectrum, ids, *rest),
    )
    settings = SamplingSettings(steps=1, ensemble=1, attempts=1)
    for bpm in (128.0, 64.0, 180.0):
        generator.generate(song, {"sr": 3}, song=Song(bpm=bpm, offset_ms=0.0), settings=settings, progress=Progress())
    first = generator.spec.blocks["tempo"][0]
    assert [ids[0][1] - first for ids in asked] == [1 + 18 // 5, 1 + 18 // 5, 1 + 70 // 5]  # 64 BPM counts half beats


def test_a_chart_is_encoded_on_its_own_beats(generator):
    def chart(beat_ms: float) -> Beatmap:
        return Beatmap(4, [Note(beat_ms * i / 2, i % 4) for i in range(40)], [TimingPoint(0.0, beat_ms)])

    slow, fast = (generator.encode(chart(60_000 / bpm)) for bpm in (120, 200))
    np.testing.assert_allclose(slow, fast, atol=1e-5)
    with pytest.raises(ChartError, match="no timing points"):
        generator.encode(Beatmap(4, [Note(0.0, 0)], []))
