"""The player in a real Chromium: what the canvas shows at known times, the clock, test play, selections.

Each test shows its own chart.
"""

import numpy as np
import pytest
from player_page import SONG_S, run, show
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from mug.charts.beatmap import Beatmap, Note, TimingPoint


def four_keys() -> Beatmap:
    notes = [Note(1000.0, 0), Note(1500.0, 1), Note(2000.0, 2, 2600.0), Note(3000.0, 3)]
    return Beatmap(4, notes, [TimingPoint(0.0, 500.0)])


def test_notes_are_at_the_line_at_their_time(browser: webdriver.Chrome) -> None:
    show(browser, four_keys())
    script = """
      const seen = [];
      for (const ms of args[0]) { player.seek(ms); await nextFrame(); seen.push(notesAt(0)); }
      return seen;"""
    assert run(browser, script, [999, 1499, 1999, 2300, 2999, 3500]) == [
        ["outer", "-", "-", "-"],
        ["-", "inner", "-", "-"],
        ["-", "-", "inner", "-"],
        ["-", "-", "inner", "-"],  # a long note stays while it is held
        ["-", "-", "-", "outer"],
        ["-", "-", "-", "-"],
    ]


def test_notes_ahead_come_from_either_side(browser: webdriver.Chrome) -> None:
    show(browser, four_keys())
    script = """
      const seen = [];
      for (const up of [false, true]) {
        player.settings.upScroll = up; player.applySettings(); player.seek(800); await nextFrame();
        seen.push([player.field.layout.direction, notesAt(200, 6)[0], notesAt(200, -6)[0], notesAt(0, 6)[0]]);
      }
      player.settings.upScroll = false; player.applySettings();
      return seen;"""
    assert run(browser, script) == [[-1, "outer", "-", "-"], [1, "outer", "-", "-"]]


def test_seven_keys_have_seven_lanes(browser: webdriver.Chrome) -> None:
    show(browser, Beatmap(7, [Note(1000.0 + 200 * column, column) for column in range(7)], [TimingPoint(0.0, 500.0)]))
    script = """
      const seen = [];
      for (let i = 0; i < 7; i++) { player.seek(999 + 200 * i); await nextFrame(); seen.push(notesAt(0)); }
      return [seen, player.root.querySelector(".lanes").textContent];"""
    seen, keys = run(browser, script)
    kinds = ["outer", "inner", "outer", "centre", "outer", "inner", "outer"]
    assert seen == [["-"] * i + [kind] + ["-"] * (6 - i) for i, kind in enumerate(kinds)]
    assert keys == "SDFSpaceJKL"


def test_tempo_changes_have_their_own_lines(browser: webdriver.Chrome) -> None:
    points = [TimingPoint(100.0, 500.0), TimingPoint(2100.0, 300.0, 3)]
    show(browser, Beatmap(4, [Note(6000.0, 0)], points))
    script = """
      const seen = [];
      for (const ms of args[0]) {
        player.seek(ms - 100); await nextFrame();
        seen.push(seenAt(1, 100, 0, ["measure", "beat", "lane"]));
      }
      return seen;"""
    times = [600, 1100, 1350, 2100, 2400, 2600, 2700, 3000]
    assert run(browser, script, times) == ["beat", "beat", "lane", "measure", "beat", "lane", "beat", "measure"]


def test_the_picture_is_within_a_frame_of_the_sound(browser: webdriver.Chrome) -> None:
    show(browser, four_keys())
    script = """
      await player.play();
      const off = [];
      while (player.positionMs < 900) {
        await new Promise((resolve) => requestAnimationFrame(resolve));
        const { context } = player.song;
        const heardMs = 1000 * (context.currentTime - context.outputLatency - (player.song.contextTimeOf(0)));
        if (player.positionMs > 200) off.push(player.drawnMs - heardMs);
      }
      player.pause();
      return off;"""
    off = run(browser, script)
    assert len(off) > 5
    assert abs(float(np.median(off))) < 17


