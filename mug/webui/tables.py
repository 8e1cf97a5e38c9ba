"""Rows of the page's tables."""

from mug.features import Feature
from mug.webui.feature_words import words_of
from mug.webui.prompt_controls import Given


def feature_row(feature: Feature, value: Given) -> list[str]:
    """Return a row of the feature table."""
    if feature.type == "bool":
        return [words_of(feature.name).label, "yes" if value else "no"]
    return [words_of(feature.name).label, f"{value:.2f}" if isinstance(value, float) else str(value)]
