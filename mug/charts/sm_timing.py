"""The timing of StepMania's .sm and .ssc files: the fields that define it, and the times of the beats."""

from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

from mug.charts.beat_clock import BeatClock, Events, without_negatives
from mug.charts.beat_grid import ROWS_PER_BEAT
from mug.charts.beatmap import TimingPoint
from mug.charts.foreign_text import MAX_BEAT, MAX_METER, number, one_line, whole_number, within_a_day
from mug.charts.sm_text import Parameter

NOTE_TIMING = {"BPMS", "STOPS", "DELAYS", "WARPS", "TIMESIGNATURES", "FAKES"}  # fields of events that time the notes
# Any one of these gives a chart in a .ssc its own timing ("split timing").
SPLIT_TIMING = (*NOTE_TIMING, "TICKCOUNTS", "COMBOS", "SPEEDS", "SCROLLS", "LABELS")
SPLIT_TIMING_VERSION = 0.7  # earlier .ssc files have none
DEFAULT_BPMS = Parameter("BPMS", ["0=60"], 0)

Fields = dict[str, Parameter]


class Timing(NamedTuple):
    """When the notes of a chart are hit."""

    clock: BeatClock
    fakes: BeatClock  # skips the beats whose notes are fakes
    points: list[TimingPoint]
    is_without_tempo: bool = False  # the chart's own timing has no tempo, so it runs at 60 BPM


class Timings:
    """The timings of the charts in a file, most of which share the song's.

    As in StepMania's loader (NotesLoaderSSC.cpp, TimingData.cpp), a chart's own timing replaces everything in the
    song's but the offset: it has none of the song's stops or warps, and without a tempo it runs at 60 BPM.
    """

    def __init__(self, song: Fields, is_ssc: bool):
        self._song, self._is_ssc = song, is_ssc
        try:
            self._version = number_of(song, "VERSION", SPLIT_TIMING_VERSION)
        except ValueError:
            self._version = 0.0  # as the game reads anything but a number
        self._of_song: Timing | ValueError | None = None

    def of(self, chart: Fields) -> Timing:
        """Return the timing of a chart with these fields. Raises ValueError for an invalid one."""
        if self._version >= SPLIT_TIMING_VERSION and any(text_of(chart, key) for key in SPLIT_TIMING):
            own = {key: chart[key] for key in NOTE_TIMING if text_of(chart, key)}
            offset = next((fields["OFFSET"] for fields in (chart, self._song) if text_of(fields, "OFFSET")), None)
            timing = self._timing({"BPMS": DEFAULT_BPMS} | own | ({"OFFSET": offset} if offset else {}))
            return timing._replace(is_without_tempo="BPMS" not in own)
        return self.of_song()

    def of_song(self) -> Timing:
        """Return the timing of the charts without their own. Raises ValueError for an invalid one."""
        if self._of_song is None:
            try:
                self._of_song = self._timing(self._song)
            except ValueError as error:
                self._of_song = error  # the same one for every chart
        if isinstance(self._of_song, ValueError):
            raise self._of_song
        return self._of_song

    def _timing(self, fields: Fields) -> Timing:
        """Return the timing in these fields. Raises ValueError."""
        bpms, stops, warps = _events(fields, "BPMS"), _events(fields, "STOPS"), _events(fields, "WARPS")
        if self._is_ssc:
            bpms = [(beat, bpm) for beat, bpm in bpms if beat >= 0 and bpm > 0]  # the game skips the others
            if self._version < SPLIT_TIMING_VERSION:  # a warp was written with the beat that it jumps to
                warps = [(beat, to - beat if to > beat else to) for beat, to in warps]
        else:
            bpms, stops, warps_by_negatives = without_negatives(bpms, stops)
            warps = [*warps_by_negatives, *warps]
        start_ms = -1000.0 * number_of(fields, "OFFSET", 0.0)
        clock = BeatClock(bpms, stops, _events(fields, "DELAYS"), warps, _meters(fields), start_ms)
        fakes = BeatClock([(0.0, 60.0)], warps=_events(fields, "FAKES"))  # ranges of beats, like warps
        return Timing(clock, fakes, within_a_day(clock.timing_points))


def _events(fields: Fields, key: str) -> Events:
    """Read "beat=value,beat=value,...". Raises ValueError for anything that is not a number."""
    return [(beat, number(values[0], f"a value of #{key}")) for beat, values in _values(fields, key)]


def _meters(fields: Fields) -> list[tuple[float, int]]:
    """Read #TIMESIGNATURES: the beats (quarter notes) per bar. Of 7/8, it is the 7 of two bars.

    Signatures that are not positive numbers are left out, as in the game. Raises ValueError for an impossible beat.
    """
    meters: list[tuple[float, int]] = []
    for beat, (count, *unit) in _values(fields, "TIMESIGNATURES"):
        numerator, denominator = whole_number(count, 0), whole_number(unit[0], 0) if unit else 4
        if numerator > 0 and denominator > 0 and (meter := Fraction(4 * numerator, denominator).numerator) <= MAX_METER:
            meters.append((beat, meter))
    return meters


def _values(fields: Fields, key: str) -> Iterator[tuple[float, list[str]]]:
    """Read "beat=value=...,beat=value=...": beats, on the game's grid, and texts. Raises ValueError for a bad beat."""
    for part in fields[key].value.split(",") if key in fields else ():
        beat_text, *values = part.split("=")
        if not values:
            continue
        beat = number(beat_text, f"a beat of #{key}")
        if not -MAX_BEAT <= beat <= MAX_BEAT:
            raise ValueError(f"#{key} has beat {beat:g}, out of range")
        yield round(beat * ROWS_PER_BEAT) / ROWS_PER_BEAT, values


def text_of(fields: Fields, key: str) -> str:
    """Return a field's first value as one line, "" if there is none."""
    return one_line(fields[key].value) if key in fields else ""


def number_of(fields: Fields, key: str, default: float) -> float:
    """Return a field's number, `default` if it is empty. Raises ValueError for anything that is not a number."""
    text = text_of(fields, key)
    return number(text, f"#{key}") if text else default
