"""The order of training items: a function of seed and epoch, shared out among processes, resumed where it stopped."""

from mug.data.sampler import SeededSampler


def test_order_is_a_function_of_seed_and_epoch() -> None:
    sampler = SeededSampler(11, seed=23, shuffle=True)
    first = list(sampler)
    assert sorted(first) == [(index, 0) for index in range(11)]
    sampler.set_epoch(3)
    later = list(sampler)
    assert {epoch for _, epoch in later} == {3}
    assert [index for index, _ in later] != [index for index, _ in first]
    again = SeededSampler(11, seed=23, shuffle=True)
    again.set_epoch(3)
    assert list(again) == later
    assert list(SeededSampler(11, seed=24, shuffle=True)) != first


def test_evaluation_keeps_the_order() -> None:
    assert list(SeededSampler(3, seed=23, shuffle=False)) == [(0, 0), (1, 0), (2, 0)]


def test_processes_share_the_items() -> None:
    whole = list(SeededSampler(11, seed=23, shuffle=True))
    parts = [list(SeededSampler(11, seed=23, shuffle=True, rank=rank, n_ranks=3)) for rank in range(3)]
    assert [len(part) for part in parts] == [4, 4, 4] == [len(SeededSampler(11, 23, True, 0, 3))] * 3
    assert [item for items in zip(*parts, strict=True) for item in items] == [*whole, whole[0]]


def test_processes_drop_what_one_process_drops() -> None:
    whole = list(SeededSampler(11, seed=23, shuffle=True))
    parts = [SeededSampler(11, 23, True, rank, 3, drop_last=True) for rank in range(3)]
    assert [len(part) for part in parts] == [3, 3, 3]
    assert [item for items in zip(*parts, strict=True) for item in items] == whole[:9]


def test_a_resumed_run_goes_on_in_its_epoch() -> None:
    whole = SeededSampler(7, seed=23, shuffle=True)
    whole.set_epoch(2)
    resumed = SeededSampler(7, seed=23, shuffle=True)
    resumed.epoch, resumed.n_seen = 2, 4
    assert list(resumed) == list(whole)[4:]
    resumed.set_epoch(3)
    assert len(list(resumed)) == 7
