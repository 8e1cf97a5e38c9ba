"""Who a visitor of the page is: a secret in the browser's storage opens the workspace of what was made there."""

from dataclasses import dataclass

import gradio as gr

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
