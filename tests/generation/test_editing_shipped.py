"""The shipped model edits a composed song's chart as well as it writes a whole one."""

import numpy as np
import pytest

from mug.charts.osu import read_osu
from mug.config import SHIPPED_MODEL
from mug.generation import ChartGenerator
from mug.generation.region import Region, Span
from mug.metrics.onsets import moments_ms, onset_f1
from mug.progress import Progress
from mug.ratings.stars import star_rating
from mug.synth.songs import write_songs

HELD_OUT_SEED = 1


@pytest.mark.slow
def test_a_part_drawn_anew_fits_the_music_and_the_rest_stays(tmp_path):
    (song,) = write_songs(tmp_path / "songs", HELD_OUT_SEED, 1, 40.0, progress=False)
    (audio,) = song.glob("audio.*")
    charts = [chart for path in song.glob("*.osu") if (chart := read_osu(path)).keys == 4]
    chart = min(charts, key=lambda chart: abs(star_rating(chart) - 3))
    generator = ChartGenerator.load(SHIPPED_MODEL)
    (edited,) = generator.edit(chart, audio, Region([Span(15_000.0, 30_000.0)]), seed=1, progress=Progress())
    outside, inside = (
        [[note for note in each.notes if (15_000 <= note.start_ms < 30_000) == within] for each in (chart, edited)]
        for within in (False, True)
    )
    assert outside[0] == outside[1]
    assert inside[0] != inside[1]
    old, new = (np.unique([note.start_ms for note in notes]) for notes in inside)
    assert onset_f1(old, new, 20).f1 > 0.75
    assert len(new) == pytest.approx(len(old), rel=0.2)
    (weak,) = generator.variations(chart, audio, strength=0.1, progress=Progress())
    assert onset_f1(moments_ms(chart), moments_ms(weak), 20).f1 > 0.9
    spread = generator.spread(audio, [{"sr": 1.5}, {"sr": 3.0}], progress=Progress())
    assert [each.version for each in spread] in (["Easy", "Hard"], ["Normal", "Hard"], ["Easy", "Normal"])
    assert spread[0].in_harder > 0.9
