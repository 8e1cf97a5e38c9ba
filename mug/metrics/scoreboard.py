"""Aggregates comparisons of charts with their references: every figure with an interval over songs.

Axes: N pairs of charts, K keys, S snaps, G kinds of pattern, Z latent channels.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from mug.data.chart_offset import ChartOffset
from mug.metrics.bootstrap import Estimate, Statistic, bootstrap, mean_of, ratio_of
from mug.metrics.density import density_spearman, notes_per_second_error
from mug.metrics.duplicates import NEAR_DUPLICATE
from mug.metrics.frechet import Moments, frechet_distance
from mug.metrics.onsets import column_f1, moments_ms, onset_f1
from mug.metrics.patterns import as_arrays, js_distance, ln_length_distance_ms
from mug.metrics.profile import Profile
from mug.metrics.reference_offsets import shift_ms
from mug.metrics.snaps import SNAPS
from mug.metrics.structure import MusicStructure
from mug.metrics.tempo_changes import f1_around, tempo_changes
from mug.metrics.violations import KINDS
from mug.ratings.skillsets import SKILLSETS

NAN = float("nan")
TOLERANCES_MS = (20, 50)
FLAGS = ("rc", "hb", "ln", *SKILLSETS)  # features that a prompt can set to true


@dataclass(frozen=True)
class Pair:
    """A chart, the human's chart of the same song, and the prompt.

    The offsets are those of people's charts against the audio; None if not measured, or for a program's chart. music:
    which measures sound alike; None if not measured.
    """

    name: str  # of the reference
    song: str
    reference: Profile
    estimated: Profile
    prompt: Mapping[str, Any]
    reference_offset: ChartOffset | None = None
    estimated_offset: ChartOffset | None = None
    music: MusicStructure | None = None


@dataclass(frozen=True)
class Summary:
    """Results of a set of charts. `frames`: number of latent frames in the Frechet distance, 0 without."""

    pairs: Sequence[Pair]
    rows: Sequence[Mapping[str, float]]  # of each pair
    estimates: Mapping[str, Estimate]
    violations: Mapping[str, float]  # by kind, per 1000 notes
    snaps: Mapping[str, float]  # shares
    chords: Mapping[int, float]  # shares, by notes at once
    frames: int

    @property
    def songs(self) -> int:
        return len({pair.song for pair in self.pairs})


def scores_of(pair: Pair) -> dict[str, float]:
    """Return the figures of one pair, NaN where undefined: not in the prompt, or nothing to measure."""
    human, chart = pair.reference.chart, pair.estimated.chart
    there, guessed = moments_ms(human), moments_ms(chart)
    row: dict[str, float] = {}
    for tolerance in TOLERANCES_MS:
        score = onset_f1(there, guessed, tolerance)
        row |= {
            f"onset_precision_{tolerance}ms": score.precision,
            f"onset_recall_{tolerance}ms": score.recall,
            f"onset_f1_{tolerance}ms": score.f1,
            f"column_f1_{tolerance}ms": column_f1(human, chart, tolerance),
            f"mirrored_column_f1_{tolerance}ms": column_f1(human, chart, tolerance, mirrored=True),
        }
    row["before_change_f1_20ms"], row["after_change_f1_20ms"] = f1_around(tempo_changes(human), there, guessed, 20.0)
    row |= _aligned_scores(pair, there, guessed)
    stars = pair.reference.star_rating if pair.prompt.get("sr") is None else pair.prompt["sr"]
    errors = {name: _difference(pair, f"{name}_ett") for name in SKILLSETS}
    asked_for = [errors[name] for name in SKILLSETS if pair.prompt.get(f"{name}_ett") is not None]
    came = {name: bool(pair.estimated.features.get(name)) for name in FLAGS if pair.prompt.get(name) in (True, 1)}
    return {
        **row,
        **_repetition(pair),
        "density_spearman": density_spearman(human, chart),
        "notes_per_second_error": notes_per_second_error(human, chart),
        "star_rating": pair.estimated.star_rating,
        "star_rating_asked": stars,
        "star_rating_error": abs(pair.estimated.star_rating - stars),
        "star_rating_bias": pair.estimated.star_rating - stars,
        "ln_ratio_error": abs(pair.estimated.ln_ratio - pair.reference.ln_ratio) if chart.notes else 1.0,
        "ln_length_distance_ms": ln_length_distance_ms(human, chart),
        "ett_error": _difference(pair, "ett"),
        "asked_ett_error": float(np.mean(asked_for)) if asked_for else NAN,
        **{f"{name}_ett_error": error for name, error in errors.items()},
        "flags_obeyed": _share(came.values()),
        "skillsets_obeyed": _share(came[name] for name in SKILLSETS if name in came),
    }


def _aligned_scores(pair: Pair, there: np.ndarray, guessed: np.ndarray) -> dict[str, float]:
    """Onset F1 of moments in ms without the offsets of people's charts; NaN if they were not measured."""
    offset = pair.reference_offset
    row = {"reference_offset_ms": offset.offset_ms if offset is not None and offset.is_sure else NAN}
    there, guessed = there + shift_ms(offset), guessed + shift_ms(pair.estimated_offset)
    for tolerance in TOLERANCES_MS:
        f1 = NAN if offset is None else onset_f1(there, guessed, tolerance).f1
        row[f"aligned_onset_f1_{tolerance}ms"] = f1
    return row


