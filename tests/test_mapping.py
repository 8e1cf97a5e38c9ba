import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image

from mug.charts.beatmap import Beatmap, Note, TimingPoint
from mug.charts.chart_files import read_charts
from mug.charts.osu import read_osu, write_osu
from mug.charts.osz import extract_osz
from mug.commands import chart as mapping
from mug.config import PROJECT_ROOT
from mug.errors import AudioError, ConfigError, PromptError
from mug.features import FeatureSpec
from mug.generation import prompt_files
from mug.generation.prompt_distance import Measured

FAST = ["--steps", 2, "--ensemble", 2]


@pytest.fixture(scope="module")
def song(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("song") / "Somebody - Noise.wav"
    soundfile.write(path, np.random.default_rng(0).normal(0, 0.2, 2 * 22050), 22050)
    return path


def run(monkeypatch, *arguments: object) -> None:
    monkeypatch.setattr(sys, "argv", ["mapping.py", *map(str, arguments)])
    mapping.main()


def test_a_package_and_a_picture_of_each_chart(monkeypatch, capsys, tiny_checkpoint, song, tmp_path):
    out = tmp_path / "out"
    prompts = tmp_path / "prompts"
    prompts.mkdir()
    (prompts / "a_little.yaml").write_text("sr: 2\nln: true\n")
    (prompts / "a_lot.yaml").write_text("sr: 6\n")
    timing = ["--bpm", 160, "--offset", 40]
    run(
        monkeypatch,
        *["--checkpoint", tiny_checkpoint, "--audio", song, "--outdir", out, "--prompt_dir", prompts, "--prompt"],
        *["rank_status=loved", "--count", 2, "--steps", 2, "--ensemble", 2, "--audio_title", 'No/"ise', *timing],
    )
    package = out / "Somebody - Noise.osz"
    assert sorted(path.suffix for path in out.iterdir()) == [".osz", ".png", ".png", ".png", ".png", ".yaml"]
    charts = [read_osu(path) for path in extract_osz(package, tmp_path / "unpacked")]
    versions = [re.sub(r" [0-9.]+\*", "", chart.version) for chart in charts]
    assert sorted(versions) == ["AI v1 a little", "AI v1 a lot", "AI v2 a little", "AI v2 a lot"]
    assert {chart.audio_filename for chart in charts} == {"Somebody - Noise.ogg"}  # osu! ranks no wav
    assert {chart.title for chart in charts} == {'No/"ise'}
    assert {chart.metadata["AIPrompt"] for chart in charts} == {
        '{"sr": 2, "ln": true, "rank_status": "loved"}',
        '{"sr": 6, "rank_status": "loved"}',
    }
    assert {point.bpm for chart in charts for point in chart.timing_points} == {160.0}
    (picture,) = out.glob("Somebody - Noise (MuG) [[]AI v2 * a lot].png")
    with Image.open(picture) as image:
        assert image.width >= 640
    output = capsys.readouterr()
    assert "Somebody - Noise.wav is wav, which osu! does not play; the package holds it as" in output.err
    assert "warning: AI v" in output.err  # six stars, from a model that was never trained
    printed = output.out.splitlines()
    assert printed[0] == str(package)
    assert len([line for line in printed if not line.startswith("    lint: ")]) == 5
    assert [line for line in printed if line.startswith("    lint: ") and "1 short-drain" in line]
    assert {chart.background for chart in charts} == {"background.png"}
    assert all(chart.preview_ms >= 0 for chart in charts)
    assert "stars (requested 2.00)" in printed[1]
    assert "160 BPM" in printed[1]


def test_a_package_of_another_game_with_a_background(monkeypatch, tiny_checkpoint, song, tmp_path):
    common = ["--checkpoint", tiny_checkpoint, "--audio", song, "--outdir", tmp_path / "out", *FAST]
    with pytest.raises(ConfigError, match=r"none\.png: no such picture; leave --background out"):
        run(monkeypatch, *common, "--background", tmp_path / "none.png")
    Image.new("RGB", (4, 3)).save(tmp_path / "mine.png")
    run(monkeypatch, *common, "--background", tmp_path / "mine.png", "--format", "mcz")
    (package,) = (tmp_path / "out").glob("*.mcz")
    extract_osz(package, tmp_path / "unpacked")
    (chart,) = read_charts(next((tmp_path / "unpacked").glob("*.mc")))
    assert (chart.background, (tmp_path / "unpacked" / "mine.png").is_file()) == ("mine.png", True)


def test_a_chart_too_dense_to_be_rated_is_written_all_the_same(monkeypatch, capsys, tiny_checkpoint, song, tmp_path):
    unrated = Measured(float("inf"), None)
    monkeypatch.setattr("mug.generation.choice.measure", lambda chart, prompt: unrated)
    run(monkeypatch, "--checkpoint", tiny_checkpoint, "--audio", song, "--outdir", tmp_path, *FAST)
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".osz", ".png", ".yaml"]
    assert "AI v1: too dense to be rated, " in capsys.readouterr().out


