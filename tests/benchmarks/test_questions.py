"""Every benchmark runs, at toy sizes, and reports what it was asked."""

import re
from pathlib import Path
from types import ModuleType

import pytest

from benchmarks import __main__ as everything
from benchmarks import (
    attention,
    dataset,
    ddim_step,
    gpu,
    latents,
    msd,
    networks,
    preparation,
    s4_kernel,
    scale,
    start,
    training_step,
)

QUESTIONS = {
    module.__name__: module
    for module in (
        s4_kernel,
        attention,
        ddim_step,
        training_step,
        networks,
        dataset,
        latents,
        preparation,
        scale,
        start,
        msd,
        gpu,
    )
}
LONGEST = (training_step.__name__, ddim_step.__name__)  # of the networks that others measure, too


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow) if name in LONGEST else name for name in QUESTIONS]
)
def test_a_quick_run_prints_a_table(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    module: ModuleType = QUESTIONS[name]
    module.main(["--quick", "--repeats", "1"])
    _, how, empty, head, _, *rows = capsys.readouterr().out.splitlines()
    assert "TOY SIZES" in how
    assert empty == ""
    assert head.startswith(f"| {module.TITLE} ")
    assert len(rows) >= 2
    if module is not gpu:
        assert all(re.search(r"\| [\d.]+ (ms|s|MB|GB) +\| [\d.]+ (ms|s|MB|GB) +\| [\d.]+x +\|", row) for row in rows)
        assert not re.search("≥|yes|no", "".join(rows))  # toys meet no targets


def test_activations_are_kept_after_a_recomputing_step() -> None:
    class Layer:
        use_checkpoint = False

    class Network:
        def modules(self):  # type: ignore[no-untyped-def]
            return [layer]

    layer, seen = Layer(), []
    layer.use_checkpoint = False
    training_step.checkpointing(Network(), lambda: seen.append(layer.use_checkpoint))()  # type: ignore[arg-type]
    assert seen == [True]
    assert layer.use_checkpoint is False


def test_one_command_fills_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd) -> None:
    page = tmp_path / "page.md"
    page.write_text("# How to read it\n\n## Figures\n\n| old |\n", encoding="utf-8")
    monkeypatch.setattr(everything, "CPU_QUESTIONS", (("s4_kernel", "1"),))
    everything.main(["--quick", "--repeats", "1", "--threads", "1", "--save", str(page)])
    printed = capfd.readouterr().out.strip()
    assert printed.splitlines()[1] == "float32, TOY SIZES, median of 1 alternating readings, large pages"
    assert page.read_text(encoding="utf-8") == f"# How to read it\n\n## Figures\n\n{printed}\n"


def test_a_page_without_a_place_for_figures_is_left_alone(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Other\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"page.md: expected one heading '## Figures'"):
        everything.save(page, "| new |\n")
    assert page.read_text(encoding="utf-8") == "# Other\n"


def test_the_shipped_page_has_a_place_for_figures() -> None:
    assert (everything.ROOT / "docs/benchmarks.md").read_text(encoding="utf-8").count(everything.FIGURES) == 1


def test_every_question_is_asked() -> None:
    files = {file.stem for file in (everything.ROOT / "benchmarks").glob("*.py")}
    helpers = {
        "__init__",
        "__main__",
        "plain",
        "measure",
        "full_size",
        "first_stages",
        "ablation",
        "long_songs",
        "player",
        "time_left",
        "page",
        "page_cancel",
        "page_driver",
        "page_pictures",
    }
    questions = files - helpers
    assert {name for name, _ in everything.CPU_QUESTIONS} == questions - {"gpu"}
    cpu_only = {"networks", "dataset", "latents", "preparation", "scale", "start", "msd"}
    assert {name for name, _ in everything.GPU_QUESTIONS} == questions - cpu_only
