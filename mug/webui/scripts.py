"""The page's own JavaScript: plain modules, one folder for each part of the page that has any."""

import os
from pathlib import Path

from starlette.responses import Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

HERE = Path(__file__).parent
PARTS = ("player", "studio", "timing")  # folders beside this file, each served under its name


def script_routes() -> list[Mount]:
    """The routes that serve the scripts; for launch(app_kwargs={"routes": ...})."""
    return [Mount(f"/{part}", _Scripts(directory=HERE / part)) for part in PARTS]


def on_load(module: str, then: str) -> str:
    """The `js_on_load` of a gr.HTML that imports a module, such as "studio/studio.js", as `module` for `then`."""
    return f"""
const root = (window.gradio_config?.root ?? "").replace(/[/]$/, "");
import(new URL(root + "/{module}", document.baseURI)).then(async (module) => {{{then}}});
"""


class _Scripts(StaticFiles):
    """Files that a browser asks for each time whether they changed: modules of two versions would mix."""

    def file_response(
        self, full_path: str | os.PathLike[str], stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers["Cache-Control"] = "no-cache"
        if str(full_path).endswith(".js"):  # Windows may know another type, which browsers refuse
            response.headers["Content-Type"] = "text/javascript; charset=utf-8"
        return response
