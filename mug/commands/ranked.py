"""List the beatmap sets that are ranked, loved or in the graveyard, from osu!'s API: 'set_id status' lines.

    export OSU_CLIENT_ID=... OSU_CLIENT_SECRET=...   # https://osu.ppy.sh/home/account/edit, OAuth, new application
    mug ranked -o data/ranked.txt
    mug features -b data/mine/beatmap.txt --ranked_map_path data/ranked.txt

Approved and qualified sets count as ranked; pending ones and work in progress are left out, so that their status is
"not given". It requests one page of 50 sets per second. A stopped or killed run resumes where it was, from
<out>.partial. Without osu!'s graveyard (--statuses ranked loved) it takes a few minutes.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from mug.cli import command_parser

MANIA = 3
STATUSES = ("ranked", "loved", "graveyard")


def main(argv: Sequence[str] | None = None) -> None:
    args = build_parser().parse_args(argv)
    from mug.prepare.osu_api import OsuApi  # here, so that --help works without ossapi
    from mug.prepare.ranked_sets import download_ranked_map

    counts = download_ranked_map(OsuApi.from_environment(), args.out, args.mode, args.statuses)
    print(f"{args.out}: {counts.total()} sets, " + ", ".join(f"{counts[status]} {status}" for status in args.statuses))


def build_parser() -> argparse.ArgumentParser:
    parser = command_parser("ranked", __doc__)
    parser.add_argument("-o", "--out", type=Path, required=True, help="the file to write")
    parser.add_argument(
        "-m", "--mode", type=int, default=MANIA, choices=range(4), help="game mode (default: 3, osu!mania)"
    )
    parser.add_argument(
        "--statuses", nargs="+", default=STATUSES, choices=STATUSES, metavar="STATUS", help="(default: all three)"
    )
    return parser
