"""Whatever a file holds, reading it ends in charts or in a ChartError that names it: soon, and in little memory."""

import random
import resource
import sys
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mug.errors import ChartError
from mug.prepare.gather import prepare_beatmap
from tests.charts.foreign_charts import EXAMPLES
from tests.fuzz.fuzz_charts import PARSERS, check, corpus, mutated, package
from tests.prepare.song_folders import Quiet, add_package, lines

MAX_SECONDS = 6.0  # of the processor, 2 on one that nobody shares
MAX_MIB = 500
SEEDS = [*EXAMPLES.values(), package()]
OSU_HEAD = "osu file format v14\n[General]\nMode: 3\n[Difficulty]\nCircleSize:4\n"
MC_HEAD = '{"meta":{"mode":0,"mode_ext":{"column":4},"song":{}},"time":[{"beat":[0,0,1],"bpm":1000}],"note":['
SM_HEAD = "#BPMS:0=1000;#NOTES:dance-single:::::"
Z = 1_000_000


@pytest.mark.parametrize("suffix", [*EXAMPLES, ".osz"])
@settings(max_examples=150)
@given(seed=st.integers(0, 2**32))
def test_mutated_examples(suffix, seed):
    data = EXAMPLES.get(suffix) or package()
    check(mutated(data, random.Random(seed), SEEDS), suffix)


@pytest.mark.parametrize("suffix", EXAMPLES)
@settings(max_examples=100)
@given(data=st.binary(max_size=300))
@example(data=b"")
@example(data=b"\xff\xfe\x00\xd8")
@example(data=b"\x00" * 100)
def test_bytes_that_are_nothing_at_all(suffix, data):
    check(data, suffix)


def test_mutated_real_files(shared):
    draw = random.Random(1)
    files = corpus([shared / "data" / "songs", shared / "data" / "charts" / "Pulsefield__beatmap-lens"])
    files = [(suffix, data) for suffix, data in files if len(data) < 60_000]
    for _ in range(400):
        suffix, data = draw.choice(files)
        check(mutated(data, draw, [data for _, data in files]), suffix)


HUGE = {
    "rows without notes": (".sm", SM_HEAD + "0000\n" * (Z * 3 // 2) + "1000;"),
    "rows of notes": (".sm", SM_HEAD + ("1000\n" * 192 + ",\n") * 1040 + ";"),
    "measures": (".sm", SM_HEAD + "," * 7 * Z + "1000;"),
    "many charts": (".sm", "#BPMS:0=60;" + ("#NOTES:dance-single:::::" + "MMMM\n" * 8000 + ";\n") * 190),
    "charts of many tempos": (
        ".sm",
        "#BPMS:" + ",".join(f"{i}={60 + i % 9}" for i in range(99_000)) + ";"
        + "#NOTES:dance-single:::::1000;\n" * 190,
    ),
    "colons": (".sm", "#A" + ":" * 7 * Z),
    "hashes": (".ssc", "\n#" * 3 * Z),
    "backslashes": (".ssc", "#A:" + "\\" * 7 * Z),
    "brackets": (".ssc", SM_HEAD + "[" * 7 * Z),
    "bad bytes": (".sm", "\udce9a" * 3 * Z),
    "hit objects": (".osu", OSU_HEAD + "[HitObjects]\n" + "".join(f"64,192,{i},1,0\n" for i in range(199_000))),
    "sliders": (
        ".osu",
        OSU_HEAD + "[TimingPoints]\n" + "".join(f"{i},-50,4,1,0,100,0,0\n" for i in range(150_000))
        + "[HitObjects]\n" + "".join(f"64,192,{i},2,0,L|1:1,1,100\n" for i in range(150_000)),
    ),
    "lines": (".osu", OSU_HEAD + "\n" * 16 * Z),
    "a line": (".osu", OSU_HEAD + "[Events]\n" + "0," * 7 * Z + "\n[HitObjects]\n64,192,0,1,0\n"),
    "notes of yaml": (".qua", "Mode: Keys4\nHitObjects:\n" + "- StartTime: 12\n  Lane: 1\n" * 140_000),
    "lists of yaml": (".qua", "[" * 4 * Z),
    "a flow of yaml": (".qua", "a: [" + "{}," * (Z * 4 // 3)),
    "anchors of yaml": (".qua", "a: [" + "&a b, " * (Z * 2 // 3) + "]"),
    "velocities of yaml": (".qua", "SliderVelocities:\n" + "- StartTime: 1\n" * 800_000 + "HitObjects:\n- Lane: 1\n"),
    "doubling of yaml": (".qua", "".join(f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]\n" for i in range(1, 100))),
    "notes of json": (".mc", MC_HEAD + ",".join(f'{{"beat":[{i},0,1],"column":0}}' for i in range(199_000)) + "]}"),
    "lists of json": (".mc", "[" * 16 * Z),
    "objects of json": (".mc", "[" + "{}," * 5 * Z + "1]"),
    "digits of json": (".mc", "[" + "1" * 16 * Z + "]"),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the peak of memory is counted in KiB on Linux only")
@pytest.mark.parametrize("what", HUGE)
def test_huge_files_are_handled_quickly_in_little_memory(what):
    suffix, text = HUGE[what]
    data = text.encode("utf-8", "surrogateescape")
    before_kib, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    try:
        charts, errors = PARSERS[suffix](data, "a")
    except ChartError as error:
        charts, errors = [], [error]
    assert charts or errors
    assert time.process_time() - started < MAX_SECONDS
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kib < MAX_MIB * 1024


def test_a_folder_of_broken_files_is_prepared_with_what_is_good(tmp_path):
    draw = random.Random(3)
    for i in range(120):
        suffix, data = draw.choice(list(EXAMPLES.items()))
        folder = tmp_path / "songs" / f"{i % 7}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{i}{suffix}").write_bytes(mutated(data, draw, SEEDS))
        if i % 10 == 0:
            files = {f"{j}{suffix}": mutated(data, draw, SEEDS) for j, (suffix, data) in enumerate(EXAMPLES.items())}
            add_package(tmp_path / "songs" / f"package{i}.mcz", files)
            broken = mutated(package(), draw, SEEDS)
            (tmp_path / "songs" / f"broken{i}.qp").write_bytes(broken)
    (tmp_path / "songs" / "good.osu").write_bytes(EXAMPLES[".osu"])
    report = prepare_beatmap(tmp_path / "songs", tmp_path / "out", tqdm_class=Quiet)
    assert "songs/good.osu" in lines(tmp_path / "out")
    assert report.done == len(lines(tmp_path / "out")) == len(set(lines(tmp_path / "out"))) > 30
    assert {file.name for file in tmp_path.iterdir()} == {"songs", "out"}
    assert str(report).encode()
