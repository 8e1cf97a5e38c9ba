"""The benchmark of song lengths: a row for each, from a process of its own."""

import re

import pytest
import soundfile

from benchmarks import long_songs


@pytest.mark.slow
def test_a_row_for_each_length(tiny_checkpoint, capsys: pytest.CaptureFixture[str]) -> None:
    long_songs.main(["--minutes", "0.1", "0.2", "--checkpoint", str(tiny_checkpoint)])
    *_, first, second = capsys.readouterr().out.splitlines()
    for row, minutes in ((first, "0.1"), (second, "0.2")):
        assert re.fullmatch(rf"\| {minutes} +\| [\d.]+ s +\| [\d.]+ s +\| \d+ MB +\| \d+ +\|", row)


def test_a_song_is_as_long_as_asked(tmp_path) -> None:

    long_songs.write_song(tmp_path / "song.flac", 0.4)
    assert soundfile.info(tmp_path / "song.flac").duration == pytest.approx(24.0)
