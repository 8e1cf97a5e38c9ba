"""Recipes as YAML that people read and change. Files may come from strangers."""

from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import yaml

from mug import __version__
from mug.charts.beatmap import TimingPoint
from mug.errors import ConfigError
from mug.files import replacing
from mug.generation.recipe import AudioFile, Charting, Editing, ModelName, Recipe
from mug.generation.region import Region, Span
from mug.generation.request import Prompt, PromptValue
from mug.generation.settings import SamplingSettings
from mug.generation.song import Song
from mug.yaml_files import plain_yaml
from mug.yaml_node import REQUIRED, YamlNode, is_number, is_whole

RECIPE = ".recipe.yaml"  # the ending of their files
FORMAT = 1
HEARD = "heard by the model"
MAX_BYTES = 2 * 2**20  # a chart of 50,000 notes
HEAD = """\
# A recipe: `mug chart --recipe THIS_FILE --audio SONG` writes these charts again, note for note.
# Change what you like, such as the seed. docs/editing.md explains every line.
"""


def write_recipe(recipe: Recipe, path: Path) -> None:
    """Write a recipe, whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_text(recipe_text(recipe), encoding="utf-8")


def read_recipe(path: Path) -> Recipe:
    """Read a recipe. Raises ConfigError that names the file and the key."""
    try:
        if not path.is_file():
            raise ConfigError(f"{path}: no such recipe")
        if path.stat().st_size > MAX_BYTES:
            raise ConfigError(f"{path}: more than {MAX_BYTES} bytes; no recipe is that long")
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from error
    return parse_recipe(text, str(path))


def recipe_text(recipe: Recipe) -> str:
    """A recipe as YAML."""
    dumped: str = yaml.dump(
        to_values(recipe), Dumper=_Dumper, sort_keys=False, default_flow_style=None, allow_unicode=True, width=110
    )
    return HEAD + dumped


def parse_recipe(text: str, source: str) -> Recipe:
    """Read a recipe's text; `source` names it in messages. Raises ConfigError that names the key."""
    return from_values(plain_yaml(text, source), source)


def to_values(recipe: Recipe) -> dict[str, Any]:
    """A recipe as mappings, lists and plain values, for YAML and JSON."""
    model, song, start = recipe.model, recipe.song, recipe.start
    content: dict[str, Any] = {
        "recipe": FORMAT,
        "mug": __version__,
        "model": asdict(model),
        "song": {
            "file": recipe.audio.name,
            "sha256": recipe.audio.sha256,
            "title": song.title,
            "artist": song.artist,
            "timing": _timing_node(song),
        },
    }
    if isinstance(start, Charting):
        content["charts"] = _charts_node(start)
    if recipe.edits:
        content["edits"] = [_edit_node(edit) for edit in recipe.edits]
    if isinstance(start, str):
        content["chart"] = _Text(start)
    return content


def from_values(values: Any, source: str) -> Recipe:
    """The recipe of such values. Raises ConfigError that names the source and the key."""
    root = YamlNode(values, source)
    version = root.whole("recipe")
    if version != FORMAT:
        raise ConfigError(
            f"{source}: a recipe of format {version}; this program reads format {FORMAT}. Use the version of MuG that "
            "wrote it"
        )
    root.text("mug", None)  # for people
    model, song = root.node("model"), root.node("song")
    name, audio = _model(model), AudioFile(song.text("file"), song.text("sha256", None))
    facts = _song(song)
    start: Charting | str = _charts(root.node("charts")) if "charts" in root else root.text("chart")
    edits = tuple(_edit(node) for node in root.nodes("edits"))
    for node in (song, root):
        node.done()
    return root.made(lambda: Recipe(name, audio, facts, start, edits))


def _timing_node(song: Song) -> Any:
    if song.timing_points:
        return [[point.time_ms, point.beat_ms, point.meter] for point in song.timing_points]
    if song.bpm is None and song.offset_ms is None:
        return HEARD
    return {"bpm": song.bpm, "offset_ms": song.offset_ms}


def _song(node: YamlNode) -> Song:
    title, artist = node.text("title", None), node.text("artist", None)
    timing = node.take("timing", HEARD)
    if timing == HEARD:
        return Song(title, artist)
    if isinstance(timing, Mapping):
        inner = node.node("timing", timing)
        bpm, offset_ms = inner.number("bpm", None), inner.number("offset_ms", None)
        inner.done()
        return inner.made(lambda: Song(title, artist, bpm, offset_ms))
    if not isinstance(timing, list) or not timing:
        raise node.error("timing", f"'{HEARD}', bpm and offset_ms, or a list of [time_ms, beat_ms, meter]")
    points = []
    for number, point in enumerate(timing, 1):
        if not (isinstance(point, list) and len(point) == 3 and all(map(is_number, point)) and point[1] > 0):
            raise node.error(f"timing, line {number},", "[time_ms, beat_ms, meter]")
        points.append(TimingPoint(float(point[0]), float(point[1]), int(point[2])))
    return Song(title, artist, timing_points=points)


