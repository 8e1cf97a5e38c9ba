"""osu!'s API is asked through the real ossapi, by a server on this machine that has its bad days."""

import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

pytest.importorskip("ossapi", reason="ossapi is not installed: pip install 'mug[osu]'")

from ossapi import Ossapi

import mug.commands.mappers as mappers_script
import mug.commands.ranked as ranked_script
from mug.config import PROJECT_ROOT
from mug.errors import DatasetError
from mug.features import FeatureSpec
from mug.prepare import osu_api, ranked_sets
from mug.prepare.describe import read_ranked_map
from mug.prepare.journal import Journal
from mug.prepare.osu_api import ApiError, MapSet, OsuApi, Page
from tests.prepare.fake_osu import CLIENT_ID, SECRET, FakeOsu, beatmapset, serving
from tests.prepare.song_folders import FEATURES, Quiet, chart

RANKED = [beatmapset(i, "ranked" if i % 3 else "approved", mapper_id=i % 2 + 1) for i in range(1, 8)]
LOVED = [beatmapset(20, "loved", mapper_id=1), beatmapset(21, "loved", mapper_id=3)]
GRAVEYARD = [beatmapset(i, "graveyard", mapper_id=1) for i in range(100, 105)]


@pytest.fixture
def fake(monkeypatch):
    state = FakeOsu()
    state.searches = {
        "ranked": RANKED,
        "qualified": [beatmapset(30, "qualified")],
        "loved": LOVED,
        "graveyard": GRAVEYARD,
    }
    state.graveyards = {1: [*GRAVEYARD, beatmapset(200, "wip", mapper_id=1)]}  # mapper 2 has left
    with serving(state):
        # ossapi takes no other address than osu!'s; OAuth takes no other than https
        monkeypatch.setattr(Ossapi, "TOKEN_URL", f"{state.url}/oauth/token")
        monkeypatch.setattr(Ossapi, "BASE_URL", f"{state.url}/api/v2")
        monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
        monkeypatch.setenv("OSU_CLIENT_ID", CLIENT_ID)
        monkeypatch.setenv("OSU_CLIENT_SECRET", SECRET)
        monkeypatch.setattr(ranked_sets, "tqdm", Quiet)
        yield state


class Waits(list):
    def __call__(self, seconds: float) -> None:
        self.append(seconds)


def patient() -> tuple[OsuApi, Waits]:
    waits = Waits()
    return OsuApi(CLIENT_ID, SECRET, sleep=waits), waits


def download(out: Path, statuses=("ranked", "loved", "graveyard"), api: OsuApi | None = None):
    return ranked_sets.download_ranked_map(api or patient()[0], out, 3, statuses, tqdm_class=Quiet)


EXPECTED = {**dict.fromkeys(range(1, 8), "ranked"), 30: "ranked", 20: "loved", 21: "loved"} | dict.fromkeys(
    range(100, 105), "graveyard"
)


def test_a_page_and_where_the_next_one_starts(fake):
    api, waits = patient()
    page = api.search("ranked", "ranked_asc", 3, None)
    assert page == Page(
        [MapSet(1, "ranked", 2, "mapper 2"), MapSet(2, "ranked", 1, "mapper 1")],
        {"approved_date": 1600000000000, "id": 2},
    )
    assert api.search("ranked", "ranked_asc", 3, {"approved_date": 1, "id": 6}) == Page(
        [MapSet(7, "ranked", 2, "mapper 2")], None
    )
    (path, first), (_, second) = fake.asked
    assert (path, first["s"], first["m"], first["sort"], first["nsfw"]) == (
        "/api/v2/beatmapsets/search/",
        "ranked",
        "3",
        "ranked_asc",
        "true",
    )
    assert [name for name in second if name.startswith("cursor")] == ["cursor[approved_date]", "cursor[id]"]
    assert waits == [1.0, 1.0]  # no more than one request a second
    assert fake.tokens == 1


