"""The command line, one file per command. Only `mug` and the scripts call it, nothing else in the package does.

Each module of COMMANDS has `build_parser()`, which does not import torch, so that --help is instant, and `main(argv)`,
which takes the arguments (None: those of this process) and imports what it needs. The other modules are parts of them.
"""

from typing import NamedTuple


class Command(NamedTuple):
    """A subcommand of `mug`: its module, and a line of help text."""

    module: str
    help: str


GROUPS = {
    "Chart songs": {
        "chart": Command("mug.commands.chart", "write charts for a song: an .osz and pictures"),
        "edit": Command("mug.commands.edit", "draw a part of a chart anew and keep the rest; variations"),
        "web": Command("mug.commands.web", "write charts in the browser"),
        "timing": Command("mug.commands.timing", "find the tempo of songs, its changes and the offset"),
        "convert": Command("mug.commands.convert", "charts to and from StepMania, Quaver and Malody"),
        "lint": Command("mug.commands.lint", "check charts against the ranking criteria, and repair them"),
        "rate": Command("mug.commands.rate", "star rating, long notes and Etterna skillsets of charts"),
        "evaluate": Command("mug.commands.evaluate", "compare a model's charts with human ones"),
    },
    "Prepare songs for training": {
        "prepare": Command("mug.commands.prepare", "Songs folder to training set: gather, features and filter"),
        "gather": Command("mug.commands.gather", "collect the charts of songs and their audio"),
        "features": Command("mug.commands.features", "compute the prompt features of every chart"),
        "filter": Command("mug.commands.filter", "leave out duplicates, rate edits and broken charts"),
        "offsets": Command("mug.commands.offsets", "measure charts' offsets from their audio, and remove them"),
        "describe": Command("mug.commands.describe", "statistics of a set of charts, as text and pictures"),
        "ranked": Command("mug.commands.ranked", "list the sets that are ranked, loved or in the graveyard"),
        "mappers": Command("mug.commands.mappers", "list the sets of mappers who have ranked maps"),
        "synthesize": Command("mug.commands.synthesize", "compose songs with charts to train on"),
        "prepare-midi": Command(
            "mug.commands.prepare_midi", "MIDI files, scores or composed songs to a library of pieces"
        ),
        "prepare-sound": Command("mug.commands.prepare_sound", "folders of audio, a style each, to spectra that train"),
        "compare": Command("mug.commands.compare", "measure how different folders of songs sound, or are charted"),
    },
    "Train models": {
        "demo": Command("mug.commands.demo", "everything on composed songs, in about 25 minutes"),
        "train": Command("mug.commands.train", "train and test a model from YAML and overrides"),
        "spectra": Command("mug.commands.spectra", "compute the spectra of all songs before training"),
        "latents": Command("mug.commands.latents", "encode the charts once, for a faster stage 2"),
        "export": Command("mug.commands.export", "export a run's checkpoint as a model folder"),
        "piano-roll": Command("mug.commands.piano_roll", "reconstruct, sample and interpolate piano rolls"),
        "drums": Command("mug.commands.drums", "reconstruct, sample and interpolate drums; measure their model"),
        "generate-audio": Command("mug.commands.generate_audio", "music in a style, drawn by a model of spectra"),
        "score-audio": Command("mug.commands.score_audio", "how far a model's music is from real music"),
        "density": Command("mug.commands.density", "fit how dense charts are, given a prompt"),
        "import": Command("mug.commands.import_checkpoint", "convert models of the original 2023 program"),
        "fit-msd": Command("mug.commands.fit_msd", "fit the estimate of Etterna's ratings to reference ratings"),
    },
    "This installation": {
        "doctor": Command("mug.commands.doctor", "what is installed, what is missing, and how to get it"),
    },
}
COMMANDS = {name: command for commands in GROUPS.values() for name, command in commands.items()}
