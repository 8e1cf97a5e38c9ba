"""The text of .osu files: known headers, a blank chart, edits by line number."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

# Beatmap attributes with a header line: section, key, osu!'s default if the line is missing.
HEADERS: dict[str, tuple[str, str, str | int | float]] = {
    "audio_filename": ("General", "AudioFilename", ""),
    "preview_ms": ("General", "PreviewTime", -1),
    "title": ("Metadata", "Title", ""),
    "artist": ("Metadata", "Artist", ""),
    "creator": ("Metadata", "Creator", ""),
    "version": ("Metadata", "Version", ""),
    "beatmap_id": ("Metadata", "BeatmapID", 0),
    "beatmap_set_id": ("Metadata", "BeatmapSetID", -1),
    "hp_drain": ("Difficulty", "HPDrainRate", 5.0),
    "keys": ("Difficulty", "CircleSize", 5),
    "overall_difficulty": ("Difficulty", "OverallDifficulty", 5.0),
}
HEADER_SECTIONS = ("General", "Metadata", "Difficulty")
NAMED_METADATA = frozenset(key for section, key, _ in HEADERS.values() if section == "Metadata")

BLANK_CHART = """osu file format v14

[General]
AudioFilename: audio.mp3
AudioLeadIn: 0
PreviewTime: -1
Countdown: 0
SampleSet: Soft
StackLeniency: 0.7
Mode: 3
LetterboxInBreaks: 0
SpecialStyle: 0
WidescreenStoryboard: 0

[Editor]
DistanceSpacing: 1
BeatDivisor: 4
GridSize: 4
TimelineZoom: 1

[Metadata]
Title:
Artist:
Creator:
Version:
BeatmapID:0
BeatmapSetID:-1

[Difficulty]
HPDrainRate:8
CircleSize:4
OverallDifficulty:8
ApproachRate:5
SliderMultiplier:1.4
SliderTickRate:1

[Events]
//Background and Video events
//Break Periods
//Storyboard Layer 0 (Background)
//Storyboard Layer 1 (Fail)
//Storyboard Layer 2 (Pass)
//Storyboard Layer 3 (Foreground)
//Storyboard Layer 4 (Overlay)
//Storyboard Sound Samples

[TimingPoints]

[HitObjects]
"""


class LineEdits:
    """Edits to a list of lines; line numbers are those before any edit."""

    def __init__(self, lines: Sequence[str]):
        self._lines = lines
        self._replaced: dict[int, str] = {}
        self._deleted: set[int] = set()
        self._inserted: defaultdict[int, list[str]] = defaultdict(list)
        self.newline = lines[0][len(lines[0].rstrip("\r\n")) :] or "\n"

    def replace(self, line: int, text: str) -> None:
        """Replace a line's text; its line ending stays."""
        old = self._lines[line]
        self._replaced[line] = text + old[len(old.rstrip("\r\n")) :]

    def delete(self, line: int) -> None:
        self._deleted.add(line)

    def insert(self, before: int, texts: Iterable[str]) -> None:
        """Insert lines before a line, after earlier insertions there; `before` = number of lines appends."""
        self._inserted[before].extend(text + self.newline for text in texts)

    def result(self) -> list[str]:
        """Return the edited lines."""
        lines: list[str] = []
        for i in range(len(self._lines) + 1):
            new = self._inserted.get(i, [])
            if new and lines and not lines[-1].endswith(("\r", "\n")):
                lines[-1] += self.newline  # the file's last line may have no line break
            lines += new
            if i < len(self._lines) and i not in self._deleted:
                lines.append(self._replaced.get(i, self._lines[i]))
        return lines
