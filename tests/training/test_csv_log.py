"""metrics.csv: rows at once, new columns, and going on where a checkpoint says."""

from pathlib import Path

import pytest

from mug.training.csv_log import CSVLog


def test_rows_are_there_at_once_and_a_new_name_is_a_new_column(tmp_path: Path) -> None:
    log = CSVLog(tmp_path)
    log.log_metrics({"a": 1.5}, step=0)
    assert (tmp_path / "metrics.csv").read_text().splitlines() == ["step,a", "0,1.5"]
    log.log_metrics({"a": 2.0, "b": 3.0}, step=1)
    log.log_metrics({"b": 4.0}, step=2)
    assert (tmp_path / "metrics.csv").read_text().splitlines() == ["step,a,b", "0,1.5,", "1,2.0,3.0", "2,,4.0"]
    assert log.n_rows == 3


def test_a_resumed_run_continues_after_its_checkpoints_rows(tmp_path: Path) -> None:
    log = CSVLog(tmp_path)
    for step in range(3):
        log.log_metrics({"a": step + 0.5}, step=step)
    with log.path.open("a") as file:
        file.write("3,")  # the process died here
    resumed = CSVLog(tmp_path)
    resumed.keep(2)
    resumed.log_metrics({"a": 9.5}, step=2)
    assert log.path.read_text().splitlines() == ["step,a", "0,0.5", "1,1.5", "2,9.5"]
    assert resumed.n_rows == 3


def test_a_run_that_begins_again_begins_its_file_again(tmp_path: Path) -> None:
    CSVLog(tmp_path).log_metrics({"old": 1.0}, step=0)
    CSVLog(tmp_path).log_metrics({"new": 2.0}, step=0)
    assert (tmp_path / "metrics.csv").read_text().splitlines() == ["step,new", "0,2.0"]


def test_a_missing_or_shorter_file_is_continued_as_it_is(tmp_path: Path) -> None:
    log = CSVLog(tmp_path)
    log.keep(7)
    log.log_metrics({"a": 1.0}, step=7)
    assert log.n_rows == 1
    log.keep(5)
    assert log.n_rows == 1


def test_a_full_disk_is_named(tmp_path: Path) -> None:
    log = CSVLog(tmp_path)
    log.log_metrics({"a": 1.0}, step=0)
    log.path.unlink()
    log.path.symlink_to("/dev/full")  # which takes no byte
    with pytest.raises(OSError, match=r"No space left on device: '.*metrics\.csv'"):
        log.log_metrics({"a": 2.0}, step=1)
