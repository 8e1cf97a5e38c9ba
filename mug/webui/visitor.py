"""Who a visitor of the page is: a secret in the browser's storage opens the workspace of what was made there."""

from dataclasses import dataclass
from pathlib import Path

import gradio as gr

from mug.errors import StudioError
from mug.webui.own_song import OwnSong
from mug.webui.workspace import Workspace
from mug.webui.workspaces import Workspaces

STORE = "mug-visitor"


@dataclass(frozen=True)
class Visitor:
    """token: an input of every handler that needs the visitor's workspace."""

    token: gr.BrowserState
    workspaces: Workspaces

    @classmethod
    def build(cls, workspaces: Workspaces) -> "Visitor":
        """Add the secret to the current page. `secret`: gradio's scrambling must outlive a restart of the program."""
        return cls(gr.BrowserState(None, storage_key=STORE, secret=STORE), workspaces)

    def enter(self, token: object, request: gr.Request) -> str:
        """Open the workspace of a page that was loaded, a new one if need be; returns its token."""
        return self.workspaces.enter(token, str(request.session_hash)).token

    def leave(self, request: gr.Request) -> None:
        """The page was closed."""
        self.workspaces.leave(str(request.session_hash))

    def workspace(self, token: object) -> Workspace:
        """Raises StudioError for one that is no longer kept."""
        return self.workspaces.of(token)

    def give(self, token: object, path: str | None) -> OwnSong | None:
        """Keep the song of the form; None without one, and if it cannot be kept."""
        try:
            return self.workspace(token).give(None if path is None else Path(path))
        except StudioError:  # it can be charted nevertheless
            return None

    def song_of(self, token: object, path: str | None) -> OwnSong | None:
        """A song as the visitor had it before, found by its audio; None for one that is not kept."""
        try:
            return None if path is None else self.workspace(token).song_of(Path(path))
        except StudioError:
            return None
