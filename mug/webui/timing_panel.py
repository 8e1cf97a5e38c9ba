"""The timing of the page's song, and how notes are fitted to it."""

from dataclasses import dataclass

import gradio as gr

from mug.charts.playability import JACK_INTERVAL_MS
from mug.generation.song import Song
from mug.webui.fields import Fields, Values


@dataclass(frozen=True)
class TimingPanel:
    """The components of timing and clean-up."""

    own_timing: gr.Checkbox
    bpm: gr.Number
    offset_ms: gr.Number
    snap: gr.Checkbox
    jack_interval_ms: gr.Slider

    @classmethod
    def build(cls) -> "TimingPanel":
        with gr.Accordion("Timing and clean-up", open=False, elem_id="timing"):
            own_timing = gr.Checkbox(False, label="I know the tempo", info="Otherwise it is fitted to the notes.")
            with gr.Row(visible=False) as timing:
                bpm = gr.Number(150, label="BPM", minimum=1, min_width=120)
                offset_ms = gr.Number(0, label="Offset (ms)", info="Start of a measure.", min_width=120)
            snap = gr.Checkbox(True, label="Snap to the beat", info="Moves notes by up to 10 ms.")
            jack_info = "Two notes of a column closer than this are moved apart."
            jack_ms = gr.Slider(0, 200, JACK_INTERVAL_MS, step=5, label="Minijack interval (ms)", info=jack_info)
        own_timing.change(lambda own: gr.update(visible=own), own_timing, timing, api_visibility="private")
        return cls(own_timing, bpm, offset_ms, snap, jack_ms)

    @property
    def fields(self) -> Fields:
        names = ("own_timing", "bpm", "offset_ms", "snap", "jack_interval_ms")
        return {name: getattr(self, name) for name in names}

    def song(self, values: Values, title: str | None, artist: str | None) -> Song:
        """The song with its names and what the visitor knows of its timing. Raises PromptError."""
        if not values[self.own_timing]:
            return Song(title, artist)
        return Song(title, artist, bpm=values[self.bpm], offset_ms=values[self.offset_ms])
