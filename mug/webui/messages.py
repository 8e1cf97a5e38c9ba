"""Mistakes of a visitor as messages on the page."""

import html
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import gradio as gr

from mug.errors import MugError


@contextmanager
def shown_errors(upload: str) -> Iterator[None]:
    """Show a user's mistake on the page instead of raising it."""
    try:
        yield
    except MugError as error:
        gr.Warning(message_of(error, upload))


def message_of(error: MugError, upload: str | Path | None = None) -> str:
    """Return an error's message as HTML, with the name of the upload, not its path on the disk."""
    return html.escape(text_of(error, upload))


def text_of(error: MugError, upload: str | Path | None = None) -> str:
    """Return the same as plain text."""
    text = str(error)
    return text if upload is None else text.replace(str(Path(upload).parent) + os.sep, "")
