"""The benchmark of the time left: what it counts as off, and that it runs."""

import pytest

from benchmarks import time_left
from benchmarks.time_left import Followed


def test_only_the_second_half_of_a_request_counts() -> None:
    found = Followed(10.0, [(1.0, 0.1, 99.0), (5.0, 0.4, 7.0), (9.0, 0.9, 1.5)])
    assert found.off_by == pytest.approx([0.2, 0.05])
    assert not found.went_back
    assert Followed(10.0, [(1.0, 0.5, 5.0), (2.0, 0.4, 6.0)]).went_back


@pytest.mark.slow
def test_a_row_for_each_request(
    tiny_checkpoint, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time_left, "REQUESTS", dict(list(time_left.REQUESTS.items())[:2]))
    time_left.main(["--checkpoint", str(tiny_checkpoint), "--ensemble", "1"])
    rows = capsys.readouterr().out.splitlines()[-len(time_left.REQUESTS) :]
    assert [row.split("|")[1].strip() for row in rows] == list(time_left.REQUESTS)
    assert all(row.rstrip(" |").endswith("no") for row in rows)
