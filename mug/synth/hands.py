"""Which hand plays a column: the left half of the keys, the right half, and a thumb between them if they are odd."""

LEFT, RIGHT, THUMB = 0, 1, 2


def hand_of(column: int, keys: int) -> int:
    """LEFT, RIGHT or, for the middle one of an odd number of columns, THUMB."""
    if 2 * column + 1 == keys:
        return THUMB
    return RIGHT if 2 * column >= keys else LEFT


def mirrored(column: int, keys: int) -> int:
    """The column of the same finger of the other hand."""
    return keys - 1 - column
