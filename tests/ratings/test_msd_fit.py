"""Fitting the estimate: the torch side says what numpy says, and learns; the folds hold copies together."""

import numpy as np
import pytest
import torch

from mug.errors import DatasetError
from mug.ratings.msd import fitting
from mug.ratings.msd.estimate import BY_INTERVAL, estimate_msd
from mug.ratings.msd.figures import figures
from mug.ratings.msd.fitting import Batch, FactorNetwork, batches, fit, item_of, loss_of, skills
from mug.ratings.msd.rating import MSD_NAMES
from mug.ratings.msd.reference import RATED, REAL, SYNTHETIC, Reference, folds_of, read_reference, same_song


def reference(seed: int, source: str = SYNTHETIC, rate: float = 1.0, notes: int = 300, group: str = "") -> Reference:
    """A chart of columns drawn at random, whose ratings are its notes a second, more or less."""
    generator = np.random.default_rng(seed)
    gap_ms = float(generator.integers(60, 200))
    msd = (15 * 100 * rate / gap_ms * np.linspace(0.9, 1.1, 8)).astype(np.float32)
    column = generator.integers(0, 4, notes)
    return Reference(
        column, np.arange(notes) * gap_ms, rate, msd, source, group or f"{source} {seed}", f"kind{seed % 2}"
    )


@pytest.fixture(scope="module")
def references() -> list[Reference]:
    return [reference(seed, notes=200 + 30 * seed) for seed in range(11)]


def test_torch_says_what_numpy_says(references):
    torch.manual_seed(0)
    items = [item_of(each) for each in references]
    network = FactorNetwork(items)
    torch.nn.init.normal_(network.out.weight, std=0.3)
    torch.nn.init.normal_(network.hand.weight, std=0.1)
    rating = skills(network, Batch.of(items)).detach().numpy()
    exported = network.exported()
    columns = [MSD_NAMES.index(name) for name in BY_INTERVAL]
    for row, each in zip(rating, references, strict=True):
        estimate = estimate_msd(each.column, each.start_ms, [each.rate], [exported])[0, columns]
        np.testing.assert_allclose(row, estimate, rtol=0.01)


def test_gradients_are_those_of_the_skill(references):
    """One step of all factors by a thousandth changes the skill as its gradient says."""
    torch.manual_seed(0)
    items = [item_of(each) for each in references[:5]]
    network, batch = FactorNetwork(items), Batch.of(items)
    skills(network, batch)[:, 0].sum().backward()
    slope = float(network.out.bias.grad[0])
    before = skills(network, batch)[:, 0].sum().item()
    with torch.no_grad():
        network.out.bias[0] += 0.001
    after = skills(network, batch)[:, 0].sum().item()
    assert (after - before) / 0.001 == pytest.approx(slope, rel=0.15)


def test_a_fit_comes_closer_and_is_the_same_again(references, monkeypatch):
    items = [item_of(each) for each in references]
    first = fit(items, epochs=1)
    network = fit(items, epochs=30)
    again = fit(items, epochs=30)

    def error(of):
        estimated = np.concatenate([estimate_msd(r.column, r.start_ms, [r.rate], [of]) for r in references])
        return np.abs(estimated - np.stack([r.msd for r in references]))[:, 1:4].mean()

    assert error(network) < 0.5 * error(first)
    for ours, theirs in zip(network, again, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_batches_hold_every_item_once(references, monkeypatch):
    monkeypatch.setattr(fitting, "BATCH_CHARTS", 3)
    items = [item_of(each) for each in references]
    drawn = list(batches(items, np.random.default_rng(0)))
    assert [len(batch) for batch in drawn if len(batch) > 3] == []
    assert sorted(item.both.shape[0] for batch in drawn for item in batch) == sorted(i.both.shape[0] for i in items)


def test_real_charts_weigh_more():
    items = [item_of(reference(0, source)) for source in (SYNTHETIC, RATED, REAL)]
    batch = Batch.of(items)
    assert batch.weight[2] > batch.weight[0] > batch.weight[1]
    error = torch.zeros(3, 5)
    error[2] = 1
    assert loss_of(batch.target + error, batch) > loss_of(batch.target + error.flip(0), batch) > 0


def test_copies_are_held_out_together():
    charts = [reference(seed) for seed in range(20)]
    charts += [reference(seed, RATED, 1.2, group=f"{SYNTHETIC} {seed}") for seed in range(20)]
    charts += [reference(100 + seed, REAL, group=f"{REAL} {seed // 4}") for seed in range(24)]
    folds = folds_of(charts, 3)
    of_group = {chart.group: set() for chart in charts}
    for chart, fold in zip(charts, folds, strict=True):
        of_group[chart.group].add(fold)
    assert all(len(each) == 1 for each in of_group.values())
    assert np.bincount(folds[40:]).tolist() == [8, 8, 8]


def test_songs_are_told_by_name_and_notes():
    def real(path: str, seed: int) -> Reference:
        return reference(seed, REAL)._replace(kind=path)

    charts = [
        real("charts/a/Artist - One [Easy].osu", 1),
        real("charts/a/Artist - Two.osu", 2),  # the same artist
        real("charts/b/copy.osu", 2),  # the same notes, elsewhere
        real("charts/b/100.osu", 3),
        real("charts/b/200.osu", 4),
        real("songs/x/One.osu", 5),
        real("songs/x/Other.osu", 6),  # a song's folder
    ]
    assert same_song(charts) == [charts[index].kind for index in (0, 0, 0, 3, 4, 5, 5)]


def test_figures_say_what_is_wrong(references):
    charts = [*references, *(reference(seed, RATED, 1.5, group=f"{SYNTHETIC} {seed}") for seed in range(3))]
    charts += [reference(seed, REAL) for seed in range(50, 53)]
    truth = np.stack([chart.msd for chart in charts])
    estimated = truth.copy()
    estimated[-1, 3] += 2.5
    text = figures(charts, estimated, [FactorNetwork([item_of(chart) for chart in charts]).exported()])
    assert "| synthetic (11) | 1.0000 / 0.00 / +0.00 |" in text
    assert "| 1.5 (3) |" in text
    assert f"| kind0 | handstream | {estimated[-1, 3]:.1f} | {truth[-1, 3]:.1f} |" in text
    assert " ms at one\nrate" in text


def test_a_folder_without_ratings(tmp_path):
    with pytest.raises(DatasetError, match="cannot read reference ratings"):
        read_reference(tmp_path)


def test_reference_ratings(shared):
    charts = read_reference(shared / "data")
    assert [sum(chart.source == source for chart in charts) for source in (SYNTHETIC, RATED, REAL)] == [2400, 681, 244]
    rated = [chart for chart in charts if chart.source == RATED]
    assert {chart.rate for chart in rated} == {0.8, 1.2, 1.5}
    parents = {chart.group: chart for chart in charts if chart.source == SYNTHETIC}
    assert all(np.array_equal(chart.start_ms, parents[chart.group].start_ms) for chart in rated)