@pytest.mark.parametrize("rate", [0.5, 1.5])
def test_at_any_rate_the_chart_follows_the_sound(browser: webdriver.Chrome, rate: float) -> None:
    show(browser, four_keys())
    script = """
      await player.setRate(args[0]); player.seek(1000); await player.play();
      const at = () => [player.song.context.currentTime, player.song.positionMs()];
      await new Promise((resolve) => setTimeout(resolve, 250));
      const [t0, p0] = at();
      await new Promise((resolve) => setTimeout(resolve, 700));
      const [t1, p1] = at();
      player.pause(); player.setRate(1);
      return (p1 - p0) / (1000 * (t1 - t0));"""
    assert run(browser, script, rate) == pytest.approx(rate, abs=0.04)


@pytest.mark.parametrize("rate", [0.5, 0.75, 1.3])
def test_stretching_moves_no_click_and_keeps_the_pitch(browser: webdriver.Chrome, rate: float) -> None:
    script = """
      const { stretch } = await import("./player/stretch.js");
      const hz = 16000;
      const tone = Float32Array.from({ length: 2 * hz }, (_, i) => 0.1 * Math.sin((2 * Math.PI * 440 * i) / hz));
      for (let at = hz / 2; at < tone.length; at += hz / 2)
        for (let i = 0; i < 48; i++) tone[at + i] = i % 8 < 4 ? 1 : -1;
      const [out] = stretch([tone], hz, args[0]);
      const loud = [];
      out.forEach((sample, i) => { if (sample > 0.3 && (!loud.length || i - loud.at(-1) > 1000)) loud.push(i); });
      let crossings = 0;
      for (let i = 1; i < out.length; i++) if (out[i - 1] < 0 && out[i] >= 0) crossings++;
      return [out.length, loud.map((i) => (1000 * i) / hz), crossings / (out.length / hz)];"""
    length, clicks_ms, hz = run(browser, script, rate)
    assert length == round(32000 / rate)
    assert [round(ms * rate / 500) for ms in clicks_ms] == [1, 2, 3]
    assert max(abs(ms * rate - 500 * (i + 1)) for i, ms in enumerate(clicks_ms)) < 10
    assert hz == pytest.approx(440, rel=0.03)


def test_hit_sounds_are_at_the_moments_of_the_notes(browser: webdriver.Chrome) -> None:
    chart = four_keys()
    chart.notes.append(Note(1500.0, 3))  # a chord is one click
    show(browser, chart)
    script = """
      const { song, hitSounds } = player;
      const create = song.context.createBufferSource.bind(song.context);
      const at = [];
      song.context.createBufferSource = () => {
        const node = create();
        const start = node.start.bind(node);
        node.start = (when) => (node.buffer.duration < 1 && at.push(when), start(when));
        return node;
      };
      player.settings.offsetMs = 30; player.applySettings(); await player.setRate(1.5); player.seek(800);
      await player.play();
      while (at.length < 3) await nextFrame();
      const found = at.map((when) => (when - song.contextTimeOf(0)) * 1000 * song.rate);
      player.pause(); delete song.context.createBufferSource;
      player.settings.offsetMs = 0; player.applySettings(); await player.setRate(1);
      return found.slice(0, 3);"""
    assert run(browser, script) == pytest.approx([1030, 1530, 2030], abs=0.01)


def test_a_drag_selects_from_beat_to_beat(browser: webdriver.Chrome) -> None:
    show(browser, four_keys())
    run(browser, 'window.told = []; player.addEventListener("selection", ({ detail }) => told.push(detail));')
    root = browser.find_element(By.ID, "player").shadow_root
    bar = root.find_element(By.CSS_SELECTOR, ".overview")
    width = bar.size["width"]

    def x_of(ms: float) -> int:  # from the middle
        return round(width * (ms / (1000 * SONG_S) - 0.5))

    actions = ActionChains(browser, duration=50).move_to_element_with_offset(bar, x_of(1040), 10).click_and_hold()
    actions.move_to_element_with_offset(bar, x_of(3030), 10).release().perform()
    root.find_elements(By.CSS_SELECTOR, ".lanes button")[2].click()
    assert run(browser, "return told;") == [
        {"from_ms": 1000, "to_ms": 3000, "columns": []},
        {"from_ms": 1000, "to_ms": 3000, "columns": [2]},
    ]
    ActionChains(browser, duration=50).move_to_element_with_offset(bar, x_of(6000), 10).click().perform()
    assert run(browser, "return player.positionMs;") == pytest.approx(6000, abs=20)


