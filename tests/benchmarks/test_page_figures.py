"""The table of the page's figures."""

from benchmarks.page import row


def test_a_row_has_the_clock_and_the_processor_if_it_was_measured() -> None:
    assert row("first paint", 0.41) == ["first paint", "0.4 s", ""]
    assert row("a chart", 22.58, 18.4) == ["a chart", "22.6 s", "18 s"]
