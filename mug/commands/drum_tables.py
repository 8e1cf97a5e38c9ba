"""The tables that `mug drums evaluate` prints, in Markdown."""

from collections.abc import Sequence

from mug.commands.drum_model import DrumModel
from mug.music_vae.measures import accuracies, commonest_accuracy, shifts, way_between


def tables(models: Sequence[DrumModel]) -> str:
    """Compare models of clips of one length on the test split of the first one's library."""
    clips = models[0].test.clips
    reconstruction = [
        f"{len(clips)} clips of {models[0].test.sizes()['pieces']} pieces",
        "",
        "| model | parameters | teacher-forced | sampled | moves in order | longest move |",
        "|---|---|---|---|---|---|",
        f"| most frequent combination at each step | | | {commonest_accuracy(clips, models[0].known):.1%} | | |",
    ]
    attributes = [
        "| model | attribute | taken away | as it is | added | clips that have more with it |",
        "|---|---|---|---|---|---|",
    ]
    for model in models:
        forced, sampled = accuracies(model.network, clips)
        way = way_between(model.network, clips)
        size = sum(parameter.numel() for parameter in model.network.parameters()) / 1e6
        reconstruction.append(
            f"| {model.name} | {size:.1f} M | {forced:.1%} | {sampled:.1%} | {way.in_order:.1%} | "
            f"{way.largest_move:.1%} |"
        )
        for name, shift in shifts(model.network, clips, model.vectors).items():
            means = f"{shift.less:.2f} | {shift.same:.2f} | {shift.more:.2f}"
            attributes.append(f"| {model.name} | {name} | {means} | {shift.right:.1%} |")
    return "\n".join([*reconstruction, "", *attributes])
