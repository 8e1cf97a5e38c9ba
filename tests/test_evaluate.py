import json
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from mug.charts.beatmap import Beatmap, Note, TimingPoint
from mug.charts.osu import read_osu, write_osu
from mug.commands import evaluate
from mug.errors import AudioError, ChartError, ConfigError, DatasetError, PromptError
from mug.generation import SamplingSettings
from mug.metrics.sampling import Sampling
from mug.progress import Progress
from mug.training.export import export_run

SECONDS = 6


def put_song(folder: Path, seed: int, keys: int = 4) -> None:
    """Write a song of clicks with an easy and a hard chart on them."""
    rng = np.random.default_rng(seed)
    samples = rng.normal(0, 1e-3, SECONDS * 22050)
    for click in range(0, SECONDS * 4):
        samples[click * 5512 : click * 5512 + 200] += rng.normal(0, 0.4 if click % 2 == 0 else 0.1, 200)
    folder.mkdir(parents=True)
    soundfile.write(folder / "song.wav", samples, 22050)
    for name, step in (("easy", 2), ("hard", 1)):
        notes = [Note(250.0 * i, int(rng.integers(keys))) for i in range(0, SECONDS * 4, step)]
        notes[-1] = Note(notes[-1].start_ms, notes[-1].column, notes[-1].start_ms + 200)
        chart = Beatmap(keys, notes, [TimingPoint(0, 250)], audio_filename="song.wav", version=name)
        write_osu(chart, folder / f"{name}.osu")


FAST = ["--steps", 1, "--ensemble", 1, "--attempts", 1]


