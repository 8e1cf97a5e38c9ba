"""mug edit: a chart file or a package, a part, and new difficulties beside it."""

import zipfile
from pathlib import Path

import numpy as np
import pytest
import soundfile

from mug.charts.beatmap import Beatmap, Note, TimingPoint
from mug.charts.osu import read_osu, write_osu
from mug.charts.osz import extract_osz, pack_song
from mug.commands.edit import build_parser, main, milliseconds, region_of
from mug.errors import PromptError

FAST = ("--steps", 2, "--ensemble", 2, "--attempts", 1)


@pytest.fixture
def folder(tmp_path) -> Path:
    """A song of 2 s with a chart."""
    song = tmp_path / "songs"
    song.mkdir()
    soundfile.write(song / "audio.ogg", np.random.default_rng(0).normal(0, 0.2, 2 * 22050), 22050)
    notes = [Note(200.0 * i, i % 4) for i in range(9)]
    chart = Beatmap(4, notes, [TimingPoint(0.0, 400.0)], "audio.ogg", "T", "A", "P", "Hard")
    write_osu(chart, song / "hard.osu")
    return song


def test_a_new_difficulty_lies_beside_the_chart(run_mug, tiny_checkpoint, folder):
    before = (folder / "hard.osu").read_bytes()
    part = ("--from", "0:01", "--to", "0:01.5", "--checkpoint", tiny_checkpoint)
    for _ in range(2):
        done = run_mug("edit", folder / "hard.osu", *part, *FAST)
        assert done.returncode == 0, done.stderr
    first, second = (folder / f"A - T (P) [Hard AI v{number}].osu" for number in (1, 2))
    assert done.stdout.startswith(f"{second}\n  Hard AI v2: ")
    assert "6 of the 9 as they were" in done.stdout or "7 of the 9 as they were" in done.stdout
    recipes = [path.with_suffix(".recipe.yaml") for path in (first, second)]
    assert sorted(folder.iterdir()) == sorted([folder / "audio.ogg", folder / "hard.osu", first, second, *recipes])
    assert (folder / "hard.osu").read_bytes() == before
    assert read_osu(first).audio_filename == "audio.ogg"


def test_mistakes_are_said_before_a_model_is_loaded(run_mug, monkeypatch, tiny_checkpoint, folder):
    monkeypatch.setattr("mug.generation.generator.load_trained_model", lambda *_: pytest.fail("the model was loaded"))
    seven = Beatmap(7, [Note(200.0 * i, i % 7) for i in range(9)], [TimingPoint(0.0, 400.0)], "audio.ogg", version="X")
    write_osu(seven, folder / "seven.osu")
    for name, words, message in (
        ("hard.osu", ("--prompt", "stars=3"), "unknown feature 'stars'"),
        ("hard.osu", ("--sampler", "euler"), "sampler 'euler': known are ddim"),
        ("seven.osu", (), "the chart 'X' has 7 keys, and this model writes 4: "),
    ):
        refused = run_mug("edit", folder / name, "--checkpoint", tiny_checkpoint, *words)
        assert message in refused.stderr


def test_edits_of_a_package_are_in_a_copy_of_it(run_mug, tiny_checkpoint, folder):
    chart = read_osu(folder / "hard.osu")
    easy = Beatmap(4, chart.notes[::2], chart.timing_points, "audio.ogg", "T", "A", "P", "Easy")
    pack_song(folder / "set.osz", [chart, easy], folder / "audio.ogg")
    with zipfile.ZipFile(folder / "set.osz", "a") as package:
        package.writestr("hit.wav", b"clap")
    refused = run_mug("edit", folder / "set.osz", "--checkpoint", tiny_checkpoint)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "its charts are 'Easy', 'Hard': give one of them, with --difficulty" in refused.stderr
    unknown = run_mug("edit", folder / "set.osz", "--difficulty", "Insane", "--checkpoint", tiny_checkpoint)
    assert "set.osz: no chart 'Insane'; its charts are 'Easy', 'Hard': " in unknown.stderr
    (folder / "empty").mkdir()
    assert "empty: no charts in it\n" in run_mug("edit", folder / "empty", "--checkpoint", tiny_checkpoint).stderr
    done = run_mug(
        "edit", folder / "set.osz", "--difficulty", "easy", "--count", 2, "--strength", 0.3, *FAST,
        "--checkpoint", tiny_checkpoint,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    charts = [read_osu(path) for path in extract_osz(folder / "set (2).osz", folder / "unpacked")]
    assert sorted(chart.version for chart in charts) == ["Easy", "Easy AI v1", "Easy AI v2", "Hard"]
    assert (folder / "unpacked" / "hit.wav").read_bytes() == b"clap"


def test_charts_between_two(run_mug, tiny_checkpoint, folder):
    chart = read_osu(folder / "hard.osu")
    chart.version, chart.notes = "Easy", chart.notes[::2]
    write_osu(chart, folder / "easy.osu")
    done = run_mug(
        "edit", folder / "hard.osu", "--towards", folder / "easy.osu", *FAST, "--checkpoint", tiny_checkpoint,
        "--outdir", folder / "new",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    names = sorted(path.name for path in (folder / "new").iterdir())
    assert names == ["A - T (P) [Hard AI v1].osu", "A - T (P) [Hard AI v1].recipe.yaml"]
    for words in (["--from", "0", "--to", "1"], ["--prompt", "ln=true"], ["--harder", "1"]):
        with pytest.raises(PromptError, match="leave out --from, --to, --prompt and --harder"):
            main(["x.osu", "--towards", "y.osu", *words])


def test_a_chart_without_its_audio_is_refused(run_mug, folder):
    (folder / "audio.ogg").unlink()
    refused = run_mug("edit", folder / "hard.osu", "--from", 0, "--to", 1)
    assert refused.returncode == 2
    assert "its audio 'audio.ogg' is not beside it; give --audio" in refused.stderr


@pytest.mark.parametrize(
    ("time", "ms"),
    [("90", 90_000), ("1:30", 90_000), ("0:01.5", 1500), ("01:30:050", 90_050), ("2.25", 2250), (" 7 ", 7000)],
)
def test_times_of_players_and_editors(time, ms):
    assert milliseconds(time) == ms


def test_the_region_of_a_command_line():
    def region(*words: str):
        return region_of(build_parser().parse_args(["x.osu", *words]))

    (first, second) = region("--from", "0", "1:00", "--to", "0:10", "1:10", "--columns", "1", "4").spans
    assert (first.start_ms, first.end_ms, first.columns) == (0.0, 10_000.0, [0, 3])
    assert (second.start_ms, second.end_ms) == (60_000.0, 70_000.0)
    assert region().spans == []
    for words, what in (
        (("--from", "0"), "1 times --from and 0 --to"),
        (("--columns", "1"), "need --from and --to"),
        (("--from", "x", "--to", "1"), "'x' is no time"),
        (("--from", "2", "--to", "1"), "an end after the start"),
    ):
        with pytest.raises(PromptError, match=what):
            region(*words)
