"""Sampled players: onsets at the events, levels like the synthesised ones, and which layers are sampled."""

from dataclasses import replace

import numpy as np
import pytest

from mug.synth import general_midi as gm
from mug.synth.drums import KITS, Tightness
from mug.synth.patches import FAMILIES
from mug.synth.players import play
from mug.synth.sampled import LEVEL, SampledPlayer, onset, sampled_players
from mug.synth.sound import SAMPLE_RATE
from mug.synth.soundfont import DRUM_BANK, SoundFont
from tests.synth.test_composition import composition_of
from tests.synth.tiny_soundfont import SILENT, tiny_soundfont


@pytest.fixture(scope="module")
def font(tmp_path_factory: pytest.TempPathFactory) -> SoundFont:
    pytest.importorskip("tinysoundfont")
    return SoundFont.read(tiny_soundfont(tmp_path_factory.mktemp("fonts") / "tiny.sf2"))


def rng() -> np.random.Generator:
    return np.random.default_rng(3)


def test_an_onset_is_where_a_note_becomes_audible() -> None:
    time_s = np.arange(6400) / SAMPLE_RATE
    tone = np.sin(2 * np.pi * 1000 * time_s) * np.exp(-8 * time_s)
    before = 0.01 * np.random.default_rng(0).standard_normal(640)
    for silent in (0, 160, 640):
        assert onset(np.concatenate([before[:silent], tone])) == pytest.approx(silent, abs=0.001 * SAMPLE_RATE)
    assert onset(np.zeros(100)) == 0


def test_a_note_has_the_level_of_synthesised_ones(font: SoundFont) -> None:
    sound, before = SampledPlayer(font, 0, 0).play("lead", 60, 0.8, 0.3, rng())
    loudest = np.sqrt((sound[: len(sound) // 800 * 800].reshape(-1, 800) ** 2).mean(axis=1).max())
    assert loudest == pytest.approx(LEVEL, rel=1e-3)
    assert before == pytest.approx(SILENT, abs=0.001 * SAMPLE_RATE)
    drum, _ = SampledPlayer(font, DRUM_BANK, 0, 60).play("snare", 0, 0.8, 0.3, rng())
    assert np.abs(drum).max() == pytest.approx(1)


def test_sampled_drums_are_tight_too(font: SoundFont) -> None:
    loose, tight = (
        SampledPlayer(font, DRUM_BANK, 0, 60, tightness).play("snare", 0, 0.8, 0.3, rng())
        for tightness in (None, Tightness(rest=0.25, fade_s=0.01))
    )
    assert tight[1] == loose[1]
    assert np.abs(tight[0][1600:]).max() < 0.4 * np.abs(loose[0][1600:]).max()


def test_notes_alike_share_a_sound_and_louder_ones_do_not(font: SoundFont) -> None:
    player = SampledPlayer(font, 0, 0)
    steady = np.random.Generator(np.random.PCG64(1))
    first = player.play("lead", 60, 0.8, 0.3, steady)
    for _ in range(20):
        player.play("lead", 60, 0.8, 0.301, steady)
    assert 1 < len(player.played) < 8  # no two strokes are equally strong, but some are nearly
    assert first in player.played.values()


def test_sampled_sounds_start_at_their_events(font: SoundFont) -> None:
    composition = composition_of(5, 13.0)
    style = replace(composition.style, looseness_ms=0.0, kit="acoustic", timbres=dict.fromkeys(["lead"], "piano"))
    ticks = range(20, 280, 40)
    events = tuple(replace(composition.events[0], tick=tick, layer="kick", loudness=1.0, n_ticks=24) for tick in ticks)
    composition = replace(composition, style=style, events=events)
    n_samples = round(composition.tempo.seconds(320) * SAMPLE_RATE)
    for seed in range(4):  # the kick is sampled in most songs
        drums = play(composition, n_samples, np.random.default_rng(seed), [font])["drums"]
        loud = np.abs(drums)
        for tick in ticks:
            start = round(composition.tempo.seconds(tick) * SAMPLE_RATE)
            near = loud[start - 320 : start + 320]
            found = np.argmax(near > 0.2 * near.max()) - 320
            assert abs(found) <= 0.002 * SAMPLE_RATE


def test_only_what_the_font_has_is_sampled(font: SoundFont) -> None:
    style = replace(composition_of(0, 13.0).style, kit="acoustic")
    style = replace(style, timbres={"lead": "piano", "chord": "strings", "bass": "wobble"})
    drawn = [sampled_players(style, [font], np.random.default_rng(seed)) for seed in range(40)]
    layers = set().union(*drawn)
    assert "lead" in layers
    assert {"kick", "snare", "tom"} <= layers
    assert not layers & {"chord", "bass"}
    assert not all("kick" in players for players in drawn)
    assert sampled_players(style, [], rng()) == {}


def test_what_is_not_sampled_sounds_as_without_a_font(font: SoundFont) -> None:
    composition = composition_of(0, 13.0)
    composition = replace(composition, style=replace(composition.style, kit="chip", timbres={}), events=())
    plain, sampled = (play(composition, 1000, rng(), fonts) for fonts in ((), [font]))
    assert all(np.array_equal(plain[bus], sampled[bus]) for bus in plain)


def test_tables_name_families_and_kits_that_exist() -> None:
    assert set(gm.PROGRAMS) <= set(FAMILIES)
    assert set(gm.KITS) <= set(KITS)
    assert [gm.tom_key(pitch) for pitch in (30, 37, 46, 52, 60)] == [41, 41, 47, 50, 50]
