"""Whether a chart repeats where the music does. Measures of 4 beats of 400 ms."""

import numpy as np
import pytest

from mug.charts.beatmap import Beatmap, Note, TimingPoint
from mug.data.audio import AudioSettings
from mug.metrics.structure import Measures, MusicStructure
from tests.metrics.hand_charts import chart_of

MEASURE_MS = 1600
A, B = (0, 400, 800, 1200), (0, 200, 1000, 1100, 1400)  # ms of the measure
SETTINGS = AudioSettings(n_mels=8)


def chart(*measures: tuple[tuple[int, ...], tuple[int, ...]], first_ms: float = 0.0) -> Beatmap:
    """A chart of measures given as times and, cycled, columns."""
    notes = [
        Note(first_ms + number * MEASURE_MS + at, columns[i % len(columns)])
        for number, (times, columns) in enumerate(measures)
        for i, at in enumerate(times)
    ]
    return chart_of(*notes, timing=(TimingPoint(first_ms, 400.0),))


def music(*measures: tuple[int, ...]) -> np.ndarray:
    """The spectrum [8, A] of clicks at the times of measures."""
    spectrum = np.zeros((8, int(SETTINGS.grid.audio.at(len(measures) * MEASURE_MS)) + 1), np.float32)
    for number, times in enumerate(measures):
        for at in times:
            frame = round(float(SETTINGS.grid.audio.at(number * MEASURE_MS + at)))
            spectrum[:, frame : frame + 3] += 5
    return spectrum


SONG = chart((A, (0, 1, 2, 3)), (B, (0, 1, 2, 3)), (A, (3, 2, 1, 0)), (B, (0, 2, 1, 3)), (A, (0, 1, 3, 2)))


def test_measures_of_a_chart_are_alike_by_notes():
    measures = Measures.of_chart(SONG)
    assert measures is not None
    found = measures.similarity_of(SONG)
    assert found[0, 2] == pytest.approx(1.0)  # mirrored
    assert found[0, 4] == pytest.approx(2 / 4)  # two of four notes
    assert found[1, 3] == pytest.approx(3 / 5)  # 0, 1 and 2 are at 0, 200 and 1000 ms: the columns 0, 2, 1, 3, 0
    assert found[0, 1] == pytest.approx(1 / np.sqrt(4 * 5))  # the note at 0
    assert np.allclose(found, found.T)
    assert np.allclose(np.diag(found), 1.0)


def test_notes_just_before_a_measure_belong_to_it():
    measures = Measures.of_chart(SONG)
    assert measures is not None
    early = chart_of(*(Note(note.start_ms - 15, note.column) for note in SONG.notes))
    assert np.allclose(measures.similarity_of(early)[1:, 1:], measures.similarity_of(SONG)[1:, 1:])


def test_measures_without_notes_are_like_each_other_only():
    measures = Measures.of_chart(SONG)
    assert measures is not None
    found = measures.similarity_of(chart((A, (0,)), ((), ()), (A, (0,)), ((), ()), (A, (0,))))
    assert found[1, 3] == 1.0
    assert found[0, 1] == found[3, 4] == 0.0


def test_a_chart_that_repeats_with_the_music_correlates_with_it():
    heard = MusicStructure.of(music(A, B, A, B, A), SETTINGS, SONG)
    assert heard is not None
    same = chart(*((times, (0, 1, 2, 3)) for times in (A, B, A, B, A)))
    against = chart(*((A, columns) for columns in ((0,), (0,), (1,), (1,), (2,))))  # pairs of neighbours
    assert heard.correlation(same) > 0.95
    assert 0.3 < heard.correlation(SONG) < heard.correlation(same)
    assert heard.correlation(against) < 0


def test_a_chart_without_differences_has_no_structure():
    heard = MusicStructure.of(music(A, B, A, B, A), SETTINGS, SONG)
    assert heard is not None
    assert heard.correlation(chart(*((A, (0,)),) * 5)) == 0.0
    assert heard.correlation(chart_of()) == 0.0


def test_music_without_differences_has_no_correlation():
    silent = MusicStructure.of(music((), (), (), (), ()), SETTINGS, SONG)
    assert silent is not None
    assert np.isnan(silent.correlation(SONG))


def test_measures_follow_the_timing_points_from_the_first_note_on():
    points = (TimingPoint(100, 400, 4), TimingPoint(4900, 300, 3), TimingPoint(5300, 500, 4))  # one measure is cut
    measures = Measures.of_chart(chart_of(Note(1900, 0), Note(5900, 1), timing=points))
    assert measures is not None
    assert measures.borders_ms.tolist() == [1700, 3300, 4900, 5300, 7300]
    assert measures.beats_ms.tolist() == [400, 400, 300, 500]
    assert [len(slots) for slots in measures.slots_ms()] == [33, 33, 12, 33]
    assert measures.slots_ms()[3][:2].tolist() == [5300, 5362.5]


@pytest.mark.parametrize(
    "timing",
    [
        (),
        (TimingPoint(0, 400, 40),),  # the chart has less than four measures
        (TimingPoint(0, 6.0, 150),),  # 150 beats in a measure
        (TimingPoint(0, 6.0, 1),),  # measures shorter than any
    ],
)
def test_too_few_measures_or_gimmicks_have_no_structure(timing):
    human = chart_of(*SONG.notes, timing=timing)
    assert MusicStructure.of(music(A, B, A, B, A), SETTINGS, human) is None
