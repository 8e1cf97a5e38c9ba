"""Edits are numbered on."""

import pytest

from mug.generation.edit_names import edited_version, unused_version, without_stars


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Hard", "Hard AI v1"),
        ("Hard AI v1", "Hard AI v2"),
        ("AI v1 3.0*", "AI v2"),
        ("Hard AI v9 12.5*", "Hard AI v10"),
        ("AI v1 3.0* a little", "a little AI v2"),
        ("", "AI v1"),
    ],
)
def test_an_edit_counts_on(before, after):
    assert edited_version(before) == after


def test_several_edits_of_a_chart_are_numbered():
    assert [edited_version("Hard AI v1", index) for index in range(2)] == ["Hard AI v2", "Hard AI v3"]


def test_names_that_are_taken_count_on():
    taken = without_stars(["Hard AI v1", "Hard AI v2 3.1*", "Hard", "Hard 2"])
    found = [unused_version(name, lambda version: version in taken) for name in ("Hard AI v1", "Hard", "New")]
    assert found == ["Hard AI v3", "Hard 3", "New"]