def test_an_impossible_sampling_is_refused(monkeypatch, tiny_checkpoint, song, tmp_path):
    common = ["--checkpoint", tiny_checkpoint, "--audio", song, "--outdir", tmp_path, "--steps", 2, "--ensemble", 2]
    avoiding = ["--guidance", 2, "--prompt", "ln=true", "--negative_prompt"]
    with pytest.raises(PromptError, match="ln=True is in the prompt and in the negative prompt"):
        run(monkeypatch, *common, *avoiding, "ln=true")
    with pytest.raises(PromptError, match="unknown feature 'long'"):
        run(monkeypatch, *common, *avoiding, "long=true")


def test_a_batch_goes_on_after_a_bad_song_and_where_it_stopped(monkeypatch, capsys, tiny_checkpoint, song, tmp_path):
    songs, out = tmp_path / "songs", tmp_path / "out"
    (songs / "album").mkdir(parents=True)
    for name in ("b.wav", "album/c.wav"):
        shutil.copy(song, songs / name)
    (songs / "a.mp3").write_bytes(b"no music")
    (songs / "cover.png").touch()
    common = ["--checkpoint", tiny_checkpoint, "--audio", songs, song, "--outdir", out, *FAST]

    def packages() -> list[str]:
        return sorted(path.name for path in out.glob("*.osz"))

    with pytest.raises(SystemExit) as ended:
        run(monkeypatch, *common)
    assert ended.value.code == 1
    printed = capsys.readouterr()
    assert printed.out.splitlines()[-1] == "3 songs charted, 0 there already, 1 failed"
    assert printed.err.count(f"{songs / 'a.mp3'}: ") == 2  # when it happened, and at the end
    assert "charting 4 songs: 100%" in printed.err
    assert len(packages()) == 3
    (out / packages()[0]).unlink()
    with pytest.raises(SystemExit):
        run(monkeypatch, *common)
    assert capsys.readouterr().out.splitlines()[-1] == "1 songs charted, 2 there already, 1 failed"
    (songs / "a.mp3").unlink()
    run(monkeypatch, *common)
    assert capsys.readouterr().out.splitlines()[-1] == "0 songs charted, 3 there already, 0 failed"
    run(monkeypatch, *common, "--seed", 1)  # other charts
    assert len(packages()) == 6


def test_songs_of_one_name_do_not_replace_each_other(monkeypatch, tiny_checkpoint, song, tmp_path):
    for _ in range(2):
        run(monkeypatch, "--checkpoint", tiny_checkpoint, "--audio", song, "--outdir", tmp_path, *FAST)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "Somebody - Noise (2).osz",
        "Somebody - Noise (2).recipe.yaml",
        "Somebody - Noise (MuG) [AI v1] (2).png",
        "Somebody - Noise (MuG) [AI v1].png",
        "Somebody - Noise.osz",
        "Somebody - Noise.recipe.yaml",
    ]


def test_what_cannot_be_is_said_before_a_model_is_loaded(monkeypatch, song, tmp_path):
    file = tmp_path / "file"
    file.touch()
    common = ["--checkpoint", tmp_path / "none.ckpt", "--audio"]
    for outdir in (file, file / "deeper"):
        with pytest.raises(ConfigError, match="is a file; name a folder as --outdir"):
            run(monkeypatch, *common, song, "--outdir", outdir)
    with pytest.raises(AudioError, match=r"none\.mp3: no such audio file"):
        run(monkeypatch, *common, tmp_path / "none.mp3")
    with pytest.raises(ConfigError, match="file: not a PNG or JPEG picture; leave --background out"):
        run(monkeypatch, *common, song, "--background", file)
    with pytest.raises(AudioError, match=f"{tmp_path}: no songs in this folder; known are .mp3"):
        run(monkeypatch, *common, tmp_path)
    for one in (["--bpm", 150], ["--timing_of", "a.osu"], ["--audio_title", "x"]):
        with pytest.raises(ConfigError, match=f"{one[0]} belongs to one song, but --audio names 2: leave it out"):
            run(monkeypatch, *common, song, tmp_path / "b.mp3", *one)
    with pytest.raises(PromptError, match="a spread of 2, 3, 2 stars: give each number once"):
        run(monkeypatch, *common, song, "--spread", 2, 3, 2)
    with pytest.raises(PromptError, match="leave out --prompt_dir and --count"):
        run(monkeypatch, *common, song, "--spread", 2, 3, "--count", 2)