def _repetition(pair: Pair) -> dict[str, float]:
    """What returns in the chart and in the human's, and how well it follows the music; 0 for an empty chart."""
    own, humans, music = pair.estimated.motifs, pair.reference.motifs, pair.music
    is_empty = not pair.estimated.n_notes
    return {
        "motif_share": 0.0 if is_empty else own.motif,
        "motif_share_human": humans.motif,
        "motif_chance": 0.0 if is_empty else own.chance,
        "rhythm_share": 0.0 if is_empty else own.rhythm,
        "rhythm_share_human": humans.rhythm,
        "structure": NAN if music is None else music.correlation(pair.estimated.chart),
        "structure_human": NAN if music is None else music.correlation(pair.reference.chart),
    }


def _share(came: Iterable[bool]) -> float:
    """The share of True, NaN if empty."""
    answers = list(came)
    return float(np.mean(answers)) if answers else NAN


def _difference(pair: Pair, name: str) -> float:
    """The error of a rating against the reference's; a chart that cannot be rated (empty, or a wall of notes) counts as
    0.
    """
    there = pair.reference.number(name)
    return NAN if there is None else abs((pair.estimated.number(name) or 0.0) - there)


def summary_of(pairs: Sequence[Pair], overlaps: Sequence[float] | None = None, seed: int = 0) -> Summary:
    """Aggregate at least one pair. overlaps [N]: of each chart with the nearest training chart. seed: of the intervals.

    Raises ValueError without pairs.
    """
    if not pairs:
        raise ValueError("expected at least one pair of charts, got none")
    rows = [scores_of(pair) for pair in pairs]
    charts = [pair.estimated for pair in pairs]
    notes = np.array([chart.n_notes for chart in charts], float)  # [N]
    broken = np.array([[chart.violations[kind] for kind in KINDS] for chart in charts], float)  # [N, kinds]
    values = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    statistics: dict[str, tuple[Statistic, int]] = {
        name: (mean_of(value), int(np.isfinite(value).sum())) for name, value in values.items()
    }
    counts, there, guessed = _sides(pairs)
    statistics |= _distances(counts, there, guessed)
    snaps = np.array([chart.snaps for chart in charts])  # [N, S]
    statistics["off_grid"] = (ratio_of(snaps[:, -1], snaps.sum(axis=1)), len(pairs))
    statistics["violations_per_1000"] = (ratio_of(broken.sum(axis=1), notes, 1000.0), len(pairs))
    if overlaps is not None:
        shares = np.array(overlaps, float)
        statistics["training_overlap"] = (mean_of(shares), len(pairs))
        statistics["near_duplicates"] = (mean_of((shares >= NEAR_DUPLICATE).astype(float)), len(pairs))
    songs = [pair.song for pair in pairs]
    chords: Counter[int] = Counter()
    for chart in charts:
        chords.update(dict(chart.chords))
    return Summary(
        pairs=pairs,
        rows=rows,
        estimates={name: Estimate(*bootstrap(s, songs, seed), n) for name, (s, n) in statistics.items()},
        violations={kind: _per_1000(broken[:, i], notes) for i, kind in enumerate(KINDS)},
        snaps=dict(zip(SNAPS, _normalised(snaps.sum(axis=0)).tolist(), strict=True)),
        chords={size: share / sum(chords.values()) for size, share in sorted(chords.items())},
        frames=_frames(counts, guessed),
    )


