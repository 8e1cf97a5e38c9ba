"""The page's theme and style sheet."""

import gradio as gr

SYSTEM_FONTS = ["system-ui", "Segoe UI", "Roboto", "Helvetica Neue", "Noto Sans", "sans-serif"]
MONO_FONTS = ["ui-monospace", "Consolas", "DejaVu Sans Mono", "monospace"]
CSS = """
.gradio-container { width: 100% !important; max-width: 1600px !important; margin: 0 auto !important; }
#title h1 { margin-bottom: 0; }
#title p { margin-top: 0; opacity: .75; }
#charts .preview { background: var(--block-background-fill); backdrop-filter: none; }
"""


def theme() -> gr.themes.Base:
    """The theme; its fonts are those of the system."""
    return gr.themes.Default(primary_hue="pink", neutral_hue="slate", font=SYSTEM_FONTS, font_mono=MONO_FONTS)
