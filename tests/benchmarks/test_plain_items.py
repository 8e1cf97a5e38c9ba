"""The plain way to make an item makes the same item."""

import numpy as np

from benchmarks.dataset import PlainItems, open_dataset, write_songs


def test_notes_audio_and_prompt_are_those_of_the_dataset(tmp_path, monkeypatch):
    write_songs(tmp_path, 10.0)
    items = open_dataset(tmp_path, {"rate": [1.1, 1.1], "rate_p": 1.0}, quick=True)
    plain = PlainItems(items)
    monkeypatch.setattr(plain, "augment", lambda rng: {})
    ours, theirs = items[2, 0], plain.item((2, 0))
    np.testing.assert_allclose(theirs["audio"], ours["audio"], atol=1e-6)
    np.testing.assert_array_equal(theirs["note"], ours["note"])
    np.testing.assert_array_equal(theirs["feature"], ours["feature"])
