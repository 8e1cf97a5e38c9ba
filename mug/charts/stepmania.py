"""Read StepMania's and Etterna's .sm and .ssc files, as 4K charts unless other styles are asked for.

Times are those of the audio file as the game plays it: beat 0 is at -OFFSET, and nothing else is added. The 9 ms bias
is not corrected: packs made for In The Groove cabinets have 9 ms more in their OFFSET than the music, but a file does
not say whether it has the bias, and 9 ms is well within a frame.

Axis: N notes.
"""

from collections.abc import Collection, Iterator
from pathlib import Path

import numpy as np

from mug.charts.beatmap import Beatmap, Note, TimingPoint
from mug.charts.foreign_text import (
    check_count,
    check_size,
    decode_text,
    finished,
    read_chart_bytes,
)
from mug.charts.osu import OtherModeError
from mug.charts.osu_lines import printable
from mug.charts.remarks import Remarks
from mug.charts.sm_text import Parameter, parameters
from mug.charts.sm_timing import NOTE_TIMING, Fields, Timing, Timings, number_of, text_of
from mug.errors import ChartError

MAX_BYTES = 8 * 2**20
NOT_PLAYED = "0MFAK"  # nothing, mines, fakes, attacks, key sounds
MAX_CHARTS = 200
MAX_EVENTS = 100_000  # tempo changes, stops etc. of all charts in a file
#: The columns of each style that is written, and read if asked for (GameManager.cpp).
STYLES = {
    "dance-threepanel": 3,
    "dance-single": 4,
    "pump-single": 5,
    "dance-solo": 6,
    "kb7-single": 7,
    "dance-double": 8,
    "pnm-nine": 9,
    "pump-double": 10,
}
FOUR_PANELS = ("dance-single",)
NOTES_FIELDS = 6  # of #NOTES in .sm: style, author, difficulty, meter, groove radar, notes


def read_stepmania(path: str | Path, styles: Collection[str] = FOUR_PANELS) -> tuple[list[Beatmap], list[ChartError]]:
    """Read a .sm or .ssc file as parse_stepmania does."""
    path = Path(path)
    return parse_stepmania(read_chart_bytes(path, MAX_BYTES), str(path), styles)


def read_stepmania_timing(path: str | Path) -> list[TimingPoint]:
    """Return the tempo changes of a song, or of its first chart if the song itself has no tempo.

    Raises ChartError.
    """
    song, charts, is_ssc = _fields(read_chart_bytes(Path(path), MAX_BYTES), str(path))
    timings = Timings(song, is_ssc)
    try:
        with_tempo = (fields for fields, _ in charts if text_of(fields, "BPMS") and not text_of(song, "BPMS"))
        chart = next(with_tempo, None)
        return (timings.of_song() if chart is None else timings.of(chart)).points
    except ValueError as error:
        raise ChartError(f"{path}: {printable(error)}") from error


def parse_stepmania(
    data: bytes, name: str, styles: Collection[str] = FOUR_PANELS
) -> tuple[list[Beatmap], list[ChartError]]:
    """Read the bytes of a .sm or .ssc file: its charts of some STYLES, and errors for the others.

    `name` is for messages.
    Taps and lifts become notes, holds and rolls long notes. Mines, fakes, attacks, key sounds, and notes on beats that
    the timing skips are left out. Raises ChartError for any other file.
    """
    song, charts, is_ssc = _fields(data, name)
    if not charts:
        raise ChartError(f"{name}: holds no charts (#NOTES); this is not a StepMania file, or it is cut off")
    found: list[Beatmap] = []
    errors: list[ChartError] = []
    timings = Timings(song, is_ssc)
    n_notes = 0
    for fields, notes in charts:
        try:
            check_count(n_notes)
            style = text_of(fields, "STEPSTYPE").lower()
            if style not in styles:
                wanted = f"only {'four-panel ' if styles == FOUR_PANELS else ''}charts ({', '.join(styles)}) are read"
                raise OtherModeError(f"{name}: line {notes.line}: a {style[:40] or 'nameless'} chart; {wanted}")
            timing = timings.of(fields)
            found.append(_chart(song, fields, notes, STYLES[style], timing))
            n_notes += len(found[-1].notes)
        except ValueError as error:
            errors.append(ChartError(f"{name}: line {notes.line}: {printable(error)}"))
        except OtherModeError as error:
            errors.append(error)
    return found, errors


def _fields(data: bytes, name: str) -> tuple[Fields, list[tuple[Fields, Parameter]], bool]:
    """Return a song's fields, the fields and notes of each of its charts, and whether it is a .ssc file.

    Raises ChartError for text that has no such fields, or too many of them.
    """
    check_size(data, MAX_BYTES, name)
    song: Fields = {}
    charts: list[tuple[Fields, Parameter]] = []  # the fields of a chart, and its notes
    own: Fields | None = None  # fields of the .ssc chart being read
    is_ssc = False
    try:
        for parameter in parameters(decode_text(data)):
            if parameter.name == "NOTEDATA":
                own, is_ssc = {}, True
            elif parameter.name in ("NOTES", "NOTES2") and own is not None:
                charts.append((own, parameter))
                own = None
            elif parameter.name == "NOTES":
                charts.append(_fields_of_sm(parameter))
            else:
                (song if own is None else own).setdefault(parameter.name, parameter)
    except ValueError as error:
        raise ChartError(f"{name}: {printable(error)}") from error
    if len(charts) > MAX_CHARTS:
        raise ChartError(f"{name}: {len(charts)} charts of one song; at most {MAX_CHARTS} are read")
    n_events = sum(
        fields[key].value.count("=")
        for fields in (song, *(own for own, _ in charts))
        for key in NOTE_TIMING & fields.keys()
    )
    if n_events > MAX_EVENTS:
        raise ChartError(f"{name}: {n_events} changes of tempo, stops and the like; at most {MAX_EVENTS} are read")
    return song, charts, is_ssc