@pytest.fixture(scope="module")
def songs(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("songs")
    put_song(folder / "first", 1)
    put_song(folder / "second", 2)
    return folder


def run(monkeypatch, *arguments: object) -> None:
    monkeypatch.setattr(sys, "argv", ["evaluate.py", *map(str, arguments)])
    evaluate.main()


@pytest.fixture(scope="module")
def evaluated(tiny_checkpoint, songs, tmp_path_factory) -> Path:
    """What --out keeps of the tiny model's charts for the songs."""
    out = tmp_path_factory.mktemp("out")
    training = out / "training.txt"
    training.write_text("".join(f"{path}\n" for path in sorted(songs.rglob("*.osu"))))
    with pytest.MonkeyPatch.context() as patch:
        run(
            patch,
            *["--checkpoint", tiny_checkpoint, "--songs", songs, *FAST, "--out", out / "a", "--flags"],
            *["--training_charts", training, "--prompt", "full"],
        )
    return out / "a"


def test_a_model_on_songs(evaluated, songs):
    report = json.loads((evaluated / "report.json").read_text())
    assert list(report["sources"]) == ["generated", "another human", "librosa onsets", "random notes"]
    for name, source in report["sources"].items():
        assert (source["charts"], source["songs"]) == (4, 2), name
        assert source["latent_frames"] > 0
        assert len(source["rows"]) == 4
    metrics = report["sources"]["generated"]["metrics"]
    assert 0 <= metrics["onset_f1_50ms"]["low"] <= metrics["onset_f1_50ms"]["value"] <= 1
    for name in ("generated", "another human"):  # the songs' own charts are not the training's
        assert report["sources"][name]["metrics"]["training_overlap"]["value"] == 0
    row = report["sources"]["generated"]["rows"][0]
    assert row["asked"]["sr"] == pytest.approx(row["star_rating_asked"])
    assert {"ln_ratio", "rc", "stream_ett"} <= set(row["asked"])  # --prompt full
    assert set(report["flags"]) >= {"stream", "chordjack", "all"}
    assert report["flags"]["stream"]["has_flag"]["charts"] == 2
    assert report["settings"]["steps"] == 1
    assert report["settings"]["guidance"] == 1.0  # as the model has it
    assert [len(digest) for digest in report["versions"]["sha256"].values()] == [64]
    assert len(report["reference_offsets"]) == 4
    assert metrics["aligned_onset_f1_20ms"]["charts"] == 4
    assert metrics["structure_human"]["charts"] == metrics["structure"]["charts"] == 4
    charts = sorted(path.relative_to(evaluated).as_posix() for path in evaluated.rglob("*.osu"))
    assert charts == [f"charts/{song}/{name}.osu" for song in ("first", "second") for name in ("easy", "hard")]


def test_baselines_know_what_they_should(evaluated):
    metrics = {name: r["metrics"] for name, r in json.loads((evaluated / "report.json").read_text())["sources"].items()}
    assert metrics["librosa onsets"]["onset_f1_50ms"]["value"] > 0.8  # of clicks, but for the one at 0 ms
    assert metrics["another human"]["onset_f1_20ms"]["value"] == pytest.approx(2 / 3, abs=0.01)  # every second click
    assert metrics["random notes"]["notes_per_second_error"]["value"] == 0
    assert metrics["random notes"]["onset_f1_20ms"]["value"] < 0.5


def test_the_markdown_has_the_table_and_the_command(evaluated):
    text = (evaluated / "report.md").read_text()
    assert "|  | generated | another human | librosa onsets | random notes |" in text
    assert "| onset F1, 50 ms ↑ | " in text
    assert "| requested | charts |" in text
    assert "| motif share / structure, medians (charts) | people | their columns shuffled | generated |" in text
    assert "mug evaluate --checkpoint" in text


def test_plots(evaluated):
    pytest.importorskip("matplotlib")
    assert sorted(path.name for path in evaluated.glob("*.png")) == [
        *["f1_by_stars.png", "snaps_and_chords.png", "stars.png"]
    ]


def test_charts_that_were_kept_score_the_same_without_the_model(monkeypatch, capsys, evaluated, songs, tmp_path):
    run(monkeypatch, "--generated", evaluated / "charts", "--reference", songs, "--out", tmp_path)
    before, after = (json.loads((folder / "report.json").read_text())["sources"] for folder in (evaluated, tmp_path))
    for source in before:
        for name, metric in after[source]["metrics"].items():
            assert metric == before[source]["metrics"][name], (source, name)
    assert "latent_frechet" not in after["generated"]["metrics"]  # needs the model
    assert "onset F1, 50 ms ↑" in capsys.readouterr().out


def test_a_seed_fixes_everything(monkeypatch, tiny_checkpoint, songs, tmp_path):
    common = ["--checkpoint", tiny_checkpoint, "--songs", songs, *FAST, "--limit", 2]
    for out, seed in (("a", 5), ("b", 5), ("c", 6)):
        run(monkeypatch, *common, "--seed", seed, "--out", tmp_path / out)
    a, b, c = (json.loads((tmp_path / out / "report.json").read_text())["sources"] for out in "abc")
    assert a == b != c
    chart = "charts/first/hard.osu"
    notes = [read_osu(tmp_path / out / chart).notes for out in "abc"]
    assert notes[0] == notes[1] != notes[2]


def test_without_a_model_the_baselines_alone(monkeypatch, capsys, songs):
    run(monkeypatch, "--songs", songs / "first", songs / "second", "--max_charts_per_song", 1)
    printed = capsys.readouterr().out
    assert "generated" not in printed.splitlines()[0]
    assert "another human" in printed.splitlines()[0]
    assert "2 / 2" in printed
    assert printed.endswith("2 charts\n")


def test_a_dataset_and_its_split(monkeypatch, run_mug, tiny_checkpoint, songs, tmp_path):
    data = tmp_path / "data"
    assert run_mug("gather", "-s", songs, "-o", data).returncode == 0
    assert run_mug("features", "-b", data / "beatmap.txt").returncode == 0
    common = ["--checkpoint", tiny_checkpoint, "--beatmap_txt", data / "beatmap.txt", *FAST]
    run(monkeypatch, *common, "--split", "all", "--limit", 1, "--out", tmp_path / "all")
    assert json.loads((tmp_path / "all" / "report.json").read_text())["sources"]["generated"]["charts"] == 1
    run(monkeypatch, *common, "--test_fraction", 1, "--valid_fraction", 0, "--out", tmp_path / "test")
    assert json.loads((tmp_path / "test" / "report.json").read_text())["sources"]["generated"]["charts"] == 4
    with pytest.raises(DatasetError, match="no usable chart in the split test"):
        run(monkeypatch, *common, "--test_fraction", 0)
    folder = tmp_path / "model"
    export_run(tiny_checkpoint, folder)
    common[1] = folder
    with pytest.raises(ConfigError, match="does not say how its training split the songs"):
        run(monkeypatch, *common, "--valid_fraction", 0)
    run(monkeypatch, *common, "--valid_fraction", 0, "--test_fraction", 1, "--limit", 1)


def test_what_is_wrong_is_said_and_the_rest_goes_on(monkeypatch, capsys, tiny_checkpoint, songs, tmp_path):
    put_song(tmp_path / "good", 3)
    put_song(tmp_path / "deaf", 4)
    (tmp_path / "deaf" / "song.wav").write_bytes(b"this is no music")
    (tmp_path / "good" / "broken.osu").write_text("nothing")
    run(monkeypatch, "--checkpoint", tiny_checkpoint, "--songs", tmp_path, *FAST)
    printed = capsys.readouterr().out
    assert "deaf/hard.osu: " in printed
    assert "good/broken.osu" in printed
    assert "3 skipped: 1 unusable, 2 undecodable audio" in printed
    (counts,) = (line for line in printed.splitlines() if line.startswith("charts / songs"))
    assert counts.split()[3:] == ["2", "/", "1"] * 4  # the baselines' too


def test_songs_of_the_same_name_and_what_was_there_before(monkeypatch, capsys, tiny_checkpoint, tmp_path):
    for pack, seed in (("one", 1), ("two", 2)):
        put_song(tmp_path / "songs" / pack / "song", seed)
    old = tmp_path / "out" / "charts" / "old" / "hard.osu"
    old.parent.mkdir(parents=True)
    old.write_bytes((tmp_path / "songs" / "one" / "song" / "hard.osu").read_bytes())
    packs = [tmp_path / "songs" / pack for pack in ("one", "two")]
    run(monkeypatch, "--checkpoint", tiny_checkpoint, "--songs", *packs, *FAST, "--out", tmp_path / "out")
    assert f"{old}: already existed" in capsys.readouterr().out
    charts = tmp_path / "out" / "charts"
    kept = sorted(path.relative_to(charts).as_posix() for path in charts.rglob("*.osu"))
    assert kept == [
        "old/hard.osu",
        *(f"{pack}/song/{name}.osu" for pack in ("one", "two") for name in ("easy", "hard")),
    ]
    run(monkeypatch, "--generated", charts, "--reference", tmp_path / "songs", "--out", tmp_path / "again")
    before, after = (json.loads((tmp_path / out / "report.json").read_text())["sources"] for out in ("out", "again"))
    assert after["generated"]["metrics"]["onset_f1_50ms"] == before["generated"]["metrics"]["onset_f1_50ms"]


def test_a_chart_without_notes_counts_as_wrong(monkeypatch, capsys, songs, tmp_path):
    from tiny_model import save_tiny_checkpoint

    silent = save_tiny_checkpoint(tmp_path / "silent.ckpt", start_bias=-1e3)
    out = tmp_path / "out"
    run(monkeypatch, "--checkpoint", silent, "--songs", songs, *FAST, "--limit", 2, "--out", out)
    assert "2 without notes, counted as wrong" in capsys.readouterr().out
    metrics = json.loads((out / "report.json").read_text())["sources"]["generated"]["metrics"]
    assert metrics["onset_f1_50ms"] == {"value": 0.0, "low": 0.0, "high": 0.0, "charts": 2}
    assert metrics["chords_js"]["value"] is None
    assert "latent_frechet" not in metrics


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "give one of --beatmap_txt, --songs"),
        (["--songs", "a", "--generated", "b", "--reference", "c"], "give one of"),
        (["--generated", "a"], "belong together"),
        (["--songs", "a", "--reference", "c"], "belong together"),
        (["--songs", "a", "--test_fraction", "0.1"], "--test_fraction says how --beatmap_txt is split"),
        (["--songs", "a", "--flags"], "give --checkpoint"),
        (["--generated", "a", "--reference", "b", "--limit", "3"], "--limit says which charts are sampled"),
        (["--generated", "a", "--reference", "b", "--max_charts_per_song", "1"], "are all measured"),
        (["--beatmap_txt", "a"], "needs --checkpoint"),
        (["--songs", "a", "--seed", "-1"], "--seed -1"),
    ],
)
def test_what_is_unclear_is_asked_back(monkeypatch, arguments, message):
    with pytest.raises(ConfigError, match=message):
        run(monkeypatch, *arguments)


