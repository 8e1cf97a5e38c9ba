"""The notebook runs from its first cell to its last, on a song, a chart and a model made here."""

import nbformat
import numpy as np
import pytest
import soundfile
from nbclient import NotebookClient
from tiny_model import save_tiny_checkpoint

from mug.charts.beatmap import Beatmap, Note, TimingPoint
from mug.charts.osu import write_osu
from mug.config import PROJECT_ROOT

NOTEBOOK = PROJECT_ROOT / "notebooks" / "explore.ipynb"


@pytest.fixture(scope="module")
def notebook() -> nbformat.NotebookNode:
    return nbformat.read(NOTEBOOK, as_version=4)


def test_the_notebook_is_kept_without_outputs(notebook):
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell for cell in cells if cell.outputs or cell.execution_count] == []
    assert NOTEBOOK.stat().st_size < 50_000


@pytest.mark.slow
def test_the_notebook_runs(notebook, tmp_path, monkeypatch):
    soundfile.write(tmp_path / "song.wav", np.random.default_rng(0).normal(0, 0.1, 4 * 22050), 22050)
    notes = [Note(250.0 * i, i % 4, 250.0 * i + 150 if i % 5 == 0 else None) for i in range(1, 15)]
    chart = Beatmap(4, notes, [TimingPoint(0.0, 500.0)], audio_filename="song.wav", title="Song", artist="Nobody")
    write_osu(chart, tmp_path / "chart.osu")
    (tmp_path / "beatmap.txt").write_text("chart.osu\n")
    monkeypatch.setenv("MUG_NOTEBOOK_BEATMAP_TXT", str(tmp_path / "beatmap.txt"))
    monkeypatch.setenv("MUG_NOTEBOOK_CHART", str(tmp_path / "chart.osu"))
    monkeypatch.setenv("MUG_NOTEBOOK_CHECKPOINT", str(save_tiny_checkpoint(tmp_path / "last.ckpt")))
    monkeypatch.setenv("MUG_NOTEBOOK_PIANO", "")
    monkeypatch.setenv("MUG_NOTEBOOK_DRUMS", "")
    monkeypatch.setenv("MUG_NOTEBOOK_SPECTRA", "")
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(NOTEBOOK.parent)}}).execute()
    shown = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    pictures = [output for output in shown if "image/png" in output.get("data", {})]
    # the set, 2 charts, the planes, the spectrum, the noise, what is kept; a roll, drums, another spectrum
    assert len(pictures) == 10