def test_test_play_judges_key_events(browser: webdriver.Chrome) -> None:
    notes = [Note(1000.0, 0), Note(1200.0, 1), Note(1400.0, 2), Note(1600.0, 3, 2000.0), Note(2600.0, 0)]
    show(browser, Beatmap(4, notes, [TimingPoint(0.0, 500.0)], overall_difficulty=8.0))
    script = """
      window.results = []; player.addEventListener("result", ({ detail }) => results.push(detail));
      player.setTestPlay(true); await player.play();
      const { song } = player;
      song.positionMs = () => window.simulatedMs; // events have simulated times
      for (const [ms, code, type] of args[0]) {
        window.simulatedMs = ms;
        window.dispatchEvent(new KeyboardEvent(type, { code, key: code, cancelable: true }));
      }
      window.simulatedMs = 2900; await nextFrame();
      const live = player.root.querySelector(".live-accuracy").textContent;
      player.pause(); delete song.positionMs;
      const figures = player.root.querySelector(".results").innerText;
      player.setTestPlay(false); player.controls.closePanels();
      return [results, live, figures];"""
    keys = {"D": "KeyD", "F": "KeyF", "J": "KeyJ", "K": "KeyK"}
    presses = [(1010, 1040, "D"), (1160, 1220, "F"), (1465, 1490, "J"), (1605, 2010, "K")]  # MAX, 300, 200, MAX
    events = [(t, keys[k], kind) for down, up, k in presses for t, kind in ((down, "keydown"), (up, "keyup"))]
    (result,), live, figures = run(browser, script, events)
    assert result["counts"] == {"max": 2, "300": 1, "200": 1, "100": 0, "50": 0, "miss": 1}
    assert result["max_combo"] == 4
    assert result["accuracy"] == pytest.approx((3 * 300 + 200) / (5 * 300))
    assert result["mean_ms"] == pytest.approx((10 - 40 + 65 + 5) / 4)
    assert result["unstable_rate"] == pytest.approx(10 * float(np.std([10, -40, 65, 5])))
    assert live == "73.33 %"
    assert "73.33 %" in figures
    assert "+10.0 ms" in figures


def test_the_keyboard_moves_and_plays(browser: webdriver.Chrome) -> None:
    show(browser, four_keys())
    stage = browser.find_element(By.ID, "player").shadow_root.find_element(By.CSS_SELECTOR, ".stage")
    keys = (
        Keys.ARROW_RIGHT,
        Keys.ARROW_RIGHT,
        Keys.ARROW_LEFT,
        Keys.SHIFT + Keys.ARROW_RIGHT + Keys.NULL,
        "[",
        "+",
        ".",
    )
    for key in keys:
        stage.send_keys(key)
    script = """
      const { scrollSpeed } = player.settings; const { wantedRate } = player;
      player.changeSpeed(-1); await player.setRate(1);
      return [player.positionMs, player.selection, scrollSpeed, wantedRate];"""
    selection = {"from_ms": 2000, "to_ms": 8000, "columns": []}
    assert run(browser, script) == [2000, selection, 17, 1.05]
    stage.send_keys(" ")
    assert run(browser, "await nextFrame(); return player.song.isPlaying;")
    stage.send_keys(" ", Keys.ESCAPE)
    assert run(browser, "return [player.song.isPlaying, player.selection.from_ms];") == [False, None]


def test_keys_can_be_chosen_and_stay_chosen(browser: webdriver.Chrome) -> None:
    show(browser, four_keys())
    root = browser.find_element(By.ID, "player").shadow_root
    root.find_element(By.CSS_SELECTOR, ".open-settings").click()
    root.find_elements(By.CSS_SELECTOR, ".keys button")[0].click()
    ActionChains(browser).send_keys("j").perform()  # the key of the third column, which takes D instead
    lanes = 'return player.root.querySelector(".lanes").textContent'
    assert run(browser, lanes) == "JFDK"
    assert run(browser, 'return (await import("./player/keys.js")).keysFor(4);') == ["KeyJ", "KeyF", "KeyD", "KeyK"]
    root.find_element(By.CSS_SELECTOR, ".default-keys").click()
    assert run(browser, lanes) == "DFJK"
    root.find_element(By.CSS_SELECTOR, ".settings .close").click()
