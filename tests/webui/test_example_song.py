"""The example song: small, tagged, and the one that its command composes."""

import re

from mug.data.audio import read_tags, seconds_of
from mug.synth.songs import SongSettings
from mug.synth.style import draw_style
from mug.webui.example_song import EXAMPLE_SONG


def test_the_example_is_a_short_song_with_names() -> None:
    assert EXAMPLE_SONG.stat().st_size <= 700_000
    assert 40 <= seconds_of(EXAMPLE_SONG) <= 60
    assert read_tags(EXAMPLE_SONG) == ("Horshancol", "Menbrin")


def test_its_page_names_the_command_that_composes_it() -> None:
    page = (EXAMPLE_SONG.parent / "README.md").read_text(encoding="utf-8")
    (seed, seconds) = re.search(r"mug synthesize .* --seed (\d+) --seconds (\d+)", page).groups()
    style = draw_style(SongSettings(int(seed), float(seconds)).rngs(0)[0])
    assert f'"{style.title}" by {style.artist}' in page
    assert f"at {style.bpm:g} BPM" in page
    assert EXAMPLE_SONG.stem == f"{style.artist} - {style.title}"
