"""What several samples agree on: votes counted by hand."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mug.consensus import agreements
from mug.data.beatmap import Note

# All three have the moment at 100; two that at 300, two that at 500; one is alone with 700.
A = [Note(100.0, 0), Note(100.0, 3), Note(300.0, 1)]
B = [Note(104.0, 1), Note(310.0, 2, 400.0), Note(500.0, 3)]
C = [Note(96.0, 2), Note(512.0, 0), Note(700.0, 1)]


def agreed_notes(samples, votes):
    """What two or three samples agree on with so many votes, as the one that agrees most plays it."""
    as_first_leader = list(agreements(samples))[:: len(samples)]
    by_votes = sorted(as_first_leader, key=lambda agreement: -agreement.denser)  # 1 vote, 2, 3
    return by_votes[votes - 1].notes if votes <= len(by_votes) else []


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
def test_moments_with_enough_votes_are_played_as_the_leader_plays_them(votes, expected):
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
def test_what_a_third_have_comes_first_then_what_has_about_as_many_moments(n, votes):
    samples = [[Note(1000.0 * k, 0) for k in range(1, n + 1) if k > index] for index in range(n)]
    assert [n + 1 - len(agreement.notes) for agreement in agreements(samples)] == np.repeat(votes, n).tolist()


def test_every_sample_leads_once_and_the_one_that_agrees_most_first():
    of_two_votes = [agreement.notes for agreement in agreements([A, B, C])][3:6]
    assert of_two_votes == [
        [Note(100.0, 0), Note(100.0, 3), Note(305.0, 1), Note(506.0, 3)],  # A, then B at 500, which A has not
        [Note(100.0, 1), Note(305.0, 2, 400.0), Note(506.0, 3)],  # B
        [Note(100.0, 2), Note(305.0, 1), Note(506.0, 0)],  # C, then A at 300
    ]


def test_density_is_measured_against_what_a_third_have():
    # one vote of three leaves 4 moments, two leave 3, three 1
    denser = [agreement.denser for agreement in agreements([A, B, C])]
    assert denser == pytest.approx([0.0] * 3 + [math.log(3 / 4)] * 3 + [math.log(1 / 4)] * 3)


def test_samples_without_notes_agree_on_nothing():
    assert list(agreements([[], [], []])) == []
    assert [agreement.denser for agreement in agreements([[], [], [Note(5.0, 0)]])] == [0.0] * 3


def test_one_sample_is_its_own_chart():
    close = [Note(100.0, 0), Note(118.0, 1)]
    assert [(agreement.notes, agreement.denser) for agreement in agreements([close])] == [(close, 0.0)]


notes = st.lists(
    st.builds(Note, st.integers(0, 3000).map(float), st.integers(0, 3)), max_size=12, unique_by=lambda n: n.start_ms
).map(sorted)


@given(st.lists(notes, min_size=2, max_size=5))
def test_more_votes_leave_a_part_of_what_fewer_leave(samples):
    n = len(samples)
    found = list(agreements(samples))
    by_leader = [sorted(found[i::n], key=lambda agreement: -agreement.denser) for i in range(n)]
    for charts in by_leader:
        for dense, sparse in pairwise(charts):
            assert set(sparse.notes) <= set(dense.notes)
    assert all(agreement.notes == sorted(agreement.notes) for agreement in found)


@given(notes)
def test_samples_that_are_alike_agree_on_what_they_are(sample):
    apart = [
        note for a, note in zip([None, *sample], sample, strict=False) if a is None or note.start_ms - a.start_ms > 25
    ]
    moments = agreed_notes([apart] * 3, 3)
    assert moments == apart