def _fields_of_sm(parameter: Parameter) -> tuple[Fields, Parameter]:
    """The fields that a .sm chart has inside its #NOTES, under their .ssc names."""
    values = [*parameter.values, *[""] * NOTES_FIELDS]
    names = ("STEPSTYPE", "DESCRIPTION", "DIFFICULTY", "METER")
    fields = {key: Parameter(key, [text], parameter.line) for key, text in zip(names, values, strict=False)}
    return fields, parameter._replace(values=[":".join(parameter.values[NOTES_FIELDS - 1 :])])


def _chart(song: Fields, fields: Fields, notes: Parameter, keys: int, timing: Timing) -> Beatmap:
    """Make a chart. Raises ValueError."""
    artist, title = text_of(song, "ARTIST"), " ".join(filter(None, (text_of(song, "TITLE"), text_of(song, "SUBTITLE"))))
    translit = " ".join(filter(None, (text_of(song, "TITLETRANSLIT"), text_of(song, "SUBTITLETRANSLIT"))))
    description = text_of(fields, "CHARTNAME") or text_of(fields, "DESCRIPTION")
    difficulty, meter = text_of(fields, "DIFFICULTY"), text_of(fields, "METER")
    version = [difficulty, description if difficulty.lower() == "edit" else "", meter]
    remarks = Remarks()
    if timing.is_without_tempo:
        remarks.add("timing of its own without #BPMS, which StepMania plays at 60 BPM")
    preview_s = number_of(song, "SAMPLESTART", -0.001)
    beatmap = Beatmap(
        keys,
        _notes(notes.value, keys, timing, remarks),
        timing.points[:],
        audio_filename=text_of(fields, "MUSIC") or text_of(song, "MUSIC"),
        title=translit or title,
        artist=text_of(song, "ARTISTTRANSLIT") or artist,
        creator=text_of(fields, "CREDIT") or text_of(song, "CREDIT"),
        version=" ".join(filter(None, version)),
        background=text_of(song, "BACKGROUND") or text_of(song, "BANNER") or None,
        preview_ms=round(1000.0 * preview_s) if 0 <= preview_s <= 86_400 else -1,
        metadata={"TitleUnicode": title, "ArtistUnicode": artist, "Source": "", "Tags": text_of(song, "GENRE")},
        remarks=remarks.lines(),
    )
    return finished(beatmap, "the chart")


def _notes(text: str, keys: int, timing: Timing, remarks: Remarks) -> list[Note]:
    """The notes in a chart's rows. Raises ValueError for too many rows of the wrong width."""
    rows = list(_rows(text, keys, remarks))
    beats = np.array([beat for beat, _ in rows])  # [rows]
    times_ms = timing.clock.times_ms(beats).tolist() if rows else []
    hittable = (timing.clock.hittable(beats) & timing.fakes.hittable(beats)).tolist() if rows else []
    notes: list[Note] = []
    heads: dict[int, float] = {}  # column -> start of the open hold; heads that cannot be hit are left out
    for (_, row), time_ms, is_hittable in zip(rows, times_ms, hittable, strict=True):
        for column, kind in enumerate(row):
            if kind == "0":
                continue
            if kind == "3":
                if column in heads:
                    head_ms = heads.pop(column)
                    notes.append(Note(head_ms, column, time_ms if time_ms > head_ms else None))
            elif is_hittable and kind in "12L4":
                if column in heads:  # its tail is missing
                    notes.append(Note(heads.pop(column), column))
                if kind in "24":
                    heads[column] = time_ms
                else:
                    notes.append(Note(time_ms, column))
    return notes + [Note(head_ms, column) for column, head_ms in heads.items()]


def _rows(text: str, keys: int, remarks: Remarks) -> Iterator[tuple[float, str]]:
    """Yield (beat, row) of each row that is not empty. A measure of n rows has one every 4/n beats.

    As in the game, a row that is too wide is cut and one that is too narrow is padded.
    """
    empty, n_rows = "0" * keys, 0
    kind = f"rows that are not {keys} panels wide, of which what fits is read"
    for measure, lines in enumerate(text.split(",")):
        rows = lines.split()
        for i, row in enumerate(rows):
            if row == empty or not row.strip(NOT_PLAYED):
                continue
            if "[" in row or "{" in row:
                row = _without_brackets(row)
            if len(row) != keys:
                remarks.add(kind, f"measure {measure + 1}: '{row[:20]}'")
                row = row[:keys].ljust(keys, "0")
            n_rows += 1
            check_count(n_rows)
            yield 4.0 * measure + 4.0 * i / len(rows), row
    remarks.check(kind, n_rows)


def _without_brackets(row: str) -> str:
    """A row without the key sounds [3] and the attacks {...} behind its notes."""
    kept, depth = [], 0
    for letter in row:
        if letter in "[{":
            depth += 1
        elif letter in "]}":
            depth -= 1
        elif depth <= 0:
            kept.append(letter)
    return "".join(kept)