@pytest.mark.parametrize(
    ("prompt", "reason"),
    [("sr=-3", "from 1 to 8"), ("ln_ratio=50", "from 0 to 1"), ("start=1", "unknown feature 'start'")],
)
def test_a_prompt_out_of_range_is_refused(monkeypatch, tiny_checkpoint, song, tmp_path, prompt, reason):
    with pytest.raises(PromptError, match=reason):
        run(monkeypatch, *["--checkpoint", tiny_checkpoint, "--audio", song, "--outdir", tmp_path, "--prompt", prompt])


def test_mistakes_are_said_before_a_model_is_loaded(monkeypatch, tiny_checkpoint, song):
    monkeypatch.setattr("mug.generation.generator.load_trained_model", lambda *_: pytest.fail("the model was loaded"))
    common = ["--checkpoint", tiny_checkpoint, "--audio", song, *FAST]
    for words, message in (
        (["--keys", 7], "this model writes 4K charts; 7K needs a model trained on 7K charts"),
        (["--sampler", "euler"], "sampler 'euler': known are ddim"),
        (["--prompt", "stars=3"], "unknown feature 'stars'"),
        (["--negative_prompt", "ln=true"], "has no effect without guidance"),
        (["--count", 99], "99 charts: ask for 1 to 64"),
    ):
        with pytest.raises(PromptError, match=message):
            run(monkeypatch, *common, *words)


def test_a_key_count_without_a_shipped_model(monkeypatch, song):
    with pytest.raises(ConfigError, match=r"write 4K and 7K; for 10K, give a model of your own"):
        run(monkeypatch, "--audio", song, "--keys", 10)


def test_a_contradiction_is_one_line(monkeypatch, capsys, tiny_checkpoint, song, tmp_path):
    run(monkeypatch, "--checkpoint", tiny_checkpoint, "--audio", song, "--outdir", tmp_path, *FAST, "--attempts", 1,
        "--prompt", "ln_ratio=0", "ln=true")  # fmt: skip
    assert (
        "warning: the prompt asks for 0% long notes and a long-note chart (40 % long notes or more): no chart is that "
        "at once\n"
    ) in capsys.readouterr().err


def test_prompts_from_files_and_words(tmp_path):
    file = tmp_path / "p.yaml"
    file.write_text("sr: 3.5\nrc: true\n")
    assert prompt_files.read_prompts([str(file), "sr=4.5", "rank_status=ranked", "ln="], None) == {
        "": {"sr": 4.5, "rc": True, "rank_status": "ranked", "ln": None}
    }


@pytest.mark.parametrize("text", ["stars", "sr=[", "nowhere.yaml"])
def test_a_wrong_prompt_is_named(text):
    with pytest.raises(PromptError, match=re.escape(text)):
        prompt_files.read_prompts([text], None)


def test_a_mistake_ends_in_one_line(run_mug, song):
    done = run_mug("chart", "--checkpoint", "none.ckpt", "--audio", song)
    assert (done.returncode, done.stderr) == (2, "error: none.ckpt: no such checkpoint\n")


def test_an_empty_prompt_folder_is_named(tmp_path):
    with pytest.raises(PromptError, match=str(tmp_path)):
        prompt_files.read_prompts([], tmp_path)
    (tmp_path / "list.yaml").write_text("- sr\n")
    with pytest.raises(PromptError, match=r"list\.yaml"):
        prompt_files.read_prompts([], tmp_path)


def test_help_teaches(monkeypatch, capsys):
    with pytest.raises(SystemExit):
        run(monkeypatch, "--help")
    printed = capsys.readouterr().out
    assert "--prompt sr=4.2 ln=true" in printed
    assert "guidance" in printed


@pytest.mark.skipif(sys.platform != "linux", reason="GNU's OpenMP")
@pytest.mark.parametrize(
    ("command", "given", "used"),
    [
        (["scripts/mapping.py", "--audio", "README.md"], None, "1000"),
        (["scripts/mapping.py", "--audio", "README.md"], "5000", "5000"),
        (["webui.py"], None, "1000"),
    ],
)
def test_threads_stop_spinning_soon_beside_other_programs(command, given, used):
    environment = {name: value for name, value in os.environ.items() if name != "GOMP_SPINCOUNT"}
    environment |= {"OMP_DISPLAY_ENV": "VERBOSE"} | ({} if given is None else {"GOMP_SPINCOUNT": given})
    command = [sys.executable, *command, "--checkpoint", "none"]  # torch is there when this is found out
    done = subprocess.run(command, capture_output=True, text=True, cwd=PROJECT_ROOT, check=False, env=environment)
    assert "error: none: no such checkpoint\n" in done.stderr
    assert f"GOMP_SPINCOUNT = '{used}'" in done.stderr  # as OpenMP understood it


