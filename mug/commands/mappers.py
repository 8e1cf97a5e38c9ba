"""List all sets, even unranked ones, of experienced mappers: those who have ranked maps.

    export OSU_CLIENT_ID=... OSU_CLIENT_SECRET=...   # https://osu.ppy.sh/home/account/edit, OAuth, new application
    mug mappers -o data/mappers_sets.txt -b data/mine/beatmap.txt

writes the ids and statuses of all sets by these mappers (data/mappers_sets.txt, "set_id status" lines, usable as
--ranked_map_path too), the mappers (data/mappers_sets.mappers.tsv), and, with -b, which charts of that list are
theirs: data/mine/beatmap_mappers.txt, to train on. It downloads no beatmaps: osu! only allows that to users who are
logged in. Download the sets in osu! or on its website, then run mug gather.

The mapper of a set is its uploader. It makes about one request per second and one per mapper, half an hour or so for
osu!mania. A stopped or killed run resumes where it was, from <out>.partial.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from mug.cli import command_parser

MANIA = 3


def main(argv: Sequence[str] | None = None) -> None:
    args = build_parser().parse_args(argv)
    from mug.prepare.osu_api import OsuApi  # here, so that --help works without ossapi
    from mug.prepare.ranked_sets import charts_of_sets, download_mappers_sets

    sets, n_mappers = download_mappers_sets(OsuApi.from_environment(), args.out, args.mode)
    print(f"{args.out}: {len(sets)} sets by {n_mappers} mappers")
    if args.beatmap_txt is not None:
        here = args.beatmap_txt.with_name(f"{args.beatmap_txt.stem}_mappers.txt")
        print(f"{here}: {charts_of_sets(args.beatmap_txt, sets, here)} charts")


def build_parser() -> argparse.ArgumentParser:
    parser = command_parser("mappers", __doc__)
    parser.add_argument("-o", "--out", type=Path, required=True, help="the file of 'set_id status' lines to write")
    parser.add_argument("-b", "--beatmap_txt", type=Path, help="list of charts that mug gather made")
    parser.add_argument(
        "-m", "--mode", type=int, default=MANIA, choices=range(4), help="game mode (default: 3, osu!mania)"
    )
    return parser
