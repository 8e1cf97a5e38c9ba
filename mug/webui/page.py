"""The web page, put together: each panel has a module of its own in this folder.

Everything is served from this machine: no analytics, no external fonts or scripts.
"""

import gradio as gr
from starlette.middleware import Middleware

from mug.errors import ConfigError
from mug.webui.api import Api
from mug.webui.chart_panel import ChartPanel
from mug.webui.example_song import EXAMPLE_SONG
from mug.webui.jobs import Jobs
from mug.webui.kept_form import keep_form
from mug.webui.make_tab import MakeTab
from mug.webui.models import Models
from mug.webui.open_tab import OpenTab
from mug.webui.page_head import PageHead
from mug.webui.scripts import script_routes
from mug.webui.song_panel import MAX_UPLOAD_MB
from mug.webui.theme import FAVICON, TITLE, head, theme
from mug.webui.top_bar import top_bar
from mug.webui.visitor import Visitor
from mug.webui.workspaces import Workspaces, default_root

HOUR_S = 3600


def serve(
    models: Models,
    host: str,
    port: int | None,
    block: bool = True,
    root_path: str | None = None,
    workspaces: Workspaces | None = None,
) -> gr.Blocks:
    """Serve the page at host:port; `block=False` returns the running page at once (`.local_url`, `.close()`).

    root_path: where a proxy shows the page, such as /mug or https://example.org/mug; None for the root of its host.
    workspaces: where visitors' charts are kept, by default in a folder among the machine's temporary files.
    Raises ConfigError for an address that is taken or not this machine's.
    """
    page = build_page(models, Workspaces(default_root()) if workspaces is None else workspaces)
    try:
        page.launch(
            server_name=host,
            server_port=port,
            prevent_thread_lock=not block,
            root_path=root_path,
            theme=theme(),
            favicon_path=FAVICON,
            share=False,
            ssr_mode=False,
            run_history=False,
            footer_links=[],
            max_file_size=f"{MAX_UPLOAD_MB}mb",
            allowed_paths=[str(EXAMPLE_SONG.parent)],
            app_kwargs={"routes": script_routes(), "middleware": [Middleware(PageHead, html=head())]},
        )
    except OSError as error:
        raise ConfigError(f"cannot listen on {host}, port {port or 'any'}: {error}") from error
    return page


def build_page(models: Models, workspaces: Workspaces) -> gr.Blocks:
    """Return the page: on the left what to make of which song or chart, on the right the charts."""
    with gr.Blocks(title=TITLE, fill_width=True, analytics_enabled=False, delete_cache=(HOUR_S, 24 * HOUR_S)) as page:
        top_bar()
        visitor, jobs = Visitor.build(workspaces), Jobs()
        with gr.Row(elem_id="page"):
            with gr.Column(scale=2, min_width=400, elem_id="left"), gr.Tabs(elem_id="tabs") as tabs:
                with gr.Tab("Make", id="make"):
                    make = MakeTab(models)
                with gr.Tab("Open a chart", id="open"):
                    opening = OpenTab()
            with gr.Column(scale=3, min_width=480, elem_id="right"):
                charts = ChartPanel.build(visitor)
        make.listen(charts, jobs)
        opening.listen(make, charts, tabs)
        charts.listen(models, jobs, list(make.fields.values()), make.for_keys)
        entered = page.load(visitor.enter, visitor.token, visitor.token, api_visibility="private")
        charts.show_after(entered)
        keep_form(make, visitor, entered)
        Api(models, jobs)

        def close(request: gr.Request) -> None:
            jobs.cancel(str(request.session_hash))
            visitor.leave(request)

        page.unload(close)
    return page
