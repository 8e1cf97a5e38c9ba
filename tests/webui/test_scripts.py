"""The page's own scripts, and how they are served."""

import urllib.request

from mug.webui.scripts import HERE, PARTS


def test_every_script_is_short_and_local() -> None:
    scripts = [path for part in PARTS for path in sorted((HERE / part).glob("*.js"))]
    assert len(scripts) > 20
    for path in scripts:
        text = path.read_text(encoding="utf-8")
        assert len(text.splitlines()) <= 300, path
        assert max(map(len, text.splitlines())) <= 120, path
        assert "http" not in text.replace("https://osu.ppy.sh/wiki/", ""), path


def test_browsers_ask_whether_a_script_changed(address: str) -> None:
    for part in PARTS:
        with urllib.request.urlopen(f"{address}{part}/{part}.js") as answer:
            assert answer.headers["Cache-Control"] == "no-cache"
            assert answer.headers["Content-Type"].startswith("text/javascript")