def test_every_example_prompt_is_understood():
    spec = FeatureSpec.from_yaml("configs/mug/mania_beatmap_features.yaml")
    prompts = prompt_files.read_prompts([], Path("configs/mapping_config"))
    assert len(prompts) >= 4
    for prompt in prompts.values():
        assert (spec.encode(prompt) != spec.unconditional).any()


def test_timing_comes_from_another_chart(tmp_path):
    chart = tmp_path / "other.osu"
    head = "osu file format v14\n\n[General]\nMode: 3\n\n[Difficulty]\nCircleSize:4\n\n[TimingPoints]\n"
    chart.write_text(head + "5,400,4,1,0,50,1,0\n2000,300,3,1,0,50,1,0\n\n[HitObjects]\n64,192,5,1,0,0:0:0:0:\n")
    assert [(point.time_ms, point.beat_ms, point.meter) for point in mapping.read_timing(chart)] == [
        *[(5.0, 400.0, 4), (2000.0, 300.0, 3)]
    ]
    assert mapping.read_timing(None) is None


@pytest.mark.parametrize(
    ("option", "value", "reason"),
    [
        *(("--bpm", value, f"BPM {value}: give a number from 1 to 10000") for value in ("0", "nan", "-120", "10001")),
        *(("--offset", value, f"offset {value} ms: give the time of a measure") for value in ("inf", "nan", "1e+09")),
    ],
)
def test_impossible_tempo_is_refused_with_the_range(monkeypatch, song, option, value, reason):
    with pytest.raises(PromptError, match=re.escape(reason)):
        run(monkeypatch, "--checkpoint", "none", "--audio", song, option, value)


def test_a_fitted_tempo_is_said_to_be_one(monkeypatch, capsys, tiny_checkpoint, song, tmp_path):
    run(monkeypatch, "--checkpoint", tiny_checkpoint, "--audio", song, "--outdir", tmp_path, *FAST)
    assert "is fitted to the notes" in capsys.readouterr().err


def test_timing_of_a_chart_is_written_and_another_song_warned_of(monkeypatch, capsys, tiny_checkpoint, song, tmp_path):
    points = [TimingPoint(5.5, 400.0), TimingPoint(805.5, 300.0, 3), TimingPoint(1000.0, 500.0, 5)]
    write_osu(Beatmap(4, [Note(0, 0), Note(9000, 1)], points), tmp_path / "other.osu")
    arguments = ["--audio", song, "--timing_of", tmp_path / "other.osu", "--outdir", tmp_path, *FAST]
    run(monkeypatch, "--checkpoint", tiny_checkpoint, *arguments)
    printed, said = capsys.readouterr()
    assert "120 to 200 BPM -> " in printed
    assert "warning: other.osu goes on to 9 s, and the audio ends at 2 s; is it a chart of Somebody" in said
    assert "is fitted to the notes" not in said
    (chart,) = extract_osz(tmp_path / "Somebody - Noise.osz", tmp_path / "unpacked")
    assert read_osu(chart).timing_points == points


def test_a_spread_is_one_package(monkeypatch, capsys, tiny_checkpoint, song, tmp_path):
    common = ["--checkpoint", tiny_checkpoint, "--audio", song, "--outdir", tmp_path / "out", *FAST, "--attempts", 1]
    run(monkeypatch, *common, "--spread", 2, 5)
    charts = [read_osu(path) for path in extract_osz(tmp_path / "out" / "Somebody - Noise.osz", tmp_path / "unpacked")]
    assert len({chart.version for chart in charts}) == 2
    assert {chart.metadata["AIPrompt"] for chart in charts} == {'{"sr": 2.0}', '{"sr": 5.0}'}
    printed = capsys.readouterr().out.splitlines()
    assert "% of its moments in the next harder chart -> " in printed[1]
    assert "moments" not in printed[2]
    for words in (["--prompt", "sr=3"], ["--count", 2], ["--prompt_dir", tmp_path]):
        with pytest.raises(PromptError, match=r"spread (gives each chart's stars|says which charts)"):
            run(monkeypatch, *common, "--spread", 2, 5, *words)
