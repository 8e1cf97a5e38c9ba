"""The first tab: a song, its timing and a prompt -> charts that play."""

import html
import tempfile
from pathlib import Path
from typing import Any

import gradio as gr

from mug.errors import MugError
from mug.generation.generator import ChartGenerator
from mug.generation.package import write_package
from mug.generation.request import GeneratedChart, Prompt
from mug.webui.chart_panel import ChartPanel
from mug.webui.charting import Wanted, write_charts
from mug.webui.fields import Fields, Values, named
from mug.webui.go_panel import GoPanel
from mug.webui.messages import message_of
from mug.webui.prompt_form import PromptForm
from mug.webui.sampling_panel import SamplingPanel
from mug.webui.song_panel import SongPanel
from mug.webui.timing_panel import TimingPanel

Charted = tuple[list[GeneratedChart], Prompt, Path, Path]  # charts of one song, their prompt, the audio, the package


class MakeTab:
    """The tab's panels. Creating it adds them to the current layout."""

    def __init__(self, generator: ChartGenerator) -> None:
        self._generator = generator
        self._packages = tempfile.TemporaryDirectory(prefix="mug-")  # lives as long as the page, whose handlers keep it
        self.song = SongPanel.build()
        self.timing = TimingPanel.build()
        self.prompt = PromptForm(generator.spec)
        self.sampling = SamplingPanel.build(generator.settings)
        self.go = GoPanel.build()

    @property
    def fields(self) -> Fields:
        """The inputs of a request for charts, by the names that scripts use."""
        panels = (self.song, self.timing, self.sampling, self.go, self.prompt)
        return {name: part for panel in panels for name, part in panel.fields.items()}

    def listen(self, charts: ChartPanel) -> None:
        """Let the button fill `charts`."""
        fields = self.fields

        def generate(*given: Any) -> Any:
            *inputs, progress = given
            return charts.shown(*self._generate(dict(zip(fields.values(), inputs, strict=True)), progress))

        named(generate, fields)
        self.go.start.click(
            generate,
            list(fields.values()),
            charts.outputs,
            concurrency_limit=1,  # others wait in the queue
            show_progress_on=self.go.start,
        )

    def _generate(self, values: Values, progress: gr.Progress) -> Charted:
        audio = self.song.file(values)
        if audio is None:
            raise gr.Error("Drop a song first: mp3, ogg, wav, flac or m4a.", print_exception=False)
        try:
            wanted = self.wanted(values, audio)
            charts = write_charts(self._generator, wanted, lambda done, total: progress(done / total, desc="Composing"))
            path, notes = write_package(Path(tempfile.mkdtemp(dir=self._packages.name)), charts, audio)
        except MugError as error:  # raised, so that scripts that call this get it too
            raise gr.Error(message_of(error, str(audio)), print_exception=False) from error
        if len(charts) < wanted.count:
            gr.Info(f"{wanted.count - len(charts)} charts came out empty and were left out.")
        for warning in filter(None, (chart.stars_warning(wanted.prompt) for chart in charts)):
            gr.Warning(html.escape(warning))
        for note in filter(None, (*notes, charts[0].timing_note)):
            gr.Info(html.escape(note))
        return charts, wanted.prompt, audio, path

    def wanted(self, values: Values, audio: Path) -> Wanted:
        """What the inputs ask for. Raises PromptError."""
        names = values[self.song.title] or None, values[self.song.artist] or None
        return Wanted(
            audio=audio,
            song=self.timing.song(values, *names),
            prompt=self.prompt.read(values),
            avoided=self.prompt.read_avoided(values),
            settings=self.sampling.settings(values, self._generator.settings),
            snap=values[self.timing.snap],
            jack_interval_ms=values[self.timing.jack_interval_ms],
            count=int(values[self.go.count]),
            seed=int(values[self.sampling.seed] or 0),
        )
