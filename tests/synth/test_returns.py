"""Returns: columns come again with their music, mirrored or not, and answer within a phrase."""

import numpy as np
import pytest

from mug.synth import returns
from mug.synth.measures import Measure
from mug.synth.returns import draw_sources, units_of


def song(n_ideas: int = 12, times: int = 4, bar_ticks: int = 96) -> list[Measure]:
    """Phrases of two measures: every idea, then every idea again."""
    measures: list[Measure] = []
    for time in range(times):
        for idea in range(n_ideas):
            for place in range(2):
                bar = len(measures)
                model = None if time == 0 else 2 * idea + place
                measures.append(Measure(bar * bar_ticks, bar_ticks, 0, bar // 2, place, str(idea), model, time, 1.0))
    return measures


@pytest.fixture
def faithful(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(returns, "RETURNING", (1.0, 1.0))
    monkeypatch.setattr(returns, "ANSWERING", (0.0, 0.0))


@pytest.mark.usefixtures("faithful")
def test_returning_music_has_the_columns_of_its_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(returns, "VARIED", 0.0)
    sources = draw_sources(song(), np.random.default_rng(0))
    assert sources[:48] == [None] * 48  # 12 ideas of 2 measures, halved
    for unit, source in enumerate(sources[48:], 48):
        assert source is not None
        assert source.unit == unit % 48
    second, third = sources[48:96], sources[96:144]
    assert 0.2 < np.mean([source.mirrored for source in second if source]) < 0.8
    assert not any(source.mirrored for source in third if source)  # every other time


@pytest.mark.usefixtures("faithful")
def test_some_phrases_return_with_new_endings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(returns, "VARIED", 1.0)
    sources = draw_sources(song(), np.random.default_rng(0))
    assert [source is None for source in sources[48:52]] == [False, True, False, True]
    assert None not in sources[96:144]


def test_answers_take_up_a_unit_of_their_phrase(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(returns, "ANSWERING", (1.0, 1.0))
    sources = draw_sources(song(times=1), np.random.default_rng(0))
    answers = {(unit - source.unit, source.mirrored) for unit, source in enumerate(sources) if source}
    assert answers == {(1, False), (1, True), (2, False), (2, True)}
    assert all(source is None or source.unit // 4 == unit // 4 for unit, source in enumerate(sources))


def test_a_smaller_share_returns_less(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(returns, "ANSWERING", (1.0, 1.0))
    count = [
        sum(source is not None for source in draw_sources(song(), np.random.default_rng(0), share))
        for share in (1.0, 0.5, 0.0)
    ]
    assert count[0] > 1.2 * count[1] > count[2] == 0


def test_charts_differ_in_how_much_returns() -> None:
    shares = [
        np.mean([source is not None for source in draw_sources(song(), np.random.default_rng(seed))[48:]])
        for seed in range(20)
    ]
    assert min(shares) < 0.6
    assert max(shares) > 0.85


def test_a_measure_of_whole_beats_is_halved() -> None:
    assert [units_of(song(bar_ticks=ticks)) for ticks in (72, 96, 120, 168, 192)] == [1, 2, 1, 1, 2]
