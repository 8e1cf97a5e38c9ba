"""How drums are shortened."""

import numpy as np

from mug.synth.drums import Tightness
from mug.synth.sound import SAMPLE_RATE


def test_tight_drums_keep_their_hit_and_lose_their_tail() -> None:
    steady = np.ones(SAMPLE_RATE // 5, dtype=np.float32)
    steady[:320] = 0.5  # before the onset
    tight = Tightness(rest=0.25, fade_s=0.02).tight("snare", steady, onset=320)
    assert tight[0] == 0.5
    assert tight[320] == 1
    assert np.isclose(tight[320 + 640], 0.25 + 0.75 / np.e, atol=1e-3)  # 20 ms later
    assert np.isclose(tight[-1], 0.25, atol=1e-3)


def test_a_kick_keeps_its_body_longer() -> None:
    steady = np.ones(3200, dtype=np.float32)
    tightness = Tightness(rest=0.25, fade_s=0.02)
    kick, snare = (tightness.tight(layer, steady) for layer in ("kick", "snare"))
    assert np.isclose(kick[1280], snare[640])
