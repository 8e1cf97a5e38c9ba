"""The web page: charts from a form in the browser, as pictures and as an .osz to play.

    mug web                                                   with the shipped model
    mug web --checkpoint logs/<run>/checkpoints/last.ckpt     with your own
    mug web --newest                                          with the newest run in logs/

Everything is served from this machine: no analytics, no external fonts or scripts.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from mug.cli import command_parser
from mug.config import SHIPPED_MODEL
from mug.device import add_device_argument
from mug.errors import ConfigError


def main(argv: Sequence[str] | None = None) -> None:
    """Load a checkpoint and serve the page until Ctrl-C."""
    args = build_parser().parse_args(argv)
    from mug.generation.generator import ChartGenerator
    from mug.training.newest import newest_checkpoint

    generator = ChartGenerator.load(newest_checkpoint() if args.newest else args.checkpoint, device=args.device)
    try:  # after that, as gradio takes seconds
        from mug.webui.page import serve
    except ModuleNotFoundError as error:
        if error.name != "gradio":
            raise
        raise ConfigError("the web page needs gradio; install it: pip install 'mug[ui]'") from error
    serve(generator, args.host, args.port, root_path=args.root_path)


def build_parser() -> argparse.ArgumentParser:
    parser = command_parser("web", __doc__)
    model = parser.add_mutually_exclusive_group()
    model.add_argument(
        "--checkpoint",
        type=Path,
        default=SHIPPED_MODEL,
        help=f"a diffusion run's .ckpt or a model folder (default: {SHIPPED_MODEL}, which writes 4K)",
    )
    model.add_argument("--newest", action="store_true", help="the newest diffusion run in logs/")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on; 0.0.0.0 accepts other machines")
    parser.add_argument("--port", type=int, help="port to listen on (default: the first free one from 7860 on)")
    root_help = "where a proxy shows the page, if not at the root of its host: /mug or https://example.org/mug"
    parser.add_argument("--root_path", help=root_help)
    add_device_argument(parser)
    return parser