def test_sets_without_a_chart_of_the_mode_are_left_out(fake):
    fake.searches["ranked"] = [beatmapset(1, "ranked", mode=1), beatmapset(2, "ranked")]
    assert [entry.set_id for entry in patient()[0].search("ranked", "ranked_asc", 3, None).sets] == [2]


def test_the_list_is_one_that_features_are_made_with(fake, tmp_path):
    out = tmp_path / "lists" / "ranked.txt"
    assert download(out) == {"ranked": 8, "loved": 2, "graveyard": 5}
    assert out.read_text().splitlines()[:3] == ["1 ranked", "2 ranked", "3 ranked"]
    assert read_ranked_map(out, FeatureSpec.from_yaml(FEATURES)) == EXPECTED
    assert [file.name for file in out.parent.iterdir()] == ["ranked.txt"]


def test_fewer_statuses_ask_for_less(fake, tmp_path):
    assert download(tmp_path / "ranked.txt", ["loved"]) == {"loved": 2}
    assert [query["s"] for _, query in fake.asked] == ["loved"]


def test_what_is_not_judged_yet_is_left_out(fake, tmp_path):
    fake.searches = {"ranked": [beatmapset(1, "pending"), beatmapset(2, "wip"), beatmapset(3, "approved")]}
    download(tmp_path / "ranked.txt", ["ranked"])
    assert (tmp_path / "ranked.txt").read_text() == "3 ranked\n"


BUSY = (429, {"Retry-After": "17"}, b"<html>Too Many Attempts.</html>")
DOWN = (503, {}, b"<html>down for maintenance</html>")
TORN = (200, {"Content-Type": "application/json"}, b'{"beatmapsets": [{"id": 1, "sta')
HOLLOW = (200, {"Content-Type": "application/json"}, b'{"beatmapsets": [{"id": 1}], "cursor": null}')
ODD = (200, {"Content-Type": "application/json"}, b'{"error": "what?"}')


@pytest.mark.parametrize("trouble", [BUSY, DOWN, TORN, HOLLOW, ODD])
def test_trouble_that_passes_leaves_no_trace(fake, tmp_path, trouble):
    fake.troubles = [None, trouble, None, trouble, trouble]
    api, waits = patient()
    download(tmp_path / "ranked.txt", api=api)
    assert read_ranked_map(tmp_path / "ranked.txt", FeatureSpec.from_yaml(FEATURES)) == EXPECTED
    first, second = (17.0, 17.0) if trouble is BUSY else (1.0, 2.0)
    assert waits[:6] == [1.0, 1.0, first, 1.0, first, second]


def test_a_token_that_expires_is_renewed(fake, tmp_path):
    fake.troubles = [None, (401, {"Content-Type": "application/json"}, b'{"authentication":"basic"}')]
    download(tmp_path / "ranked.txt")
    assert fake.tokens == 2


def test_a_failing_server_is_named_and_earlier_pages_are_kept(fake, tmp_path):
    fake.troubles = [None, None, *[DOWN] * 8]
    api, waits = patient()
    with pytest.raises(ApiError, match=r"8 times for the ranked sets: status 503.*run the same command"):
        download(tmp_path / "ranked.txt", api=api)
    assert waits[-7:] == [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0]
    assert [file.name for file in tmp_path.iterdir()] == ["ranked.txt.partial"]
    fake.asked.clear()
    download(tmp_path / "ranked.txt")
    assert fake.asked[0][1]["cursor[id]"] == "4"  # goes on with the third page
    assert read_ranked_map(tmp_path / "ranked.txt", FeatureSpec.from_yaml(FEATURES)) == EXPECTED


def test_no_server_at_all_is_named(monkeypatch):
    monkeypatch.setattr(Ossapi, "TOKEN_URL", "http://127.0.0.1:9/oauth/token")
    with pytest.raises(ApiError, match="ConnectionError"):
        patient()[0].search("ranked", "ranked_asc", 3, None)


