"""A scoreboard as text for the terminal, Markdown for a model card and JSON for programs."""

import hashlib
import math
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from mug.config import find_file
from mug.lint.criteria import EXPERT, LEVELS, level_of
from mug.metrics.bands import band_rows
from mug.metrics.bootstrap import Estimate
from mug.metrics.scoreboard import Summary
from mug.ratings.msd.rating import calculator_version
from mug.ratings.skillsets import SKILLSETS
from mug.ratings.stars import star_rating_version

PACKAGES = ("mug", "torch", "numpy", "scipy", "librosa", "rosu-pp-py")
HIGHER, LOWER, NEUTRAL = "↑", "↓", ""


@dataclass(frozen=True)
class Line:
    """A line of the table: the figure's name, its label, and which direction is better."""

    name: str
    label: str
    better: str = LOWER
    digits: int = 2
    percent: bool = False


LINES = (
    Line("onset_f1_50ms", "onset F1, 50 ms", HIGHER),
    Line("onset_precision_50ms", "  precision", HIGHER),
    Line("onset_recall_50ms", "  recall", HIGHER),
    Line("aligned_onset_f1_50ms", "  F1, offsets removed", HIGHER),
    Line("onset_f1_20ms", "onset F1, 20 ms", HIGHER),
    Line("onset_precision_20ms", "  precision", HIGHER),
    Line("onset_recall_20ms", "  recall", HIGHER),
    Line("aligned_onset_f1_20ms", "  F1, offsets removed", HIGHER),
    Line("before_change_f1_20ms", "  10 s before a change of tempo", HIGHER),
    Line("after_change_f1_20ms", "  10 s after it", HIGHER),
    Line("column_f1_50ms", "column F1, 50 ms", HIGHER),
    Line("mirrored_column_f1_50ms", "  or mirrored", HIGHER),
    Line("column_f1_20ms", "column F1, 20 ms", HIGHER),
    Line("mirrored_column_f1_20ms", "  or mirrored", HIGHER),
    Line("density_spearman", "density, Spearman over 2 s", HIGHER),
    Line("notes_per_second_error", "notes per second, error"),
    Line("star_rating_error", "star rating, error to the prompt"),
    Line("star_rating_bias", "  signed", NEUTRAL),
    Line("ln_ratio_error", "long notes, share, error", digits=3),
    Line("ln_length_distance_ms", "long notes, length, ms", digits=0),
    Line("ett_error", "MSD, error"),
    Line("asked_ett_error", "MSD of requested skillsets, error"),
    Line("flags_obeyed", "requested flags present", HIGHER, percent=True),
    Line("skillsets_obeyed", "  skillset flags only", HIGHER, percent=True),
    Line("motif_share", "motifs that return with their rhythm", NEUTRAL),
    Line("motif_share_human", "  in the humans' charts", NEUTRAL),
    Line("motif_chance", "  with shuffled columns", NEUTRAL),
    Line("rhythm_share", "rhythms that return", NEUTRAL),
    Line("rhythm_share_human", "  in the humans' charts", NEUTRAL),
    Line("structure", "structure, correlation with the music", HIGHER),
    Line("structure_human", "  in the humans' charts", NEUTRAL),
    Line("chords_js", "chord sizes, JS distance", digits=3),
    Line("bigrams_js", "column 2-grams, JS distance", digits=3),
    Line("trigrams_js", "column 3-grams, JS distance", digits=3),
    Line("snaps_js", "snaps, JS distance", digits=3),
    Line("off_grid", "notes off the grid", percent=True),
    Line("latent_frechet", "Frechet distance of latents"),
    Line("violations_per_1000", "violations per 1000 notes", digits=1),
    Line("training_overlap", "notes of the nearest training chart", NEUTRAL, percent=True),
    Line("near_duplicates", "near-duplicates of training charts", percent=True),
)
BY_LEVEL = "onset F1, 20 / 50 ms (charts)"
FOOT = "[ ]: 95 % bootstrap intervals over songs. Arrows: which way is better. -: not measured, or nothing to measure."


def cell(estimate: Estimate | None, line: Line) -> str:
    """A figure with its interval, "-" if missing."""
    if estimate is None or not math.isfinite(estimate.value):
        return "-"

    def number(value: float) -> str:
        return f"{value:.1%}" if line.percent else f"{value:.{line.digits}f}"

    if not math.isfinite(estimate.low):
        return number(estimate.value)
    return f"{number(estimate.value)} [{number(estimate.low)}, {number(estimate.high)}]"


def rows_of(summaries: Mapping[str, Summary]) -> list[list[str]]:
    """The table's cells: header, number of charts, and a row for each of LINES that any column has."""
    rows = [["", *summaries], ["charts / songs", *(f"{len(s.pairs)} / {s.songs}" for s in summaries.values())]]
    for line in LINES:
        cells = [cell(summary.estimates.get(line.name), line) for summary in summaries.values()]
        if set(cells) != {"-"}:
            rows.append([f"{line.label} {line.better}".rstrip(), *cells])
        if line.name == "latent_frechet" and set(cells) != {"-"}:  # the distance depends on their number
            rows.append(["  of latent frames", *(f"{summary.frames:,}" for summary in summaries.values())])
    return rows


