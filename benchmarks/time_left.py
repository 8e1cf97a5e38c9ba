"""How right is the time left that the web page says? Requests to a trained model, one after another as on the page.

    python -m benchmarks.time_left --song song.mp3

With one thread, by processor time, so that other programs do not count. "Off by" is how far the time left was from what
it then took, from the middle of a request on, as a share of the whole request: the mean, and the largest.
"""

import argparse
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from benchmarks.measure import aligned
from mug.config import SHIPPED_MODEL
from mug.generation.song import Song
from mug.progress import Progress
from mug.webui.charting import Wanted, size_of, write_charts
from mug.webui.example_song import EXAMPLE_SONG
from mug.webui.jobs import Job
from mug.webui.models import Model, Models, describe
from mug.webui.time_left import TimeLeft

EASY_TO_INSANE = (1.5, 2.3, 3.3, 4.6)
REQUESTS = {  # what is asked for: stars, charts, and the stars of a set
    "2 stars": (2.0, 1, ()),
    "3.5 stars": (3.5, 1, ()),
    "5 stars": (5.0, 1, ()),
    "three charts of 3 stars": (3.0, 3, ()),
    "a set, Easy to Insane": (3.0, 1, EASY_TO_INSANE),
    "4 stars": (4.0, 1, ()),
    "another set": (3.0, 1, EASY_TO_INSANE),
}


class Followed(NamedTuple):
    """A request. said: at each step the seconds since it began, the share and the seconds left."""

    seconds: float
    said: Sequence[tuple[float, float, float]]

    @property
    def off_by(self) -> list[float]:
        """How far the time left was off, from the middle on, as shares of the request."""
        late = [(now, left) for now, _, left in self.said if now >= self.seconds / 2]
        return [abs(left - (self.seconds - now)) / self.seconds for now, left in late]

    @property
    def went_back(self) -> bool:
        shares = [share for _, share, _ in self.said]
        return shares != sorted(shares)


def follow(models: Models, wanted: Wanted) -> Followed:
    """Fulfil a request as the page does."""
    start = time.process_time()
    time_left = TimeLeft(size_of(wanted), models.pace(wanted.model), time.process_time)
    said: list[tuple[float, float, float]] = []

    def further(progress: Progress) -> None:
        time_left.follow(progress)
        said.append((time.process_time() - start, time_left.share, time_left.seconds_left))

    write_charts(models, wanted, Job(further))
    time_left.finished()
    return Followed(time.process_time() - start, said)


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--song", type=Path, default=EXAMPLE_SONG)
    parser.add_argument("--checkpoint", type=Path, default=SHIPPED_MODEL)
    parser.add_argument("--ensemble", type=int, help="samples for a chart (default: the model's own)")
    options = parser.parse_args(argv)
    import torch

    torch.set_num_threads(1)
    model = describe(options.checkpoint)
    assert isinstance(model, Model), model.error
    models = Models([model], device="cpu")
    models.generator(model.name)
    settings = replace(model.settings, ensemble=options.ensemble or model.settings.ensemble)
    lines = [["request", "seconds", "off by, mean", "off by, at most", "went back"]]
    for name, (stars, count, spread) in REQUESTS.items():
        song = Song()
        wanted = Wanted(model.name, options.song, song, {"sr": stars}, {}, settings, True, 90.0, count, 0, spread)
        found = follow(models, wanted)
        mean, most = sum(found.off_by) / len(found.off_by), max(found.off_by)
        back = "yes" if found.went_back else "no"
        lines.append([name, f"{found.seconds:.1f} s", f"{mean:.0%}", f"{most:.0%}", back])
    print(f"{options.checkpoint}, {options.song.name}, one thread", end="\n\n")
    print(aligned(lines))


if __name__ == "__main__":
    main()
