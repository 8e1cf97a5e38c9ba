"""The page for scripts: endpoints that chart a song, draw parts of a chart again, hear a tempo and read prompts.

docs/api.md shows them. They share the page's models, worker and queue, and keep nothing for later calls.
"""

import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import gradio as gr
from gradio.data_classes import FileData

from mug.charts.chart_files import read_charts
from mug.charts.file_names import FILE_LETTERS, chart_name
from mug.charts.osu import write_osu
from mug.charts.playability import JACK_INTERVAL_MS
from mug.errors import MugError, StudioError
from mug.generation.edit_names import unused_version
from mug.generation.generator import ChartGenerator
from mug.generation.package import write_package
from mug.generation.recipe import Editing
from mug.generation.region import Region, Span
from mug.generation.repeating import edits_of
from mug.generation.request import GeneratedChart, PromptValue
from mug.generation.settings import SamplingSettings
from mug.generation.song import Song
from mug.webui.api_types import ChartFile, Charts, Timing, given_out, uploaded
from mug.webui.charting import Wanted, write_charts
from mug.webui.go_panel import MAX_COUNT
from mug.webui.heard_timing import given_points
from mug.webui.jobs import WORKER, Job, Jobs
from mug.webui.models import Models
from mug.webui.song_length import check_length

MAX_STEPS = 200
WHOLE_MS = 24 * 3_600_000.0  # longer than any song

Result = TypeVar("Result")


