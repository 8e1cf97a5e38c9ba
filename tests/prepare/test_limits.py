"""Names that say a rate, and charts that nobody wants."""

from pathlib import Path

import pytest

from mug.charts.beatmap import Beatmap, Note, TimingPoint
from mug.charts.osu import format_osu, parse_osu
from mug.prepare.described import DescribedChart
from mug.prepare.limits import Limits, rate_in_name, traits_of


@pytest.mark.parametrize(
    ("name", "rate"),
    [
        ("Hard 1.1x", 1.1),
        ("x1.25", 1.25),
        ("[0,9x]", 0.9),
        ("1.05x (150bpm)", 1.05),
        ("Rate 1.2", 1.2),
        ("Another (rate: 0.85)", 0.85),
        ("1.15 Rate", 1.15),
        ("Lv.24 1.2x", 1.2),
        ("MX 1.100x", 1.1),
        ("Insane_1.3x_", 1.3),
        ("×1.4", 1.4),
        ("1.0x then 1.1x", 1.1),
    ],
)
def test_rates_in_names(name, rate):
    assert rate_in_name(name) == rate


@pytest.mark.parametrize(
    "name",
    [
        *(
            "4x4",
            "x-treme",
            "10x10",
            "7K",
            "1.0x",
            "1x",
            "2x",
            "Expert",
            "Lv.1.5",
            "v1.1",
            "4.5x",
            "0.1x",
            "1.1xyz",
            "ax1.1",
        ),
        *("3.1.1x", "11.1x", "Crate 1.2", "rated 1.2", "1.2.3 rate", "x1.2.3", "9.25 Stars", "180bpm", ""),
    ],
)
def test_names_that_say_no_rate(name):
    assert rate_in_name(name) is None


def steady(n=200, step=100.0, keys=4) -> list[Note]:
    return [Note(step * i, i % keys) for i in range(n)]


def traits(notes, keys=4):
    chart = Beatmap(keys, sorted(notes), [TimingPoint(0.0, 500.0)])
    return traits_of(DescribedChart.of(Path("a.osu"), chart), stars=3.0)


def kind(limits: Limits, notes) -> str | None:
    broken = limits.broken(traits(notes))
    return None if broken is None else broken[0]


def test_traits_of_a_chart_checked_by_hand():
    found = traits([Note(0.0, 0), Note(500.0, 1, 900.0), Note(2000.0, 0), Note(2000.0, 3)])
    assert (found.keys, found.n_notes, found.seconds, found.stars, found.ln_ratio) == (4, 4, 2.0, 3.0, 0.25)
    assert (found.overlapping, found.longest_gap_s, found.density) == (0.0, 1.1, 0.5)
    assert (found.changes_tempo, found.changes_scroll) == (False, False)


def test_a_sound_chart_stays():
    assert Limits().broken(traits(steady())) is None


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        (Limits(keys=(7,)), "other key count"),
        (Limits(keys=(4, 7)), None),
        (Limits(min_notes=201), "too few notes"),
        (Limits(min_notes=200), None),
        (Limits(min_seconds=20.0), "too short"),
        (Limits(max_seconds=19.0), "too long"),
        (Limits(max_density=2.4), "too dense"),
        (Limits(max_density=2.5), None),
        (Limits(min_stars=3.1), "too easy"),
        (Limits(max_stars=2.9), "too hard"),
        (Limits(min_ln_ratio=0.1), "too few long notes"),
        (Limits(max_ln_ratio=-0.1), "too many long notes"),
        (Limits(min_seconds=None, min_notes=None, max_density=None), None),
    ],
)
def test_limits(limits, expected):
    assert kind(limits, steady()) == expected


@pytest.mark.parametrize(
    "extra",
    [
        [Note(100.0 * i, 0) for i in range(0, 12, 4)],  # on top of others
        [Note(50.0, 3, 19_000.0)],  # over all its column
        [Note(400.0 * i + 1, 0) for i in range(3)],
    ],
)
def test_overlapping_notes_are_broken_from_one_in_a_hundred(extra):
    assert kind(Limits(), steady() + extra) == "overlapping notes"
    assert kind(Limits(), [*steady(), Note(0.0, 0)]) is None


def test_a_tail_may_touch_the_next_head():
    holds = [Note(400.0 * i, 0, 400.0 * (i + 1) + i % 2) for i in range(100)]
    assert kind(Limits(), holds) is None


def test_a_note_left_behind_is_broken_but_a_long_note_is_no_gap():
    assert kind(Limits(), [*steady(), Note(400_000.0, 0)]) == "a stray note"
    assert kind(Limits(), [*steady(), Note(20_000.0, 0, 400_000.0), Note(400_100.0, 1)]) is None


def with_lines(*lines: str) -> Beatmap:
    text = format_osu(Beatmap(4, steady(), [TimingPoint(0.0, 500.0)])).decode()
    return parse_osu(text.replace("[TimingPoints]", "\n".join(["[TimingPoints]", *lines]), 1).encode(), "chart")


@pytest.mark.parametrize(
    ("lines", "tempo", "scroll"),
    [
        ((), False, False),
        (("5000,-50,4,1,0,100,0,0",), False, True),  # SV
        (("5000,-100,4,1,0,100,0,0",), False, False),  # volume alone
        (("5000,250,4,1,0,100,1,0",), True, True),
        (("5000,250,4,1,0,100,1,0", "5000,-200,4,1,0,100,0,0"), True, False),  # evened out
        (("5000,500.5,4,1,0,100,1,0",), False, False),
        (("90000,250,4,1,0,100,1,0", "90000,-50,4,1,0,100,0,0"), False, False),  # after the last note
        (("-900,250,4,1,0,100,1,0",), False, False),  # before the first
        (("-9,-50,4,1,0,100,0,0", "5000,-100,4,1,0,100,0,0"), False, False),  # the tempo line at 0 ends the first one
        (("nonsense", "5000,nan"), False, False),
    ],
)
def test_changes_of_tempo_and_scroll_speed(lines, tempo, scroll):
    found = traits_of(DescribedChart.of(Path("a.osu"), with_lines(*lines)), 3.0)
    assert (found.changes_tempo, found.changes_scroll) == (tempo, scroll)
    assert (Limits(steady_tempo=True).broken(found) is not None) == tempo
    assert (Limits(steady_scroll=True).broken(found) is not None) == scroll
