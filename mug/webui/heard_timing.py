"""The timing of a song for the page: what was heard, in words; taken from a chart; and as JSON."""

import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from mug.charts.beatmap import TimingPoint, beat_ms_of
from mug.charts.chart_files import CHART_SUFFIXES, PACKAGE_SUFFIXES, find_charts, read_timing
from mug.charts.osz import extract_osz
from mug.charts.tempo_map import MAX_BPM, MIN_BPM, is_tempo
from mug.errors import ChartError, PromptError
from mug.timing.detected import DetectedTiming
from mug.timing.misfit import misfit

MOST_POINTS = 10_000  # of a chart; more are a gimmick
MOST_BEATS = 1_000  # in a measure
# Confidence in words. Of 16 held-out composed songs all are above 0.96, and their tempo and beats are right.
SURE = ((0.9, "very sure"), (0.7, "fairly sure"), (0.4, "unsure"), (0.0, "a guess"))
LIKELY = 0.1  # an alternative tempo that is worth naming
TIMING_SUFFIXES = (*CHART_SUFFIXES, *PACKAGE_SUFFIXES)


def in_words(heard: DetectedTiming) -> str:
    """What was heard, and how sure that is."""
    if not heard.has_pulse:
        return f"{heard.message[0].upper()}{heard.message[1:]}. Tap the tempo, or set it by hand."
    first = heard.timing_points[0]
    bpms = [point.bpm for point in heard.timing_points]
    tempo = f"{first.bpm:.6g} BPM"
    if len(set(bpms)) > 1:
        tempo = f"{len(bpms)} tempos from {min(bpms):.6g} to {max(bpms):.6g} BPM"
    sure = next(word for least, word in SURE if heard.confidence >= least)
    others = [f"{other.bpm:.6g} ({other.name})" for other in heard.alternatives if other.score >= LIKELY]
    doubt = f"; it may also be {' or '.join(others)}" if others else ""
    return f"Detected: {tempo}, first beat at {first.time_ms:.0f} ms, {first.meter}/4 – {sure}{doubt}."


def tempo_of(points: Iterable[TimingPoint]) -> str:
    """The tempo or tempos in a few words, as the panel says them (mug/webui/timing/grid.js)."""
    bpms = [round(point.bpm, 2) for point in points]
    low, high = min(bpms), max(bpms)
    return f"{low:.8g} BPM" if low == high else f"{low:.8g} to {high:.8g} BPM"


def chart_timing(chart: Path, audio: Path | None) -> tuple[list[TimingPoint], str]:
    """The timing of a chart file, or of the first chart of a package, and what to know of it, in words.

    audio: the song that it is for; a chart of another song is warned of. Raises ChartError, AudioError.
    """
    if chart.suffix.lower() not in PACKAGE_SUFFIXES:
        return _chart_timing(chart, audio)
    with tempfile.TemporaryDirectory(prefix="mug-") as scratch:
        extract_osz(chart, Path(scratch))
        inside = find_charts([Path(scratch)])
        if not inside:
            raise ChartError(f"{chart}: holds no chart")
        try:
            return _chart_timing(inside[0], audio)
        except ChartError as error:
            raise ChartError(str(error).replace(scratch, str(chart))) from error


def _chart_timing(chart: Path, audio: Path | None) -> tuple[list[TimingPoint], str]:
    points = read_timing(chart, audio)
    if len(points) > MOST_POINTS:
        raise ChartError(f"{chart}: {len(points)} tempo changes; at most {MOST_POINTS} are taken over")
    doubt = "" if audio is None else misfit(chart, points, audio)
    return points, f"The timing of {chart.name}." + (f" But {doubt}" if doubt else "")


def points_json(points: Iterable[TimingPoint]) -> list[dict[str, float]]:
    """Timing points as the page and scripts read them."""
    return [
        {"time_ms": point.time_ms, "beat_ms": point.beat_ms, "bpm": point.bpm, "meter": max(1, point.meter)}
        for point in points
    ]


def given_points(given: object) -> list[TimingPoint] | None:
    """Timing points that came from a browser, [{time_ms, beat_ms, meter}], or from a script, [{time_ms, bpm, meter}].

    A meter may be left out. None, or an empty list, leaves the timing to the model. Raises PromptError for others.
    """
    if given is None or given == []:
        return None
    if not isinstance(given, Sequence) or isinstance(given, str) or len(given) > MOST_POINTS:
        raise PromptError(f"timing: give a list of at most {MOST_POINTS} points, each with time_ms, beat_ms and meter")
    points = [_given_point(point) for point in given]
    return sorted(points, key=lambda point: point.time_ms)


def _given_point(given: Any) -> TimingPoint:
    try:
        beat_ms = float(given["beat_ms"] if "beat_ms" in given else beat_ms_of(float(given["bpm"])))
        point = TimingPoint(float(given["time_ms"]), beat_ms, int(given.get("meter", 4)))
    except (LookupError, TypeError, ValueError, ArithmeticError, AttributeError):
        point = None
    if point is not None and is_tempo(point) and 1 <= point.meter <= MOST_BEATS:
        return point
    raise PromptError(
        f"timing: {str(given)[:80]} is no tempo; give time_ms within a day, {MIN_BPM:g} to {MAX_BPM:g} BPM "
        f"(beat_ms or bpm) and a meter of 1 to {MOST_BEATS} beats"
    )
