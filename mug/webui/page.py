"""The web page: a form in the browser -> ChartGenerator -> pictures, a table and an .osz to play.

Everything is served from this machine: no analytics, no external fonts or scripts.
"""

import html
import inspect
import secrets
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr

from mug.charts.osu import read_osu
from mug.charts.playability import JACK_INTERVAL_MS
from mug.data.audio import read_tags
from mug.diffusion.samplers import SAMPLERS, samplers_in_words
from mug.errors import ConfigError, MugError
from mug.generation.generator import ChartGenerator
from mug.generation.package import polished, write_package
from mug.generation.settings import MAX_ENSEMBLE
from mug.generation.song import Song
from mug.pictures.charts import draw_chart
from mug.progress import Progress
from mug.webui.chart_player import chart_player, player_routes, player_value, show_chart
from mug.webui.messages import message_of, shown_errors
from mug.webui.prompt_form import Given, PromptForm, Values, label_of
from mug.webui.tables import RESULT_COLUMNS, feature_row, result_row

MAX_SEED = 2**31 - 1
HOUR_S = 3600
SYSTEM_FONTS = ["system-ui", "Segoe UI", "Roboto", "Helvetica Neue", "Noto Sans", "sans-serif"]
MONO_FONTS = ["ui-monospace", "Consolas", "DejaVu Sans Mono", "monospace"]
CSS = """
.gradio-container { width: 100% !important; max-width: 1600px !important; margin: 0 auto !important; }
#title h1 { margin-bottom: 0; }
#title p { margin-top: 0; opacity: .75; }
#charts .preview { background: var(--block-background-fill); backdrop-filter: none; }
"""


def serve(
    generator: ChartGenerator, host: str, port: int | None, block: bool = True, root_path: str | None = None
) -> gr.Blocks:
    """Serve the page at host:port; `block=False` returns the running page at once (`.local_url`, `.close()`).

    root_path: where a proxy shows the page, such as /mug or https://example.org/mug; None for the root of its host.
    Raises ConfigError for an address that is taken or not this machine's.
    """
    page = build_page(generator)
    try:
        page.launch(
            server_name=host,
            server_port=port,
            prevent_thread_lock=not block,
            root_path=root_path,
            theme=gr.themes.Default(primary_hue="pink", neutral_hue="slate", font=SYSTEM_FONTS, font_mono=MONO_FONTS),
            css=CSS,
            share=False,
            ssr_mode=False,
            run_history=False,
            footer_links=[],
            max_file_size="200mb",
            app_kwargs={"routes": player_routes()},
        )
    except OSError as error:
        raise ConfigError(f"cannot listen on {host}, port {port or 'any'}: {error}") from error
    return page


def build_page(generator: ChartGenerator) -> gr.Blocks:
    """Return the page of `generator`: from a song to charts, and from a chart to a prompt."""
    with gr.Blocks(title="MuG", fill_width=True, analytics_enabled=False, delete_cache=(HOUR_S, 24 * HOUR_S)) as page:
        gr.Markdown(
            "# MuG\nosu!mania charts for any song, with the difficulty and patterns you choose.", elem_id="title"
        )
        with gr.Tabs() as tabs:
            with gr.Tab("Chart a song", id="song"):
                form = song_tab(generator)
            with gr.Tab("Chart → prompt", id="chart"):
                chart_tab(generator, form, tabs)
    return page


