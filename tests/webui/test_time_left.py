"""How long a request still takes, with a clock that the test moves."""

from collections.abc import Iterator

import pytest

from mug.progress import Progress, Stage
from mug.webui.time_left import Pace, Size, TimeLeft

SONG_S = 100.0
BEFORE = {Stage.READING: 4.0, Stage.HEARING: 2.0, Stage.PLACING: 1.0}
SAMPLES, SAMPLE_S, CHOICE_S, FINISH_S = 10, 0.5, 2.0, 1.0


class Request:
    """A request whose times are known. rounds: of each chart."""

    def __init__(self, rounds: list[int], pace: Pace, together: bool, stars: float | None = 4.0) -> None:
        self.now = 0.0
        self.seen: list[tuple[float, float, float, str]] = []  # time, share, seconds left, words
        self._rounds, self._together = rounds, together
        size = Size(SONG_S, [stars] * len(rounds), together, rounds=3, samples=SAMPLES, passes=10)
        self.time_left = TimeLeft(size, pace, lambda: self.now)
        self._progress = Progress(lambda done, total: self._see())

    def run(self) -> list[tuple[float, float, float, str]]:
        for stage, seconds in BEFORE.items():
            self._progress.enter(stage)
            self.now += seconds
        self._progress.expect(SAMPLES * len(self._rounds))
        for group in [self._rounds] if self._together else [[rounds] for rounds in self._rounds]:
            for number in range(1, max(group) + 1):
                self._round([rounds > number for rounds in group if rounds >= number])
        self._progress.enter(Stage.FINISHING)
        self.now += FINISH_S
        self.time_left.finished()
        return self.seen

    def _round(self, again: list[bool]) -> None:
        self._progress.enter(Stage.COMPOSING)
        for _ in self._progress.steps_of(SAMPLES * len(again))(self._steps(len(again)), total=10):
            pass
        for more in again:
            self._progress.enter(Stage.CHOOSING)
            self._progress.decide(SAMPLES if more else 0)
            self.now += CHOICE_S

    def _steps(self, charts: int) -> Iterator[int]:
        for step in range(10):
            self.now += SAMPLE_S * SAMPLES * charts / 10
            yield step

    def _see(self) -> None:
        self.time_left.follow(self._progress)
        self.seen.append((self.now, self.time_left.share, self.time_left.seconds_left, self.time_left.words))


@pytest.mark.parametrize(("rounds", "together"), [([1], True), ([2], True), ([1, 2, 3], True), ([3, 1, 2], False)])
def test_the_bar_never_goes_back_and_ends_full(rounds: list[int], together: bool) -> None:
    request = Request(rounds, Pace(), together)
    shares = [share for _, share, *_ in request.run()]
    assert shares == sorted(shares)
    assert shares[-1] < 1
    assert (request.time_left.share, request.time_left.seconds_left) == (1.0, 0.0)


@pytest.mark.parametrize(("rounds", "together"), [([1], True), ([2, 2], True), ([1, 1, 1], False)])
def test_after_some_requests_the_time_left_is_right(rounds: list[int], together: bool) -> None:
    pace = Pace()
    for _ in range(25):
        request = Request(rounds, pace, together)
        seen = request.run()
    for now, share, left, _ in seen:
        assert left == pytest.approx(request.now - now, abs=0.05 * request.now)
        assert share == pytest.approx(now / request.now, abs=0.05)


def test_another_round_counts_as_soon_as_it_is_known() -> None:
    pace = Pace()
    for _ in range(25):
        Request([1], pace, together=True).run()  # so none is expected
    before, after = (
        next(left for _, _, left, words in Request([rounds], pace, together=True).run() if words.startswith("Choosing"))
        for rounds in (1, 2)
    )
    seen = Request([2], pace, together=True).run()
    index = next(i for i, (*_, words) in enumerate(seen) if words.startswith("Choosing"))
    assert seen[index + 1][2] - seen[index][2] > SAMPLES * SAMPLE_S  # told, and no earlier
    assert before == pytest.approx(after, abs=1.0)


def test_without_stars_one_round_is_expected() -> None:
    request = Request([1], Pace(), together=True, stars=None)
    *_, (now, _, left, _) = (each for each in request.run() if each[3] == "Composing")
    assert left == pytest.approx(request.now - now, abs=1.0)


def test_words_name_the_stage_and_the_chart() -> None:
    words = [word for *_, word in Request([1, 2, 1], Pace(), together=False).run()]
    assert list(dict.fromkeys(words)) == [
        "Reading the song",
        "Finding the beat",
        "Finding where notes go",
        "Composing: chart 1 of 3",
        "Choosing the best: chart 1 of 3",
        "Composing: chart 2 of 3",
        "Choosing the best: chart 2 of 3",
        "Composing: chart 2 of 3, once more for the stars",
        "Choosing the best: chart 2 of 3, once more for the stars",
        "Composing: chart 3 of 3",
        "Choosing the best: chart 3 of 3",
        "Finishing",
    ]
    together = [word for *_, word in Request([1, 2], Pace(), together=True).run()]
    assert "Composing: chart 2 of 2" in together
    assert "Composing, once more for the stars" in together


def test_the_text_says_the_time_as_people_do() -> None:
    request = Request([1], Pace(), together=True)
    assert request.time_left.text == "Starting"
    request.time_left._stage = Stage.COMPOSING
    for seconds, said in ((0.2, "1 s"), (9.6, "10 s"), (12.9, "15 s"), (59, "1 min"), (84, "1 min 25 s")):
        request.time_left.seconds_left = seconds
        assert request.time_left.text == f"Composing, about {said} left"
