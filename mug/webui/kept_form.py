"""The form outlives a reload: its settings are in the browser's storage, its song is in the visitor's folder."""

import json
from typing import Any

import gradio as gr

from mug.errors import StudioError
from mug.webui.go_panel import HIDDEN
from mug.webui.make_tab import MakeTab
from mug.webui.visitor import Visitor

STORE = "mug-form"
BACK = "() => { window.mugFormIsBack = true; }"
KEEP = """(kept, ...values) => {
  if (!window.mugFormIsBack) return kept;
  const names = NAMES;
  return Object.fromEntries(names.map((name, i) => [name, values[i]]));
}"""


def keep_form(make: MakeTab, visitor: Visitor, entered: Any) -> None:
    """Keep the form whenever it changes, and bring it back to a page that was loaded.

    entered: the event after which the visitor is known.
    """
    settings = make.settings
    kept = gr.BrowserState(None, storage_key=STORE, secret=STORE)

    def bring_back(token: str, values: object) -> dict[Any, Any]:
        try:
            song = visitor.workspace(token).form_song
        except StudioError:
            song = None
        updates: dict[Any, Any] = {make.song.audio: gr.skip() if song is None else str(song.audio)}
        return updates | (restored(make, values) if isinstance(values, dict) else {})

    outputs = dict.fromkeys([make.song.audio, *settings.values(), *make.followers])
    back = entered.then(bring_back, [visitor.token, kept], list(outputs), **HIDDEN)
    back.then(None, None, None, js=BACK, **HIDDEN)
    changes = [part.change for part in settings.values()]
    js = KEEP.replace("NAMES", json.dumps(list(settings)))
    gr.on(changes, None, [kept, *settings.values()], kept, js=js, trigger_mode="always_last", **HIDDEN)


def restored(make: MakeTab, kept: dict[str, Any]) -> dict[Any, Any]:
    """Return the updates of a new page for the settings of an earlier visit; what the models do not know is left out.

    kept: from the browser, by the names of `make.settings`.
    """
    model = next((model for model in make.models.usable if model.name == kept.get("model")), make.models.first)
    at_first = {part: part.value for part in make.settings.values()}
    updates = make.follow(model, at_first | {make.go.what: kept.get("what")})
    mine = {part: with_kept(part, updates.get(part), kept.get(name)) for name, part in make.settings.items()}
    return updates | mine


def with_kept(part: Any, update: Any, kept: Any) -> Any:
    """Return a component's update with a value of an earlier visit, or as it is if the component cannot have that.

    update: a gradio update, a value, or None for no change.
    """
    update = update if isinstance(update, dict) else gr.skip() if update is None else gr.update(value=update)
    has = vars(part) | update
    if isinstance(part, gr.Checkbox):
        fits = isinstance(kept, bool)
    elif isinstance(part, gr.Slider | gr.Number):
        fits = isinstance(kept, int | float) and has["minimum"] <= kept <= has["maximum"]
    else:
        known = [value for _, value in has["choices"]]
        several = isinstance(part.value, list)
        fits = isinstance(kept, list) == several and all(each in known for each in (kept if several else [kept]))
    return {**update, **gr.update(value=kept)} if fits else update
