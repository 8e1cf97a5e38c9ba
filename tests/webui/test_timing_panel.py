"""The timing panel in a real Chromium: pixels of the grid, its metronome on the audio clock, taps, keys."""

from collections.abc import Iterator

import pytest
from player_page import run
from selenium import webdriver

HEARD = {"points": [{"time_ms": 0, "beat_ms": 500, "meter": 4}], "text": "Detected: 120 BPM"}


@pytest.fixture
def panel(browser: webdriver.Chrome) -> Iterator[webdriver.Chrome]:
    """The page with a panel, `timing`, that shows a song of 8 s and a detected grid."""
    script = """
      const { mountTiming } = await import("./timing/timing.js");
      const host = document.body.insertBefore(document.createElement("div"), document.body.firstChild);
      host.style.width = "640px";
      window.timing = await mountTiming(host);
      window.said = [];
      timing.addEventListener("timing", ({ detail }) => said.push(detail));
      timing.showSong({ audioUrl: "song.wav" });
      timing.showHeard(args[0]);
      while (!timing.lengthMs) await new Promise((resolve) => setTimeout(resolve, 10));
      // The places of the lines of a colour along a row of the strip, in px.
      window.linesAt = async (row, ...names) => {
        await nextFrame();
        const { context, colours, canvas } = timing.strip;
        const { data } = context.getImageData(0, row, canvas.width, 1);
        const hex = (x) => "#" + [0, 1, 2].map((i) => data[4 * x + i].toString(16).padStart(2, "0")).join("");
        const wanted = names.map((name) => colours[name]);
        const seen = Array.from({ length: canvas.width }, (_, x) => wanted.includes(hex(x)));
        return seen.flatMap((is, x) => (is && !seen[x - 1] ? [x] : []));
      };
      window.press = (key, options = {}) => timing.root.querySelector(".strip")
        .dispatchEvent(new KeyboardEvent("keydown", { key, code: key, bubbles: true, composed: true, ...options }));
      window.click = (selector) => timing.root.querySelector(selector).click();"""
    run(browser, script, HEARD)
    yield browser
    run(browser, "timing.host.remove(); timing.close();")


def test_lines_of_the_grid_move_with_a_nudge(panel: webdriver.Chrome) -> None:
    script = """
      timing.seek(1950); timing.strip.zoom(6);  // 1 ms to a pixel
      const seen = [await linesAt(2, "line", "measure")];
      for (const [act, what] of args[0]) { window[act](what); seen.push(await linesAt(2, "line", "measure")); }
      return [timing.strip.msPerPx, seen, said.map(({ said }) => said)];"""
    actions = [("click", ".plus-10"), ("click", ".minus-1"), ("press", "["), ("press", "u")]
    scale, seen, said = run(panel, script, actions)
    assert scale == 1
    first = seen[0][0]
    assert first == pytest.approx(320 + 50, abs=1)  # the second measure begins 50 ms after the middle
    assert [lines[0] - first for lines in seen] == [0, 10, 9, 8, 9]
    assert said[-1] == "120 BPM, yours"


def test_half_and_double_change_the_beats_between_measures(panel: webdriver.Chrome) -> None:
    script = """
      timing.seek(2000); timing.strip.zoom(2);  // 4 ms to a pixel
      const seen = [];
      for (const key of args[0]) { press(key); seen.push((await linesAt(40, "beat", "measure", "line")).length); }
      return [seen, timing.points[0].beat_ms, timing.root.querySelector(".bpm").value];"""
    seen, beat_ms, bpm = run(panel, script, ["d", "h", "h"])
    assert seen == [10, 4, 2]  # 2560 ms: beats of 250, 500 and 1000 ms, one of them behind the playing position
    assert (beat_ms, bpm) == (1000, "60")


def test_a_line_is_dragged(panel: webdriver.Chrome) -> None:
    script = """
      timing.seek(3000); timing.strip.zoom(2);
      const { canvas, root } = timing.strip;
      root.setPointerCapture = () => {};
      const box = canvas.getBoundingClientRect();
      const send = (type, x, shiftKey = false) => root.dispatchEvent(new PointerEvent(type,
        { clientX: box.left + x, clientY: box.top + 50, button: 0, pointerType: "mouse", shiftKey }));
      const drag = (from, by, shiftKey) => {
        send("pointerdown", from, shiftKey); send("pointermove", from + by / 2, shiftKey);
        send("pointermove", from + by, shiftKey); send("pointerup", from + by, shiftKey);
      };
      drag(320 + 125, 20, false);  // the line at 3500 ms, the seventh: 80 ms later
      const tempo = timing.points;
      timing.undo();
      const undone = timing.isOwn;
      drag(320 + 125, 20, true);
      return [tempo, undone, timing.points, timing.canUndo];"""
    tempo, undone, moved, can_undo = run(panel, script)
    assert tempo == [{"time_ms": 0, "beat_ms": pytest.approx(500 + 80 / 7), "meter": 4}]
    assert undone is False  # one step, back to what was detected
    assert moved == [{"time_ms": pytest.approx(80), "beat_ms": 500, "meter": 4}]
    assert can_undo is True


