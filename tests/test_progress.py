"""One bar counts all the samples of a command."""

import pytest

from mug.progress import Progress, Stage, given_or_bar


def test_a_stage_shows_and_may_end_the_request():
    progress = Progress(lambda done, total: shown.append(progress.stage))
    shown = []
    progress.enter(Stage.READING)
    progress.tick()
    assert shown == [Stage.READING, Stage.READING]


def test_charts_get_more_samples_until_they_are_decided():
    progress = Progress()
    progress.expect(48)
    progress.add(8)
    assert (progress.decided, progress.total) == (0, 56)
    progress.decide()
    progress.decide()
    assert (progress.decided, progress.total) == (2, 56)


def test_batches_count_by_their_samples():
    shown = []
    progress = Progress(lambda done, total: shown.append((done, total)))
    progress.expect(10)
    progress.expect(6)  # of the first chart: the ten include them
    assert list(progress.steps_of(4)("ab", total=2, desc="DDIM")) == ["a", "b"]
    assert list(progress.steps_of(2)([1], total=1)) == [1]
    progress.add(3)
    progress.skip_to(12.0)
    progress.skip_to(5.0)
    assert shown == [(2, 10), (4, 10), (6, 10), (6, 13), (12, 13), (12, 13)]


def test_whole_samples_are_whole_numbers():
    progress = Progress()
    for _ in range(3):  # tqdm warns of 5.0000000000000002 of 5
        list(progress.steps_of(2)(range(10), total=10))
    assert progress.done == 6


def test_a_request_has_a_bar_of_its_own_unless_one_is_given(capsys):
    given = Progress()
    with given_or_bar(given) as progress:
        assert progress is given
    assert capsys.readouterr().err == ""
    with given_or_bar(None) as progress:
        progress.expect(2)
        assert list(progress.steps_of(1)("a", total=1)) == ["a"]
        assert (progress.done, progress.total) == (1, 2)
    assert "charting:  50%" in capsys.readouterr().err


@pytest.mark.parametrize("expected", [0, 5])
def test_more_than_expected_moves_the_end(expected):
    progress = Progress()
    progress.expect(expected)
    list(progress.steps_of(5)([1], total=1))
    progress.expect(5)
    assert (progress.done, progress.total) == (5, 10)
