"""The text of StepMania's .sm and .ssc files: #NAME:value:value; and comments."""

import re
from collections.abc import Iterator
from typing import NamedTuple

MAX_MARKS = 200_000  # separators (: ; #) in a file; real files have a few thousand

COMMENT = re.compile(r"//[^\r\n]*")
# A '#' opens a parameter. Inside another one it does so only at the start of a line, where a ';' was forgotten.
MARK = re.compile(r"\\.|[:;#]", re.DOTALL)
LINE_END = re.compile(r"\r\n|\r|\n")


class Parameter(NamedTuple):
    """One #NAME:value:value; `line` is where it starts, from 1."""

    name: str  # in upper case
    values: list[str]
    line: int

    @property
    def value(self) -> str:
        return self.values[0] if self.values else ""


def parameters(text: str) -> Iterator[Parameter]:
    """Yield the parameters of a file, in order. Raises ValueError for too many of them."""
    text = COMMENT.sub("", text)
    lines, counted_to = 1, 0
    opened: int | None = None  # where the open parameter's '#' is
    fields: list[str] = []
    start = 0  # of the field

    def parameter() -> Parameter:
        nonlocal lines, counted_to
        assert opened is not None
        lines += len(LINE_END.findall(text, counted_to, opened))
        counted_to = opened
        name, *values = [_unescaped(field) for field in fields]
        return Parameter(name.strip().upper(), values, lines)

    for n_marks, mark in enumerate(MARK.finditer(text)):
        if n_marks > MAX_MARKS:
            raise ValueError(f"more than {MAX_MARKS} names and values; no chart has that many")
        kind = mark[0]
        if kind == "#":
            if opened is not None:
                if not _starts_line(text, mark.start(), start):
                    continue
                fields.append(text[start : mark.start()])
                yield parameter()
            opened, fields, start = mark.start(), [], mark.end()
        elif opened is not None and kind in ":;":
            fields.append(text[start : mark.start()])
            start = mark.end()
            if kind == ";":
                yield parameter()
                opened = None
    if opened is not None:  # the last ';' is missing
        fields.append(text[start:])
        yield parameter()


def _starts_line(text: str, at: int, floor: int) -> bool:
    while at > floor and text[at - 1] in " \t":
        at -= 1
    return at > floor and text[at - 1] in "\r\n"


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL) if "\\" in text else text