class Api:
    """The endpoints of one page. Creating it adds them to the current gr.Blocks."""

    def __init__(self, models: Models, jobs: Jobs) -> None:
        self._models = models
        self._jobs = jobs
        self._files = tempfile.TemporaryDirectory(prefix="mug-")  # lives as long as the page
        for endpoint in (self.chart, self.reroll, self.timing, self.prompt_of):
            gr.api(endpoint, api_name=endpoint.__name__, **WORKER)

    async def chart(
        self,
        audio: FileData,
        request: gr.Request,
        prompt: dict[str, PromptValue] | None = None,
        avoid: list[str] | None = None,
        model: str = "",
        title: str = "",
        artist: str = "",
        bpm: float | None = None,
        offset_ms: float | None = None,
        tempos: list[dict[str, float]] | None = None,
        count: int = 1,
        spread: list[float] | None = None,
        seed: int = 0,
        steps: int | None = None,
        guidance: float | None = None,
        ensemble: int | None = None,
    ) -> Charts:
        """Write charts of a song.

        Parameters:
            audio: the song; mp3, ogg, wav, flac or m4a
            prompt: features and their values, such as {"sr": 3.5}; none of them is needed
            avoid: yes/no features that the charts should not have; needs a guidance above 1
            model: the name of a model of the page; empty for the first one
            title: of the song; empty for what its tags say
            artist: likewise
            bpm: the tempo, if it is known and constant; otherwise it is heard
            offset_ms: where a measure begins, if that is known
            tempos: in place of both, for tempos that change: a list of {"time_ms": 250, "bpm": 150, "meter": 4}, each
                from the beginning of a measure on
            count: how many charts, 1 to 16
            spread: the stars of each chart of a set of difficulties, in place of count
            seed: the same seed gives the same chart
            steps: of the sampler, up to 200; by default as the model has it
            guidance: how strictly the prompt is followed; by default as the model has it
            ensemble: samples combined into each chart; by default as the model has it
        """

        def work(job: Job) -> Charts:
            chosen = self._models[model] if model else self._models.first
            song = _song(audio)
            wanted = Wanted(
                model=chosen.name,
                audio=song,
                song=Song(title or None, artist or None, bpm, offset_ms, given_points(tempos)),
                prompt=prompt or {},
                avoided=dict.fromkeys(avoid or (), True),
                settings=_settings(chosen.settings, steps=steps, guidance=guidance, ensemble=ensemble),
                snap=True,
                jack_interval_ms=JACK_INTERVAL_MS,
                count=_few(count),
                seed=seed,
                spread=tuple(spread or ()),
            )
            charts = write_charts(self._models, wanted, job)
            return self._answer(charts, song, [charts[0].timing_note])

        return await self._compute(request, audio, work)

    async def reroll(
        self,
        chart: FileData,
        audio: FileData,
        request: gr.Request,
        from_ms: float | None = None,
        to_ms: float | None = None,
        columns: list[int] | None = None,
        keep_only: bool = False,
        prompt: dict[str, PromptValue] | None = None,
        harder: float = 0.0,
        strength: float = 1.0,
        model: str = "",
        count: int = 1,
        seed: int = 0,
        steps: int | None = None,
        guidance: float | None = None,
        ensemble: int | None = None,
    ) -> Charts:
        """Draw a part of a chart again; all other notes stay as they are.

        Parameters:
            chart: a .osu, .qua, .mc, .sm or .ssc file with one chart
            audio: its song
            from_ms: where the part begins; without it, at the start of the song
            to_ms: where it ends; without it, at the end
            columns: the columns to draw, from 0; all if there are none
            keep_only: draw everything except that part
            prompt: features that replace the chart's own
            harder: stars to add to the part's own, or to take away
            strength: how much changes, from 0 to 1
            model: the name of a model of the page; empty for the first one with the chart's keys
            count: how many versions, 1 to 16
            seed: the same seed gives the same notes
            steps: of the sampler, up to 200; by default as the model has it
            guidance: how strictly the prompt is followed; by default as the model has it
            ensemble: samples combined into each version; by default as the model has it
        """

        def work(job: Job) -> Charts:
            read = read_charts(uploaded(chart))
            if len(read) != 1:
                raise StudioError(f"the file has {len(read)} charts; give a file with one")
            generator = self._generator(model, read[0].keys)
            song = _song(audio)
            whole = from_ms is None and to_ms is None and not columns
            part = Span(from_ms or 0.0, WHOLE_MS if to_ms is None else to_ms, columns or None)
            edit = Editing(
                Region() if whole else Region([part], keep_only=keep_only),
                prompt=prompt or {},
                harder=harder,
                strength=strength,
                count=_few(count),
                seed=seed,
                settings=_settings(generator.settings, steps=steps, guidance=guidance, ensemble=ensemble),
            )
            with job.using(generator):
                charts = edits_of(generator, song, read[0], edit, job.progress)
            return self._answer(charts, song, [])

        return await self._compute(request, audio, work)

    async def timing(self, audio: FileData, request: gr.Request) -> Timing:
        """Hear the tempo of a song, where it changes, and where measures begin.

        Parameters:
            audio: the song; mp3, ogg, wav, flac or m4a
        """

        def work(job: Job) -> Timing:
            generator = self._models.generator(self._models.first.name)
            with job.using(generator):
                heard = generator.reader.heard(_song(audio))
            return {
                "tempos": [
                    {"time_ms": point.time_ms, "bpm": point.bpm, "meter": point.meter} for point in heard.timing_points
                ],
                "confidence": float(heard.confidence),
                "other_bpm": [float(other.bpm) for other in heard.alternatives],
                "has_beat": heard.has_pulse,
                "message": heard.message,
            }

        return await self._compute(request, audio, work)

    async def prompt_of(
        self, chart: FileData, request: gr.Request, rate: float = 1.0, model: str = ""
    ) -> dict[str, dict[str, PromptValue]]:
        """Read the prompts that charts answer: their features, by the charts' names.

        Parameters:
            chart: a .osu, .qua, .mc, .sm or .ssc file
            rate: as if the charts were played this much faster
            model: the name of the model whose features they are; empty for the first one
        """

        def work(job: Job) -> dict[str, dict[str, PromptValue]]:
            generator = self._generator(model)
            found: dict[str, dict[str, PromptValue]] = {}
            for each in read_charts(uploaded(chart)):
                job.check()
                found[unused_version(each.version, found.__contains__)] = generator.prompt_of(each, rate)
            return found

        return await self._compute(request, chart, work)

    async def _compute(self, request: gr.Request, upload: FileData, work: Callable[[Job], Result]) -> Result:
        """Run `work` as the page's worker, with a visitor's mistakes as gradio's errors."""
        try:
            return await self._jobs.compute(str(request.session_hash), work)
        except MugError as error:
            folder = str(Path(upload["path"]).parent) + os.sep if isinstance(upload, dict) and "path" in upload else ""
            raise gr.Error(str(error).replace(folder, ""), print_exception=False) from error

    def _generator(self, name: str, keys: int | None = None) -> ChartGenerator:
        """The model of this name; without one, the first, of these keys if given. Raises MugError."""
        if name or keys is None or self._models.first.keys == keys:
            return self._models.generator(name or self._models.first.name)
        found = next((model.name for model in self._models.usable if model.keys == keys), None)
        if found is None:
            raise StudioError(f"the chart has {keys} keys, and no model of this page writes such charts")
        return self._models.generator(found)

    def _answer(self, charts: Sequence[GeneratedChart], audio: Path, remarks: Sequence[str]) -> Charts:
        """Charts of one song, their files and package, which gradio copies to where it serves files."""
        folder = Path(tempfile.mkdtemp(dir=self._files.name))
        package, notes = write_package(folder, charts, audio)
        written: list[ChartFile] = []
        for number, chart in enumerate(charts, 1):
            path = folder / str(number) / f"{chart_name(chart, FILE_LETTERS)}"
            path.parent.mkdir()
            write_osu(chart, path)
            written.append(
                {"file": given_out(path), "name": chart.version, "stars": chart.star_rating, "notes": len(chart.notes)}
            )
        return {"charts": written, "package": given_out(package), "remarks": [*filter(None, remarks), *notes]}


def _song(audio: FileData) -> Path:
    """An uploaded song. Raises MugError."""
    path = uploaded(audio)
    check_length(path)
    return path


def _few(count: int) -> int:
    """Raises StudioError for more charts than the page makes at once."""
    if not 1 <= count <= MAX_COUNT:
        raise StudioError(f"{count} charts: ask for 1 to {MAX_COUNT}")
    return count


def _settings(
    own: SamplingSettings, steps: int | None, guidance: float | None, ensemble: int | None
) -> SamplingSettings:
    """A model's settings with those that are given. Raises MugError."""
    if steps is not None and steps > MAX_STEPS:
        raise StudioError(f"{steps} steps: ask for 1 to {MAX_STEPS}")
    given: dict[str, Any] = {"steps": steps, "guidance": guidance, "ensemble": ensemble}
    return replace(own, **{name: value for name, value in given.items() if value is not None})
