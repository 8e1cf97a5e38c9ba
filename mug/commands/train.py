"""Train and test a model of a configuration.

mug train --base configs/mug/mini_autoencoder.yaml -t lightning.trainer.max_steps=100
mug train --base configs/mug/mini_diffusion.yaml -t --start_from models/mug-mini \\
    data.params.common.beatmap_txt=data/mine/beatmap.txt
mug train -r logs/<run>
"""

import argparse
import os
import pdb
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

# Huge pages for large tensors save a tenth of a training step on a CPU. torch reads this on import.
os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")

from mug.cli import command_parser
from mug.config import instantiate_from_config
from mug.errors import CheckpointError, ConfigError, MugError, TrainingError

if TYPE_CHECKING:
    from mug.training.runs import Run

MAX_SEED = 2**32 - 1  # numpy's


def build_parser() -> argparse.ArgumentParser:
    parser = command_parser("train", __doc__)
    parser.add_argument("-n", "--name", help="name of the run (default: that of the last config file)")
    parser.add_argument("-r", "--resume", type=Path, metavar="PATH", help="resume from a run folder or checkpoint")
    parser.add_argument(
        "-b", "--base", nargs="+", default=[], metavar="YAML", help="config files, merged left to right"
    )
    parser.add_argument(
        "-t", "--train", action="store_true", help="train; without it a new model is only built and tested"
    )
    parser.add_argument(
        "--start_from",
        type=Path,
        metavar="MODEL",
        help="begin with the weights of a trained model, such as models/mug-mini, wherever they fit: layers of the "
        "same shape, and what the prompts have in common; songs, keys and prompt may be others",
    )
    parser.add_argument("--no-test", action="store_true", help="skip the test after training")
    parser.add_argument("-p", "--project", default="", help="subfolder of the log folder for related runs")
    parser.add_argument("-d", "--debug", action="store_true", help="start the debugger on an exception")
    parser.add_argument("-s", "--seed", type=int, default=23, help="seed of weights, data order and noise")
    parser.add_argument("-f", "--postfix", default="", help="appended to the run's name")
    parser.add_argument("-l", "--logdir", type=Path, default=Path("logs"), help="folder for runs")
    parser.add_argument(
        "--scale_lr",
        action="store_true",
        help="learning rate = accumulated batches * devices * batch size * model.params.learning_rate",
    )
    parser.add_argument(
        "overrides", nargs="*", metavar="key.sub=value", help="override single values of the configuration"
    )
    return parser


def parse_args(argv: Sequence[str] | None) -> argparse.Namespace:
    args = build_parser().parse_intermixed_args(argv)
    # --base also takes the overrides that follow it
    args.overrides = [item for item in args.base if "=" in item] + args.overrides
    args.base = [item for item in args.base if "=" not in item]
    return args


def plan(args: argparse.Namespace) -> "Run":
    """Return what to run: a new run, or one to resume."""
    from mug.training.runs import resume_run, start_run

    logdir = args.logdir / args.project
    if args.resume is None:
        return start_run(logdir, args.name, args.postfix, args.base, args.overrides)
    if args.name is not None or args.postfix or args.scale_lr:
        raise ConfigError("a resumed run keeps its name and learning rate: leave out --name, --postfix, --scale_lr")
    if args.start_from is not None:
        raise ConfigError("a resumed run goes on from its own weights: leave out --start_from")
    return resume_run(args.resume, logdir, args.base, args.overrides)


def train_and_test(args: argparse.Namespace) -> int:
    import pytorch_lightning as pl
    from pytorch_lightning.utilities.exceptions import MisconfigurationException, SIGTERMException
    from pytorch_lightning.utilities.rank_zero import rank_zero_info

    from mug.checkpoints.agreement import check_agreement
    from mug.checkpoints.start_from import start_from
    from mug.model.weights import load_weights
    from mug.training.runs import CHECKPOINTS
    from mug.training.setup import build_trainer, check_config, scale_learning_rate, with_seed
    from mug.training.trainers import build_trainable

    if not 0 <= args.seed <= MAX_SEED:
        raise ConfigError(f"--seed {args.seed}: give a whole number from 0 to {MAX_SEED}")
    planned = plan(args)
    check_config(planned.config)
    pl.seed_everything(args.seed, workers=True)
    config = with_seed(planned.config, args.seed)
    if args.scale_lr:
        config = scale_learning_rate(config, build_trainer(config, planned.folder))
    trainer = build_trainer(config, planned.folder, planned.step)
    model = build_trainable(config["model"])
    check_agreement(model.network, config["data"])
    data = instantiate_from_config(config["data"], "data", pl.LightningDataModule)
    if planned.checkpoint is not None:
        load_weights(model.network, planned.checkpoint)  # its errors name the tensors that do not fit
    elif args.start_from is not None:
        rank_zero_info(f"starting from {args.start_from}: {start_from(model.network, args.start_from)}")
    if args.train or args.resume is not None:
        rank_zero_info(f"run folder: {planned.folder}")
        try:
            trainer.fit(model, datamodule=data, ckpt_path=planned.checkpoint)
        except SystemExit as stop:  # Lightning exits like this after Ctrl-C or SIGTERM, once last.ckpt is saved
            return 143 if isinstance(stop, SIGTERMException) else 130
        except MisconfigurationException as error:
            raise ConfigError(f"lightning: {error}") from error
        except OSError as error:  # a full disk
            raise TrainingError(
                f"{error}; saved checkpoints stay in {planned.folder / CHECKPOINTS}: resume with -r {planned.folder}"
            ) from error
        except ValueError as error:
            if "loaded state dict" not in str(error):  # torch's message if the optimiser's groups differ
                raise
            raise CheckpointError(
                f"{planned.checkpoint}: its optimiser has other groups of parameters than this version's or this "
                "configuration's; start a new run from its weights, with model.params.ckpt_path"
            ) from error
    if not args.no_test and config["data"]["params"].get("test") is not None:
        trainer.test(model, datamodule=data)
    return 0


def main(argv: Sequence[str] | None = None) -> int:
    args = parse_args(argv)
    from mug.training.messages import quiet_lightning

    quiet_lightning()
    try:
        return train_and_test(args)
    except Exception as error:
        unexpected: BaseException | None = error
        while isinstance(unexpected, MugError):  # its cause may be another MugError
            unexpected = unexpected.__cause__
        if args.debug and unexpected is not None:
            pdb.post_mortem(unexpected.__traceback__)
        raise
