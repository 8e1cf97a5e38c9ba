from pathlib import Path

import pytest

from mug.charts.beatmap import Note
from mug.data.chart_offset import ChartOffset
from mug.metrics.reference_offsets import offsets_json, offsets_text, reference_offsets, shift_ms
from mug.metrics.references import Reference
from tests.data.drums import HITS_MS, write_drums
from tests.metrics.hand_charts import chart_of

SURE, UNSURE = ChartOffset(12.0, 9.0), ChartOffset(-80.0, 1.0)


@pytest.fixture(scope="module")
def audio(tmp_path_factory) -> Path:
    return write_drums(tmp_path_factory.mktemp("song") / "audio.wav")


def reference(name: str, audio: Path | None, early_ms: float, song: str = "song") -> Reference:
    chart = chart_of(*(Note(hit_ms - early_ms, i % 4) for i, hit_ms in enumerate(HITS_MS)))
    return Reference(Path(name), song, chart, audio, {"sr": 2.0})


def test_charts_are_measured_against_their_audio(audio):
    early, late = reference("early.osu", audio, 30), reference("late.osu", audio, -25, "another song")
    offsets = reference_offsets([early, late], [early, late])
    assert offsets[early.path].offset_ms == pytest.approx(30, abs=2)
    assert offsets[late.path].offset_ms == pytest.approx(-25, abs=2)


def test_only_the_songs_of_the_references_are_measured(audio):
    wanted, sibling = reference("a.osu", audio, 30), reference("b.osu", audio, 30)
    other = reference("c.osu", audio, 0, "another song")
    assert reference_offsets([wanted], [wanted, sibling, other]).keys() == {wanted.path, sibling.path}


def test_missing_and_broken_audio_is_not_measured(tmp_path):
    broken = tmp_path / "broken.ogg"
    broken.write_bytes(b"no sound")
    charts = [reference("a.osu", None, 0), reference("b.osu", broken, 0)]
    assert reference_offsets(charts, charts) == {}


def test_an_unsure_or_unmeasured_offset_moves_nothing():
    assert (shift_ms(SURE), shift_ms(UNSURE), shift_ms(None)) == (12.0, 0.0, 0.0)


def test_the_offsets_of_references_in_a_line():
    lines = [offsets_text(offsets) for offsets in ([], [UNSURE], [SURE], [SURE, UNSURE, ChartOffset(-4.0, 5.0)])]
    assert [line.partition(": ")[2] for line in lines] == [
        "not measured",
        "1 of 1 charts unsure, taken as 0",
        "median +12 ms, half of them from +12 to +12 ms",
        "median +4 ms, half of them from +0 to +8 ms; 1 of 3 charts unsure, taken as 0",
    ]


def test_offsets_as_json_values():
    assert offsets_json({Path("a.osu"): ChartOffset(1.26, 7.44)}) == {"a.osu": {"offset_ms": 1.3, "confidence": 7.4}}
