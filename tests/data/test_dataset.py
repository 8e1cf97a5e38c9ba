"""Items: their shapes, that notes and audio stay together, and that (seed, epoch, index) decides everything."""

import copy
import os

import numpy as np
import pytest

from mug.charts.beatmap import Beatmap, Note, TimingPoint
from mug.charts.osu import parse_osu, write_osu
from mug.data.audio import AudioSettings, load_audio
from mug.data.convertor import ManiaConvertor
from mug.data.dataset import OsuTestDataset, OsuTrainDataset, OsuValidDataset
from mug.data.latents import EncodedLatents, write_latents
from mug.errors import ConfigError, DatasetError
from mug.features import FeatureSpec
from mug.prepare.feature_db import FeatureDB
from mug.ratings.chart_features import chart_features
from tests.data.small_library import AUDIO, FEATURES, click_notes, list_charts, write_clicks, write_library, write_set

ALL = {"valid_fraction": 0.0, "test_fraction": 0.0}  # every set trains
EVERYTHING = {
    "mirror_p": 0.5,
    "mirror_at_interval_p": 0.5,
    "random_p": 0.5,
    "offset_p": 0.5,
    "rate": [0.8, 1.25],
    "rate_p": 0.5,
    "pitch_p": 0.5,
    "frequency_mask_p": 0.5,
    "feature_dropout_p": 0.5,
    "prompt_dropout_p": 0.1,
    "random_crop": True,
}


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """Two songs of 9 s: six items long."""
    return write_library(tmp_path_factory.mktemp("library"), n_sets=2, seconds=9.0)


def dataset(beatmap_txt, kind=OsuTrainDataset, audio=AUDIO, augmentation=None, **params):
    cache_dir = str(beatmap_txt.parent / "cache")
    params = {**ALL, "beatmap_txt": str(beatmap_txt), "cache_dir": cache_dir, **params}
    return kind(features=FEATURES, audio=audio, augmentation=augmentation, **params)


def assert_same(item, other):
    assert item.keys() == other.keys()
    for name, value in item.items():
        np.testing.assert_equal(other[name], value, err_msg=name)


def notes_of(item, keys=4):
    convertor = ManiaConvertor(item["convertor"]["frame_ms"], item["convertor"]["max_frame"], keys)
    return convertor.decode(item["note"])


def test_a_full_size_item(library):
    item = dataset(library, audio={})[0]
    assert (item["note"].shape, item["note"].dtype) == ((16, 4096), np.float32)
    assert (item["audio"].shape, item["audio"].dtype) == ((128, 32768), np.float32)
    assert (item["feature"].shape, item["feature"].dtype) == ((21,), np.int64)
    assert (item["valid_flag"].shape, item["valid_flag"].dtype) == ((4096,), np.float32)
    chart = library.parent / "song 1" / "Easy.osu"
    assert item["meta"] == {
        "path": str(chart),
        "audio": str(chart.parent / "audio.wav"),
        "game_mode": 3,
        "cs": 4.0,
        "version": "Easy",
        "set_id": 1,
        "shift_ms": 0.0,
    }
    assert item["convertor"] == {
        "frame_ms": 46.439909297052154,
        "max_frame": 4096,
        "mirror": False,
        "random": False,
        "mirror_at_interval_prob": 0.0,
        "offset_ms": 0.0,
        "rate": 1.0,
    }


def test_an_item_of_the_stft(library):
    audio = {"kind": "stft", "n_fft": 2048, "max_audio_frame": 64, "audio_note_window_ratio": 2}
    item = dataset(library, audio=audio)[0]
    assert item["note"].shape == (16, 32)
    assert (item["audio"].shape, item["audio"].dtype) == ((2, 1025, 64), np.float32)


def test_keys_and_audio_are_a_choice(tmp_path):
    beatmap_txt = write_library(tmp_path, keys=7)
    item = dataset(beatmap_txt, keys=7, with_audio=False)[0]
    assert item["note"].shape == (28, 32)
    assert item["meta"]["cs"] == 7.0
    assert "audio" not in item
    assert not (tmp_path / "cache").exists()