def level_rows(summaries: Mapping[str, Summary]) -> list[list[str]]:
    """The cells of onset F1 at 20 and 50 ms by the difficulty of the human's chart, with the number of charts."""
    rows = [[BY_LEVEL, *summaries]]
    for level in (*(name for name, _ in LEVELS), EXPERT):
        cells = []
        for summary in summaries.values():
            pairs = zip(summary.pairs, summary.rows, strict=True)
            of = [row for pair, row in pairs if level_of(pair.reference.star_rating) == level]
            means = [sum(row[f"onset_f1_{tolerance}ms"] for row in of) / len(of) for tolerance in (20, 50) if of]
            cells.append(f"{means[0]:.2f} / {means[1]:.2f} ({len(of)})" if of else "-")
        if set(cells) != {"-"}:
            rows.append([level, *cells])
    return rows


def obedience_rows(obedience: Mapping[str, Mapping[str, Estimate]]) -> list[list[str]]:
    """The cells of the flag experiment."""
    share = Line("", "", percent=True)
    rows = [["requested", "charts", "has the flag", "has it without asking", "its MSD rose"]]
    for name, row in obedience.items():
        rows.append(
            [
                name,
                str(row["has_flag"].charts),
                *(cell(row[key], share) for key in ("has_flag", "had_flag_unasked", "rose")),
            ]
        )
    return rows


def text_table(rows: Sequence[Sequence[str]]) -> str:
    """Cells as text columns, the first one left-aligned."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = [
        "  ".join(f"{row[0]:<{widths[0]}}" if i == 0 else f"{c:>{widths[i]}}" for i, c in enumerate(row))
        for row in rows
    ]
    lines.insert(1, "-" * len(lines[0]))
    return "\n".join(line.rstrip() for line in lines)


def markdown_table(rows: Sequence[Sequence[str]]) -> str:
    """Cells as a Markdown table."""
    lines = ["| " + " | ".join(text.strip().replace("|", "/") for text in row) + " |" for row in rows]
    lines.insert(1, "|---" * len(rows[0]) + "|")
    return "\n".join(lines)


def markdown(
    summaries: Mapping[str, Summary], obedience: Mapping[str, Mapping[str, Estimate]] | None, command: str, notes: str
) -> str:
    """The table as a section of a model card, with the command that made it. notes: skipped charts, as text."""
    parts = ["## Evaluation", markdown_table(rows_of(summaries)), FOOT, markdown_table(level_rows(summaries))]
    parts.append(markdown_table(band_rows(summaries)))
    if obedience:
        parts += [
            "Each skillset requested by its flag, at the same star rating and from the same noise:",
            markdown_table(obedience_rows(obedience)),
        ]
    plain = [text.replace("`", "'") for text in (command, notes)]  # file names may contain anything
    parts += [f"```sh\n{plain[0]}\n```", f"```text\n{plain[1]}\n```"]
    return "\n\n".join(parts) + "\n"


def as_json(
    summaries: Mapping[str, Summary],
    obedience: Mapping[str, Mapping[str, Estimate]] | None,
    about: Mapping[str, Any],
    skipped: Sequence[tuple[str, str]],
) -> dict[str, Any]:
    """All results, with a row for each chart. NaN becomes null."""
    return {
        **about,
        "sources": {name: _summary(summary) for name, summary in summaries.items()},
        "flags": {name: {key: _plain(asdict(e)) for key, e in row.items()} for name, row in (obedience or {}).items()},
        "skipped": [message for _, message in skipped],
    }


def _summary(summary: Summary) -> dict[str, Any]:
    return {
        "charts": len(summary.pairs),
        "songs": summary.songs,
        "metrics": {name: _plain(asdict(estimate)) for name, estimate in summary.estimates.items()},
        "skillsets": {name: _plain(asdict(summary.estimates[f"{name}_ett_error"])) for name in SKILLSETS},
        "violations_per_1000_by_kind": dict(summary.violations),
        "snaps": dict(summary.snaps),
        "chord_sizes": {str(size): share for size, share in summary.chords.items()},
        "latent_frames": summary.frames,
        "rows": [
            {
                "reference": pair.name,
                "song": pair.song,
                "notes": pair.estimated.n_notes,
                "asked": dict(pair.prompt),
                "violations": dict(pair.estimated.violations),
                **_plain(row),
            }
            for pair, row in zip(summary.pairs, summary.rows, strict=True)
        ],
    }


def _plain(row: Mapping[str, float]) -> dict[str, float | None]:
    return {name: value if math.isfinite(value) else None for name, value in row.items()}


def settings_of(args: Any) -> dict[str, Any]:
    """The options of a command as JSON values."""
    return {name: _as_plain(value) for name, value in sorted(vars(args).items())}


def versions_of(checkpoint: str | None) -> dict[str, Any]:
    """Everything the figures depend on: versions of the program, libraries and calculators, and hashes of the model."""
    found: dict[str, Any] = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = None
    found |= {"star_rating": star_rating_version(), "msd": calculator_version()}
    if checkpoint is not None:
        path = find_file(checkpoint)
        folder, files = path.parent, [path]
        if path.is_dir() or path.suffix == ".safetensors":  # every file of a model folder matters
            folder = path if path.is_dir() else path.parent
            files = sorted(file for file in folder.rglob("*") if file.suffix in (".safetensors", ".yaml"))
        found["sha256"] = {file.relative_to(folder).as_posix(): _sha256(file) for file in files}
    return found


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _as_plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_as_plain(item) for item in value]
    return str(value) if isinstance(value, Path) else value