def song_tab(generator: ChartGenerator) -> PromptForm:
    """Lay out the first tab: the song and the prompt on the left, the charts on the right."""
    packages = tempfile.TemporaryDirectory(prefix="mug-")  # lives as long as the page: its handlers keep a reference
    with gr.Row():
        with gr.Column(scale=2, min_width=420):
            audio = gr.Audio(
                label="Song", sources=["upload"], type="filepath", editable=False, buttons=[], elem_id="audio"
            )
            with gr.Row():
                title = gr.Textbox(label="Title", placeholder="its file's name", min_width=120, elem_id="song-title")
                artist = gr.Textbox(label="Artist", placeholder="its file's name", min_width=120, elem_id="song-artist")
            form = PromptForm(generator.spec)
            yes_or_no = [feature.name for feature in generator.spec.of_charts.features if feature.type == "bool"]
            avoided_info = "The chart should have none of it. Needs a guidance above 1, under Sampling."
            avoided = gr.Dropdown(
                [(label_of(name)[0], name) for name in yes_or_no],
                value=[],
                multiselect=True,
                label="Avoid",
                info=avoided_info,
                visible=bool(yes_or_no),
            )
            with gr.Accordion("Timing and clean-up", open=False):
                own_timing = gr.Checkbox(False, label="I know the tempo", info="Otherwise it is fitted to the notes.")
                with gr.Row(visible=False) as timing:
                    bpm = gr.Number(150, label="BPM", minimum=1, min_width=120)
                    offset_ms = gr.Number(0, label="Offset (ms)", info="Start of a measure.", min_width=120)
                snap = gr.Checkbox(True, label="Snap to the beat", info="Moves notes by up to 10 ms.")
                jack_info = "Two notes of a column closer than this are moved apart."
                jack_ms = gr.Slider(0, 200, JACK_INTERVAL_MS, step=5, label="Minijack interval (ms)", info=jack_info)
            with gr.Accordion("Sampling", open=False, elem_id="sampling"):
                own = generator.settings
                most = max(200, own.steps)
                steps = gr.Slider(1, most, own.steps, step=1, label="Steps", info="More takes longer.", elem_id="steps")
                guidance_info = "How strictly to follow the prompt; 1 is no guidance."
                low, high = min(1, own.guidance), max(30, own.guidance)
                guidance = gr.Slider(low, high, own.guidance, step=0.5, label="Guidance", info=guidance_info)
                rescale_info = "Takes back what strong guidance adds to every pattern; 0 is off, 0.7 is usual."
                rescale = gr.Slider(0, 1, own.guidance_rescale, step=0.05, label="Guidance rescale", info=rescale_info)
                sampler = gr.Dropdown(list(SAMPLERS), value=own.sampler, label="Sampler", info=samplers_in_words())
                ensemble_info = "Samples combined into each chart. 1 is faster and more random."
                ensemble = gr.Slider(1, MAX_ENSEMBLE, own.ensemble, step=1, label="Ensemble", info=ensemble_info)
                repetition_info = (
                    "How often notes come again where the music does. Only for models that count in beats."
                )
                as_people = own.repetition is None
                people_info = "Notes come again as often as in people's charts of these stars."
                usual_repetition = gr.Checkbox(as_people, label="Usual repetition", info=people_info)
                start_at = 0.5 if own.repetition is None else own.repetition
                repetition = gr.Slider(
                    0, 1, start_at, step=0.05, label="Repetition", info=repetition_info, visible=not as_people
                )
                with gr.Row(equal_height=True):
                    seed = gr.Number(0, label="Seed", precision=0, minimum=0, maximum=MAX_SEED, scale=3)
                    dice = gr.Button("🎲 Random", min_width=80, scale=1)
        with gr.Column(scale=3, min_width=480):
            with gr.Row(equal_height=True):
                count = gr.Slider(1, 16, 1, step=1, label="How many charts", scale=3, elem_id="count")
                start = gr.Button("Generate", variant="primary", size="lg", scale=1, elem_id="generate")
            table = gr.Dataframe(
                headers=RESULT_COLUMNS, interactive=False, visible=False, buttons=[], elem_id="results"
            )
            player = chart_player()
            package = gr.DownloadButton("Download .osz", visible=False, elem_id="package")
            gallery = gr.Gallery(
                show_label=False,
                preview=True,
                object_fit="contain",
                height=720,
                buttons=["fullscreen"],
                elem_id="charts",
            )

    def fill_in_tags(path: str | None) -> tuple[str, str]:
        if path is not None:
            with shown_errors(path):
                song_title, song_artist = read_tags(Path(path))
                return song_title or "", song_artist or ""
        return "", ""

    def generate(*given: Any) -> Any:
        *settings, progress = given
        values: Values = dict(zip(fields.values(), settings, strict=True))
        if values[audio] is None:
            raise gr.Error("Drop a song first: mp3, ogg, wav, flac or m4a.", print_exception=False)
        prompt = form.read(values)
        try:
            generator.spec.check(prompt)
            charts = generator.generate(
                Path(values[audio]),
                prompt,
                count=int(values[count]),
                seed=int(values[seed] or 0),
                song=Song(
                    title=values[title] or None,
                    artist=values[artist] or None,
                    bpm=values[bpm] if values[own_timing] else None,
                    offset_ms=values[offset_ms] if values[own_timing] else None,
                ),
                settings=replace(
                    generator.settings,
                    steps=int(values[steps]),
                    guidance=values[guidance],
                    guidance_rescale=values[rescale],
                    sampler=values[sampler],
                    ensemble=int(values[ensemble]),
                    repetition=None if values[usual_repetition] else values[repetition],
                ),
                snap=values[snap],
                jack_interval_ms=values[jack_ms],
                progress=Progress(lambda done, total: progress(done / total, desc="Composing")),
                negative_prompt=dict.fromkeys(values[avoided], True),
            )
            if len(charts) < values[count]:
                gr.Info(f"{int(values[count]) - len(charts)} charts came out empty and were left out.")
            spectrum = generator.reader.spectrum(Path(values[audio]))
            charts = polished(charts, spectrum, generator.reader.audio_settings)
            pictures = [(draw_chart(chart, star_rating=chart.star_rating), chart.version) for chart in charts]
            rows = [result_row(chart, prompt) for chart in charts]
            path, notes = write_package(Path(tempfile.mkdtemp(dir=packages.name)), charts, Path(values[audio]))
        except MugError as error:  # raised, so that scripts that call this get it too
            raise gr.Error(message_of(error, values[audio]), print_exception=False) from error
        for warning in filter(None, (chart.stars_warning(prompt) for chart in charts)):
            gr.Warning(html.escape(warning))
        for note in filter(None, (*notes, charts[0].timing_note)):
            gr.Info(html.escape(note))
        shown = gr.update(value=rows, visible=True), gr.update(value=str(path), visible=True)
        playable = player_value(charts, Path(values[audio]))
        return gr.update(value=pictures, selected_index=0), *shown, playable

    audio.change(fill_in_tags, audio, [title, artist], show_progress="hidden", api_visibility="private")
    dice.click(lambda: secrets.randbelow(MAX_SEED), None, seed, show_progress="hidden", api_visibility="private")
    own_timing.change(lambda own: gr.update(visible=own), own_timing, timing, api_visibility="private")
    usual_repetition.change(
        lambda usual: gr.update(visible=not usual), usual_repetition, repetition, api_visibility="private"
    )
    fields: dict[str, Any] = {"audio": audio, "title": title, "artist": artist, "own_timing": own_timing, "bpm": bpm}
    fields |= {"offset_ms": offset_ms, "snap": snap, "jack_interval_ms": jack_ms, "steps": steps, "guidance": guidance}
    fields |= {"ensemble": ensemble, "usual_repetition": usual_repetition, "repetition": repetition}
    fields |= {"sampler": sampler, "guidance_rescale": rescale, "avoided": avoided}
    fields |= {"seed": seed, "count": count, **form.fields}
    named(generate, fields)
    # others wait in the queue
    start.click(
        generate,
        list(fields.values()),
        [gallery, table, package, player],
        concurrency_limit=1,
        show_progress_on=gallery,
    )
    gallery.select(show_chart, None, player, show_progress="hidden", api_visibility="private")
    return form