def test_an_unaugmented_item_is_the_head_of_the_chart(library):
    item = dataset(library)[0]
    notes = [note for note in click_notes(9.0, seed=1) if note.start_ms < 32 * 46.439909]
    assert [(note.column, pytest.approx(note.start_ms, abs=1)) for note in notes_of(item)] == [
        (note.column, note.start_ms) for note in notes
    ]
    whole = load_audio(library.parent / "song 1" / "audio.wav", AudioSettings(**AUDIO))
    np.testing.assert_array_equal(item["audio"], whole[:, :256])


def test_audio_goes_on_after_the_last_note_and_ends_in_silence(tmp_path):
    folder = tmp_path / "song"
    charts = write_set(folder, 1, [Note(200.0, 0), Note(300.0, 1, 500.0)])
    write_clicks(folder / "audio.wav", [200.0, 900.0], 1.0)  # 173 frames
    item = dataset(list_charts(tmp_path, charts))[0]
    assert item["audio"][:, 155].max() > 0  # at 900 ms
    assert item["audio"][:, 173:].max() == 0
    assert item["valid_flag"].tolist() == [1] * 11 + [0] * 21  # the tail, at 500 ms, is in note frame 10
    assert item["n_frames"] == 22  # 173 audio frames of which 8 are a note frame


def test_validation_sees_the_middle_of_a_long_song(library):
    item = dataset(library, OsuValidDataset, valid_fraction=1.0)[0]
    # 1551 audio frames are 193 whole note frames, 161 more than an item has: the window begins with frame 80
    assert item["convertor"]["offset_ms"] == pytest.approx(-80 * 46.439909297)
    whole = load_audio(library.parent / "song 1" / "audio.wav", AudioSettings(**AUDIO))
    np.testing.assert_array_equal(item["audio"], whole[:, 640:896])
    assert item["valid_flag"].min() == 1
    assert item["n_frames"] == 32
    assert_same(item, dataset(library, OsuTestDataset, test_fraction=1.0)[0])


@pytest.mark.parametrize("rate", [1.0, 0.75, 1.31])
@pytest.mark.parametrize("offset_p", [0.0, 1.0])
@pytest.mark.parametrize("random_crop", [False, True])
def test_every_note_is_on_its_click(library, rate, offset_p, random_crop):
    augmentation = {"rate": [rate, rate], "rate_p": 1.0, "offset_p": offset_p, "random_crop": random_crop}
    items = dataset(library, augmentation={**augmentation, "mirror_p": 0.5, "random_p": 0.5})
    settings, n_checked = items.settings, 0
    for epoch in range(4):
        item = items[1, epoch]
        assert item["convertor"]["rate"] == rate
        start = -item["convertor"]["offset_ms"] / settings.grid.audio.frame_ms
        assert start == pytest.approx(round(start), abs=1e-6)
        assert (round(start) % 8 != 0) == (offset_p > 0)
        energy = item["audio"].sum(axis=0)  # [A]
        for note in notes_of(item):
            frame = note.start_ms / settings.grid.audio.frame_ms
            around = range(round(frame) - 10, round(frame) + 11)  # clicks are at least 23 frames apart
            if around[0] >= 0 and around[-1] < len(energy):
                assert around[0] + energy[around[0] : around[-1] + 1].argmax() == pytest.approx(frame, abs=1)
                n_checked += 1
    assert n_checked >= 4 * 3


def test_long_notes_are_cut_with_the_window(tmp_path):
    charts = write_set(tmp_path / "song", 1, [Note(100.0, 0, 8800.0), Note(8900.0, 1)], seconds=9.0)
    items = dataset(list_charts(tmp_path, charts))
    item = items[0]
    assert [(note.column, note.is_long) for note in notes_of(item)] == [(0, True)]
    assert item["valid_flag"].min() == 1  # the chart goes on


def test_crops_are_from_all_over_the_song(library):
    items = dataset(library, augmentation={"random_crop": True})
    starts = [round(-items[0, epoch]["convertor"]["offset_ms"] / 46.439909297) for epoch in range(300)]
    assert min(starts) < 8
    assert max(starts) > 153
    assert max(starts) <= 161


def test_a_faster_song_has_fewer_places_for_a_crop(library):
    items = dataset(library, augmentation={"random_crop": True, "rate": [1.5, 1.5], "rate_p": 1.0})
    starts = [round(-items[0, epoch]["convertor"]["offset_ms"] / 46.439909297) for epoch in range(300)]
    assert 90 < max(starts) <= 97  # 129 note frames at that rate, less the 32 of an item


