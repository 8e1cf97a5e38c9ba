import json
import math
import re
import threading
from dataclasses import replace
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
import pytest
import rosu_pp_py
import soundfile
import torch
from tiny_model import save_tiny_checkpoint, save_tiny_placement, tiny_run_config

from mug.charts.beatmap import Beatmap, TimingPoint
from mug.charts.chart_files import write_chart
from mug.charts.osu import parse_osu, read_osu
from mug.charts.osz import extract_osz, pack_song
from mug.data.audio import load_audio
from mug.diffusion.samplers import SAMPLERS, SamplerInfo
from mug.errors import AudioError, ChartError, CheckpointError, ConfigError, PromptError
from mug.features import Feature, FeatureSpec
from mug.generation import ChartGenerator, SamplingSettings, Song
from mug.generation.prompt_distance import measure
from mug.generation.request import GeneratedChart
from mug.placement.chances import Chances
from mug.placement.density import Density, DensityPrior
from mug.progress import Progress
from mug.ratings.stars import star_rating_or_none
from mug.training.export import export_run

STEPS = 3
PLAIN = SamplingSettings(steps=STEPS, guidance=2.0, ensemble=1, attempts=1)


@pytest.fixture(scope="module")
def song(tmp_path_factory) -> Path:
    """Three seconds of noise bursts, five a second."""
    rng = np.random.default_rng(0)
    samples = rng.normal(0, 0.3, 3 * 22050) * np.exp(-(np.arange(3 * 22050) % 4410) / 600)
    path = tmp_path_factory.mktemp("song") / "Some Artist - A Song.wav"
    soundfile.write(path, samples, 22050)
    return path


@pytest.fixture(scope="module")
def generator(tiny_checkpoint) -> ChartGenerator:
    return ChartGenerator.load(tiny_checkpoint)


def chart(generator, audio, prompt=None, settings=PLAIN, **arguments) -> GeneratedChart:
    (only,) = generator.generate(audio, prompt or {}, settings=settings, progress=Progress(), **arguments)
    return only


def test_a_chart_says_what_it_is(generator, song):
    written = chart(generator, song, {"sr": 4.24, "ln": True, "rank_status": None}, seed=7)
    assert (written.artist, written.title, written.creator) == ("Some Artist", "A Song", "MuG")
    assert written.version == f"AI v1 {written.star_rating:.1f}*"  # the stars that it has
    assert written.stars_warning({"sr": written.star_rating + 0.4}) == ""
    assert written.audio_filename == "Some Artist - A Song.wav"
    assert written.keys == 4
    assert written.metadata["AIMode"] == "MuG"
    assert json.loads(written.metadata["AIPrompt"]) == {"sr": 4.24, "ln": True}
    assert written.metadata["AISeed"] == "7"
    assert len(written.notes) > 10
    assert all(0 <= note.start_ms < 3006 and note.last_ms < 3006 for note in written.notes)
    assert all(note.start_ms == int(note.start_ms) for note in written.notes)
    assert 150 <= written.timing_points[0].bpm < 300
    assert len(written.timing_points) == 1
    assert written.star_rating == star_rating_or_none(written)


def test_start_time_is_0_when_charting_a_song(tiny_checkpoint, song, monkeypatch):
    generator = ChartGenerator.load(tiny_checkpoint)
    generator.spec = FeatureSpec([Feature("sr", "numeric", 1, 8, 0.2), Feature("start_time", "numeric", 0, 600, 10)])
    heard = []
    monkeypatch.setattr(
        generator.sampler, "sample", lambda spectrum, features, *_: heard.extend(features.tolist()) or [[[]]]
    )
    for prompt in ({}, {"sr": 2.0}, {"start_time": 95}):  # the last: music that was cut out of a longer song
        with pytest.raises(ChartError, match="no notes"), pytest.warns(UserWarning, match="left out"):
            generator.generate(song, prompt)
    assert heard == [[0, 37], [0, 37], [6, 37], [6, 37], [0, 46], [0, 46]]  # its first samples, then the others


def test_a_prompt_may_hold_numpy_numbers(generator, song):
    written = chart(generator, song, {"sr": np.float64(4.25), "ett": np.int64(20)})
    assert json.loads(written.metadata["AIPrompt"]) == {"sr": 4.25, "ett": 20}


