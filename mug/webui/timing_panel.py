"""The timing of the page's song: what is heard in it, or what the visitor makes of it, and how notes are fitted to it.

The grid over the waveform, its metronome and its keys are JavaScript in mug/webui/timing/.
"""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.data_classes import FileData

from mug.charts.playability import JACK_INTERVAL_MS
from mug.errors import Cancelled, MugError
from mug.generation.generator import ChartGenerator
from mug.generation.song import Song
from mug.webui.fields import Fields, Values
from mug.webui.heard_timing import TIMING_SUFFIXES, chart_timing, given_points, in_words, points_json
from mug.webui.jobs import Job, Jobs
from mug.webui.messages import shown_errors, text_of
from mug.webui.models import Models
from mug.webui.scripts import on_load
from mug.webui.song_length import check_length

TITLE = "Timing"
# Python gives a new song as {audio, song, points}. From then on the value is {audioUrl, song, points}, which the
# visitor edits, and which stays when gradio takes the panel off the page and puts a new one there.
ON_LOAD = on_load(
    "timing/timing.js",
    """
  const panel = await module.mountTiming(element.querySelector(".song-timing"));
  let timer = null;
  const showHeard = () => {
    if (props.heard && props.heard.song === props.value?.song) panel.showHeard(props.heard);
  };
  const showSong = () => {
    const { audio, audioUrl = audio?.url ?? null, song = null, points = null } = props.value ?? {};
    props.value = { audioUrl, song, points };
    panel.showSong({ audioUrl, points });
    showHeard();
  };
  panel.addEventListener("timing", ({ detail }) => {
    props.value = { ...props.value, points: detail.points };
    clearTimeout(timer);
    timer = setTimeout(() => trigger('timing', detail), 300); // after the last of several edits in a row
  });
  watch("value", showSong);
  watch("heard", showHeard);
  watch("taken", () => panel.take(props.taken));
  showSong();
""",
)


@dataclass(frozen=True)
class TimingPanel:
    """The components of timing and clean-up.

    Event: `editor.timing(handler, ...)` after edits; its gr.EventData has points and what is said of them.
    """

    folded: gr.Accordion
    editor: gr.HTML
    chart: gr.File
    snap: gr.Checkbox
    jack_interval_ms: gr.Slider

    @classmethod
    def build(cls) -> "TimingPanel":
        with gr.Accordion(TITLE, open=False, elem_id="timing") as folded:
            editor = gr.HTML(
                {"points": None},
                html_template='<div class="song-timing"></div>',
                js_on_load=ON_LOAD,
                apply_default_css=False,
                heard=None,
                taken=None,
                elem_id="song-timing",
            )
            chart = gr.File(
                label="Timing of a chart: .osu, .sm, .ssc, .qua, .mc, .osz",
                file_types=list(TIMING_SUFFIXES),
                height=150,
                elem_id="timing-chart",
            )
            snap = gr.Checkbox(True, label="Snap to the beat", info="Moves notes by up to 10 ms.")
            jack_info = "Two notes of a column closer than this are moved apart."
            jack_ms = gr.Slider(0, 200, JACK_INTERVAL_MS, step=5, label="Minijack interval (ms)", info=jack_info)
        return cls(folded, editor, chart, snap, jack_ms)

    @property
    def fields(self) -> Fields:
        return {"timing": self.editor, "snap": self.snap, "jack_interval_ms": self.jack_interval_ms}

    def song(self, values: Values, title: str | None, artist: str | None) -> Song:
        """The song with its names and the visitor's timing of it, if there is one. Raises PromptError."""
        timing = values[self.editor]
        points = timing.get("points") if isinstance(timing, dict) else timing
        return Song(title, artist, timing_points=given_points(points))

    def listen(self, audio: gr.Audio, model: gr.Dropdown, models: Models, jobs: Jobs) -> None:
        """Show each new song, and what the chosen model hears in it; take the timing of charts over."""
        quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}

        async def hear(path: str | None, name: str, request: gr.Request) -> Any:
            def work(job: Job) -> Any:
                return _heard(path, models.generator(name), job)

            try:
                return await jobs.compute(str(request.session_hash), work)
            except Cancelled:  # the page was closed
                return gr.skip(), gr.skip()

        shown = [self.editor, self.folded]
        audio.change(_new_song, audio, shown, queue=False, **quiet).then(
            hear, [audio, model], shown, concurrency_id="timing", **quiet
        )
        model.change(hear, [audio, model], shown, concurrency_id="timing", **quiet)
        self.chart.upload(_take, [self.chart, audio], [self.editor, self.chart], **quiet)
        self.editor.timing(_said, None, self.folded, queue=False, **quiet)


def _new_song(path: str | None) -> tuple[gr.HTML, gr.Accordion]:
    """Show a song before its timing is known."""
    audio = None if path is None else FileData(path=path).model_dump()
    heard = {"song": path, "points": None, "text": "Listening for the beat…"}
    return gr.HTML(value={"audio": audio, "song": path, "points": None}, heard=heard), gr.Accordion(label=TITLE)


def _heard(path: str | None, generator: ChartGenerator, job: Job) -> tuple[gr.HTML, gr.Accordion]:
    """Hear a song's timing, and show it."""
    if path is None:
        return gr.HTML(heard=None), gr.Accordion(label=TITLE)
    try:
        check_length(Path(path))
        with job.using(generator):
            heard = generator.reader.heard(Path(path))
    except Cancelled:
        raise
    except MugError as error:
        return gr.HTML(heard={"song": path, "points": None, "text": text_of(error, path)}), gr.Accordion(label=TITLE)
    text = in_words(heard)
    if not generator.reader.hears_timing:
        text += " This model fits the tempo to its own notes, unless you choose “This timing”."
    points = heard.timing_points
    label = f"{TITLE}: {points[0].bpm:.6g} BPM" if len(points) == 1 else TITLE
    return gr.HTML(heard={"song": path, "points": points_json(points), "text": text}), gr.Accordion(label=label)


def _take(chart: str, path: str | None) -> tuple[gr.HTML, None]:
    """Take over the timing of a chart that was dropped."""
    with shown_errors(chart):
        points, text = chart_timing(Path(chart), None if path is None else Path(path))
        return gr.HTML(taken={"points": points_json(points), "text": text, "at": time.time_ns()}), None
    return gr.skip(), None


def _said(event: gr.EventData) -> gr.Accordion:
    return gr.Accordion(label=f"{TITLE}: {str(event.said)[:60]}")