def test_a_faster_song_starting_between_frames_ends_earlier(tmp_path):
    augmentation = {"rate": [1.5, 1.5], "rate_p": 1.0, "offset_p": 1.0}
    item = dataset(write_library(tmp_path), audio={**AUDIO, "max_audio_frame": 512}, augmentation=augmentation)[0]
    # 517 audio frames are 344.7 at that rate, less 1 to 7 before the first of 8 a note frame: 42.2 to 42.96
    assert item["audio"][:, 344:].max() == 0
    assert item["n_frames"] == 43


def test_a_song_shorter_than_an_item_is_never_cropped(tmp_path):
    beatmap_txt = write_library(tmp_path, seconds=1.0)
    items = dataset(beatmap_txt, augmentation={"random_crop": True})
    assert [items[0, epoch]["convertor"]["offset_ms"] for epoch in range(5)] == [0] * 5


@pytest.mark.parametrize("kind", [OsuTrainDataset, OsuValidDataset])
def test_no_window_lies_after_the_chart(tmp_path, kind):
    folder = tmp_path / "song"
    charts = write_set(folder, 1, [Note(200.0, 0), Note(900.0, 1)])
    write_clicks(folder / "audio.wav", [200.0, 900.0], 20.0)
    augmentation = {"random_crop": True} if kind is OsuTrainDataset else None
    items = dataset(
        list_charts(tmp_path, charts), kind, augmentation=augmentation, valid_fraction=kind.split == "valid"
    )
    starts = [round(-items[0, epoch]["convertor"]["offset_ms"] / 46.439909297) for epoch in range(100)]
    assert max(starts) == (19 if kind is OsuTrainDataset else 9)  # the last note is in frame 19
    assert all(items[0, epoch]["valid_flag"][0] == 1 for epoch in range(100))


@pytest.mark.parametrize("kind", [OsuValidDataset, OsuTestDataset])
def test_evaluation_refuses_augmentation(library, kind):
    fractions = {"valid_fraction": float(kind.split == "valid"), "test_fraction": float(kind.split == "test")}
    with pytest.raises(ConfigError, match=f"the {kind.split} split is not augmented"):
        dataset(library, kind, augmentation={"mirror_p": 0.5}, **fractions)
    dataset(library, kind, augmentation={}, **fractions)


@pytest.mark.parametrize("name", ["pitch_p", "frequency_mask_p"])
def test_augmentations_of_mel_bins_are_refused_for_the_stft(library, name):
    audio = {"kind": "stft", "n_fft": 2048, "max_audio_frame": 64, "audio_note_window_ratio": 2}
    with pytest.raises(ConfigError, match=name):
        dataset(library, audio=audio, augmentation={name: 0.1})


def test_an_item_is_a_function_of_seed_epoch_and_index(library):
    items, again = (dataset(library, augmentation=EVERYTHING, crops_per_chart=3) for _ in range(2))
    assert len(items) == 6
    _ = items[5, 4]  # what was asked before does not matter
    for key in [(0, 0), (1, 0), (4, 7)]:
        assert_same(items[key], again[key])
    assert_same(items[1], items[1, 0])
    assert items[1]["meta"] == items[3]["meta"] == items[5]["meta"]  # crops of one chart
    for other in (items[3], items[1, 1], dataset(library, augmentation=EVERYTHING, crops_per_chart=3, seed=24)[1]):
        assert not np.array_equal(items[1]["audio"], other["audio"])


def test_validation_items_are_the_same_in_every_epoch(library):
    items = dataset(library, OsuValidDataset, valid_fraction=1.0)
    assert_same(items[1, 0], items[1, 5])


def test_the_prompt_is_the_row_of_the_database(library):
    spec = FeatureSpec.from_yaml(FEATURES)
    with FeatureDB(library.parent / "features.db", spec) as database:
        row = database.get("Easy.osu", "song 1")
    items = dataset(library)
    np.testing.assert_array_equal(items[0]["feature"], spec.encode(row))
    assert spec.decode(items[0]["feature"])["rc"] is True
    dropped = dataset(library, augmentation={"feature_dropout_p": 1.0})[0]
    np.testing.assert_array_equal(dropped["feature"], spec.unconditional)