def named(handler: Callable[..., Any], names: Iterable[str]) -> None:
    """Name a handler's inputs, so that scripts can set them by name; the last one is gradio's progress bar."""
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    inputs = [inspect.Parameter(name, kind) for name in names]
    progress = inspect.Parameter("progress", kind, default=gr.Progress())
    handler.__signature__ = inspect.Signature([*inputs, progress])  # type: ignore[attr-defined]


def chart_tab(generator: ChartGenerator, form: PromptForm, tabs: gr.Tabs) -> None:
    """Lay out the second tab: a chart's features, and a button that copies them into the first tab's form."""
    prompt = gr.State({})
    with gr.Row():
        with gr.Column(scale=2, min_width=420):
            chart = gr.File(label="Chart (.osu)", file_types=[".osu"], height=140, elem_id="chart-file")
            rate = gr.Slider(0.5, 2.0, 1.0, step=0.05, label="Rate", info="As if played this much faster.")
            copy = gr.Button("Use as prompt", variant="primary", interactive=False, elem_id="copy")
            table = gr.Dataframe(
                headers=["Feature", "Value"], interactive=False, visible=False, buttons=[], elem_id="features"
            )
        with gr.Column(scale=3, min_width=480):
            picture = gr.Image(
                show_label=False, interactive=False, buttons=["download", "fullscreen"], elem_id="chart-picture"
            )

    def describe(path: str | None, rate: float) -> tuple[Any, ...]:
        if path is not None:
            with shown_errors(path):
                found = generator.prompt_of(Path(path), rate=rate)
                drawn = draw_chart(read_osu(Path(path)))
                known = [feature for feature in generator.spec.features if found.get(feature.name) is not None]
                rows = [feature_row(feature, found[feature.name]) for feature in known]
                return found, gr.update(value=rows, visible=True), drawn, gr.update(interactive=True)
        return {}, gr.update(visible=False), None, gr.update(interactive=False)

    def use_as_prompt(found: Mapping[str, Given]) -> dict[Any, Any]:
        return {**form.write(found), tabs: gr.Tabs(selected="song")}

    described = [prompt, table, picture, copy]
    gr.on([chart.change, rate.change], describe, [chart, rate], described, trigger_mode="always_last")
    copy.click(use_as_prompt, prompt, [*form.components, tabs], api_visibility="private")
