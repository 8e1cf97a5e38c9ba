"""Fit the estimate of Etterna's ratings (MSD) to reference ratings; write its parameters and the figures of
docs/msd.md.

mug fit-msd ../shared/data

The folder holds msd/msd_synthetic.npz, msd/msd_real.csv and the charts that it names. The figures in docs/msd.md are on
held-out charts: a fifth of the songs is left out at a time, with all their copies. It takes about 20 minutes on one
core. Raise PARAMETERS_VERSION in mug/ratings/msd/estimate.py if you keep the parameters.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mug.cli import command_parser
from mug.files import replacing
from mug.ratings.msd.estimate import PARAMETERS_FILE, Network

PAGE = Path("docs/msd.md")
HEADING = "## Figures\n"
FOLDS = 5
EPOCHS = 30


def main(argv: Sequence[str] | None = None) -> None:
    options = build_parser().parse_args(argv)
    import torch

    from mug.ratings.msd.figures import estimates, figures
    from mug.ratings.msd.fitting import fit, item_of
    from mug.ratings.msd.reference import folds_of, read_reference

    torch.set_num_threads(1)

    references = read_reference(options.data)
    items = [item_of(reference) for reference in references]
    folds = folds_of(references, FOLDS)
    networks = [fit(items, epochs=options.epochs)]
    write_parameters(options.parameters, networks)
    print(f"wrote {options.parameters}", flush=True)
    estimated = np.zeros((len(items), 8), dtype=np.float32)
    for fold in range(FOLDS):
        network = fit([item for item, other in zip(items, folds, strict=True) if other != fold], epochs=options.epochs)
        held_out = np.flatnonzero(folds == fold)
        estimated[held_out] = estimates([references[index] for index in held_out], [network])
        print(f"fitted without fold {fold + 1} of {FOLDS}", flush=True)
    tables = figures(references, estimated, networks)
    print(tables)
    write_figures(options.page, tables)


def build_parser() -> argparse.ArgumentParser:
    parser = command_parser("fit-msd", __doc__)
    parser.add_argument("data", type=Path, help="folder of the reference ratings and their charts")
    parser.add_argument("--parameters", type=Path, default=PARAMETERS_FILE, help=f"default: {PARAMETERS_FILE}")
    parser.add_argument("--page", type=Path, default=PAGE, help="page to write the figures to (default: docs/msd.md)")
    parser.add_argument("--epochs", type=int, default=EPOCHS, help=f"epochs of a fit (default: {EPOCHS})")
    return parser


def write_parameters(path: Path, networks: list[Network]) -> None:
    arrays: dict[str, Any] = {
        name: np.stack([getattr(network, name) for network in networks]) for name in Network._fields
    }
    with replacing(path) as temporary:
        np.savez_compressed(temporary, **arrays)


def write_figures(page: Path, tables: str) -> None:
    """Write the tables after the page's last heading, or to a new page."""
    text = page.read_text(encoding="utf-8") if page.exists() else ""
    with replacing(page) as temporary:
        temporary.write_text(text.partition(HEADING)[0] + HEADING + "\n" + tables, encoding="utf-8")
