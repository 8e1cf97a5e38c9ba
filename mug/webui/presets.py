"""What visitors ask for with one choice: sets of difficulties, and presets."""

from collections.abc import Mapping, Sequence

from mug.features import FeatureSpec
from mug.generation.prompt_distance import STARS

ONE = "one"  # in place of a set: charts of the prompt's stars
STARS_OF = {"Easy": 1.5, "Normal": 2.3, "Hard": 3.3, "Insane": 4.6, "Expert": 5.8, "Expert+": 7.0}
SETS = {
    "Easy to Hard": ("Easy", "Normal", "Hard"),
    "Easy to Insane": ("Easy", "Normal", "Hard", "Insane"),
    "Easy to Expert": ("Easy", "Normal", "Hard", "Insane", "Expert"),
}
PRESETS: dict[str, dict[str, float | int]] = {  # wishes by name; what a preset is silent about is up to the model
    "Taps only": {"ln_ratio": 0.0},
    "Some long notes": {"ln_ratio": 0.3},
    "Long notes": {"ln_ratio": 0.7},
    "Streams": {"ln_ratio": 0.0, "stream": 1},
    "Jumpstreams": {"ln_ratio": 0.0, "jumpstream": 1},
    "Handstreams": {"ln_ratio": 0.0, "handstream": 1},
    "Jacks": {"ln_ratio": 0.0, "jackspeed": 1},
    "Chordjacks": {"ln_ratio": 0.0, "chordjack": 1},
    "Technical": {"technical": 1},
}


def sets_of(spec: FeatureSpec) -> list[str]:
    """The sets that a model can write: it has to know their stars."""
    known = difficulties_of(spec)
    return [name for name, members in SETS.items() if set(members) <= set(known)]


def difficulties_of(spec: FeatureSpec) -> list[str]:
    """The difficulties whose stars a model knows."""
    stars = next((feature for feature in spec.features if feature.name == STARS and feature.type == "numeric"), None)
    return [name for name, value in STARS_OF.items() if stars is not None and stars.inside(value) == value]


def stars_of(difficulties: Sequence[str]) -> tuple[float, ...]:
    """The stars of a set's difficulties, easiest first."""
    return tuple(value for name, value in STARS_OF.items() if name in difficulties)


def presets_of(spec: FeatureSpec) -> list[str]:
    """The presets whose wishes a model understands."""
    return [name for name, wishes in PRESETS.items() if set(wishes) <= set(spec.names)]


def with_preset(prompt: Mapping[str, float | int | str | None], name: str) -> dict[str, float | int | str | None]:
    """Return a prompt with a preset's wishes: of the old one, only the stars and the rank status stay."""
    return {key: value for key, value in prompt.items() if key in (STARS, "rank_status")} | PRESETS.get(name, {})
