"""Where the tests find recorded numbers and real charts, which are not part of the project."""

import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from hypothesis import settings

from mug.__main__ import dispatch
from mug.cli import run

# The same examples every time, and no verdict on a busy machine; new ones: pytest --hypothesis-profile=default
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")

PROJECT_ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real charts, songs and records beside the project; its tests skip where it is absent."""
    folder = PROJECT_ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("no folder ../shared beside the project: real charts and songs are not here")
    return folder


@pytest.fixture(scope="session")
def parity() -> Path:
    """The folder of recorded network inputs, weights and outputs (environment variable MUG_PARITY_DIR)."""
    from records import parity_folder

    folder = parity_folder()
    if not folder.is_dir():
        pytest.skip(f"no parity records in {folder}: set MUG_PARITY_DIR to run these tests")
    return folder


@pytest.fixture
def run_mug(capsys, monkeypatch) -> Callable[..., CompletedProcess[str]]:
    """Run a command of `mug` as its command line does, in this process: starting another one takes seconds."""

    def run_here(*words: object) -> CompletedProcess[str]:
        monkeypatch.setattr(warnings, "formatwarning", warnings.formatwarning)  # `run` replaces it
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            run(partial(dispatch, [str(word) for word in words]))
        printed = capsys.readouterr()
        return CompletedProcess(words, left.value.code, printed.out, printed.err)

    return run_here


@pytest.fixture(scope="session")
def tiny_checkpoint(tmp_path_factory) -> Path:
    """The checkpoint of a whole small model with random weights, as training would leave it."""
    from tiny_model import save_tiny_checkpoint

    return save_tiny_checkpoint(tmp_path_factory.mktemp("tiny") / "last.ckpt")


@pytest.fixture(scope="session")
def tiny_generator(tiny_checkpoint):
    """A ChartGenerator that answers at once, with noise."""
    from mug.generation import ChartGenerator

    return ChartGenerator.load(tiny_checkpoint)
