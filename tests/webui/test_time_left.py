"""How long a request still takes, with a clock that the test moves."""

from collections.abc import Iterator

import pytest

from mug.progress import Progress, Stage
from mug.webui.time_left import Pace, Size, TimeLeft

SONG_S = 100.0
BEFORE = {Stage.READING: 4.0, Stage.HEARING: 2.0, Stage.PLACING: 1.0}
SAMPLES, FIRST, SAMPLE_S, CHOICE_S, FINISH_S = 12, 4, 0.5, 2.0, 1.0


class Request:
    """A request whose times are known. more: how often each chart's first samples are drawn again."""

    def __init__(self, more: list[int], pace: Pace, together: bool, stars: float | None = 4.0) -> None:
        self.now = 0.0
        self.seen: list[tuple[float, float, float, str]] = []  # time, share, seconds left, words
        self._more, self._together = more, together
        size = Size(SONG_S, [stars] * len(more), together, samples=SAMPLES, passes=10)
        self.time_left = TimeLeft(size, pace, lambda: self.now)
        self._progress = Progress(lambda done, total: self._see())

    def run(self) -> list[tuple[float, float, float, str]]:
        for stage, seconds in BEFORE.items():
            self._progress.enter(stage)
            self.now += seconds
        self._progress.expect(SAMPLES * len(self._more))
        for group in [self._more] if self._together else [[more] for more in self._more]:
            self._write(group)
        self._progress.enter(Stage.FINISHING)
        self.now += FINISH_S
        self.time_left.finished()
        return self.seen

    def _write(self, group: list[int]) -> None:
        self._progress.enter(Stage.COMPOSING)
        self._draw(FIRST * len(group))
        for number in range(max(group) + 1):
            for more in group:
                if more > number:
                    self._progress.add(FIRST)
                elif more == number:
                    self._progress.decide()
            self._draw(FIRST * sum(more > number for more in group))
        self._draw((SAMPLES - FIRST) * len(group))
        for _ in group:
            self._progress.enter(Stage.CHOOSING)
            self.now += CHOICE_S

    def _draw(self, samples: int) -> None:
        for _ in self._progress.steps_of(samples)(self._steps(samples), total=10) if samples else ():
            pass

    def _steps(self, samples: int) -> Iterator[int]:
        for step in range(10):
            self.now += SAMPLE_S * samples / 10
            yield step

    def _see(self) -> None:
        self.time_left.follow(self._progress)
        self.seen.append((self.now, self.time_left.share, self.time_left.seconds_left, self.time_left.words))


@pytest.mark.parametrize(("more", "together"), [([0], True), ([1], True), ([0, 1, 2], True), ([2, 0, 1], False)])
def test_the_bar_never_goes_back_and_ends_full(more: list[int], together: bool) -> None:
    request = Request(more, Pace(), together)
    shares = [share for _, share, *_ in request.run()]
    assert shares == sorted(shares)
    assert shares[-1] < 1
    assert (request.time_left.share, request.time_left.seconds_left) == (1.0, 0.0)


@pytest.mark.parametrize(("more", "together"), [([0], True), ([1, 1], True), ([0, 0, 0], False)])
def test_after_some_requests_the_time_left_is_right(more: list[int], together: bool) -> None:
    pace = Pace()
    for _ in range(25):
        request = Request(more, pace, together)
        seen = request.run()
    for now, share, left, _ in seen:
        assert left == pytest.approx(request.now - now, abs=0.05 * request.now)
        assert share == pytest.approx(now / request.now, abs=0.05)


def test_more_samples_count_as_soon_as_they_are_known() -> None:
    pace = Pace()
    for _ in range(25):
        Request([0], pace, together=True).run()  # so none are expected
    before, after = (Request([more], pace, together=True).run() for more in (0, 1))
    told = next(i for i, (*_, words) in enumerate(after) if "once more" in words)
    assert after[told - 1][2] == pytest.approx(before[told - 1][2], abs=0.01)
    assert after[told][2] - before[told][2] == pytest.approx(FIRST * SAMPLE_S, abs=0.2)


def test_without_stars_no_more_samples_are_expected() -> None:
    request = Request([0], Pace(), together=True, stars=None)
    *_, (now, _, left, _) = (each for each in request.run() if each[3] == "Composing")
    assert left == pytest.approx(request.now - now, abs=1.0)


def test_words_name_the_stage_and_the_chart() -> None:
    words = [word for *_, word in Request([0, 1, 0], Pace(), together=False).run()]
    assert list(dict.fromkeys(words)) == [
        "Reading the song",
        "Finding the beat",
        "Finding where notes go",
        "Composing: chart 1 of 3",
        "Choosing the best: chart 1 of 3",
        "Composing: chart 2 of 3",
        "Composing: chart 2 of 3, once more for the stars",
        "Choosing the best: chart 2 of 3",
        "Composing: chart 3 of 3",
        "Choosing the best: chart 3 of 3",
        "Finishing",
    ]
    together = [word for *_, word in Request([0, 1], Pace(), together=True).run()]
    assert "Composing: 2 charts" in together
    assert "Composing: 2 charts, once more for the stars" in together


def test_the_text_says_the_time_as_people_do() -> None:
    request = Request([0], Pace(), together=True)
    assert request.time_left.text == "Starting"
    request.time_left._stage = Stage.COMPOSING
    for seconds, said in ((0.2, "1 s"), (9.6, "10 s"), (12.9, "15 s"), (59, "1 min"), (84, "1 min 25 s")):
        request.time_left.seconds_left = seconds
        assert request.time_left.text == f"Composing, about {said} left"
