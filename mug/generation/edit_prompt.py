"""The prompt of an edit: a chart's own features, except those that are given or contradict a given one."""

from collections.abc import Mapping, Sequence

from mug.charts.beatmap import Beatmap, Note
from mug.charts.osu import format_osu
from mug.errors import ChartError, PromptError
from mug.generation.prompt_distance import LONG_NOTES, STARS
from mug.generation.request import Prompt, PromptValue
from mug.ratings.chart_features import chart_features
from mug.ratings.long_notes import ln_ratio
from mug.ratings.skillsets import SKILLSET_FEATURES
from mug.ratings.stars import star_rating_or_none

OF_LONG_NOTES = (LONG_NOTES, "rc", "hb", "ln")
RATINGS = tuple(name for name in SKILLSET_FEATURES if name.endswith("ett"))
FEWEST_NOTES = 10  # of a part whose stars and share of long notes say something
EASIEST_STARS = 0.1
MOST_HARDER = 8.0  # stars: from the easiest to the hardest that models know


def own_features(chart: Beatmap, names: Sequence[str]) -> dict[str, PromptValue]:
    """A chart's features of these names; none for a chart without notes, or that osu! cannot rate."""
    if not chart.notes:
        return {}
    try:
        features: Mapping[str, PromptValue] = chart_features(chart, format_osu(chart))
    except ChartError:
        return {}
    return {name: features[name] for name in names if features.get(name) is not None}


def edit_prompt(own: Prompt, given: Prompt, harder: float = 0.0) -> dict[str, PromptValue]:
    """Return what an edit is conditioned on: the given features, and the chart's own where they do not contradict them.

    harder: stars to add to the chart's own. With other stars, the chart's skillset ratings change in proportion. A
    given feature of long notes, or of skillsets, replaces all of the chart's own of that kind. Raises PromptError for
    stars that are given twice, harder than unknown ones, or too many harder.
    """
    given = {name: value for name, value in given.items() if value is not None}
    prompt = {name: value for name, value in own.items() if name not in given}
    if not abs(harder) <= MOST_HARDER:  # also refuses NaN
        raise PromptError(f"{harder:+g} stars: give {-MOST_HARDER:g} to {MOST_HARDER:g}, such as 0.5")
    if harder:
        if STARS in given:
            raise PromptError(f"{STARS}={given[STARS]} and {harder:+g} stars: give one of them")
        if own.get(STARS) is None:
            raise PromptError(f"{harder:+g} stars: the chart has no star rating to change; give {STARS}=... instead")
        given[STARS] = max(_number(own[STARS]) + harder, EASIEST_STARS)
    for group in (OF_LONG_NOTES, SKILLSET_FEATURES):
        if any(name in given for name in group):
            prompt = {name: value for name, value in prompt.items() if name not in group}
    if own.get(STARS) and STARS in given:
        ratio = _number(given[STARS]) / _number(own[STARS])
        prompt = {name: _number(value) * ratio if name in RATINGS else value for name, value in prompt.items()}
    return {**prompt, **given}


def wanted_of_part(own: Prompt, given: Prompt, prompt: Prompt, old: Beatmap) -> dict[str, PromptValue]:
    """Return the features that the new notes of a part should have, measured by themselves.

    own: features of the whole chart before. given, prompt: see `edit_prompt`, and what it returned. old: the part's
    notes before. A short or sparse part has fewer stars than the whole chart, so the part's own stars change in
    proportion to those of the whole chart. Changed by as many stars, they asked for too many notes (docs/log.md).
    """
    wanted: dict[str, PromptValue] = {
        name: value for name, value in given.items() if value is not None and name != STARS
    }
    if len(old.notes) < FEWEST_NOTES:
        return wanted
    stars = star_rating_or_none(old)
    if stars is not None and own.get(STARS) is not None:
        ratio = _number(prompt[STARS]) / max(_number(own[STARS]), EASIEST_STARS)
        wanted[STARS] = max(stars * ratio, EASIEST_STARS)
    if not any(name in given for name in OF_LONG_NOTES):
        wanted[LONG_NOTES] = ln_ratio(old)
    return wanted


def between(first: Prompt, second: Prompt, share: float) -> dict[str, PromptValue]:
    """The features of a chart between two: numbers in proportion, others from the nearer one."""
    nearer = first if share < 0.5 else second
    return {
        name: value + share * (other - value)
        if isinstance(value := first[name], float) and isinstance(other := second[name], float)
        else nearer[name]
        for name in first
        if name in second
    }


def notes_of_part(chart: Beatmap, notes: Sequence[Note]) -> Beatmap:
    """A chart of some of another one's notes."""
    return Beatmap(chart.keys, list(notes), chart.timing_points)


def _number(value: PromptValue) -> float:
    if not isinstance(value, (int, float)):
        raise PromptError(f"{STARS} is {value!r}; give a number")
    return float(value)