def _model(node: YamlNode) -> ModelName:
    model = ModelName(node.text("name"), node.text("weights", None))
    node.done()
    return model


def _charts_node(charting: Charting) -> dict[str, Any]:
    prompts = {name: _prompt_node(prompt) for name, prompt in charting.prompts.items()}
    return {
        **({"prompt": prompts[""]} if list(prompts) == [""] else {"prompts": prompts}),
        "negative_prompt": _prompt_node(charting.negative_prompt),
        "spread": charting.spread,
        **_common_node(charting),
    }


def _charts(node: YamlNode) -> Charting:
    if "prompts" in node:
        inner = node.node("prompts")
        prompts = {name: _prompt(inner, name) for name in inner.names()}
        inner.done()
        if not prompts:
            raise node.error("prompts", "at least one, such as 'easy: {sr: 2}'")
    else:
        prompts = {"": _prompt(node, "prompt")}
    charting = Charting(
        prompts, _prompt(node, "negative_prompt", {}), spread=node.flag("spread", False), **_common(node)
    )
    node.done()
    return charting


def _edit_node(edit: Editing) -> dict[str, Any]:
    parts = [
        {
            "start_ms": span.start_ms,
            "end_ms": span.end_ms,
            "columns": None if span.columns is None else [column + 1 for column in span.columns],
        }
        for span in edit.region.spans
    ]
    return {
        "parts": parts,
        "keep_only": edit.region.keep_only,
        "prompt": _prompt_node(edit.prompt),
        "harder": edit.harder,
        "strength": edit.strength,
        **_common_node(edit),
        **({} if edit.model is None else {"model": asdict(edit.model)}),
        **({} if edit.towards is None else {"towards": _Text(edit.towards)}),
    }


def _edit(node: YamlNode) -> Editing:
    edit = Editing(
        Region(tuple(map(_span, node.nodes("parts"))), node.flag("keep_only", False)),
        _prompt(node, "prompt", {}),
        node.number("harder", 0.0),
        node.number("strength", 1.0),
        node.text("towards", None),
        model=_model(node.node("model")) if "model" in node else None,
        **_common(node),
    )
    node.done()
    return edit


def _span(node: YamlNode) -> Span:
    start_ms, end_ms, columns = node.number("start_ms"), node.number("end_ms"), node.take("columns", None)
    node.done()
    if columns is None:
        return node.made(lambda: Span(start_ms, end_ms))
    if not isinstance(columns, list) or not all(map(is_whole, columns)):
        raise node.error("columns", "a list of columns, from 1 on the left")
    return node.made(lambda: Span(start_ms, end_ms, tuple(column - 1 for column in columns)))


def _common_node(step: Charting | Editing) -> dict[str, Any]:
    return {
        "count": step.count,
        "seed": step.seed,
        "snap": step.snap,
        "jack_interval_ms": step.jack_interval_ms,
        **({} if step.chart is None else {"chart": step.chart}),
        "sampling": {name: value for name, value in asdict(step.settings).items() if value is not None},
    }


def _common(node: YamlNode) -> dict[str, Any]:
    sampling = node.node("sampling", {})
    taken = {setting.name: sampling.take(setting.name, None) for setting in fields(SamplingSettings)}
    given = {name: value for name, value in taken.items() if value is not None}
    sampling.done()
    return {
        "count": node.whole("count", 1),
        "seed": node.whole("seed", 0),
        "snap": node.flag("snap", True),
        "jack_interval_ms": node.number("jack_interval_ms", Charting.jack_interval_ms),
        "chart": node.whole("chart", None),
        "settings": sampling.made(lambda: SamplingSettings(**given)),
    }


def _prompt_node(prompt: Prompt) -> dict[str, Any]:
    """The features as YAML has them: numbers may be numpy's."""
    return {
        name: value if value is None or isinstance(value, (bool, str, int)) else float(value)
        for name, value in prompt.items()
    }


def _prompt(node: YamlNode, key: str, default: Any = REQUIRED) -> dict[str, PromptValue]:
    inner = node.node(key, default)
    prompt = {}
    for name in inner.names():
        value = inner.take(name, None)
        if not (value is None or isinstance(value, (bool, str)) or is_number(value)):
            raise inner.error(name, "a number, true, false or text")
        prompt[name] = value
    return prompt


class _Text(str):
    """Lines of text that stay lines in YAML."""


class _Dumper(yaml.SafeDumper):
    """Writes _Text as a block, and innermost lists and mappings on one line."""


_Dumper.add_representer(_Text, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|"))
