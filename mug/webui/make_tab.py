"""The first tab: a song, its timing and a prompt -> charts that play."""

import asyncio
import html
from collections.abc import AsyncIterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from mug.errors import Cancelled, ConfigError, MugError
from mug.generation.request import GeneratedChart
from mug.generation.settings import SamplingSettings
from mug.webui.chart_panel import SHOWN_EVERY_S, ChartPanel
from mug.webui.charting import Wanted, keep, prompt_of, size_of, write_charts
from mug.webui.fields import Fields, Values
from mug.webui.go_panel import HIDDEN, GoPanel
from mug.webui.jobs import WORKER, Job, Jobs
from mug.webui.messages import message_of
from mug.webui.model_panel import ModelPanel
from mug.webui.models import Model, Models
from mug.webui.presets import ONE
from mug.webui.prompt_form import PromptForm
from mug.webui.request_bar import RequestBar
from mug.webui.sampling_panel import SamplingPanel
from mug.webui.song_panel import SongPanel
from mug.webui.time_left import TimeLeft
from mug.webui.timing_panel import TimingPanel
from mug.webui.visitor import Visitor


class MakeTab:
    """The tab's panels. Creating it adds them to the current layout."""

    def __init__(self, models: Models) -> None:
        self.models = models
        self.song = SongPanel.build()
        self.timing = TimingPanel.build()
        self.model = ModelPanel.build(models)
        self.prompt = PromptForm([model.spec for model in models.usable])
        self.sampling = SamplingPanel.build(models.first.settings)
        self.go = GoPanel.build(models.first.spec)
        self._follow_model()

    @property
    def fields(self) -> Fields:
        """The inputs of a request for charts, by name."""
        panels = (self.song, self.timing, self.sampling, self.go, self.model, self.prompt)
        return {name: part for panel in panels for name, part in panel.fields.items()}

    @property
    def settings(self) -> Fields:
        """The inputs that are the same for another song, by name."""
        of_a_song = {*self.song.fields, "timing"}
        return {name: part for name, part in self.fields.items() if name not in of_a_song}

    @property
    def followers(self) -> list[Any]:
        """The components that follow the chosen model."""
        return [*self.prompt.followers, *self.sampling.followers, *self.go.followers]

    def follow(self, model: Model, values: Values) -> dict[Any, Any]:
        """Return the updates of `followers` for another model; of `values`, those that it knows stay."""
        updates = self.prompt.follow(model.spec, values) | self.sampling.follow(model.settings)
        updates |= self.go.follow(model.spec, values)
        return updates | (self._stars_shown(False) if updates[self.go.what]["value"] != ONE else {})

    def _stars_shown(self, shown: bool) -> dict[Any, Any]:
        return {} if self.prompt.stars is None else {self.prompt.stars: gr.update(visible=shown)}

    def _follow_model(self) -> None:
        """Let the controls show what the chosen model knows."""

        def follow(values: Values) -> dict[Any, Any]:
            return self.follow(self.model.chosen(values), values)

        def make_what(what: str) -> dict[Any, Any]:
            return self.go.chosen(what) | self._stars_shown(what == ONE)  # a set has stars of its own

        # On input, not on every change: the settings of an earlier visit come back together, and are to stay.
        self.model.choice.input(follow, set(self.fields.values()), self.followers, **HIDDEN)
        self.go.what.input(make_what, self.go.what, self.followers, **HIDDEN)
        self.prompt.listen(self.model.choice, self.sampling.guidance, lambda name: self.models[name].spec)

    def listen(self, charts: ChartPanel, jobs: Jobs) -> None:
        """Let the button add versions to `charts`."""
        self.song.listen(charts.visitor)
        self.timing.listen(self.song.audio, self.model.choice, self.models, jobs, charts.visitor)

        async def generate(values: Values, request: gr.Request) -> AsyncIterator[dict[Any, Any]]:
            try:
                wanted = self.wanted(values, self.song.file(values))
                bar = RequestBar(TimeLeft(size_of(wanted), self.models.pace(wanted.model)))
                work = partial(self._work, wanted, values[charts.visitor.token], charts.visitor)
                task = asyncio.create_task(jobs.compute(str(request.session_hash), work, bar.follow))
                try:
                    while not task.done():
                        yield {self.go.progress: bar.html}
                        await asyncio.wait([task], timeout=SHOWN_EVERY_S)
                    written = task.result()
                finally:
                    task.cancel()
            except Cancelled:
                return
            except MugError as error:
                raise gr.Error(message_of(error, values[self.song.audio]), print_exception=False) from error
            bar.finished()
            tell_of(wanted, written)

        request = self.go.start.click(
            generate,
            {*self.fields.values(), charts.visitor.token},
            self.go.progress,
            **WORKER,
            show_progress_on=self.go.progress,
            api_visibility="private",
        )
        charts.show_after(request)
        self.go.cancels(request, jobs.cancel)

    def _work(self, wanted: Wanted, token: object, visitor: Visitor, job: Job) -> list[GeneratedChart]:
        """Write the charts, as versions of the visitor: files to download are made when they are asked for."""
        charts = write_charts(self.models, wanted, job)
        job.check()
        keep(visitor.workspace(token), wanted.audio, wanted, charts, self.models)
        return charts

    def wanted(self, values: Values, audio: Path) -> Wanted:
        """What the inputs ask for. Raises PromptError, and ConfigError for an unknown model."""
        model = self.model.chosen(values)
        names = values[self.song.title] or None, values[self.song.artist] or None
        return Wanted(
            model=model.name,
            audio=audio,
            song=self.timing.song(values, *names),
            prompt=self.prompt.read(values, model.spec),
            avoided=self.prompt.read_avoided(values, model.spec),
            settings=self.sampling.settings(values, model.settings),
            snap=values[self.timing.snap],
            jack_interval_ms=values[self.timing.jack_interval_ms],
            count=int(values[self.go.count]),
            spread=self.go.spread(values),
            seed=int(values[self.go.seed] or 0),
        )

    def for_keys(self, values: Values, keys: int) -> tuple[Model, SamplingSettings]:
        """The model that draws in a chart with these keys: the chosen one, or else the first that writes them.

        With its sampling settings: as set, or else its own. Raises ConfigError if no model does.
        """
        chosen = self.model.chosen(values)
        if chosen.keys == keys:
            return chosen, self.sampling.settings(values, chosen.settings)
        for model in self.models.usable:
            if model.keys == keys:
                return model, model.settings
        raise ConfigError(f"the chart has {keys} keys, and no model here writes them: it can be played, not drawn in")


def tell_of(wanted: Wanted, charts: Sequence[GeneratedChart]) -> None:
    """Say what the visitor should know of the charts."""
    if missing := (len(wanted.spread) or wanted.count) - len(charts):
        gr.Info(f"{missing} charts came out empty and were left out.")
    for warning in filter(None, (chart.stars_warning(prompt_of(chart)) for chart in charts)):
        gr.Warning(html.escape(warning))
    if note := charts[0].timing_note:
        gr.Info(html.escape(note))
