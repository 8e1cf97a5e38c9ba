"""The timing of the page's song: what is heard in it, or what the visitor makes of it, and how notes are fitted to it.

The grid over the waveform, its metronome and its keys are JavaScript in mug/webui/timing/.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.data_classes import FileData

from mug.charts.beatmap import TimingPoint
from mug.charts.playability import JACK_INTERVAL_MS
from mug.errors import Cancelled, MugError
from mug.generation.generator import ChartGenerator
from mug.generation.song import Song
from mug.webui.fields import Fields, Values
from mug.webui.heard_timing import TIMING_SUFFIXES, chart_timing, given_points, in_words, points_json, tempo_of
from mug.webui.jobs import Job, Jobs
from mug.webui.messages import shown_errors, text_of
from mug.webui.models import Models
from mug.webui.scripts import on_load
from mug.webui.song_length import check_length
from mug.webui.visitor import Visitor

TITLE = "Timing"
STOPPED = "Not heard: it was cancelled. Charting hears it anew."
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
    const told = { ...detail, song: props.value.song };
    timer = setTimeout(() => trigger('timing', told), 300); // after the last of several edits in a row
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

    Event: `editor.timing(handler, ...)` after edits; its gr.EventData has points, what is said of them, and the song.
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
        return Song(title, artist, timing_points=given_points(_points(values[self.editor])))

    def listen(self, audio: gr.Audio, model: gr.Dropdown, models: Models, jobs: Jobs, visitor: Visitor) -> None:
        """Show each new song, the visitor's timing of it, and what the chosen model hears in it.

        The timing of charts is taken over, and edits are kept with the song.
        """
        quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}

        async def hear(path: str | None, name: str, timing: Any, request: gr.Request) -> Any:
            def work(job: Job) -> Any:
                return _heard(path, models.generator(name), job)

            try:
                heard, folded = await jobs.compute(str(request.session_hash), work)
            except Cancelled:
                return gr.HTML(heard={"song": path, "points": None, "text": STOPPED}), gr.skip()
            return heard, folded if _points(timing) is None else gr.skip()

        def show(path: str | None, token: str) -> tuple[gr.HTML, gr.Accordion]:
            song = visitor.song_of(token, path)
            return _new_song(path, None if song is None else song.timing)

        def edited(event: gr.EventData, path: str | None, token: str) -> gr.Accordion:
            song = visitor.song_of(token, path)
            if song is not None and event.song == path:  # another may have been dropped since
                with shown_errors(path or ""):
                    visitor.workspace(token).set_timing(song, given_points(event.points))
            return gr.Accordion(label=f"{TITLE}: {str(event.said)[:60]}")

        inputs, shown = [audio, model, self.editor], [self.editor, self.folded]
        audio.change(show, [audio, visitor.token], shown, queue=False, **quiet).then(
            hear, inputs, shown, concurrency_id="timing", **quiet
        )
        model.input(hear, inputs, shown, concurrency_id="timing", **quiet)
        self.chart.upload(_take, [self.chart, audio], [self.editor, self.chart], **quiet)
        self.editor.timing(edited, [audio, visitor.token], self.folded, queue=False, **quiet)


def _points(timing: Any) -> Any:
    """The visitor's points in the value of the editor; None if the timing is up to the model."""
    return timing.get("points") if isinstance(timing, dict) else None


def _new_song(path: str | None, own: Sequence[TimingPoint] | None) -> tuple[gr.HTML, gr.Accordion]:
    """Show a song before its timing is heard. own: the visitor's timing of it."""
    audio = None if path is None else FileData(path=path).model_dump()
    heard = {"song": path, "points": None, "text": "Listening for the beat…"}
    points = None if own is None else points_json(own)
    label = TITLE if own is None else f"{TITLE}: {tempo_of(own)}, yours"
    return gr.HTML(value={"audio": audio, "song": path, "points": points}, heard=heard), gr.Accordion(label=label)


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
