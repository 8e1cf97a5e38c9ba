"""The song that the web page offers to those who have none at hand. example/README.md says how it was composed."""

from pathlib import Path

EXAMPLE_SONG = Path(__file__).parent / "example" / "Menbrin - Horshancol.ogg"