@pytest.mark.parametrize("rate", [0.8, 2.0])
def test_stars_and_skillsets_follow_the_rate(tmp_path, rate):
    stream = [Note(100.0 * i, i * 3 % 4) for i in range(300)]
    beatmap_txt = list_charts(tmp_path, write_set(tmp_path / "song 1", 1, stream, seconds=31.0))
    spec = FeatureSpec.from_yaml(FEATURES)
    data = (tmp_path / "song 1" / "Easy.osu").read_bytes()
    chart = parse_osu(data, "chart")
    half = dataset(beatmap_txt, augmentation={"rate": [rate, rate], "rate_p": 0.5})
    seen = {half[0, epoch]["convertor"]["rate"]: half[0, epoch]["feature"] for epoch in range(20)}
    for at_rate in (1.0, rate):
        np.testing.assert_array_equal(seen[at_rate], spec.encode(chart_features(chart, data, rate=at_rate)))
    assert (seen[1.0] != seen[rate]).sum() >= 3


def test_items_fill_in_the_start_time_feature(library, tmp_path):
    features = tmp_path / "features.yaml"
    start_time = "{name: start_time, type: numeric, min: 0, max: 10, interval: 0.5}"
    features.write_text(f"- {start_time}\n- {{name: rc, type: bool}}\n")
    params = {"beatmap_txt": str(library), "cache_dir": str(library.parent / "cache"), "audio": AUDIO, **ALL}
    items = OsuTrainDataset(features=str(features), augmentation={"random_crop": True}, **params)
    seen = set()
    for epoch in range(20):
        item = items[0, epoch]
        start_ms = -item["convertor"]["offset_ms"]
        assert item["feature"].tolist() == [1 + int(start_ms // 500), 23]  # rc: rows 21 to 23, and the chart is rice
        seen.add(item["feature"][0])
    assert len(seen) > 3


def test_without_audio_prompts_stay_those_of_rate_1(library):
    faster = {"rate": [1.5, 1.5], "rate_p": 1.0}
    plain, fast = dataset(library, with_audio=False)[0], dataset(library, with_audio=False, augmentation=faster)[0]
    np.testing.assert_array_equal(fast["feature"], plain["feature"])
    assert (fast["note"] != plain["note"]).any()


def test_a_spectrum_that_vanishes_or_breaks_is_computed_anew(tmp_path):
    items = dataset(write_library(tmp_path))
    before = items[0]
    spectrum = items.entries[0].spectrum
    spectrum.write_bytes(spectrum.read_bytes()[:1000])
    assert_same(items[0], before)
    os.remove(spectrum)
    assert_same(items[0], before)
    assert spectrum.is_file()


def test_several_lists_are_one_dataset(tmp_path):
    lists = [write_library(tmp_path / name, seconds=1.0) for name in "ab"]
    items = OsuTrainDataset([str(path) for path in lists], FEATURES, AUDIO, cache_dir=str(tmp_path / "cache"), **ALL)
    assert [item["meta"]["path"] for item in (items[0], items[1])] == [
        str(tmp_path / name / "song 1" / "Easy.osu") for name in "ab"
    ]


@pytest.mark.parametrize("kind", [OsuValidDataset, OsuTestDataset])
def test_the_advice_for_an_empty_split_fills_it(tmp_path, kind):
    few = write_library(tmp_path, n_sets=3, seconds=1.0)
    with pytest.raises(DatasetError, match=rf"beatmap\.txt: no usable chart in the {kind.split} split") as error:
        dataset(few, kind)
    options = next(line for line in str(error.value).split("\n") if line.startswith("data.params.common."))
    fractions = {name.rpartition(".")[2]: float(value) for name, value in (o.split("=") for o in options.split())}
    assert len(dataset(few, kind, **fractions)) > 0
    assert len(dataset(few, OsuTrainDataset, **fractions)) > 0


@pytest.mark.parametrize(
    ("params", "named"),
    [
        ({"audio": {"hop": 128}}, "hop"),
        ({"augmentation": {"mirror": True}}, "mirror"),
        ({"crops_per_chart": 0}, "crops_per_chart"),
        ({"keys": 19}, "keys: 19"),
        ({"valid_fraction": 0.7, "test_fraction": 0.7}, "valid_fraction"),
        ({"valid_fraction": -0.1}, "valid_fraction"),
        ({"seed": -1}, "seed"),
    ],
)
def test_impossible_parameters_are_named(library, params, named):
    with pytest.raises(ConfigError, match=named):
        dataset(library, **params)


FRAME_MS = 46.439909297
BEATS = {"axis": "beats", "frames_per_beat": 8}
TEMPO_YAML = "- {name: sr, type: numeric, min: 1, max: 8, interval: 0.2}\n" + (
    "- {name: tempo, type: numeric, min: 110, max: 230, interval: 5}\n"
)


@pytest.fixture(scope="module")
def timed(tmp_path_factory):
    """A song of 12 s with a click and a note on every half beat: 16 beats of 128 BPM from 300 ms on, then 150 BPM."""
    folder = tmp_path_factory.mktemp("timed")
    changes_ms = 300 + 16 * 60_000 / 128
    times = [300 + i * 30_000 / 128 for i in range(32)] + [changes_ms + i * 200 for i in range(20)]
    notes = [Note(time, i % 4) for i, time in enumerate(times)]
    (chart,) = write_set(folder / "song 1", 1, notes, seconds=12.0)
    points = [TimingPoint(300, 60_000 / 128), TimingPoint(changes_ms, 400)]
    write_osu(Beatmap(4, notes, points, audio_filename="audio.wav", beatmap_set_id=1), chart)
    (folder / "features.yaml").write_text(TEMPO_YAML)
    beatmap_txt = list_charts(folder, [chart])
    return OsuTrainDataset(
        beatmap_txt=str(beatmap_txt),
        features=str(folder / "features.yaml"),
        audio=AUDIO,
        cache_dir=str(folder / "cache"),
        augmentation={"random_crop": True, "rate": [1.25, 1.25], "rate_p": 0.5},
        time=BEATS,
        **ALL,
    )


def test_on_beats_every_crop_begins_with_a_measure_and_notes_are_on_their_clicks(timed):
    starts = set()
    for epoch in range(20):
        item = timed[0, epoch]
        starts.add(round(-item["convertor"]["offset_ms"] / FRAME_MS))
        heads = item["note"][:4].any(axis=0).nonzero()[0]  # note frames
        assert set(np.diff(heads)) <= {4}  # half a beat, before the change as after it
        assert item["note"][4:8].max() < 1e-4
        assert item["convertor"]["rate"] == 1.0
        clicks = item["audio"].max(axis=0)
        assert all(clicks[max(8 * head - 3, 0) : 8 * head + 4].max() > 0.5 * clicks.max() for head in heads)
    assert starts == {0, 32, 64, 96, 128, 160, 192}  # measures of 32 frames; the song begins in the first


def test_on_beats_the_tempo_fills_itself_in(timed):
    rows = {}
    for epoch in range(60):
        item = timed[0, epoch]
        start = round(-item["convertor"]["offset_ms"] / FRAME_MS)
        rows.setdefault(start, set()).add(int(item["feature"][1]) - timed.spec.blocks["tempo"][0])
    assert rows[32] == {1 + (128 - 110) // 5, 1 + (160 - 110) // 5}  # as it is, and played at 1.25
    assert rows[192] == {1 + (150 - 110) // 5, 1 + (187 - 110) // 5}


def test_on_beats_latents_take_the_place_of_notes(timed, tmp_path):
    z = np.random.default_rng(0).standard_normal((2, 1, 3, 8), dtype=np.float32)
    write_latents(tmp_path, z.shape, z.reshape(-1, 1, 3, 8), timed.notes_depend_on(), "first stage")
    with_latents = copy.copy(timed)
    with_latents.latents = EncodedLatents(tmp_path, 1, timed.notes_depend_on())
    for epoch in (0, 1, 2):
        item, plain = with_latents[0, epoch], timed[0, epoch % 2]
        np.testing.assert_array_equal(item["z"], z[epoch % 2, 0])
        assert item["convertor"] == plain["convertor"]  # the crop that was encoded
    other = {**timed.notes_depend_on(), "frames_per_beat": 4}
    with pytest.raises(DatasetError, match="frames_per_beat was 8, now 4"):
        EncodedLatents(tmp_path, 1, other)