def test_what_waiting_does_not_mend_is_said_at_once(fake, monkeypatch):
    fake.troubles = [(422, {}, b"{}")]
    api, waits = patient()
    with pytest.raises(ApiError, match="status 422"):
        api.search("ranked", "ranked_asc", 3, None)
    assert len(waits) == 1
    with pytest.raises(ApiError, match="OSU_CLIENT_SECRET") as error:
        OsuApi(CLIENT_ID, "wrong-secret", sleep=Waits()).search("ranked", "ranked_asc", 3, None)
    assert "wrong-secret" not in str(error.value)
    monkeypatch.delenv("OSU_CLIENT_SECRET")
    with pytest.raises(ApiError, match=r"OAuth on https://osu\.ppy\.sh/home/account/edit"):
        OsuApi.from_environment()


def test_a_page_that_follows_itself_does_not_go_on_for_ever(fake, monkeypatch):
    page = {"beatmapsets": [beatmapset(1, "ranked")], "cursor": {"id": 5}, "total": 1}
    monkeypatch.setattr(fake, "answer", lambda path, query: (200, page))
    with pytest.raises(ApiError, match="8 times"):
        patient()[0].search("ranked", "ranked_asc", 3, {"id": "5"} | {"id": 5})


def test_mappers_of_ranked_sets_and_what_else_they_made(fake, tmp_path):
    out = tmp_path / "sets.txt"
    sets, n_mappers = ranked_sets.download_mappers_sets(patient()[0], out, 3, tqdm_class=Quiet)
    assert n_mappers == 2  # mapper 3 has loved sets alone, mapper 7 none that is ranked yet
    assert sets == {**dict.fromkeys(range(1, 8), "ranked"), 20: "loved", **dict.fromkeys(range(100, 105), "graveyard")}
    assert read_ranked_map(out, FeatureSpec.from_yaml(FEATURES)) == sets
    assert (tmp_path / "sets.mappers.tsv").read_text() == (
        "mapper_id\tmapper\tranked\tloved\tgraveyard\n1\tmapper 1\t3\t1\t5\n2\tmapper 2\t4\t0\t0\n"
    )
    assert sorted(file.name for file in tmp_path.iterdir()) == ["sets.mappers.tsv", "sets.txt"]


def test_a_long_graveyard_comes_in_pages(fake):
    fake.graveyards[1] = [beatmapset(i, "graveyard", mapper_id=1) for i in range(1000, 1120)]
    api, _ = patient()
    pages, cursor = [], None
    while True:
        page = api.graveyard_of(1, 3, cursor)
        pages.append(len(page.sets))
        if (cursor := page.cursor) is None:
            break
    assert pages == [50, 50, 20]


def prepared(folder: Path) -> Path:
    charts = {
        "5 By file/a.osu": chart(beatmap_set_id=5),
        "6 By folder/b.osu": chart(),  # -1: its file says none
        "9 Nobody/c.osu": chart(),
        "No number/d.osu": chart(beatmap_set_id=999),
    }
    for name, data in charts.items():
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_bytes(data)
    (folder / "beatmap.txt").write_text("\n".join([*charts, "6 Gone/e.osu"]) + "\n")
    return folder / "beatmap.txt"


def command(script, monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["script", *map(str, arguments)])
    script.main()


def test_the_commands(fake, tmp_path, monkeypatch, capfd):
    monkeypatch.setattr(osu_api, "PAUSE_S", 0.0)
    command(ranked_script, monkeypatch, "-o", tmp_path / "ranked.txt", "-m", 3)
    assert "15 sets, 8 ranked, 2 loved, 5 graveyard" in capfd.readouterr().out
    source = prepared(tmp_path / "set")
    command(mappers_script, monkeypatch, "-o", tmp_path / "sets.txt", "-b", source)
    shown = capfd.readouterr()
    assert "13 sets by 2 mappers" in shown.out
    kept = (tmp_path / "set" / "beatmap_mappers.txt").read_text().splitlines()
    assert kept == ["5 By file/a.osu", "6 By folder/b.osu", "6 Gone/e.osu"]
    written = "".join(file.read_text() for file in tmp_path.rglob("*.t*") if file.is_file())
    assert SECRET not in shown.out + shown.err + written
    with pytest.raises(DatasetError, match="none of its charts"):
        ranked_sets.charts_of_sets(source, [12345], tmp_path / "none.txt")