def test_stars_out_of_reach_are_said(generator, song):
    written = chart(generator, song, {"sr": 8.0})
    near = f"requested 8.0 stars, got {written.star_rating:.1f}; the hardest that this model reached for this song is"
    assert f"{near} {written.nearest_stars:.1f}" in written.stars_warning({"sr": 8.0})
    assert written.nearest_stars >= written.star_rating
    assert written.stars_warning({}) == ""


def test_no_notes_where_there_is_no_sound(generator, song, tmp_path):
    samples, sr = soundfile.read(song)
    samples[sr // 2 : 2 * sr] = 0.0
    soundfile.write(tmp_path / "gap.wav", samples, sr)
    starts = [note.start_ms for note in chart(generator, tmp_path / "gap.wav").notes]
    assert starts
    assert [start for start in starts if 550 < start < 1950] == []


def test_silence_is_nothing_to_chart(generator, tmp_path):
    soundfile.write(tmp_path / "silence.wav", np.zeros(22050), 22050)
    with pytest.raises(AudioError, match=r"silence\.wav: is silent"):
        generator.generate(tmp_path / "silence.wav", {})


def test_given_names_come_first(generator, song):
    written = chart(generator, song, song=Song(title="T", artist="A"))
    assert (written.artist, written.title, written.version) == ("A", "T", "AI v1")


def test_the_same_seed_gives_the_same_chart_after_other_songs(generator, song, tmp_path):
    first = chart(generator, song, seed=3)
    longer = tmp_path / "longer.wav"  # beyond the length that the S4 layers were saved for
    soundfile.write(longer, np.random.default_rng(1).normal(0, 0.1, 9 * 22050), 22050)
    state = {name: value.clone() for name, value in generator.sampler.model.state_dict().items()}
    chart(generator, longer)
    assert all(torch.equal(value, state[name]) for name, value in generator.sampler.model.state_dict().items())
    assert chart(generator, song, seed=3) == first
    assert chart(generator, song, seed=4).notes != first.notes


@pytest.mark.parametrize("sampling", [{"eta": 0.0}, {"eta": 0.7}, {"sampler": "plms"}, {"sampler": "ddpm"}])
def test_a_chart_of_several_is_the_one_of_its_own_seed(generator, song, sampling):
    several = generator.generate(
        song, {}, count=3, seed=5, settings=replace(PLAIN, **sampling), snap=False, progress=Progress()
    )
    assert [written.version for written in several] == ["AI v1", "AI v2", "AI v3"]
    assert [written.metadata["AISeed"] for written in several] == ["5", "6", "7"]
    for index, written in enumerate(several):
        alone = chart(generator, song, seed=5 + index, settings=replace(PLAIN, **sampling), snap=False)
        assert_same_notes(alone, written)


def assert_same_notes(chart: Beatmap, other: Beatmap) -> None:
    """The same notes, within 1 ms: batches of other sizes round otherwise, and 99.5 ms may become 99 or 100."""
    assert [note.column for note in chart.notes] == [note.column for note in other.notes]
    assert [note.start_ms for note in chart.notes] == pytest.approx([note.start_ms for note in other.notes], abs=1)
    assert [note.last_ms for note in chart.notes] == pytest.approx([note.last_ms for note in other.notes], abs=1)


def test_an_ensemble_is_played_as_comes_close_to_the_prompt(generator, song, monkeypatch):
    prompt = {"sr": 3.0, "ln_ratio": 0.5}
    measured = []

    def listening(candidate, prompt):
        measured.append((measure(candidate, prompt).distance, candidate.notes))
        return measure(candidate, prompt)

    monkeypatch.setattr("mug.generation.choice.measure", listening)
    chosen = chart(generator, song, prompt, replace(PLAIN, ensemble=6), seed=3)
    assert json.loads(chosen.metadata["AIPrompt"]) == prompt
    assert len(measured) >= 6  # each sample leads, until the density of those that follow is farther off
    assert len({away for away, _ in measured}) > 1
    assert chosen.notes in [notes for _, notes in measured]
    assert measure(chosen, prompt).distance < np.median([away for away, _ in measured])


@pytest.fixture
def helped(tiny_checkpoint, tmp_path) -> ChartGenerator:
    """A generator of a folder that has a placement model and a density, too."""
    export_run(tiny_checkpoint, tmp_path / "mine")
    export_run(save_tiny_placement(tmp_path / "stage3.ckpt"), tmp_path / "mine" / "placement")
    DensityPrior.fit([({"sr": 2.0}, 1.0), ({"sr": 4.0}, 3.0)]).save(tmp_path / "mine" / "density.yaml")
    return ChartGenerator.load(tmp_path / "mine")


def test_an_ensemble_keeps_moments_scored_likely_by_placement(generator, helped, song, monkeypatch):
    places = []

    def place(spectrum, features, axis):
        places.append(features)
        times = np.arange(0.0, 3000.0, 25.0)
        return Chances(times, np.where(times < 1000, 0.9, 0.01))

    monkeypatch.setattr(helped.sampler, "place", place)
    how = {"seed": 3, "settings": replace(PLAIN, ensemble=4), "snap": False}
    likely, plain = chart(helped, song, {"sr": 2.0}, **how), chart(generator, song, {"sr": 2.0}, **how)
    assert np.mean([note.start_ms < 1000 for note in likely.notes]) > 0.8
    assert np.mean([note.start_ms < 1000 for note in plain.notes]) < 0.6
    assert [features.tolist() for features in places] == [helped.spec.encode({"sr": 2.0}).tolist()]
    assert chart(helped, song, seed=3) == chart(generator, song, seed=3)  # of a single sample nothing is left out
    assert len(places) == 1


def test_an_ensemble_is_as_dense_as_charts_with_such_a_prompt(helped, song, monkeypatch):
    asked, four = [], replace(PLAIN, ensemble=4)

    def written(rate: float) -> int:
        monkeypatch.setattr(helped.density, "of", lambda prompt: asked.append(prompt) or Density(math.log(rate), 1e-6))
        return len({note.start_ms for note in chart(helped, song, {"ln_ratio": 0.0}, four, seed=3).notes})

    assert written(16.0) > 1.5 * written(8.0)
    assert asked == [{"ln_ratio": 0.0}] * 2
    chart(helped, song, {"ln_ratio": math.inf}, four, seed=3)
    assert asked[2] == {"ln_ratio": 1.0}  # as the networks read it


def test_charts_off_the_stars_are_resampled_and_the_closest_kept(generator, song, monkeypatch):
    asked = []
    sample = generator.sampler.sample

    def listening(heard, features, seeds, draws, *rest):
        asked.append((features[:, 0].tolist(), list(seeds), list(draws)))
        return sample(heard, features, seeds, draws, *rest)

    monkeypatch.setattr(generator.sampler, "sample", listening)
    once = chart(generator, song, {"sr": 6.0}, seed=3)
    off = star_rating_or_none(once) - 6.0
    assert abs(off) > 0.2  # noise, whatever it is asked for
    thrice = chart(generator, song, {"sr": 6.0}, replace(PLAIN, attempts=3), seed=3)
    first, second, _ = (ids for ids, *_ in asked[1:])
    assert second != first
    assert (second > first) == (off < 0)  # the other way
    assert [seeds for _, seeds, _ in asked] == [[3]] * 4
    assert measure(thrice, {"sr": 6.0}).distance <= measure(once, {"sr": 6.0}).distance
    assert json.loads(thrice.metadata["AIPrompt"]) == {"sr": 6.0}
    asked.clear()
    chart(generator, song, {"sr": 6.0}, replace(PLAIN, attempts=3, ensemble=6))
    assert [draws for *_, draws in asked] == [[0, 1], [0, 1], [0, 1], [2, 3, 4, 5]]
    assert asked[3][0] in [ids for ids, *_ in asked[:3]]
    asked.clear()
    chart(generator, song, {}, replace(PLAIN, attempts=3, ensemble=6))
    assert [draws for *_, draws in asked] == [[0, 1], [2, 3, 4, 5]]
    assert asked[0][0] == asked[1][0]


def test_a_chart_of_an_ensemble_depends_on_its_own_seed(generator, song):
    settings = replace(PLAIN, ensemble=3, attempts=3)
    several = generator.generate(song, {"sr": 6.0}, count=3, seed=5, settings=settings, progress=Progress())
    alone = [chart(generator, song, {"sr": 6.0}, settings, seed=5 + i) for i in range(3)]
    for together, on_its_own in zip(several, alone, strict=True):
        assert_same_notes(on_its_own, together)


def test_a_song_is_decoded_once_for_all_of_its_charts(tiny_checkpoint, song, tmp_path, monkeypatch):
    generator = ChartGenerator.load(tiny_checkpoint)
    decoded = []
    monkeypatch.setattr(
        "mug.generation.song_reader.load_audio", lambda path, *rest: decoded.append(path) or load_audio(path, *rest)
    )
    copy = tmp_path / song.name
    copy.write_bytes(song.read_bytes())
    first = chart(generator, copy)
    assert chart(generator, copy).notes == first.notes
    assert decoded == [copy]
    samples, rate = soundfile.read(copy)
    soundfile.write(copy, samples[: len(samples) // 2], rate)  # the same name, another song
    assert chart(generator, copy).last_ms < first.last_ms
    assert decoded == [copy, copy]
    chart(generator, song)
    chart(generator, copy)
    assert decoded == [copy, copy, song, copy]


def test_every_seed_is_sampled_for_its_own_prompt(generator, song):
    features = np.stack([generator.spec.encode({"sr": stars}) for stars in (1.0, 8.0)])
    spectrum = generator.reader.spectrum(song)

    def sampled(ids, seeds):
        samples = generator.sampler.sample(generator.sampler.hear(spectrum), ids, seeds, range(1), PLAIN, Progress())
        return [Beatmap(4, notes, []) for (notes,) in samples]

    both = sampled(features, [5, 5])
    for together, on_its_own in zip(both, sampled(features[:1], [5]) + sampled(features[1:], [5]), strict=True):
        assert_same_notes(on_its_own, together)
    assert len(both[0].notes) != len(both[1].notes)


def test_prompt_guidance_and_audio_matter(generator, song, tmp_path):
    plain, hard = chart(generator, song), chart(generator, song, {"sr": 7.5})
    assert hard.notes != plain.notes
    assert chart(generator, song, {"sr": 7.5}, replace(PLAIN, guidance=9)).notes != hard.notes
    other = tmp_path / "other.wav"
    soundfile.write(other, np.random.default_rng(1).normal(0, 0.01, 3 * 22050), 22050)
    assert chart(generator, other).notes != plain.notes


def test_a_negative_prompt_leads_away_from_it(generator, song):
    plain = chart(generator, song)
    without = chart(generator, song, negative_prompt={"sr": 7.5, "ln": None})
    assert without.notes != plain.notes
    assert without.notes != chart(generator, song, negative_prompt={"sr": 1.5}).notes
    assert json.loads(without.metadata["AINegativePrompt"]) == {"sr": 7.5}
    assert "AINegativePrompt" not in plain.metadata


@pytest.mark.parametrize(
    ("prompt", "negative_prompt", "settings", "reason"),
    [
        ({}, {"ln": True}, replace(PLAIN, guidance=1), "no effect without guidance: set guidance above 1"),
        ({"ln": True}, {"ln": True}, PLAIN, "ln=True is in the prompt and in the negative prompt; keep one"),
        ({}, {"lm": True}, PLAIN, "unknown feature 'lm'"),
    ],
)
def test_an_impossible_negative_prompt_is_refused(generator, song, prompt, negative_prompt, settings, reason):
    with pytest.raises(PromptError, match=reason):
        chart(generator, song, prompt, settings, negative_prompt=negative_prompt)


def test_guidance_is_rescaled_and_kept_to_its_interval(generator, song):
    strong = replace(PLAIN, guidance=9.0)
    notes = chart(generator, song, {"sr": 7.5}, strong).notes
    assert chart(generator, song, {"sr": 7.5}, replace(strong, guidance_rescale=1.0)).notes != notes
    nowhere = replace(strong, guidance_interval=(1e6, 1e7))
    unguided = chart(generator, song, {"sr": 7.5}, replace(PLAIN, guidance=1.0)).notes
    assert chart(generator, song, {"sr": 7.5}, nowhere).notes == unguided != notes


def test_the_sampler_and_its_eta_are_those_asked_for(generator, song):
    settings = [replace(PLAIN, eta=0.7), replace(PLAIN, spacing="quad")]
    settings += [replace(PLAIN, sampler=sampler) for sampler in SAMPLERS]
    written = [chart(generator, song, settings=each).notes for each in settings]
    assert all(a != b for a, b in combinations(written, 2))


def test_a_new_sampler_is_one_function_and_one_line(generator, song, monkeypatch):
    calls = []

    def one_step(denoise, x_T, alphas_cumprod, steps, eta, spacing, generators, keep=None, callback=None, **_):
        calls.append((steps, eta))
        return denoise(x_T, torch.full((len(x_T),), len(alphas_cumprod) - 1))

    monkeypatch.setitem(SAMPLERS, "one_step", SamplerInfo(lambda: one_step, "a single step"))
    assert len(chart(generator, song, settings=replace(PLAIN, sampler="one_step")).notes) > 10
    assert calls == [(STEPS, 0.0)]


def test_given_timing_is_kept(generator, song):
    known = Song(bpm=123.5, offset_ms=17.0)
    assert chart(generator, song, song=known).timing_points == [TimingPoint(17.0, 60_000 / 123.5, 4)]
    assert chart(generator, song, song=Song(bpm=123.5)).timing_points[0].bpm == pytest.approx(123.5)
    changes = [TimingPoint(0.0, 400.0), TimingPoint(1500.0, 300.0, 3)]
    assert chart(generator, song, song=Song(timing_points=changes)).timing_points == changes


def test_snapping_and_minijacks_can_be_had_or_not(generator, song):
    grid = {"song": Song(bpm=150.0, offset_ms=0.0)}

    def is_on_grid(written):
        return [
            min(abs(note.start_ms - line * 400 / d) for d in (12, 16) for line in (round(note.start_ms / 400 * d),))
            <= 0.5
            for note in written.notes
        ]

    def shortest_pause(written):
        lanes = [[note for note in written.notes if note.column == column] for column in range(4)]
        return min(b.start_ms - a.last_ms for lane in lanes for a, b in pairwise(lane))

    tidy = chart(generator, song, **grid)
    wild = chart(generator, song, snap=False, jack_interval_ms=0, **grid)
    assert np.mean(is_on_grid(tidy)) > 0.6  # notes of noise, some of them between the lines, out of reach of any
    assert np.mean(is_on_grid(wild)) < 0.3
    assert shortest_pause(tidy) >= 90
    assert 0 <= shortest_pause(wild) < 90
    assert len(wild.notes) > len(tidy.notes)


def test_notes_of_a_short_song_end_with_it(generator, tmp_path):
    path = tmp_path / "short.wav"
    soundfile.write(path, np.random.default_rng(0).normal(0, 0.3, 22050), 22050)
    written = chart(generator, path)
    assert 0 < written.last_ms <= 1005
    assert written.title == "short"
    assert written.artist == "Unknown Artist"


def test_two_threads_do_not_disturb_each_other(generator, song):
    expected = [chart(generator, song, seed=seed).notes for seed in (1, 2)]
    found = {}
    threads = [
        threading.Thread(target=lambda seed=seed: found.update({seed: chart(generator, song, seed=seed).notes}))
        for seed in (1, 2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found[1], found[2]] == expected


def test_progress_counts_every_sample_of_every_attempt(generator, song):
    shown = []
    progress = Progress(lambda done, total: shown.append((round(done, 6), total)))
    generator.generate(song, {}, count=2, settings=replace(PLAIN, ensemble=3), progress=progress)
    shown = [state for state in dict.fromkeys(shown) if state[0] > 0]  # without the stages before
    assert len(shown) == STEPS
    assert (shown[0], shown[-1]) == ((round(6 / STEPS, 6), 6), (6, 6))
    far = {"sr": 8.0}  # no sample of a model that was never trained has these stars
    generator.generate(song, far, settings=replace(PLAIN, ensemble=2, attempts=3), progress=progress)
    assert (progress.done, progress.total) == (pytest.approx(10), 10)  # 6, three times the first of 2, the other one


@pytest.mark.parametrize(
    ("prompt", "arguments", "what"),
    [
        ({"starz": 3}, {}, "starz"),
        ({"rank_status": "famous"}, {}, "famous"),
        ({"sr": "high"}, {"settings": replace(PLAIN, ensemble=2)}, "sr is 'high'; give a number"),
        ({"sr": True}, {}, "sr is True; give a number"),
        ({}, {"count": 0}, "0 charts"),
        ({}, {"seed": -1}, "seed -1"),
        ({}, {"jack_interval_ms": float("nan")}, "nan"),
    ],
)
def test_impossible_wishes_are_refused(generator, song, prompt, arguments, what):
    with pytest.raises(PromptError, match=re.escape(what)):
        chart(generator, song, prompt, **arguments)


def test_impossible_timing_is_refused():
    for known, what in (({"bpm": 0.0}, "BPM 0"), ({"bpm": 180.0, "timing_points": [TimingPoint(0, 400)]}, "not both")):
        with pytest.raises(PromptError, match=what):
            Song(**known)


def test_impossible_steps_and_devices_are_refused(generator, song, tiny_checkpoint):
    with pytest.raises(ConfigError, match="steps: 1001 is not between 1 and 1000"):
        generator.generate(song, {}, settings=replace(PLAIN, steps=1001), progress=Progress())
    with pytest.raises(ConfigError, match="device 'abacus'"):
        ChartGenerator.load(tiny_checkpoint, device="abacus")


def test_a_model_is_loaded_to_the_device_picked(monkeypatch, tiny_checkpoint):
    asked = []
    monkeypatch.setattr("mug.generation.generator.pick_device", lambda name: asked.append(name) or torch.device("meta"))
    assert ChartGenerator.load(tiny_checkpoint).sampler.model.device.type == "meta"
    assert asked == ["auto"]


def test_audio_that_cannot_be_charted_is_refused(generator, tmp_path, monkeypatch):
    with pytest.raises(AudioError, match="nowhere"):
        chart(generator, tmp_path / "nowhere.mp3")
    path = tmp_path / "endless.wav"
    soundfile.write(path, np.zeros(16 * 60 * 8000, np.int16), 8000)
    with pytest.raises(AudioError, match="is silent"):
        chart(generator, path)
    monkeypatch.setattr("mug.generation.song_reader.MAX_MINUTES", 15)
    path.touch()
    with pytest.raises(AudioError, match=r"16\.0 minutes long; at most 15 can be used"):
        chart(generator, path)


def test_a_model_that_writes_nothing_is_an_error_not_a_file(tmp_path, song):
    silent = ChartGenerator.load(save_tiny_checkpoint(tmp_path / "silent.ckpt", start_bias=-99.0))
    with (
        pytest.warns(UserWarning, match="AI v1: the model wrote no notes"),
        pytest.raises(ChartError, match=r"A Song\.wav: the model wrote no notes"),
    ):
        chart(silent, song)


def test_seven_keys(tmp_path, song):
    written = chart(ChartGenerator.load(save_tiny_checkpoint(tmp_path / "7k.ckpt", keys=7)), song)
    assert written.keys == 7
    assert {note.column for note in written.notes} == set(range(7))


def test_the_prompt_of_a_chart(generator, song, tmp_path):
    path = tmp_path / "chart.osu"
    package = tmp_path / "song.osz"
    pack_song(package, [chart(generator, song)], song)
    (path,) = extract_osz(package, tmp_path / "song")
    prompt = generator.prompt_of(path)
    generator.spec.encode(prompt)
    assert prompt["sr"] == pytest.approx(rosu_pp_py.Difficulty().calculate(rosu_pp_py.Beatmap(path=str(path))).stars)
    assert generator.prompt_of(path, rate=1.5)["sr"] > prompt["sr"]
    assert prompt["ett"] > 0
    assert generator.prompt_of(read_osu(path)) == prompt
    write_chart(read_osu(path), tmp_path / "chart.sm")
    assert generator.prompt_of(tmp_path / "chart.sm")["ln_ratio"] == pytest.approx(prompt["ln_ratio"])
    with pytest.raises(ChartError, match="nowhere"):
        generator.prompt_of(tmp_path / "nowhere.osu")


def test_other_programs_read_the_same_number_of_objects(generator, song, tmp_path):
    osu_map = pytest.importorskip("vsrg_tools.osu.OsuMap", reason="rhythmgame-tools is not installed")
    charts = generator.generate(song, {"sr": 3.0}, count=2, settings=PLAIN, progress=Progress())
    pack_song(tmp_path / "song.osz", charts, song)
    paths = extract_osz(tmp_path / "song.osz", tmp_path / "song")
    assert len(paths) == 2
    for path in paths:
        ours = parse_osu(path.read_bytes(), path.name)
        (source,) = [written for written in charts if written.version == ours.version]
        assert ours.notes == source.notes
        assert ours.metadata["AIPrompt"] == '{"sr": 3.0}'
        rosu = rosu_pp_py.Beatmap(path=str(path))
        assert (rosu.n_objects, rosu.n_holds, rosu.cs) == (len(ours.notes), ours.n_long_notes, 4)
        theirs = osu_map.OsuMap.read_file(str(path))
        assert (len(theirs.holds), len(theirs.hits) + len(theirs.holds)) == (ours.n_long_notes, len(ours.notes))


class TestCheckpoints:
    """What is wrong with a checkpoint is named."""

    def edited(self, tiny_checkpoint, tmp_path, edit) -> Path:
        content = torch.load(tiny_checkpoint, weights_only=True)
        edit(content)
        torch.save(content, tmp_path / "edited.ckpt")
        return tmp_path / "edited.ckpt"

    @pytest.mark.parametrize(
        ("edit", "what"),
        [
            (
                lambda c: c["state_dict"].pop("model.unet_model.time_embed.0.bias"),
                "model.unet_model.time_embed.0.bias is missing",
            ),
            (lambda c: c["state_dict"].update(extra=torch.zeros(2)), "extra is unknown"),
            (lambda c: c["state_dict"].update(betas=torch.zeros(7)), "betas is [7]"),
            (lambda c: c["state_dict"].update(betas=3), "something other than tensors"),
            (lambda c: c.pop("config"), "lacks a state_dict or a config"),
            (lambda c: c["config"].pop("data"), "lacks 'data'"),
            (lambda c: c["config"]["model"]["params"].update(speed=1), "unknown key 'speed'"),
            (lambda c: c["config"].update(model={"target": "os.system", "params": {"command": "true"}}), "'os.system'"),
            (
                lambda c: c["config"]["model"]["params"].update(scheduler_config={"target": "subprocess.run"}),
                "'subprocess.run', which is not a network of this package",
            ),
            (
                lambda c: c["config"].update(
                    model={"target": "mug.synth.songs.write_songs", "params": {"folder": "songs"}}
                ),
                "'mug.synth.songs.write_songs', which is not a network of this package",
            ),
            (lambda c: c["config"]["model"].update(target="mug.nowhere.DDPM"), "'mug.nowhere.DDPM'"),
        ],
    )
    def test_damage_is_named(self, tiny_checkpoint, tmp_path, edit, what):
        with pytest.raises(CheckpointError, match=re.escape(what)):
            ChartGenerator.load(self.edited(tiny_checkpoint, tmp_path, edit))

    def test_a_run_may_log_and_call_back_as_it_likes(self, tiny_checkpoint, tmp_path):
        lightning = {"logger": {"target": "pytorch_lightning.loggers.CSVLogger", "params": {}}}
        path = self.edited(tiny_checkpoint, tmp_path, lambda content: content["config"].update(lightning=lightning))
        assert ChartGenerator.load(path).keys == 4

    def test_stage_1_alone_does_not_write_charts(self, tiny_checkpoint, tmp_path):
        def only_stage_1(content):
            content["config"]["model"] = content["config"]["model"]["params"]["first_stage_config"]

        with pytest.raises(CheckpointError, match="AutoencoderKL; charts need stage 2"):
            ChartGenerator.load(self.edited(tiny_checkpoint, tmp_path, only_stage_1))

    def test_no_file_and_no_checkpoint(self, tmp_path, song):
        with pytest.raises(CheckpointError, match="no such checkpoint"):
            ChartGenerator.load(tmp_path / "none.ckpt")
        with pytest.raises(CheckpointError, match=r"A Song\.wav"):
            ChartGenerator.load(song)

    def test_an_external_configuration_replaces_a_missing_one(self, tiny_checkpoint, tmp_path):
        path = self.edited(tiny_checkpoint, tmp_path, lambda content: content.pop("config"))
        assert ChartGenerator.load(path, config=tiny_run_config()).keys == 4


def test_a_package_of_several_prompts_keeps_them_apart(generator, song, tmp_path):
    first, second = chart(generator, song, {"sr": 2.0}), chart(generator, song, {"sr": 6.0})
    pack_song(tmp_path / "song.osz", [first, replace(second, version="AI v2 6.0*")], song)
    assert len(extract_osz(tmp_path / "song.osz", tmp_path / "song")) == 2