def _distances(
    counts: np.ndarray, there: Sequence[Profile], guessed: Sequence[Profile]
) -> dict[str, tuple[Statistic, int]]:
    """Statistics over all charts, with the number of charts; each has equal weight, however many notes it has."""
    n = int(counts.sum())
    found: dict[str, Statistic] = {}
    for name in ("chords", "bigrams", "trigrams"):
        kinds = [[getattr(chart, name) for chart in side] for side in (there, guessed)]
        found[f"{name}_js"] = partial(_js, *as_arrays(*kinds))
    found["snaps_js"] = partial(
        _js, *(np.array([chart.snaps for chart in side]) for side in (there, guessed))
    )  # [N, S]
    encoded = [[chart.latents for chart in side] for side in (there, guessed)]
    if all(any(latents is not None for latents in side) for side in encoded):
        found["latent_frechet"] = partial(_frechet, _stacked(encoded[0]), _stacked(encoded[1]))

    def of_counted(statistic: Statistic) -> Statistic:
        return lambda weights: statistic(weights * counts)

    return {name: (of_counted(statistic), n) for name, statistic in found.items()}


def _sides(pairs: Sequence[Pair]) -> tuple[np.ndarray, list[Profile], list[Profile]]:
    """Return the weights of pairs, 0 or 1 [N], and the charts of both sides.

    If human charts are compared with each other, the same charts would be on both sides, at distance 0. So each chart
    counts once, and every second pair is swapped so that neither side has the easier charts.
    """
    references = {id(pair.reference) for pair in pairs}
    counts, there, guessed = np.zeros(len(pairs)), [], []
    as_reference: set[int] = set()
    as_other: set[int] = set()
    n_mutual = 0  # counted pairs where both charts are references
    for i, pair in enumerate(pairs):
        sides = [pair.reference, pair.estimated]
        reference, other = map(id, sides)
        if reference not in as_other and other not in as_other | as_reference:
            counts[i] = 1
            as_reference.add(reference)
            as_other.add(other)
            if other in references:
                if n_mutual % 2:
                    sides.reverse()
                n_mutual += 1
        there.append(sides[0])
        guessed.append(sides[1])
    return counts, there, guessed


def _frames(counts: np.ndarray, guessed: Sequence[Profile]) -> int:
    """The number of latent frames of the counted charts."""
    counted = [chart.latents for count, chart in zip(counts, guessed, strict=True) if count]
    return int(sum(latents.n for latents in counted if latents is not None))


def _js(there: np.ndarray, guessed: np.ndarray, weights: np.ndarray) -> float:
    return js_distance(weights @ there, weights @ guessed)


def _stacked(side: Sequence[Moments | None]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Moments as arrays [N], [N, Z], [N, Z, Z]; zeros if not encoded."""
    z = next(len(moments.total) for moments in side if moments is not None)
    nothing = Moments(0.0, np.zeros(z), np.zeros((z, z)))
    filled = [moments or nothing for moments in side]
    return (
        np.array([moments.n for moments in filled]),
        np.array([moments.total for moments in filled]),
        np.array([moments.squares for moments in filled]),
    )


def _frechet(there: tuple[np.ndarray, ...], guessed: tuple[np.ndarray, ...], weights: np.ndarray) -> float:
    sums = [Moments(float(weights @ n), weights @ t, np.tensordot(weights, s, 1)) for n, t, s in (there, guessed)]
    return frechet_distance(*sums) if min(moments.n for moments in sums) >= 2 else NAN


def _per_1000(counts: np.ndarray, notes: np.ndarray) -> float:
    return float(counts.sum() / notes.sum() * 1000) if notes.sum() else 0.0


def _normalised(shares: np.ndarray) -> np.ndarray:
    return shares / shares.sum() if shares.sum() else shares
