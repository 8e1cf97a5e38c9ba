"""The web page: charts for any song from a form in the browser, to hear, play and download.

    mug web                                                   with the shipped models
    mug web --checkpoint logs/<run>/checkpoints/last.ckpt     with your own beside them
    mug web --models ~/models                                 with all models of a folder beside them
    mug web --newest                                          with the newest run in logs/

Everything is served from this machine: no analytics, no external fonts or scripts.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mug.cli import command_parser
from mug.config import SHIPPED_MODEL
from mug.device import add_device_argument
from mug.errors import CheckpointError, ConfigError

if TYPE_CHECKING:
    from mug.webui.models import Models


def main(argv: Sequence[str] | None = None) -> None:
    """Load a checkpoint and serve the page until Ctrl-C."""
    args = build_parser().parse_args(argv)
    import mug.generation.generator  # noqa: F401 - before torch, as it says how torch's threads wait
    from mug.training.newest import newest_checkpoint

    models = offered(newest_checkpoint() if args.newest else args.checkpoint, args.models, args.device)
    models.generator(models.first.name)  # a mistake in it is found now, and the first visitor need not wait
    try:  # after that, as gradio takes seconds
        from mug.webui.page import serve
    except ModuleNotFoundError as error:
        if error.name != "gradio":
            raise
        raise ConfigError("the web page needs gradio; install it: pip install 'mug[ui]'") from error
    serve(models, args.host, args.port, root_path=args.root_path)


def offered(checkpoint: Path, others: Sequence[Path], device: str) -> "Models":
    """The models of the page, `checkpoint` chosen at first. Raises CheckpointError if that cannot be used."""
    from mug.webui.models import BrokenModel, Models, describe, find_models

    described = describe(checkpoint)
    if isinstance(described, BrokenModel):
        raise CheckpointError(described.error)
    listed = find_models([checkpoint, *others])
    first = next(model for model in listed if model.path.resolve() == described.path.resolve())
    return Models(listed, first.name, device)


def build_parser() -> argparse.ArgumentParser:
    parser = command_parser("web", __doc__)
    model = parser.add_mutually_exclusive_group()
    model.add_argument(
        "--checkpoint",
        type=Path,
        default=SHIPPED_MODEL,
        help=f"the model chosen at first: a diffusion run's .ckpt or a model folder (default: {SHIPPED_MODEL}, 4K)",
    )
    model.add_argument("--newest", action="store_true", help="the newest diffusion run in logs/")
    parser.add_argument(
        "--models",
        type=Path,
        nargs="+",
        default=[],
        metavar="FOLDER",
        help="more models to choose from: model folders, .ckpt files, or folders of model folders",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on; 0.0.0.0 accepts other machines")
    parser.add_argument("--port", type=int, help="port to listen on (default: the first free one from 7860 on)")
    root_help = "where a proxy shows the page, if not at the root of its host: /mug or https://example.org/mug"
    parser.add_argument("--root_path", help=root_help)
    add_device_argument(parser)
    return parser
