"""What several samples agree on: votes counted by hand."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mug.charts.beatmap import Note
from mug.generation.consensus import agreements
from mug.placement.chances import Chances
from mug.placement.density import Density

# All three have the moment at 100; two that at 300, two that at 500; one is alone with 700.
A = [Note(100.0, 0), Note(100.0, 3), Note(300.0, 1)]
B = [Note(104.0, 1), Note(310.0, 2, 400.0), Note(500.0, 3)]
C = [Note(96.0, 2), Note(512.0, 0), Note(700.0, 1)]


def agreed_notes(samples, votes):
    """What two or three samples agree on with so many votes, as the one that agrees most plays it."""
    as_first_leader = list(agreements(samples))[:: len(samples)]
    by_votes = sorted(as_first_leader, key=lambda agreement: -agreement.density_change)  # 1 vote, 2, 3
    return by_votes[votes - 1].notes() if votes <= len(by_votes) else []


@pytest.mark.parametrize(
    ("votes", "expected"),
    [
        # B agrees most: its moments have 2, 1 and 1 others (A: 2, 1; C: 2, 1, 0). A has the next best mean, 1.5, and
        # is before B, whose mean is 4/3: so A leads, then B, then C.
        (3, [Note(100.0, 0), Note(100.0, 3)]),
        (2, [Note(100.0, 0), Note(100.0, 3), Note(305.0, 1), Note(506.0, 3)]),
        (1, [Note(100.0, 0), Note(100.0, 3), Note(305.0, 1), Note(506.0, 3), Note(700.0, 1)]),
    ],
)
def test_moments_with_enough_votes_use_the_lead_samples_notes(votes, expected):
    assert agreed_notes([A, B, C], votes) == expected


def test_times_are_medians_and_long_notes_keep_their_tails():
    long = [[Note(100.0, 0, 110.0)], [Note(120.0, 0, 400.0)], [Note(121.0, 0, 400.0)]]
    assert agreed_notes(long, 3) == [Note(120.0, 0)]  # the leader's tail would be before the start
    assert agreed_notes([long[1], long[0], long[2]], 3) == [Note(120.0, 0, 400.0)]


def test_the_same_moment_is_at_most_25_ms_apart():
    assert agreed_notes([[Note(100.0, 0)], [Note(125.0, 0)]], 2) == [Note(112.0, 0)]
    assert agreed_notes([[Note(100.0, 0)], [Note(126.0, 0)]], 2) == []


def test_a_sample_has_one_vote_a_moment():
    assert agreed_notes([[Note(100.0, 0), Note(118.0, 1)], []], 2) == []
    assert agreed_notes([[Note(100.0, 0), Note(118.0, 1)], [Note(100.0, 2)]], 2) == [Note(100.0, 0)]  # and one chord


@pytest.mark.parametrize(
    # sample i has the moments i + 1 to n, so that moment k has k votes, and n + 1 - votes moments are left
    ("n", "votes"),
    [(2, [1, 2]), (3, [1, 2, 3]), (4, [2, 1, 3, 4]), (6, [2, 3, 4, 5, 6]), (8, [3, 2, 4, 5, 6, 7, 8])],
)
def test_the_density_of_a_third_comes_first_then_similar_ones(n, votes):
    samples = [[Note(1000.0 * k, 0) for k in range(1, n + 1) if k > index] for index in range(n)]
    assert [n + 1 - len(agreement.notes()) for agreement in agreements(samples)] == np.repeat(votes, n).tolist()


def test_every_sample_leads_once_by_descending_agreement():
    of_two_votes = [agreement.notes() for agreement in agreements([A, B, C])][3:6]
    assert of_two_votes == [
        [Note(100.0, 0), Note(100.0, 3), Note(305.0, 1), Note(506.0, 3)],  # A, then B at 500, which A has not
        [Note(100.0, 1), Note(305.0, 2, 400.0), Note(506.0, 3)],  # B
        [Note(100.0, 2), Note(305.0, 2, 400.0), Note(506.0, 0)],  # C, then B at 300: it has no larger chords than C
    ]


def test_without_a_quarter_of_votes_the_top_moments_are_kept():
    alone = [[Note(100.0, 0), Note(900.0, 1)], *[[] for _ in range(7)]]
    assert {tuple(agreement.notes()) for agreement in agreements(alone)} == {tuple(alone[0])}


def test_density_is_measured_against_what_a_third_have():
    # one vote of three leaves 4 moments, two leave 3, three 1
    denser = [agreement.density_change for agreement in agreements([A, B, C])]
    assert denser == pytest.approx([0.0] * 3 + [math.log(3 / 4)] * 3 + [math.log(1 / 4)] * 3)


def test_samples_without_notes_agree_on_nothing():
    assert list(agreements([[], [], []])) == []
    assert [agreement.density_change for agreement in agreements([[], [], [Note(5.0, 0)]])] == [0.0] * 3


def test_one_sample_is_its_own_chart():
    close = [Note(100.0, 0), Note(118.0, 1)]
    assert [(agreement.notes(), agreement.density_change) for agreement in agreements([close])] == [(close, 0.0)]


def test_no_note_on_a_held_or_just_struck_key():
    leader = [Note(100.0, 0, 500.0), Note(600.0, 1)]
    others = [[Note(100.0, 0, 500.0), Note(300.0, 0), Note(660.0, 1)], [Note(300.0, 2), Note(660.0, 3)]]
    played = next(agreements([leader, *others])).notes()
    # at 300 the next sample's key is held by the leader's long note; at 660 key 1 was struck 60 ms before
    assert played == [Note(100.0, 0, 500.0), Note(300.0, 2), Note(600.0, 1), Note(660.0, 3)]
    nowhere = [[Note(100.0, 0, 500.0)], [Note(100.0, 0, 500.0), Note(300.0, 0)], [Note(300.0, 0)]]
    assert next(agreements(nowhere)).notes() == [Note(100.0, 0, 500.0), Note(300.0, 0)]  # for others to put right


def test_a_key_is_busy_after_a_long_note_too():
    leader = [Note(100.0, 0, 500.0), Note(550.0, 0)]
    other = [Note(100.0, 0, 500.0), Note(550.0, 2)]
    samples = [leader, leader, other]
    assert next(agreements(samples)).notes() == other
    assert next(agreements(samples, jack_interval_ms=50.0)).notes() == leader
    assert next(agreements(samples, jack_interval_ms=50.1)).notes() == other


def test_by_holding_also_ranks_samples_by_long_notes():
    plain = [Note(100.0, 0), Note(100.0, 1), Note(500.0, 2)]
    half = [Note(100.0, 2, 200.0), Note(100.0, 3), Note(500.0, 3)]
    held = [Note(100.0, 1, 200.0), Note(500.0, 1, 900.0)]
    found = list(agreements([plain, half, held], by_holding=True))
    assert [agreement.notes() for agreement in found[3:5]] == [held, plain]
    assert list(agreements([plain, half, held]))[:3] == found[:3]
    assert {tuple(agreement.notes()) for agreement in agreements([plain, half, held])} == {
        *map(tuple, (plain, half, held))
    }


def counts(samples, **expectations) -> list[int]:
    """How many moments the charts of the first leader have, in the order in which they come."""
    return [len(agreement.notes()) for agreement in list(agreements(samples, **expectations))[:: len(samples)]]


# Three samples: nine moments that one, two or three of them have, three of each.
VOTED = [[Note(1000.0 * k, 0) for k in range(9) if k % 3 >= index] for index in range(3)]


def test_chances_count_beside_votes():
    times = 1000.0 * np.arange(9)
    # likely: all that two or three have, but for the first; and of the others one
    likely = np.array([0, 0, 1, 1, 1, 1, 0, 1, 1], dtype=float)
    found = next(agreements(VOTED, Chances(times, 0.05 + 0.9 * likely), Density(math.log(6 / 8), 1e-6)))
    assert [note.start_ms for note in found.notes()] == [2000.0, 3000.0, 4000.0, 5000.0, 7000.0, 8000.0]
    assert found.density_change == pytest.approx(0.0, abs=1e-6)
    even = next(agreements(VOTED, Chances(times, np.full(9, 0.5)), Density(math.log(6 / 8), 1e-6)))
    assert [note.start_ms for note in even.notes()] == [1000.0, 2000.0, 4000.0, 5000.0, 7000.0, 8000.0]  # votes alone


def test_chances_give_all_densities_the_usual_one_first():
    chances = Chances(1000.0 * np.arange(9), np.full(9, 1.0))
    numbers = counts(VOTED, chances=chances)
    assert numbers[0] == 9  # the sum of the chances
    assert sorted(numbers) == list(range(2, 10))
    densities = [agreement.density_change for agreement in agreements(VOTED, chances)]
    assert densities == sorted(densities, key=abs)


def test_the_usual_number_is_the_sum_of_the_chances():
    chances = np.array([0.9, 0.9, 0.9, 0.9, 0.4, 0.4, 0.4, 0.1, 0.1])
    assert counts(VOTED, chances=Chances(1000.0 * np.arange(9), chances))[0] == 5


def test_frame_chances_go_to_the_neighbour_with_more_votes():
    samples = [[Note(1000.0, 0), Note(1030.0, 1), Note(2000.0, 0)], [Note(1030.0, 1)], [Note(1030.0, 1)]]
    chances = Chances(np.array([1015.0, 2000.0]), np.array([1.0, 0.4]))
    by_number = {len(found.notes()): found for found in agreements(samples, chances)}
    assert [note.start_ms for note in by_number[2].notes()] == [1030.0, 2000.0]  # though its frame is near both


def test_a_moment_is_beside_the_one_after_the_next_too():
    # moments at 25, 26 and 52 ms, which begin 25 ms apart and are at the median of their votes: 3, 1 and 4
    samples = [[Note(at, 0) for at in times] for times in ((0, 26, 52, 2000), (25, 52), (25, 52), (52,))]
    chances = Chances(np.array([40.0, 2000.0]), np.array([0.9, 0.3]))
    by_number = {len(found.moments): found for found in agreements(samples, chances)}
    assert [moment.start_ms for moment in by_number[2].moments] == [52.0, 2000.0]  # though its frame is near both


@pytest.mark.parametrize(
    ("log_rate", "deviation", "expected"),
    [
        (math.log(4 / 8), 1e-6, 4),  # eight seconds from the first moment to the last: sure of four
        (math.log(4 / 8), 0.14, 6),  # as sure as the chances: between four and nine
        (math.log(4 / 8), 1e6, 9),
        (-100.0, 1e-6, round(9 / math.e)),  # such a sparse chart nobody hears there
    ],
)
def test_the_usual_number_is_between_chances_and_density_prior(log_rate, deviation, expected):
    chances = Chances(1000.0 * np.arange(9), np.full(9, 1.0))
    assert counts(VOTED, chances=chances, density=Density(log_rate, deviation))[0] == expected


def test_density_without_chances_is_the_nearest_number_of_votes():
    assert counts(VOTED, density=Density(math.log(6 / 8), 1e-6)) == [6, 9, 3]


def test_samples_without_notes_have_no_chances():
    assert list(agreements([[], []], Chances(np.array([5.0]), np.array([0.9])), Density(1.0, 0.1))) == []


notes = st.lists(
    st.builds(Note, st.integers(0, 3000).map(float), st.integers(0, 3)), max_size=12, unique_by=lambda n: n.start_ms
).map(sorted)


@given(st.lists(notes, min_size=2, max_size=5))
def test_more_votes_leave_a_part_of_what_fewer_leave(samples):
    n = len(samples)
    found = list(agreements(samples))
    by_leader = [sorted(found[i::n], key=lambda agreement: -agreement.density_change) for i in range(n)]
    for charts in by_leader:
        for dense, sparse in pairwise(charts):
            assert {note.start_ms for note in sparse.notes()} <= {note.start_ms for note in dense.notes()}
    assert all(agreement.notes() == sorted(agreement.notes()) for agreement in found)


@given(notes)
def test_samples_that_are_alike_agree_on_what_they_are(sample):
    apart = [
        note for a, note in zip([None, *sample], sample, strict=False) if a is None or note.start_ms - a.start_ms > 25
    ]
    moments = agreed_notes([apart] * 3, 3)
    assert moments == apart


def halves(times: np.ndarray) -> np.ndarray:
    """A song of 1600 ms that repeats itself after 800 ms."""
    return np.round(times % 800).astype(np.int64)


def test_moments_of_a_motif_are_kept_or_left_together():
    # three samples; 400 has three votes and 200 one, in the second half two and three
    samples = [
        [Note(t, 0) for t in (0.0, 400.0, 800.0, 1000.0, 1200.0)],
        [Note(t, 0) for t in (0.0, 400.0, 800.0, 1000.0, 1200.0)],
        [Note(t, 0) for t in (0.0, 200.0, 400.0, 800.0, 1000.0)],
    ]
    even = Chances(200.0 * np.arange(8), np.full(8, 0.5))
    apart = next(a for a in agreements(samples, even) if len(a.moments) == 4)
    assert [moment.start_ms for moment in apart.moments] == [0.0, 400.0, 800.0, 1000.0]
    together = next(a for a in agreements(samples, even, places=halves) if len(a.moments) == 4)
    assert [moment.start_ms for moment in together.moments] == [0.0, 400.0, 800.0, 1200.0]
    by_votes = [a.moments for a in agreements(samples, places=halves)][:: len(samples)]
    assert [[moment.start_ms for moment in moments] for moments in by_votes] == [
        [0.0, 200.0, 400.0, 800.0, 1000.0, 1200.0],  # a mean of at least one vote
        [0.0, 200.0, 400.0, 800.0, 1000.0, 1200.0],  # two
        [0.0, 800.0],  # three
    ]


def test_a_motif_returns_with_its_notes():
    leader = [Note(0.0, 0), Note(200.0, 1, 350.0), Note(400.0, 2), Note(800.0, 3), Note(1000.0, 2), Note(1200.0, 1)]
    samples = [leader, leader, [Note(1000.0, 0), Note(1400.0, 0)]]
    assert next(agreements(samples)).notes()[:6] == leader
    assert next(agreements(samples, places=halves)).notes() == [
        *leader[:3],
        Note(800.0, 0),
        Note(1000.0, 1, 1150.0),
        Note(1200.0, 2),
        Note(1400.0, 0),  # it was nowhere before
    ]


def test_a_motif_on_a_busy_key_is_written_anew():
    leader = [Note(0.0, 0), Note(400.0, 0, 900.0), Note(800.0, 3), Note(1200.0, 2)]
    notes = next(agreements([leader, leader], places=halves)).notes()
    assert notes == [Note(0.0, 0), Note(400.0, 0, 900.0), Note(800.0, 3), Note(1200.0, 0, 1700.0)]


@pytest.mark.parametrize("chances", [None, Chances(np.array([0.0, 200.0, 400.0]), np.array([0.5, 0.6, 0.5]))])
def test_moments_of_a_harder_chart_are_preferred(chances):
    """Every moment is in two of the three samples. Of two moments, those stay that are in the harder chart."""
    samples = [[Note(0.0, 0), Note(200.0, 0)], [Note(200.0, 0), Note(400.0, 0)], [Note(0.0, 0), Note(400.0, 0)]]

    def charts(harder_ms):
        found = agreements(samples, chances, harder_ms=harder_ms)
        return [[moment.start_ms for moment in agreement.moments] for agreement in found]

    assert [0.0, 400.0] in charts(np.array([10.0, 395.0]))
    assert [0.0, 400.0] not in charts(None)
