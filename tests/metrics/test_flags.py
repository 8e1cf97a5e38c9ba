import math
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from mug.charts.beatmap import Note
from mug.metrics.flags import Answer, lead_of, obedience
from mug.metrics.profile import profile_of
from mug.metrics.references import Reference
from mug.metrics.sampling import Sampling, ask_for_flags
from mug.ratings.skillsets import SKILLSETS
from mug.report import Report
from tests.metrics.hand_charts import chart_of

CHART = replace(profile_of(chart_of(Note(0, 0), Note(500, 1))), features={})


def rated(flags: dict[str, int], **msd: float):
    values = {f"{name}_ett": msd.get(name, 10.0) for name in SKILLSETS}
    return replace(CHART, features={**values, **flags})


def test_the_lead_of_a_skillset_counted_by_hand():
    profile = rated({}, stream=16.0, chordjack=4.0)
    assert lead_of(profile, "stream") == pytest.approx(16 - (5 * 10 + 4) / 6)
    assert math.isnan(lead_of(CHART, "stream"))


@pytest.mark.parametrize("features", [["sr", "stream", "chordjack"], ["stream", "chordjack"]])
def test_flags_are_requested_at_the_songs_stars_if_known(features):
    prompts, seeds = [], []

    class Listening:
        spec = SimpleNamespace(names=features)
        keys = 4

        def generate(self, audio, prompt, seed, **settings):
            prompts.append(prompt)
            seeds.append(seed)
            return [CHART.chart]

    song = Reference(Path("a.osu"), "song", CHART.chart, Path("a.mp3"), {"sr": 2.5})
    answers = ask_for_flags(Listening(), [song], Sampling(seed=5), Report())
    stars = {"sr": 2.5} if "sr" in features else {}
    assert prompts == [stars, {**stars, "stream": True}, {**stars, "chordjack": True}]
    assert set(seeds) == {5}  # from the same noise
    assert [answer.skillset for answer in answers] == ["stream", "chordjack"]


def test_obedience_counted_by_hand():
    plain = rated({"stream": 1})
    answers = [
        Answer("a", "stream", rated({"stream": 1}, stream=12.0), plain),
        Answer("b", "stream", rated({}, stream=9.0), plain),
        Answer("a", "jackspeed", rated({"jackspeed": 1}, jackspeed=10.5), plain),
        # everything rose alike: the chart is harder, and no more of jacks than before
        Answer("b", "jackspeed", rated({}, **dict.fromkeys(SKILLSETS, 12.0)), plain),
        Answer("c", "jackspeed", CHART, plain),
    ]
    table = {name: {key: estimate.value for key, estimate in row.items()} for name, row in obedience(answers).items()}
    assert table == {
        "stream": {"has_flag": 0.5, "had_flag_unasked": 1.0, "rose": 0.5},
        "jackspeed": pytest.approx({"has_flag": 1 / 3, "had_flag_unasked": 0.0, "rose": 1 / 3}),
        "all": pytest.approx({"has_flag": 0.4, "had_flag_unasked": 0.4, "rose": 0.4}),
    }
    assert obedience(answers)["all"]["rose"].charts == 5
    assert obedience([]) == {}
