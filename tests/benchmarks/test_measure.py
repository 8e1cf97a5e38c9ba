"""What the benchmarks' clock, scales and tables say."""

import pytest
import torch

from benchmarks import measure
from benchmarks.gpu import peak_flops
from benchmarks.measure import Row, Settings, amount, machine, median_seconds, parse, peak_bytes, settings_of, table

CPU = Settings(torch.device("cpu"), repeats=3)


def test_peak_of_live_bytes() -> None:
    def run() -> None:
        first = torch.zeros(1000)  # 4000 bytes
        second = torch.zeros(3000)  # 12000
        del first
        third = torch.zeros(500)  # 2000
        del second, third

    before = torch.zeros(100_000)
    assert peak_bytes(run, torch.device("cpu")) == 16_000
    assert peak_bytes(lambda: before.add_(1), torch.device("cpu")) < 100


def test_variants_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter(range(1000))
    took = {
        "a": [7.0, 7.0, 1.0, 9.0, 2.0],
        "b": [8.0, 8.0, 5.0, 3.0, 4.0],
    }  # the first run and the first reading, then 3
    clock, order = [0.0], []

    def variant(name: str) -> None:
        next(ticks)
        order.append(name)
        clock[0] += took[name][order.count(name) - 1]

    monkeypatch.setattr(measure.time, "perf_counter", lambda: clock[0])
    seconds = median_seconds({"a": lambda: variant("a"), "b": lambda: variant("b")}, CPU)
    assert seconds == {"a": 2.0, "b": 4.0}
    assert "".join(order) == "aabb" + "ababab"


def test_a_fast_variant_is_run_many_times_for_one_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, count = [0.0], [0]

    def variant() -> None:
        count[0] += 1
        clock[0] += 0.01

    monkeypatch.setattr(measure.time, "perf_counter", lambda: clock[0])
    assert median_seconds({"a": variant}, CPU) == {"a": pytest.approx(0.01)}
    assert count[0] == 2 + 3 * 10


def test_gpu_figures_come_from_cuda_events_and_the_allocator(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, held, peak = [0.0], [1000], [0]

    class Event:
        def __init__(self, enable_timing: bool) -> None:
            assert enable_timing

        def record(self) -> None:
            self.time = clock[0]

        def elapsed_time(self, end: "Event") -> float:
            return 1000 * (end.time - self.time)  # milliseconds

    def run() -> None:
        clock[0] += 0.02
        peak[0] = max(peak[0], held[0] + 300)

    fakes = {
        "Event": Event,
        "synchronize": lambda device: None,
        "memory_allocated": lambda device: held[0],
        "reset_peak_memory_stats": lambda device: peak.__setitem__(0, held[0]),
        "max_memory_allocated": lambda device: peak[0],
    }
    for name, fake in fakes.items():
        monkeypatch.setattr(torch.cuda, name, fake)
    gpu = Settings(torch.device("cuda"), repeats=3)
    assert median_seconds({"a": run}, gpu) == {"a": pytest.approx(0.02)}
    peak[0] = 99_999  # of something before
    assert peak_bytes(run, gpu.device) == 300


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(None, ["--device", "cuda:1"])
    assert "--device cuda:1: torch finds no GPU here" in capsys.readouterr().err


def test_a_table() -> None:
    rows = [Row("time", 3.0, 0.0015, "s", 4.0), Row("memory", 2e9, 1.6e9, "B", 1.3), Row("other", 1e6, 2e6, "B")]
    assert table("What", rows).splitlines() == [
        "| What   | plain   | ours    | ratio    | target  | met? |",
        "|--------|---------|---------|----------|---------|------|",
        "| time   | 3.00 s  | 1.5 ms  | 2000.00x | ≥ 4.00x | yes  |",
        "| memory | 2.00 GB | 1.60 GB | 1.25x    | ≥ 1.30x | no   |",
        "| other  | 1 MB    | 2 MB    | 0.50x    |         |      |",
    ]


def test_amounts() -> None:
    amounts = [amount(1.25, "s"), amount(0.12345, "s"), amount(1.5e9, "B"), amount(123_456_789, "B")]
    assert amounts == ["1.25 s", "123 ms", "1.50 GB", "123 MB"]


def test_settings_and_what_the_report_says_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    threads = torch.get_num_threads()
    try:
        settings = settings_of(parse(None, ["--dtype", "bfloat16", "--compile", "--threads", "1", "--repeats", "7"]))
        assert settings == Settings(torch.device("cpu"), torch.bfloat16, compile=True, repeats=7)
        monkeypatch.setenv(measure.LARGE_PAGES, "1")
        place, how = machine(settings).splitlines()
        assert f"1 threads, torch {torch.__version__}" in place
        assert how == "bfloat16, full size, median of 7 alternating readings, compiled, large pages"
        monkeypatch.setenv(measure.LARGE_PAGES, "0")
        assert machine(Settings(CPU.device, quick=True)).endswith(
            "float32, TOY SIZES, median of 5 alternating readings"
        )
    finally:
        torch.set_num_threads(threads)


def test_autocast_is_that_of_the_settings() -> None:
    layer = torch.nn.Linear(2, 2)
    for dtype in (torch.float32, torch.bfloat16):
        with Settings(CPU.device, dtype).autocast():
            assert layer(torch.ones(1, 2)).dtype == dtype


@pytest.mark.parametrize(
    ("name", "dtype", "expected"),
    [
        ("NVIDIA H100 80GB HBM3", torch.bfloat16, 989.4e12),
        ("NVIDIA H100 PCIe", torch.bfloat16, 756e12),
        ("NVIDIA L40S", torch.float32, 183e12),
        ("NVIDIA L4", torch.float32, 60e12),
        ("CPU", torch.float32, None),
    ],
)
def test_peak_of_a_device(name: str, dtype: torch.dtype, expected: float | None) -> None:
    assert peak_flops(name, dtype) == expected
