"""How the page looks: its theme and the head that styles it.

Colours come from the player's palette.css alone. Dark or light is the `data-scheme` of the document, which scheme.js
sets; gradio's own dark mode changes nothing.
"""

from pathlib import Path

import gradio as gr

TITLE = "MuG Studio"
FAVICON = Path(__file__).with_name("favicon.svg")
HERE = Path(__file__).parent
STYLE_SHEETS = [HERE / name for name in ("player/palette.css", "studio/studio.css", "controls.css", "page.css")]
SYSTEM_FONTS = ["system-ui", "Segoe UI", "Roboto", "Helvetica Neue", "Noto Sans", "sans-serif"]
MONO_FONTS = ["ui-monospace", "Consolas", "DejaVu Sans Mono", "monospace"]
BEFORE_FIRST_PAINT = """
let scheme = "dark";
try { if (localStorage.getItem("mug-scheme") === "light") scheme = "light"; } catch {}
document.documentElement.dataset.scheme = scheme;
"""


def head() -> str:
    """What stands in the head of the page, so that its first paint has its colours."""
    css = "\n".join(path.read_text(encoding="utf-8") for path in STYLE_SHEETS)
    return f"<style>{css}</style><script>{BEFORE_FIRST_PAINT}</script>"


def theme() -> gr.themes.Base:
    """Return gradio's theme in the palette's colours, the same in its dark mode as in its light one."""
    accent, night = gr.themes.Color(*[_ACCENT] * 11), gr.themes.Color(*_SHADES)
    base = gr.themes.Base(primary_hue=accent, neutral_hue=night, font=SYSTEM_FONTS, font_mono=MONO_FONTS)
    found = base.set(**{**_COLOURS, **_SHAPES})
    for name in [name for name in vars(found) if name.endswith("_dark")]:
        delattr(found, name)
    return found


_ACCENT = "var(--line)"
# gradio's components use shades 200 (tracks), 400 to 600 (icons, small text) and 800 to 950 (text)
_SHADES = ["var(--raised)"] * 2 + ["var(--beat)"] * 2 + ["var(--text-dim)"] * 4 + ["var(--text)"] * 3
_COLOURS = {
    "body_background_fill": "var(--ground, #0a0b14)",
    "body_text_color": "var(--text, #eef0fb)",
    "body_text_color_subdued": "var(--text-dim)",
    "background_fill_primary": "var(--surface)",
    "background_fill_secondary": "var(--raised)",
    "border_color_primary": "var(--lane-edge)",
    "border_color_accent": _ACCENT,
    "border_color_accent_subdued": "var(--measure)",
    "color_accent": _ACCENT,
    "color_accent_soft": "var(--selection)",
    "link_text_color": "var(--focus)",
    "link_text_color_active": "var(--focus)",
    "link_text_color_hover": "var(--text)",
    "link_text_color_visited": "var(--focus)",
    "code_background_fill": "var(--raised)",
    "block_background_fill": "transparent",
    "block_border_color": "var(--lane-edge)",
    "block_info_text_color": "var(--text-dim)",
    "block_label_background_fill": "transparent",
    "block_label_border_color": "transparent",
    "block_label_text_color": "var(--text-dim)",
    "block_title_text_color": "var(--text)",
    "panel_background_fill": "var(--surface)",
    "panel_border_color": "var(--lane-edge)",
    "accordion_text_color": "var(--text)",
    "table_text_color": "var(--text)",
    "table_border_color": "var(--lane-edge)",
    "table_even_background_fill": "var(--surface)",
    "table_odd_background_fill": "var(--surface)",
    "table_row_focus": "var(--raised)",
    "checkbox_background_color": "var(--raised)",
    "checkbox_background_color_focus": "var(--raised)",
    "checkbox_background_color_hover": "var(--raised)",
    "checkbox_background_color_selected": _ACCENT,
    "checkbox_border_color": "var(--measure)",
    "checkbox_border_color_focus": "var(--focus)",
    "checkbox_border_color_hover": "var(--text-dim)",
    "checkbox_border_color_selected": _ACCENT,
    "checkbox_label_background_fill": "var(--raised)",
    "checkbox_label_background_fill_hover": "var(--raised)",
    "checkbox_label_background_fill_selected": "var(--raised)",
    "checkbox_label_border_color": "transparent",
    "checkbox_label_border_color_hover": "var(--measure)",
    "checkbox_label_border_color_selected": _ACCENT,
    "checkbox_label_text_color": "var(--text)",
    "checkbox_label_text_color_selected": "var(--text)",
    "error_background_fill": "var(--surface)",
    "error_border_color": "var(--judge-miss)",
    "error_text_color": "var(--text)",
    "error_icon_color": "var(--judge-miss)",
    "input_background_fill": "var(--raised)",
    "input_background_fill_focus": "var(--raised)",
    "input_background_fill_hover": "var(--raised)",
    "input_border_color": "var(--measure)",
    "input_border_color_focus": "var(--focus)",
    "input_border_color_hover": "var(--text-dim)",
    "input_placeholder_color": "var(--text-dim)",
    "loader_color": _ACCENT,
    "slider_color": _ACCENT,
    "stat_background_fill": _ACCENT,
    "button_primary_background_fill": _ACCENT,
    "button_primary_background_fill_hover": "color-mix(in srgb, var(--line) 88%, var(--text))",
    "button_primary_border_color": "transparent",
    "button_primary_border_color_hover": "transparent",
    "button_primary_text_color": "var(--on-accent)",
    "button_primary_text_color_hover": "var(--on-accent)",
    "button_secondary_background_fill": "var(--raised)",
    "button_secondary_background_fill_hover": "var(--raised)",
    "button_secondary_border_color": "transparent",
    "button_secondary_border_color_hover": "var(--measure)",
    "button_secondary_text_color": "var(--text)",
    "button_secondary_text_color_hover": "var(--text)",
    "button_cancel_background_fill": "var(--raised)",
    "button_cancel_background_fill_hover": "var(--raised)",
    "button_cancel_border_color": "var(--judge-miss)",
    "button_cancel_border_color_hover": "var(--text)",
    "button_cancel_text_color": "var(--text)",
    "button_cancel_text_color_hover": "var(--text)",
}
_SHAPES = {
    "block_border_width": "0px",
    "block_padding": "0px",
    "block_radius": "10px",
    "block_shadow": "none",
    "block_label_shadow": "none",
    "block_label_border_width": "0px",
    "block_title_text_size": "14px",
    "block_title_text_weight": "600",
    "block_info_text_size": "13px",
    "container_radius": "10px",
    "layout_gap": "14px",
    "form_gap_width": "14px",
    "panel_border_width": "0px",
    "input_radius": "8px",
    "input_border_width": "1px",
    "input_padding": "8px 10px",
    "input_shadow": "none",
    "input_shadow_focus": "none",
    "input_text_size": "15px",
    "checkbox_border_radius": "5px",
    "checkbox_shadow": "none",
    "checkbox_label_shadow": "none",
    "checkbox_label_padding": "8px 12px",
    "button_border_width": "1px",
    "button_transition": "background-color 120ms, border-color 120ms",
    "button_large_radius": "10px",
    "button_medium_radius": "10px",
    "button_small_radius": "8px",
    "button_large_text_weight": "700",
    "button_medium_text_weight": "600",
    "table_radius": "10px",
}
