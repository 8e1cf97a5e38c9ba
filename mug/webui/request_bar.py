"""The bar of a request: what is done now, how much is done, and how long the rest takes."""

import html

from mug.progress import Progress
from mug.webui.time_left import TimeLeft


class RequestBar:
    """The bar as HTML. Its methods may be called from any thread."""

    def __init__(self, time_left: TimeLeft) -> None:
        self._time_left = time_left

    def follow(self, progress: Progress) -> None:
        """The request has come further."""
        self._time_left.follow(progress)

    def finished(self) -> None:
        """The request is done."""
        self._time_left.finished()

    @property
    def html(self) -> str:
        percent, text = round(100 * self._time_left.share), html.escape(self._time_left.text)
        return (
            f'<div class="request-bar" role="progressbar" aria-label="Charting" aria-valuemin="0" aria-valuemax="100" '
            f'aria-valuenow="{percent}" aria-valuetext="{text}"><div style="width: {percent}%"></div></div>'
            f"<p>{text}</p>"
        )
