"""The theme, and the head that gives the first paint its colours."""

import re

from mug.webui.theme import STYLE_SHEETS, head, theme

PALETTE, _, PAGE = (path.read_text(encoding="utf-8") for path in STYLE_SHEETS)
COLOURS = set(re.findall(r"^  --([\w-]+):", PALETTE, re.MULTILINE))


def test_dark_and_light_have_the_same_names() -> None:
    dark, light = (re.findall(r"--([\w-]+):", block) for block in PALETTE.split("}")[:2])
    assert dark == light


def test_the_theme_and_the_page_use_colours_of_the_palette_alone() -> None:
    css = theme()._get_theme_css()
    assert set(re.findall(r"var\(--([\w-]+)", PAGE)) <= COLOURS | set(re.findall(r"^  --([\w-]+):", PAGE, re.MULTILINE))
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
