"""Hands: halves of the keys, a thumb in the middle."""

from mug.synth.hands import LEFT, RIGHT, THUMB, hand_of, mirrored


def test_hands_are_the_halves_of_the_keys() -> None:
    assert [hand_of(column, 4) for column in range(4)] == [LEFT, LEFT, RIGHT, RIGHT]
    assert [hand_of(column, 7) for column in range(7)] == [LEFT] * 3 + [THUMB] + [RIGHT] * 3
    assert [hand_of(column, 1) for column in range(1)] == [THUMB]
    assert [mirrored(column, 7) for column in range(7)] == [6, 5, 4, 3, 2, 1, 0]
