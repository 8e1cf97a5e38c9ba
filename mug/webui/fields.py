"""What the panels of the page share: their inputs by name, and what the visitor set them to.

A panel is a dataclass of its components, made by its `build()` in the current gradio layout. `fields` are its inputs by
the names that scripts use; a reading method takes the values of all inputs of the page and returns what they ask for.
"""

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import gradio as gr

Fields = dict[str, Any]  # the name of an input -> its component
Values = Mapping[Any, Any]  # component -> what the visitor set it to


def named(handler: Callable[..., Any], names: Iterable[str]) -> None:
    """Name a handler's inputs, so that scripts can set them by name.

    Then come the visitor, None for scripts, and gradio's request.
    """
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    inputs = [inspect.Parameter(name, kind) for name in names]
    inputs.append(inspect.Parameter("visitor", kind, default=None))
    inputs.append(inspect.Parameter("request", kind, annotation=gr.Request, default=None))
    handler.__annotations__["request"] = gr.Request
    handler.__signature__ = inspect.Signature(inputs)  # type: ignore[attr-defined]
