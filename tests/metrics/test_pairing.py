import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from mug.charts.beatmap import Beatmap
from mug.charts.osu import write_osu
from mug.errors import DatasetError
from mug.features import Feature, FeatureSpec
from mug.metrics.pairing import pairs_in, prompt_of
from mug.metrics.references import Reference, chosen, references_in, references_of, spread
from mug.ratings.stars import star_rating
from mug.report import Report
from tests.metrics.hand_charts import chart_of, rows

EASY = rows(*["x...", ".x..", "..x.", "...x"] * 10, step_ms=500)
HARD = rows(*["x...", ".x..", "..x.", "...x"] * 40, step_ms=100)
SPEC = FeatureSpec([Feature("ln", "bool", values=(False, True))])


def put(path: Path, chart: Beatmap, audio: str = "audio.ogg", **metadata: str) -> Path:
    write_osu(Beatmap(chart.keys, chart.notes, chart.timing_points, audio_filename=audio, metadata=metadata), path)
    return path


@pytest.fixture
def references(tmp_path) -> list[Reference]:
    for song, audio in (("one", "song.mp3"), ("two", "audio.ogg"), ("three", "audio.ogg")):
        put(tmp_path / "human" / song / "easy.osu", EASY, audio)
        put(tmp_path / "human" / song / "hard.osu", HARD, audio)
    return references_in([tmp_path / "human"], needs_audio=False)[0]


def paired(folder: Path, references: list[Reference]) -> dict[str, str]:
    pairs, _ = pairs_in(folder, references)
    return {chart.metadata["Tags"]: f"{r.path.parent.name}/{r.path.stem}" for r, chart in pairs}


def test_by_folder_and_name_before_anything_else(tmp_path, references):
    put(tmp_path / "made" / "two" / "hard.osu", EASY, "other.ogg", Tags="a")
    put(tmp_path / "made" / "deep" / "three" / "easy.osu", HARD, "song.ogg", Tags="b")
    assert paired(tmp_path / "made", references) == {"a": "two/hard", "b": "three/easy"}


def test_by_audio_and_the_closest_star_rating(tmp_path, references):
    put(tmp_path / "made" / "a.osu", EASY, "SONG.ogg", Tags="a")
    put(tmp_path / "made" / "b.osu", HARD, "song.mp3", Tags="b")
    hard = next(r.stars for r in references if r.path.stem == "hard")
    put(tmp_path / "made" / "c.osu", EASY, "song.mp3", Tags="c", AIPrompt=json.dumps({"sr": hard}))  # asked for more
    assert paired(tmp_path / "made", references) == {"a": "one/easy", "b": "one/hard", "c": "one/hard"}


def test_an_audio_name_of_several_songs_needs_the_folder(tmp_path, references):
    put(tmp_path / "made" / "three" / "new.osu", HARD, Tags="a")
    put(tmp_path / "made" / "elsewhere" / "new.osu", HARD, Tags="b")
    put(tmp_path / "made" / "elsewhere" / "seven.osu", Beatmap(7, HARD.notes, HARD.timing_points), "song.mp3", Tags="c")
    put(tmp_path / "made" / "elsewhere" / "strange.osu", HARD, "unheard.mp3", Tags="d")
    (tmp_path / "made" / "broken.osu").write_text("no chart")
    pairs, report = pairs_in(tmp_path / "made", references)
    assert [f"{r.path.parent.name}/{r.path.stem}" for r, _ in pairs] == ["three/hard"]
    assert sorted(kind for kind, _ in report.skipped) == [
        *["ambiguous", "other key count", "unusable", "without reference"]
    ]
    assert all("made" in message for _, message in report.skipped)


def test_nothing_to_pair(tmp_path, references):
    with pytest.raises(DatasetError, match="no such folder"):
        pairs_in(tmp_path / "nowhere", references)
    put(tmp_path / "made" / "x.osu", HARD, "unheard.mp3")
    with pytest.raises(DatasetError, match=r"(?s)closest stars.*unheard\.mp3"):
        pairs_in(tmp_path / "made", references)


@pytest.mark.parametrize("text", ["", "{", "[1]", "7", "[" * 9000, '{"sr": 1}' + " " * 20_000])
def test_what_is_no_prompt_is_none(text):
    assert prompt_of(Beatmap(4, [], [], metadata={"AIPrompt": text})) == {}


def test_a_prompt_has_plain_values():
    chart = Beatmap(
        4, [], [], metadata={"AIPrompt": '{"sr": 3.5, "ln": true, "stream": null, "x": [1], "y": NaN, "z": 1e999}'}
    )
    assert prompt_of(chart) == {"sr": 3.5, "ln": True}
    for stars in ('"five"', "true", "NaN", "1" + "0" * 400):
        assert prompt_of(Beatmap(4, [], [], metadata={"AIPrompt": f'{{"sr": {stars}, "ett": 20}}'})) == {"ett": 20}


