"""The bar at the top of the page: its name, and the switch between dark and light."""

import gradio as gr

from mug.webui.scripts import on_load

TAGLINE = "osu!mania charts for any song: hear them, play them, draw a part again."
BRAND = """
<svg class="brand" viewBox="0 0 64 64" aria-hidden="true">
  <rect class="outer" x="4" y="8" width="12" height="9" rx="3"/>
  <rect class="inner" x="19" y="22" width="12" height="22" rx="3"/>
  <rect class="inner" x="34" y="10" width="12" height="9" rx="3"/>
  <rect class="outer" x="49" y="30" width="12" height="9" rx="3"/>
  <rect class="line" x="2" y="50" width="60" height="4" rx="2"/>
</svg>
"""
MOON_AND_SUN = """
<svg viewBox="0 0 24 24" aria-hidden="true">
  <path class="moon" d="M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5z"/>
  <g class="sun">
    <circle cx="12" cy="12" r="4.5"/>
    <path d="M12 2v3m0 14v3M2 12h3m14 0h3M4.9 4.9 7 7m10 10 2.1 2.1m0-14.2L17 7M7 17l-2.1 2.1"/>
  </g>
</svg>
"""
BAR = f"""
<header class="top-bar">
  {BRAND}
  <h1>MuG <span>Studio</span></h1>
  <p>{TAGLINE}</p>
  <button type="button" class="scheme" aria-label="Light colours" title="Dark or light">{MOON_AND_SUN}</button>
</header>
"""
ON_LOAD = on_load(
    "player/scheme.js",
    """
  const { SCHEME_CHANGED, scheme, setScheme } = module;
  const button = element.querySelector(".scheme");
  const show = () => button.setAttribute("aria-pressed", scheme() === "light");
  button.addEventListener("click", () => setScheme(scheme() === "light" ? "dark" : "light"));
  window.addEventListener(SCHEME_CHANGED, show);
  show();
""",
)


def top_bar() -> gr.HTML:
    """Add the bar to the page."""
    return gr.HTML(html_template=BAR, js_on_load=ON_LOAD, apply_default_css=False, elem_id="top-bar")