def test_the_metronome_clicks_on_the_audio_clock(panel: webdriver.Chrome) -> None:
    script = """
      timing.edit(() => [{ time_ms: 40, beat_ms: 250, meter: 3 }]);
      const { context } = timing.song;
      const make = context.createBufferSource.bind(context);
      const starts = [];
      context.createBufferSource = () => {
        const node = make();
        const start = node.start.bind(node);
        node.start = (at, from) => { if (node.buffer.duration < 1) starts.push([at, node.buffer]); start(at, from); };
        return node;
      };
      timing.seek(0);
      await timing.play();
      while (timing.song.positionMs() < 900) await new Promise((resolve) => setTimeout(resolve, 20));
      const at = starts.map(([time, buffer]) => {
        const ms = 40 + 1000 * (time - timing.song.contextTimeOf(40));
        const crossings = buffer.getChannelData(0).slice(0, 500).filter((v, i, all) => i && v * all[i - 1] < 0).length;
        return [ms, crossings > 27];  // of two clicks, the higher one
      });
      timing.song.pause(); delete context.createBufferSource;
      return at.sort((a, b) => a[0] - b[0]);"""
    at = run(panel, script)
    assert [ms for ms, _ in at[:4]] == pytest.approx([40, 290, 540, 790], abs=0.01)
    assert [is_high for _, is_high in at[:4]] == [True, False, False, True]


def test_taps_while_the_song_plays_set_tempo_and_beat(panel: webdriver.Chrome) -> None:
    script = """
      timing.song.positionMs = (pageMs = 0) => pageMs - 100000;  // a clock by hand: what is heard at page times
      timing.song.isPlaying = true;
      const shown = [];
      const said = timing.root.querySelector(".tapped");
      for (const ms of args[0]) { timing.tap(100000 + ms); shown.push(said.textContent); }
      timing.song.isPlaying = false;
      return [shown, timing.points];"""
    shown, points = run(panel, script, [2203, 2598, 3001, 3400, 3799, 4200])
    assert shown[:3] == ["3 more", "2 more", "1 more"]
    assert shown[5].startswith("150 BPM, ±")
    assert points == [{"time_ms": pytest.approx(600, abs=3), "beat_ms": 400, "meter": 4}]  # 2200 less a measure


def test_up_to_the_model_and_this_timing_are_two_states(panel: webdriver.Chrome) -> None:
    script = """
      const states = () => [...timing.root.querySelectorAll("[role=radio]")].map((b) => b.getAttribute("aria-checked"));
      const seen = [[states(), null]];
      for (const [act, what] of args[0]) { window[act](what); seen.push([states(), said.at(-1).points]); }
      return [seen, timing.root.querySelector(".heard").textContent];"""
    actions = [
        ("click", ".this-timing"),
        ("click", ".bpm-plus-1"),
        ("click", ".up-to-model"),
        ("click", ".this-timing"),
    ]
    seen, heard = run(panel, script, actions)
    model, own = ["true", "false"], ["false", "true"]
    faster = [{"time_ms": 0, "beat_ms": pytest.approx(60_000 / 121), "meter": 4}]
    assert seen == [[model, None], [own, HEARD["points"]], [own, faster], [model, None], [own, faster]]
    assert heard == "Detected: 120 BPM"


def test_tempo_changes_are_added_listed_and_removed(panel: webdriver.Chrome) -> None:
    script = """
      timing.seek(4000); click(".add"); press("ArrowUp", { shiftKey: true });
      const list = () => [...timing.root.querySelectorAll(".points li")].map((item) => item.firstChild.textContent);
      const seen = [timing.points.length, list(), timing.points[0].beat_ms];
      click(".plus-10");  // all together
      seen.push(timing.points.map((point) => point.time_ms));
      click(".points li:first-child button:last-child");
      return [...seen, timing.points, list()];"""
    count, listed, first_beat, times, rest, none = run(panel, script)
    assert (count, first_beat, times, none) == (2, 500, [10, 4010], [])
    assert listed == ["0:00.0  120 BPM, 4/4", "0:04.0  121 BPM, 4/4"]
    assert [point["time_ms"] for point in rest] == [4010]


def test_every_control_has_a_name_and_fits_a_phone(panel: webdriver.Chrome) -> None:
    script = """
      timing.host.style.width = "340px"; await nextFrame();
      const unnamed = [...timing.root.querySelectorAll("button, input, select, [tabindex]")].filter((element) =>
        !(element.getAttribute("aria-label") || element.textContent.trim() || element.closest("label")));
      const { clientWidth, scrollWidth } = timing.root.querySelector(".timing");
      return [unnamed.map((element) => element.outerHTML), scrollWidth - clientWidth];"""
    assert run(panel, script) == [[], 0]


def test_only_one_song_of_the_page_plays(panel: webdriver.Chrome) -> None:
    script = """
      const chart = { keys: 4, notes: [[0, 5000, null]], timing_points: args[0] };
      await player.show({ charts: [chart], audioUrl: "song.wav" });
      await player.play(); await timing.play();
      const label = (root) => root.querySelector(".play").getAttribute("aria-label");
      const seen = () => [player, timing].map(({ song, root }) => [song.isPlaying, label(root)]);
      const first = seen();
      await player.play();
      const second = seen();
      player.pause();
      return [first, second];"""
    stands, plays = [False, "Play"], [True, "Pause"]
    assert run(panel, script, HEARD["points"]) == [[stands, plays], [plays, stands]]
