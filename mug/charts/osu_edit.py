"""Apply a chart's edits to the lines it was read from, and change nothing else."""

import re
from bisect import bisect_right
from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from itertools import accumulate
from typing import TypeVar

from mug.charts.beatmap import Beatmap, OsuDocument, TimingPoint
from mug.charts.osu_lines import DEFAULT_BEAT_MS, format_note, format_timing_point
from mug.charts.osu_text import HEADERS, NAMED_METADATA, LineEdits

Item = TypeVar("Item", bound=Hashable)
BACKGROUND = re.compile(r'\s*(?:0|Background)\s*,[^,]*,\s*(?:"([^"]*)"|([^,"\r\n]+))')


def completed(beatmap: Beatmap) -> Beatmap:
    """Return a new chart with the headers and the timing point that osu! expects in every file."""
    first_ms = min((note.start_ms for note in beatmap.notes), default=0.0)
    expected = {"TitleUnicode": beatmap.title, "ArtistUnicode": beatmap.artist, "Source": "", "Tags": ""}
    return replace(
        beatmap,
        timing_points=beatmap.timing_points or [TimingPoint(first_ms, DEFAULT_BEAT_MS)],
        metadata=expected | beatmap.metadata,
    )


def find_background(line: str) -> tuple[str, int, int] | None:
    """Return an event line's background image and where its name stands; None for another kind of event."""
    match = BACKGROUND.match(line)
    if match is None:
        return None
    group = 1 if match[1] is not None else 2
    return match[group], match.start(group), match.end(group)


def edited_lines(document: OsuDocument, beatmap: Beatmap) -> list[str]:
    """Return the document's lines with the chart's edits. Raises ValueError for edits that a .osu file cannot hold."""
    original, edits = document.original, _Edits(document)
    for attribute, (section, key, _) in HEADERS.items():
        if getattr(beatmap, attribute) != getattr(original, attribute):
            edits.set_header(section, key, _one_line(str(getattr(beatmap, attribute))))
    for key in [*original.metadata, *(key for key in beatmap.metadata if key not in original.metadata)]:
        if key in NAMED_METADATA:
            raise ValueError(f"'{key}' belongs to the chart itself, not to its further metadata")
        text = beatmap.metadata.get(key)
        if text != original.metadata.get(key):
            edits.set_header("Metadata", key, None if text is None else _one_line(text))
    if beatmap.background != original.background:
        edits.set_background(beatmap.background)

    notes = list(zip(original.notes, document.note_lines, strict=True))
    if beatmap.keys != original.keys:  # every column has moved
        edits.delete(document.note_lines)
        notes = []
    write_note = partial(format_note, keys=beatmap.keys)
    edits.set_items("HitObjects", notes, beatmap.notes, lambda note: note.start_ms, write_note)
    timing = list(zip(original.timing_points, document.timing_lines, strict=True))
    edits.set_items("TimingPoints", timing, beatmap.timing_points, lambda point: point.time_ms, format_timing_point)
    return edits.result()


class _Edits:
    """The edits of one document, made by header, background and section rather than by line number."""

    def __init__(self, document: OsuDocument):
        self._document = document
        self._edits = LineEdits(document.lines)
        self._new_sections: set[str] = set()

    def set_header(self, section: str, key: str, text: str | None) -> None:
        """Set a header, add it if it is missing, or remove it (None)."""
        line = self._document.headers.get((section, key))
        if line is None:
            if not re.fullmatch(r"[^\s:/\[][^:\r\n]*", key):
                raise ValueError(f"'{key}' cannot be the name of a header line")
            self._append(section, f"{key}: {text}" if section == "General" else f"{key}:{text}")
        elif text is None:
            self._edits.delete(line)
        else:
            name, colon, value = _without_end(self._document.lines[line]).partition(":")
            space = value[: len(value) - len(value.lstrip())] if value.strip() else value
            self._edits.replace(line, f"{name}{colon}{space}{text}")

    def set_background(self, file: str | None) -> None:
        """Set the background image, add it if it is missing, or remove it (None)."""
        line = self._document.background_line
        if line is None:
            self._append("Events", f'0,0,"{_one_line(file or "")}",0,0')
        elif file is None:
            self._edits.delete(line)
        else:
            text = _without_end(self._document.lines[line])
            found = find_background(text)
            assert found is not None, "the document says that this line names the background"
            _, start, stop = found
            self._edits.replace(line, text[:start] + _one_line(file) + text[stop:])

    def set_items(
        self,
        section: str,
        known: Sequence[tuple[Item, int]],
        items: Sequence[Item],
        time_of: Callable[[Item], float],
        text_of: Callable[[Item], str],
    ) -> None:
        """Make the section hold `items`: `known` ones keep their lines, others go, new ones are added by time."""
        free: defaultdict[Item, deque[int]] = defaultdict(deque)
        for item, line in known:
            free[item].append(line)
        kept: list[tuple[int, float]] = []
        added: list[Item] = []
        for item in items:
            if free and free.get(item):  # hashing all notes of a new chart would take as long as writing them
                kept.append((free[item].popleft(), time_of(item)))
            else:
                added.append(item)
        for lines in free.values():
            for line in lines:
                self._edits.delete(line)
        added.sort(key=time_of)
        if not kept:
            self._append(section, *map(text_of, added))
            return
        kept.sort()
        latest_ms = list(accumulate((time_ms for _, time_ms in kept), max))  # of the lines so far: they may be unsorted
        for item in added:
            after = bisect_right(latest_ms, time_of(item))
            if after < len(kept):
                self._edits.insert(kept[after][0], [text_of(item)])
            else:
                self._append(section, text_of(item))

    def delete(self, lines: Iterable[int]) -> None:
        for line in lines:
            self._edits.delete(line)

    def result(self) -> list[str]:
        return self._edits.result()

    def _append(self, section: str, *texts: str) -> None:
        """Add lines at the end of a section; a missing section is added at the end of the file."""
        if not texts:
            return
        lines = self._document.sections.get(section)
        if lines is None:
            if section not in self._new_sections:
                self._edits.insert(len(self._document.lines), ["", f"[{section}]"])
                self._new_sections.add(section)
            self._edits.insert(len(self._document.lines), texts)
        else:
            self._edits.insert(lines[-1] + 1, texts)


def _without_end(line: str) -> str:
    return line.rstrip("\r\n")


def _one_line(text: str) -> str:
    """Replace line breaks in a value: titles from audio tags and web forms may contain them."""
    return re.sub(r"[\r\n]+", " ", text).encode("utf-8", "replace").decode()