def test_mistakes_name_the_file(monkeypatch, songs, tiny_checkpoint):
    with pytest.raises(DatasetError, match="nowhere: no such folder of songs"):
        run(monkeypatch, "--songs", "nowhere")
    with pytest.raises(PromptError, match="--prompt loudness: the model knows sr, "):
        run(monkeypatch, "--songs", songs, "--checkpoint", tiny_checkpoint, "--prompt", "loudness")


def test_music_that_cannot_be_decoded_is_no_silent_model(tiny_generator, tmp_path):
    (tmp_path / "song.wav").write_bytes(b"this is no music")
    with pytest.raises(AudioError):
        Sampling().chart(tiny_generator, tmp_path / "song.wav", {}, 0)


def test_charts_are_sampled_as_asked_for():
    asked = {}

    class Listening:
        def generate(self, audio, prompt, **settings):
            asked.update(settings, audio=audio, prompt=prompt)
            return [chart]

    chart = Beatmap(4, [Note(0, 0)], [])
    settings = SamplingSettings(steps=7, guidance=3.5, sampler="plms", ensemble=5, attempts=2)
    assert Sampling(settings, seed=20).chart(Listening(), Path("song.mp3"), {"sr": 2.0}, number=3) is chart
    assert isinstance(asked.pop("progress"), Progress)
    assert asked == {"audio": Path("song.mp3"), "prompt": {"sr": 2.0}, "seed": 23, "settings": settings}


