"""Convert charts between osu!mania, StepMania, Quaver and Malody.

mug convert chart.osu --to sm
mug convert ~/osu/Songs --to ssc --outdir ~/stepmania/Songs/osu
mug convert song.osz other.mcz --to qp

Takes charts (.osu, .sm, .ssc, .qua, .mc), folders of them and packages (.osz, .qp, .mcz, .smzip, .zip). Each song
becomes a folder "Artist - Title" with its charts, audio and background, or a package. The charts of a song share one
.sm or .ssc. What the other game cannot hold is reported; charts that it cannot hold at all make the exit status 1.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from mug.charts.chart_files import SONG_WRITERS, WRITERS
from mug.charts.osu import OtherModeError
from mug.charts.osz import PACKED_AS
from mug.charts.song_files import songs_of, unpacked, write_as
from mug.cli import command_parser, printable
from mug.errors import ChartError, DatasetError
from mug.report import Report

KINDS = [suffix.removeprefix(".") for suffix in (*WRITERS, *SONG_WRITERS, *PACKED_AS)]
OTHER_MODE, REFUSED = "of another mode", "left out"


def main(argv: Sequence[str] | None = None) -> int:
    options = build_parser().parse_args(argv)
    report = Report()

    def refuse(error: ChartError) -> None:
        report.skip(OTHER_MODE if isinstance(error, OtherModeError) else REFUSED, str(error))

    with unpacked(options.charts, refuse) as groups:
        if not groups and not report.skipped:
            raise DatasetError(f"no charts in {', '.join(map(str, options.charts))}")
        for name, paths in groups:
            for song in songs_of(name, paths, refuse):
                written = write_as(song, options.to, options.outdir, refuse)
                if written is not None:
                    path, n_charts, remarks = written
                    report.done += n_charts
                    print(printable(str(path)))
                    for remark in remarks:
                        report.remark(f"{path.name}: {remark}")
    print(printable(str(report)))
    return 1 if any(kind == REFUSED for kind, _ in report.skipped) else 0


def build_parser() -> argparse.ArgumentParser:
    parser = command_parser("convert", __doc__)
    parser.add_argument("charts", nargs="+", type=Path, metavar="IN", help="charts, folders and packages")
    parser.add_argument("--to", choices=KINDS, required=True, help="format of the charts, or of packages")
    parser.add_argument(
        "-o", "--outdir", type=Path, default=Path("outputs"), help="folder for the songs (default: outputs)"
    )
    return parser
