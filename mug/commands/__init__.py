"""The command line: a file a command. The scripts and `mug` call them; nothing in the package does.

Each module has `build_parser()`, which imports no torch, so that --help answers at once, and `main(argv)`, which takes
the arguments (None: those of this process) and imports what it needs.
"""

from typing import NamedTuple


class Command(NamedTuple):
    """A subcommand of `mug`: the module that it runs, and a line about it."""

    module: str
    help: str


GROUPS = {
    "Chart songs": {
        "chart": Command("mug.commands.chart", "write charts for a song: an .osz and pictures"),
        "web": Command("mug.commands.web", "the same as a page in the browser"),
        "rate": Command("mug.commands.rate", "star rating, long notes and Etterna skillsets of charts"),
        "evaluate": Command("mug.commands.evaluate", "compare a model's charts with human ones"),
    },
    "Prepare songs for training": {
        "prepare": Command("mug.commands.prepare", "Songs folder to training set: gather, features, filter in a row"),
        "gather": Command("mug.commands.gather", "collect the charts of songs and their audio"),
        "features": Command("mug.commands.features", "compute what a prompt can ask for, chart by chart"),
        "filter": Command("mug.commands.filter", "leave out duplicates, rate edits and broken charts"),
        "describe": Command("mug.commands.describe_dataset", "what is in a set of charts, as numbers and pictures"),
        "ranked": Command("mug.commands.ranked", "ask osu! which sets are ranked, loved or in the graveyard"),
        "mappers": Command("mug.commands.ranking_mappers", "find the charts of mappers who have ranked maps"),
        "synthesize": Command("mug.commands.synthesize", "compose songs with charts to train on"),
        "compare": Command("mug.commands.compare_audio", "how far a folder of songs sounds from another"),
    },
    "Train models": {
        "demo": Command("mug.commands.demo", "the whole way on composed songs, in about 20 minutes"),
        "train": Command("mug.commands.train", "train and test a model from YAML and overrides"),
        "spectra": Command("mug.commands.prepare_audio", "compute the spectra of all songs before training"),
        "latents": Command("mug.commands.encode_latents", "encode the charts once, for a faster stage 2"),
        "export": Command("mug.commands.export", "a run's checkpoint as a model folder to share"),
        "density": Command("mug.commands.fit_density", "fit how dense charts are to a model's training set"),
        "import": Command("mug.commands.import_checkpoint", "convert models of the original 2023 program"),
        "fit-msd": Command("mug.commands.fit_msd", "fit the estimate of Etterna's ratings to reference ratings"),
    },
    "This installation": {
        "doctor": Command("mug.commands.doctor", "what is installed, what is missing, and how to get it"),
    },
}
COMMANDS = {name: command for commands in GROUPS.values() for name, command in commands.items()}