def test_a_mistake_ends_in_one_line_and_help_teaches(run_mug):
    done = run_mug("evaluate", "--songs", "nowhere")
    assert (done.returncode, done.stderr) == (2, "error: nowhere: no such folder of songs\n")
    shown = run_mug("evaluate", "--help").stdout
    for words in ("--checkpoint models/mug-mini --songs ~/osu/Songs", "docs/metrics.md", "closest star rating"):
        assert words in shown


def test_encode_gives_frames_from_the_first_note_to_the_last(tiny_generator):
    frame_ms = tiny_generator.audio_settings.note_frame_ms * 2  # two note frames make a latent one
    late = Beatmap(4, [Note(10 * frame_ms + 1, 0), Note(19 * frame_ms + 1, 1, 20 * frame_ms + 1)], [])
    z = tiny_generator.encode(late)
    assert z.shape == (3, 11)
    assert z.dtype == np.float32
    assert (z == tiny_generator.encode(late)).all()
    other = Beatmap(4, [*late.notes, Note(15 * frame_ms, 2)], [])
    assert not np.array_equal(z, tiny_generator.encode(other))


@pytest.mark.parametrize("notes", [[], [Note(-500, 0)], [Note(0, 0), Note(361 * 60_000, 0)]])
def test_what_cannot_be_encoded_is_refused(tiny_generator, notes):
    with pytest.raises(ChartError, match="cannot be encoded"):
        tiny_generator.encode(Beatmap(4, notes, []))
    with pytest.raises(ChartError, match="4K model"):
        tiny_generator.encode(Beatmap(7, [Note(0, 0)], []))


def test_without_matplotlib_all_but_the_plots(monkeypatch, capsys, songs, tmp_path):
    for name in [name for name in sys.modules if name.split(".")[0] == "matplotlib"]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    for name in ("mug.pictures.statistics", "mug.metrics.plots"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    run(monkeypatch, "--songs", songs, "--limit", 1, "--out", tmp_path)
    assert "no plots: pictures of statistics need matplotlib" in capsys.readouterr().out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report.json", "report.md"]
