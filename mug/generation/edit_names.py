"""Names of edited charts: "Hard AI v1" is the first edit of "Hard", and an edit of that is "Hard AI v2"."""

import re
from collections.abc import Callable, Collection

STARS = r"(?: [0-9.]+\*)?"  # of a chart that a model wrote for a star rating
EDITED = re.compile(rf"(?:(.*) )?AI v([0-9]+){STARS}")
OF_A_PROMPT = re.compile(rf"AI v([0-9]+){STARS} (.+)")  # named by the prompt's file
NUMBERED = re.compile(r"(.*?)(\d+)")


def edited_version(version: str, index: int = 0) -> str:
    """The name of an edit of a chart of this name. index: of the edit among several, from 0."""
    base, number = version, 0
    if match := EDITED.fullmatch(version):
        base, number = match[1] or "", int(match[2])
    elif match := OF_A_PROMPT.fullmatch(version):
        base, number = match[2], int(match[1])
    return f"{base} AI v{number + index + 1}".strip()


def unused_version(version: str, is_taken: Callable[[str], bool]) -> str:
    """The name, with a higher number at its end while it is taken."""
    while is_taken(version):
        match = NUMBERED.fullmatch(version)
        version = f"{match[1]}{int(match[2]) + 1}" if match else f"{version} 2"
    return version


def without_stars(versions: Collection[str]) -> set[str]:
    """Names without the star rating at their end: "AI v2" is taken if there is an "AI v2 3.1*"."""
    return {re.sub(rf"(AI v[0-9]+){STARS}$", r"\1", version) for version in versions}