def test_the_token_is_kept_nowhere(fake):
    folder = Path(sys.modules["ossapi"].__file__).parent
    patient()[0].search("ranked", "ranked_asc", 3, None)
    assert list(folder.glob("*.pickle")) == []


KILLED = """
    import sys
    from ossapi import Ossapi
    Ossapi.TOKEN_URL, Ossapi.BASE_URL = {url!r} + "/oauth/token", {url!r} + "/api/v2"
    from mug.prepare import osu_api
    osu_api.PAUSE_S = 0.0
    import mug.commands.ranked as script
    sys.argv = ["script", "-o", {out!r}]
    script.main()
"""


def test_a_run_that_is_killed_goes_on_where_it_was(fake, tmp_path):
    out = tmp_path / "ranked.txt"
    fake.hang_at = 6  # the qualified ones, after four pages of ranked ones: 5 is qualified, 6 the loved ones
    program = textwrap.dedent(KILLED.format(url=fake.url, out=str(out)))
    process = subprocess.Popen([sys.executable, "-c", program], cwd=PROJECT_ROOT, stderr=subprocess.PIPE)
    assert fake.hanging.wait(60), process.stderr.read()
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stderr.close()
    assert not out.exists()
    journal = tmp_path / "ranked.txt.partial"
    assert len(journal.read_bytes().splitlines()) == 6
    assert SECRET.encode() not in journal.read_bytes()
    journal.write_bytes(journal.read_bytes() + b'{"step": "search loved", "rows": [[20, "lo')  # torn while written
    fake.asked.clear()
    fake.hang_at = None
    assert download(out) == {"ranked": 8, "loved": 2, "graveyard": 5}
    assert [query["s"] for _, query in fake.asked] == ["loved", "graveyard", "graveyard", "graveyard"]
    assert read_ranked_map(out, FeatureSpec.from_yaml(FEATURES)) == EXPECTED


def test_an_unfinished_run_with_other_options_is_not_resumed(fake, tmp_path):
    out = tmp_path / "ranked.txt"
    fake.troubles = [None, (422, {}, b"{}")]
    with pytest.raises(ApiError):
        download(out)
    with pytest.raises(DatasetError, match=r"other options.*graveyard.*delete"):
        download(out, ["loved"])


def test_a_torn_line_is_gone_once_the_next_page_is_written(tmp_path):
    path = tmp_path / "journal"
    with Journal(path, {"job": "x"}) as journal:
        assert list(journal.pages("a", lambda cursor: ([[1]], None))) == [[[1]]]
    path.write_bytes(path.read_bytes() + b'{"step": "b", "ro')
    for _ in range(2):
        with Journal(path, {"job": "x"}) as journal:
            assert [list(journal.pages(step, lambda cursor: ([[2]], None))) for step in "ab"] == [[[[1]]], [[[2]]]]


def test_a_journal_in_use_or_damaged_is_an_error(tmp_path):
    path = tmp_path / "journal"
    with Journal(path, {"job": "x"}), pytest.raises(DatasetError, match="another run"):
        Journal(path, {"job": "x"})
    with Journal(path, {"job": "x"}):
        pass
    for line in (b"no json", json.dumps({"step": "a"}).encode(), b"7"):
        path.write_bytes(b'{"job": "x"}\n' + line + b"\n")
        with pytest.raises(DatasetError, match="damaged"):
            Journal(path, {"job": "x"})
