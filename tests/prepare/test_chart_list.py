"""Lists of charts, made by scripts or by hand."""

import pytest

from mug.errors import DatasetError
from mug.prepare.chart_list import beatmap_paths


def test_a_list_may_be_written_by_hand(tmp_path):
    absolute = tmp_path / "elsewhere" / "b.osu"
    (tmp_path / "beatmap.txt").write_bytes(f"\ufeff s/a.osu \r\n\r\n{absolute}\r\n".encode())
    assert beatmap_paths(tmp_path / "beatmap.txt") == [tmp_path / " s/a.osu", absolute]
    (tmp_path / "beatmap.txt").write_bytes(b" \n")
    with pytest.raises(DatasetError, match="lists no charts"):
        beatmap_paths(tmp_path / "beatmap.txt")
    (tmp_path / "beatmap.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DatasetError, match="UTF-8"):
        beatmap_paths(tmp_path / "beatmap.txt")
    with pytest.raises(DatasetError, match=r"run `mug gather`"):
        beatmap_paths(tmp_path / "missing.txt")
