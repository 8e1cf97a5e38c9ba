"""The theme, and the head that gives the first paint its colours."""

import re

import pytest

from mug.webui.theme import STYLE_SHEETS, head, theme

PALETTE, *OTHERS = (path.read_text(encoding="utf-8") for path in STYLE_SHEETS)
PAGE = "".join(OTHERS)
COLOURS = set(re.findall(r"^  --([\w-]+):", PALETTE, re.MULTILINE))


def test_dark_and_light_have_the_same_names() -> None:
    dark, light = (re.findall(r"--([\w-]+):", block) for block in PALETTE.split("}")[:2])
    assert dark == light


def test_the_theme_and_the_page_use_colours_of_the_palette_alone() -> None:
    css = theme()._get_theme_css()
    own = {"depth", *re.findall(r"^  --([\w-]+):", PAGE, re.MULTILINE)}  # the list of versions sets its rows' depth
    assert set(re.findall(r"var\(--([\w-]+)", PAGE)) <= COLOURS | own
    assert "--input-background-fill: var(--raised);" in css
    light, dark = css.split(":root.dark, :root .dark {")
    for name in ("body-background-fill", "input-background-fill", "button-primary-background-fill", "neutral-500"):
        (value,) = re.findall(rf"--{name}: (.*);", light)
        assert re.findall(rf"--{name}: (.*);", dark) == [value]
        assert not re.search("#[0-9a-f]{6}", PAGE)


def test_the_head_brings_the_colours_and_the_choice_before_any_script_of_gradio() -> None:
    assert head().startswith("<style>")
    assert "--ground: #0a0b14" in head()
    assert "dataset.scheme" in head()


def luminance(colour: str) -> float:
    """Relative luminance of #rrggbb, WCAG 2.2."""
    parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    linear = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("scheme", [0, 1], ids=["dark", "light"])
def test_what_is_drawn_on_the_canvas_stands_out_as_well(scheme: int) -> None:
    found = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", PALETTE.split("}")[scheme]))
    texts = ["text", "text-dim", *(name for name in found if name.startswith("judge-"))]
    least = {
        **dict.fromkeys(texts, 4.5),
        **dict.fromkeys(("outer", "inner", "centre", "line", "focus", "measure"), 3.0),
    }
    for name, ratio in least.items():
        for behind in ("ground", "lane", "surface"):
            dark, light = sorted((luminance(found[name]), luminance(found[behind])))
            assert (light + 0.05) / (dark + 0.05) >= ratio, (name, behind)
