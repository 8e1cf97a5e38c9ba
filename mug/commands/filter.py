"""Write a list of charts without duplicates, rate edits and broken charts, with a reason for each that is left out.

    mug filter -b data/mine/beatmap.txt
    mug filter -b data/mine/beatmap.txt --min_stars 2 --keys 4 7 --no_scroll_changes

writes data/mine/beatmap_filtered.txt, to train on (data.params.common.beatmap_txt=...), and
beatmap_filtered.dropped.tsv: each dropped chart with the reason and the chart kept instead. No file is deleted.
Of charts with the same notes, at any offset and speed, one is kept: preferably one with audio, then one without a rate
in its name, then ranked, loved, other (with --ranked_map_path), then the lowest set id.
Only the limits below with a default apply unless you set them; the defaults only drop charts that nobody plays.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from mug.cli import command_parser
from mug.errors import DatasetError
from mug.features import FEATURES_YAML, FeatureSpec
from mug.prepare.describe import read_ranked_map
from mug.prepare.filtering import filter_beatmap
from mug.prepare.limits import Limits


def main(argv: Sequence[str] | None = None) -> None:
    args = build_parser().parse_args(argv)
    source = Path(args.beatmap_txt)
    out = source if args.in_place else Path(args.out or source.with_name(f"{source.stem}_filtered.txt"))
    if not args.in_place and out.resolve() == source.resolve():
        raise DatasetError(f"{out}: is the input list; give --in_place to replace it, or -o another name")
    limits = Limits(
        min_seconds=args.min_seconds,
        max_seconds=args.max_seconds,
        min_notes=args.min_notes,
        min_stars=args.min_stars,
        max_stars=args.max_stars,
        min_ln_ratio=args.min_ln_ratio,
        max_ln_ratio=args.max_ln_ratio,
        keys=tuple(args.keys) if args.keys else None,
        max_density=args.max_density,
        steady_tempo=args.no_tempo_changes,
        steady_scroll=args.no_scroll_changes,
    )
    statuses = {}
    if args.ranked_map_path:
        spec = FeatureSpec.from_yaml(FEATURES_YAML)
        statuses = read_ranked_map(args.ranked_map_path, spec)
    print(filter_beatmap(source, out, limits, statuses, args.keep_rate_edits, args.jobs))
    print(f"the list: {out}\nwhat was dropped, and why: {out.with_suffix('.dropped.tsv')}")


def build_parser() -> argparse.ArgumentParser:
    default = Limits()
    parser = command_parser("filter", __doc__)
    parser.add_argument("-b", "--beatmap_txt", required=True, help="list of charts that mug gather made")
    target = parser.add_mutually_exclusive_group()
    target.add_argument("-o", "--out", help="the list to write (default: <list>_filtered.txt beside it)")
    target.add_argument("--in_place", action="store_true", help="replace the input list")
    parser.add_argument("--ranked_map_path", help="file of 'set_id status' lines: ranked charts are kept over others")
    parser.add_argument(
        "--keep_rate_edits", action="store_true", help="keep charts with a rate such as 1.1x in their names"
    )
    parser.add_argument("--jobs", type=int, help="processes that share the work (default: one per core)")

    limits = parser.add_argument_group("limits: charts outside are left out")
    limits.add_argument("--keys", type=int, nargs="+", help="key counts")
    limits.add_argument(
        "--min_seconds", type=float, default=default.min_seconds, help="first note to last (default: %(default)g)"
    )
    limits.add_argument("--max_seconds", type=float, help="first note to last")
    limits.add_argument("--min_notes", type=int, default=default.min_notes, help="(default: %(default)d)")
    limits.add_argument("--min_stars", type=float, help="osu! star rating")
    limits.add_argument("--max_stars", type=float, help="osu! star rating")
    limits.add_argument("--min_ln_ratio", type=float, help="share of long notes, 0 to 1")
    limits.add_argument("--max_ln_ratio", type=float, help="share of long notes, 0 to 1")
    limits.add_argument(
        "--max_density",
        type=float,
        default=default.max_density,
        help="notes per second and column in the busiest second (default: %(default)g)",
    )
    limits.add_argument("--no_tempo_changes", action="store_true", help="leave out charts whose BPM changes")
    limits.add_argument(
        "--no_scroll_changes", action="store_true", help="leave out charts with scroll speed changes (SV)"
    )
    return parser
