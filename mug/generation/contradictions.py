"""Prompts that ask for what no chart can be."""

from itertools import combinations

from mug.generation.prompt_distance import LONG_NOTES
from mug.generation.request import Prompt
from mug.ratings.long_notes import KINDS

SHARES = [number / 20 for number in range(21)]  # of long notes: several in each kind of chart
IN_WORDS = {  # what a prompt asks for with a feature, and what with its denial
    "rc": ("rice (under 10 % long notes)", "10 % long notes or more (no rice)"),
    "hb": ("a hybrid (10 to 70 % long notes)", "under 10 % or over 70 % long notes (no hybrid)"),
    "ln": ("a long-note chart (40 % long notes or more)", "under 40 % long notes (no long-note chart)"),
}


def contradiction(prompt: Prompt) -> str:
    """What of a prompt contradicts itself, as a sentence for its user; "" for a prompt that a chart can fulfil."""
    asked = {name: value for name, value in prompt.items() if name in (LONG_NOTES, *KINDS) and value is not None}
    for number in range(2, len(asked) + 1):
        for names in combinations(asked, number):
            if not any(all(_fits(share, name, asked[name]) for name in names) for share in _shares(asked)):
                *first, last = (_in_words(name, asked[name]) for name in names)
                return f"the prompt asks for {', '.join(first)} and {last}: no chart is that at once"
    return ""


def _shares(asked: Prompt) -> list[float]:
    """The shares of long notes to try."""
    share = asked.get(LONG_NOTES)
    return SHARES if share is None else [*SHARES, float(share)]


def _fits(share: float, name: str, value: object) -> bool:
    """Whether a chart with this share of long notes has this value of a feature."""
    return share == value if name == LONG_NOTES else KINDS[name](share) == bool(value)


def _in_words(name: str, value: object) -> str:
    return f"{value:.0%} long notes" if name == LONG_NOTES else IN_WORDS[name][not value]
