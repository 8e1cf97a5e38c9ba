"""Errors of the estimate of Etterna's ratings (MSD) against the reference, as tables for docs/msd.md.

Axes: N charts. Ratings are [N, 8] by MSD_NAMES.
"""

import time
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from scipy.stats import spearmanr

from mug.ratings.msd.estimate import Network, estimate_msd
from mug.ratings.msd.rating import MSD_NAMES
from mug.ratings.msd.reference import RATED, SOURCES, SYNTHETIC, Reference

WORST_KINDS = 10
FEWEST_OF_A_KIND = 5
WORST_CHARTS = 12
TIMED_NOTES = 2000
TIMED_RUNS = 20


def estimates(references: Sequence[Reference], networks: Sequence[Network]) -> np.ndarray:
    """Return the estimated ratings [N, 8] of the references' charts at their rates."""
    return np.concatenate([estimate_msd(r.column, r.start_ms, [r.rate], networks) for r in references])


def figures(references: Sequence[Reference], estimated: np.ndarray, networks: Sequence[Network]) -> str:
    """Return the tables: errors by source and skillset, by rate, by kind and chart, and the time."""
    truth = np.stack([reference.msd for reference in references])
    source = np.array([reference.source for reference in references])
    parts = ["### Errors by skillset\n\nSpearman's rank correlation / mean absolute error / mean error, in MSD.\n"]
    parts.append(_table(["", *MSD_NAMES], [_errors(name, estimated, truth, source == name) for name in SOURCES]))
    parts.append(
        "\n### Effect of the rate\n\nThe same for msd(rate) - msd(1), over the charts rated at several rates.\n"
    )
    parts.append(_table(["rate", *MSD_NAMES], _rate_errors(references, estimated, truth)))
    parts.append(
        f"\n### The {WORST_KINDS} worst kinds of synthetic charts\n\nMean absolute error over the skillsets.\n"
    )
    parts.append(_table(["kind", "charts", "error", "worst skillset"], _worst_kinds(references, estimated, truth)))
    parts.append(f"\n### The {WORST_CHARTS} worst real charts\n")
    parts.append(_table(["chart", "skillset", "estimate", "reference"], _worst_charts(references, estimated, truth)))
    one, sixteen = time_ms(references, networks)
    parts.append(
        f"\n### Time\n\nCPU time of a chart of {TIMED_NOTES} notes on the machine that made this page: "
        f"{one:.1f} ms at one\nrate, {sixteen:.1f} ms at sixteen ({(sixteen - one) / 15:.2f} ms per further rate).\n"
    )
    return "\n".join(parts)


def time_ms(references: Sequence[Reference], networks: Sequence[Network] | None = None) -> tuple[float, float]:
    """Return the ms for the synthetic chart nearest to 2000 notes, at one rate and at sixteen; best of several runs."""
    charts = [reference for reference in references if reference.source == SYNTHETIC]
    chart = min(charts, key=lambda reference: abs(len(reference.column) - TIMED_NOTES))
    best = []
    for rates in ([1.0], np.linspace(0.5, 2.0, 16).tolist()):
        times = []
        for _ in range(TIMED_RUNS):
            start = time.process_time()
            estimate_msd(chart.column, chart.start_ms, rates, networks)
            times.append(time.process_time() - start)
        best.append(1000 * min(times))
    return best[0], best[1]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def _error(estimated: np.ndarray, truth: np.ndarray) -> str:
    error = estimated - truth
    rank = spearmanr(estimated, truth)[0]
    return f"{rank:.4f} / {np.abs(error).mean():.2f} / {error.mean():+.2f}"


def _errors(name: str, estimated: np.ndarray, truth: np.ndarray, chosen: np.ndarray) -> list[str]:
    cells = [_error(estimated[chosen, index], truth[chosen, index]) for index in range(len(MSD_NAMES))]
    return [f"{name} ({chosen.sum()})", *cells]


def _rate_errors(references: Sequence[Reference], estimated: np.ndarray, truth: np.ndarray) -> list[list[str]]:
    plain = {reference.group: index for index, reference in enumerate(references) if reference.source == SYNTHETIC}
    of_rate = defaultdict(list)
    for index, reference in enumerate(references):
        if reference.source == RATED and reference.group in plain:
            of_rate[reference.rate].append((index, plain[reference.group]))
    rows = []
    for rate, pairs in sorted(of_rate.items()):
        at_rate, at_one = np.array(pairs).T
        cells = [
            _error(estimated[at_rate, index] - estimated[at_one, index], truth[at_rate, index] - truth[at_one, index])
            for index in range(len(MSD_NAMES))
        ]
        rows.append([f"{rate:g} ({len(pairs)})", *cells])
    return rows


def _worst_kinds(references: Sequence[Reference], estimated: np.ndarray, truth: np.ndarray) -> list[list[str]]:
    of_kind = defaultdict(list)
    for index, reference in enumerate(references):
        if reference.source == SYNTHETIC:
            of_kind[reference.kind.split(":")[0] if ":" not in reference.kind[:4] else "mix"].append(index)
    rows = []
    for kind, indices in of_kind.items():
        error = np.abs(estimated[indices] - truth[indices]).mean(axis=0)
        if len(indices) >= FEWEST_OF_A_KIND:
            worst = int(error.argmax())
            rows.append((error.mean(), [kind, str(len(indices)), f"{error.mean():.2f}", MSD_NAMES[worst]]))
    return [row for _, row in sorted(rows, reverse=True)[:WORST_KINDS]]


def _worst_charts(references: Sequence[Reference], estimated: np.ndarray, truth: np.ndarray) -> list[list[str]]:
    real = np.array([reference.source == "real" for reference in references])
    error = np.abs(estimated - truth) * real[:, None]
    rows = []
    for index in np.argsort(-error.max(axis=1))[: min(WORST_CHARTS, real.sum())]:
        worst = int(error[index].argmax())
        name = references[index].kind.split("/")[-1]
        rows.append([name, MSD_NAMES[worst], f"{estimated[index, worst]:.1f}", f"{truth[index, worst]:.1f}"])
    return rows
