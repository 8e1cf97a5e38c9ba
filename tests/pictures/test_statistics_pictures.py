"""Statistics become pictures, whatever is in the set."""

import sys
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

import mug.commands.describe as script
from mug.errors import DatasetError
from mug.prepare.chart_list import write_beatmap_txt
from mug.prepare.statistics import read_statistics
from tests.prepare.song_folders import Quiet, add_set, chart

pytest.importorskip("matplotlib", reason="matplotlib is not installed: pip install 'mug[plots]'")

from matplotlib.figure import Figure

from mug.pictures.statistics import draw_statistics, histogram, shares_of, write_page


@pytest.fixture
def prepared(tmp_path):
    charts = {f"{i}.osu": chart(keys=4 + i % 3, title="曲", creator=f"作者 {i} $\\frac$ <b>") for i in range(12)}
    add_set(tmp_path / "set", charts)
    write_beatmap_txt(tmp_path / "beatmap.txt", [f"set/{name}" for name in charts])
    return tmp_path


@pytest.fixture
def statistics(prepared):
    return read_statistics(prepared / "beatmap.txt", tqdm_class=Quiet)


def axes_of(values, title="x", step=None):
    axes = Figure().subplots()
    histogram(axes, np.array(values, dtype=float), title, step)
    return axes


def titles_of(statistics):
    return [axes.get_title(loc="left") for axes in draw_statistics(statistics).axes]


def test_a_page_has_every_panel_and_is_drawn(statistics, tmp_path):
    titles = titles_of(statistics)
    assert titles[:3] == ["star rating", "MSD, overall", "MSD by skillset"]
    assert titles[9:] == ["keys", "mapper"]
    assert len(set(titles)) == 11
    write_page(statistics, tmp_path / "page.png")
    with Image.open(tmp_path / "page.png") as picture:
        assert picture.size == (1650, 1056)
        assert len(picture.convert("RGB").getcolors(10**6)) > 50


def test_what_all_charts_have_in_common_takes_no_panel(statistics):
    alike = replace(statistics, charts=statistics.charts[:1], licences=Counter(MIT=1))
    assert len(titles_of(alike)) == 9
    said = draw_statistics(alike).get_supxlabel()
    assert said.endswith("all charts: keys 4K, rank status not known, licence MIT, mapper 作者 0 $\\frac$ <b>")


def test_the_html_page_is_self_contained_and_escapes_names(statistics, tmp_path):
    write_page(statistics, tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert 'src="data:image/png;base64,iVBOR' in text
    assert "12 charts of 1 song" in text
    assert "<b>" not in text
    assert "http" not in text


def test_bins_hold_every_value_and_the_median_is_marked():
    axes = axes_of([0, 5, 10, 10, 95, 100], step=5.0)
    heights = [bar.get_height() for bar in axes.patches]
    assert len(heights) == 20
    assert (heights[0], heights[1], heights[2], heights[-1]) == (1, 1, 2, 2)
    assert axes.get_xlim() == (0, 100)
    assert axes.texts[0].get_text() == "median 10"


def test_a_few_far_values_share_the_last_bin():
    values = [*np.linspace(1, 2, 300), 1000.0]
    axes = axes_of(values)
    assert axes.get_xlim()[1] < 3
    assert sum(bar.get_height() for bar in axes.patches) == 301


@pytest.mark.parametrize("values", [[], [3.0], [0.0, 0.0], [1e-9, 2e-9], [7.0] * 50])
def test_sets_with_nothing_to_show_are_drawn(values):
    axes = axes_of(values)
    assert sum(bar.get_height() for bar in axes.patches) == len(values)
    assert [text.get_text() for text in axes.texts][:1] == (["not given"] if not values else [axes.texts[0].get_text()])
    axes.figure.canvas.draw()


def test_a_panel_names_the_most_frequent_and_counts_the_others():
    shares = shares_of(Counter({f"m{i}": 20 - i for i in range(10)}))
    assert list(shares)[:2] == ["m0", "m1"]
    assert list(shares)[-1] == "3 others"
    assert len(shares) == 8
    assert sum(shares.values()) == pytest.approx(1.0)
    assert shares_of(Counter({"a": 1, "b": 3})) == {"b": 0.75, "a": 0.25}


def command(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["describe_dataset.py", *map(str, arguments)])
    script.main()


def test_the_command_prints_and_draws(prepared, monkeypatch, capsys):
    command(monkeypatch, "-b", prepared, "--plot", prepared / "page.png", "--html", prepared / "page.html")
    printed = capsys.readouterr().out
    assert "12 charts of 1 song by 12 mappers" in printed
    assert str(prepared / "page.png") in printed
    assert (prepared / "page.html").stat().st_size > 10_000
    with pytest.raises(DatasetError, match=r"page\.jpg: give it a name that ends in \.png"):
        command(monkeypatch, "-b", prepared, "--plot", prepared / "page.jpg")


def test_numbers_need_no_matplotlib_and_pictures_say_so(prepared, monkeypatch, capsys):
    for name in [
        name for name in sys.modules if name.partition(".")[0] == "matplotlib" or name == "mug.pictures.statistics"
    ]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    command(monkeypatch, "-b", prepared / "beatmap.txt")
    assert "star rating" in capsys.readouterr().out
    with pytest.raises(Exception, match=r"pip install 'mug\[plots\]'"):
        command(monkeypatch, "-b", prepared, "--plot", prepared / "page.png")
