"""Features of a prompt in players' words."""

from typing import NamedTuple

UP_TO_THE_MODEL = "Up to the model"
SKILL_RATING = "_ett"  # how the names of skillset ratings end


class Words(NamedTuple):
    """A feature's label, and what it means."""

    label: str
    meaning: str = ""


WORDS = {
    "sr": Words("Star rating", "How hard: 2 is easy, 4 is hard, above 6 is for experts."),
    "ln_ratio": Words("Share of long notes", "0 is taps only, 1 is long notes only."),
    "rank_status": Words("Mapped like", "Ranked charts follow osu!'s criteria; loved and graveyard ones are freer."),
    "rc": Words("Rice", "Taps: under 10 % long notes."),
    "hb": Words("Hybrid", "Taps and long notes: 10 to 70 % long notes."),
    "ln": Words("Long notes", "From 40 % long notes."),
    "ett": Words("Overall difficulty (MSD)", "Of the whole chart, on Etterna's scale."),
    "stream": Words("Streams", "Runs of single notes."),
    "jumpstream": Words("Jumpstreams", "Runs with chords of two in them."),
    "handstream": Words("Handstreams", "Runs with chords of three in them."),
    "stamina": Words("Stamina", "Long stretches without a rest."),
    "jackspeed": Words("Jacks", "Fast repeats in one column."),
    "chordjack": Words("Chordjacks", "Repeated chords."),
    "technical": Words("Technical", "Uneven rhythms, awkward changes of hand."),
}
VALUES = {"ranked": "Ranked charts", "loved": "Loved charts", "graveyard": "Graveyard charts"}


def words_of(name: str) -> Words:
    """Return a feature's words; one that is not known here goes by its name, spelt out."""
    if name in WORDS:
        return WORDS[name]
    skill = name.removesuffix(SKILL_RATING)
    if skill in WORDS and skill != name:
        return Words(f"{WORDS[skill].label}: difficulty (MSD)", "How hard this pattern is, on Etterna's scale.")
    return Words(name.replace("_", " ").capitalize())


def value_words(value: object) -> str:
    """Return a category's value as it is shown."""
    return VALUES.get(str(value), str(value).replace("_", " ").capitalize())
