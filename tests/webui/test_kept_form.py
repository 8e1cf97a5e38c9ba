"""Values that were kept for a component: taken if it can have them, left out if not."""

from collections.abc import Callable
from typing import Any

import gradio as gr
import pytest

from mug.webui.kept_form import with_kept

CHOICES = [("Any", ""), ("One", 1), ("Two", "two")]
PARTS: dict[str, Callable[[], Any]] = {
    "tick": lambda: gr.Checkbox(False),
    "slider": lambda: gr.Slider(1, 8, 4),
    "choice": lambda: gr.Dropdown(CHOICES, value=""),
    "several": lambda: gr.CheckboxGroup(CHOICES, value=[]),
}


@pytest.mark.parametrize(
    ("part", "kept", "fits"),
    [
        ("tick", True, True), ("tick", "yes", False), ("tick", None, False),
        ("slider", 7.5, True), ("slider", 9, False), ("slider", "5", False), ("slider", None, False),
        ("choice", 1, True), ("choice", "gone", False), ("choice", [1], False), ("choice", {}, False),
        ("several", [1, "two"], True), ("several", [1, "gone"], False), ("several", "two", False),
    ],
)  # fmt: skip
def test_a_kept_value_is_taken_if_it_fits(part: str, kept: Any, fits: bool) -> None:
    update = with_kept(PARTS[part](), gr.update(visible=True), kept)
    assert update == (gr.update(visible=True, value=kept) if fits else gr.update(visible=True))


def test_the_limits_are_those_of_the_update() -> None:
    slider = gr.Slider(1, 8, 4)
    assert with_kept(slider, gr.update(maximum=20), 9)["value"] == 9
    assert with_kept(slider, 5, 9)["value"] == 5
    assert "value" not in with_kept(slider, None, 9)
