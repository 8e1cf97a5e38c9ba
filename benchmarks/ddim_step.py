"""How fast is sampling? One guided DDIM step for charts of a three-minute song: the U-Net on a doubled batch."""

from collections.abc import Sequence

from benchmarks.full_size import compile_networks, full_size_model, guided_step
from benchmarks.measure import Row, Settings, median_seconds, parse, report, settings_of
from benchmarks.plain import make_plain

TITLE = "Guided DDIM step"
TARGETS = {1: 1.5, 4: 1.25}  # by number of charts


def rows(settings: Settings) -> list[Row]:
    ours = full_size_model(settings)
    plain = make_plain(ours)
    for model in (plain, ours):
        compile_networks(model, settings)
    result = []
    for n_charts, target in TARGETS.items():
        steps = {"plain": guided_step(plain, n_charts, settings), "ours": guided_step(ours, n_charts, settings)}
        seconds = median_seconds(steps, settings)
        what = f"{n_charts} chart{'s' * (n_charts > 1)}, {ours.z_length} latent frames"
        result.append(Row(what, seconds["plain"], seconds["ours"], "s", target))
    return result


def main(argv: Sequence[str] | None = None) -> None:
    settings = settings_of(parse(__doc__, argv))
    report(TITLE, rows(settings), settings)


if __name__ == "__main__":
    main()