def test_references_that_cannot_be_used_are_named(tmp_path):
    put(tmp_path / "a" / "good.osu", HARD)
    (tmp_path / "a" / "audio.ogg").write_bytes(b"no audio, but there")
    put(tmp_path / "b" / "silent.osu", HARD)
    put(tmp_path / "a" / "seven.osu", Beatmap(7, HARD.notes, HARD.timing_points))
    put(tmp_path / "a" / "one_chord.osu", rows("xx.."))
    (tmp_path / "a" / "broken.osu").write_text("osu file format v14\n")
    found, report = references_in([tmp_path], keys=4)
    assert [reference.path.name for reference in found] == ["good.osu"]
    assert found[0].stars > 1
    assert found[0].features["ln_ratio"] == 0
    skipped = dict(report.skipped)
    assert set(skipped) == {"without audio", "other key count", "too short", "unusable"}
    assert "silent.osu" in skipped["without audio"]
    assert "7K, but this evaluation is of 4K" in skipped["other key count"]
    assert [r.path.name for r in references_in([tmp_path / "b"], needs_audio=False)[0]] == ["silent.osu"]


def test_what_a_program_wrote_is_no_reference(tmp_path):
    put(tmp_path / "a" / "human.osu", HARD)
    put(tmp_path / "a" / "made.osu", HARD, AIMode="MuG")
    found, report = references_in([tmp_path], needs_audio=False)
    assert [reference.path.name for reference in found] == ["human.osu"]
    assert report.skipped == [
        ("by a program", f"{tmp_path / 'a' / 'made.osu'}: not by a human, according to its AIMode")
    ]


def test_charts_of_a_set_that_are_gone_or_have_no_stars(tmp_path, monkeypatch):
    paths = [put(tmp_path / "a" / f"{name}.osu", HARD) for name in ("rated", "unrated", "gone")]
    (tmp_path / "a" / "audio.ogg").write_bytes(b"no audio, but there")
    paths[2].unlink()  # since the list was read
    prompts = [{"sr": 9.0, "ln": 0}, {"ln": 0}, {"sr": 9.0}]
    entries = [SimpleNamespace(path=path, prompt=prompt) for path, prompt in zip(paths, prompts, strict=True)]
    monkeypatch.setattr("mug.metrics.references.load_entries", lambda *_: (entries, Report()))
    found, report = references_of(tmp_path / "beatmap.txt", SPEC, 4, ["test"], (0.0, 1.0, ""))
    assert [reference.stars for reference in found] == [9.0, pytest.approx(star_rating(HARD))]
    ((kind, message),) = report.skipped
    assert kind == "unusable"
    assert "gone.osu" in message


def test_charts_in_the_folder_itself(tmp_path, monkeypatch):
    put(tmp_path / "song" / "hard.osu", HARD)
    monkeypatch.chdir(tmp_path / "song")
    assert [r.path for r in references_in([Path(".")], needs_audio=False)[0]] == [tmp_path / "song" / "hard.osu"]


def test_folders_of_the_same_name_are_told_apart_by_those_above(tmp_path):
    for pack in ("one", "two"):
        put(tmp_path / "human" / pack / "song" / "hard.osu", HARD)
        put(tmp_path / "made" / pack / "song" / "hard.osu", HARD)
    references, _ = references_in([tmp_path / "human"], needs_audio=False)
    pairs, _ = pairs_in(tmp_path / "made", references)
    assert [reference.path.parts[-3] for reference, _ in pairs] == ["one", "two"]


def test_folders_without_a_chart(tmp_path):
    with pytest.raises(DatasetError, match=r"nowhere: no such folder"):
        references_in([tmp_path, tmp_path / "nowhere"])
    with pytest.raises(DatasetError, match="give a folder with"):
        references_in([tmp_path])


def reference(song: str, stars: float) -> Reference:
    return Reference(Path(f"{song}/{stars}.osu"), song, chart_of(), None, {"sr": stars})


def test_charts_are_spread_over_difficulties():
    charts = [reference("a", stars) for stars in (1.0, 2.0, 3.0, 4.0, 5.0)]
    assert [r.stars for r in spread(charts, 1)] == [3.0]
    assert [r.stars for r in spread(charts, 2)] == [1.0, 5.0]
    assert [r.stars for r in spread(charts, 3)] == [1.0, 3.0, 5.0]
    assert spread(charts, None) == spread(charts, 9) == charts


def test_songs_lose_their_charts_in_turn():
    charts = [reference(song, stars) for song, n in (("b", 3), ("a", 1), ("c", 2)) for stars in (3.0, 1.0, 2.0)[:n]]
    assert [(r.song, r.stars) for r in chosen(charts, None, None)] == [
        *[("a", 3.0), ("b", 1.0), ("b", 2.0), ("b", 3.0), ("c", 1.0), ("c", 3.0)]
    ]
    assert [(r.song, r.stars) for r in chosen(charts, None, 4)] == [("a", 3.0), ("b", 1.0), ("b", 3.0), ("c", 3.0)]
    assert [r.song for r in chosen(charts, 2, 2)] == ["a", "b"]
