import numpy as np
import pytest

from mug.charts.beatmap import Note
from mug.data.note_augment import change_columns, mirror_passages
from mug.data.note_codec import NoteCodec
from mug.data.time_grid import TimeGrid


def test_columns_are_mirrored_and_shuffled():
    column = np.arange(7)

    def shuffled(seed: int, mirror: bool = False) -> list[int]:
        return change_columns(column, 7, mirror, True, np.random.default_rng(seed)).tolist()

    assert change_columns(column, 7, False, False, None).tolist() == [0, 1, 2, 3, 4, 5, 6]
    assert change_columns(column, 7, True, False, None).tolist() == [6, 5, 4, 3, 2, 1, 0]
    assert shuffled(1) == np.random.default_rng(1).permutation(7).tolist()  # what recorded seeds mean
    assert shuffled(1) == shuffled(1) != shuffled(2)
    assert shuffled(1, mirror=True) == shuffled(1)[::-1]


def test_shuffled_columns_outside_the_keys_are_refused():
    for column in (-1, 2):
        with pytest.raises(ValueError, match=f"columns {column} to {column} in a chart of 2 keys"):
            change_columns(np.array([column]), 2, False, True, np.random.default_rng(0))


def test_passages_are_mirrored_apart():
    # The gap between frames 4 and 15 is ten frames long, the one between 15 and 25 only nine.
    codec = NoteCodec(TimeGrid(10.0, 50), keys=2)
    note = codec.encode([Note(5, 0, 45), Note(155, 0), Note(255, 1), Note(415, 0)]).note
    seen = set()
    for seed in range(64):
        mirrored = mirror_passages(note, 0.5, np.random.default_rng(seed))
        seen.add(tuple(note.column for note in codec.decode(mirrored)))
    assert seen == {(a, b, 1 - b, c) for a in (0, 1) for b in (0, 1) for c in (0, 1)}
    assert mirror_passages(note, 0.0, None) is note
