"""Contour: steps of the layer that has the tune, and the hands of drums."""

from mug.synth.composition import Event
from mug.synth.contour import Contour, drum_hand
from mug.synth.hands import LEFT, RIGHT
from mug.synth.salience import Hit


def hit(*sounds: tuple[str, int]) -> Hit:
    return Hit(0, 0.0, 0, tuple(Event(0, layer, pitch, 12, 1.0) for layer, pitch in sounds), 1.0, 1.0)


def test_steps_of_the_tune() -> None:
    contour = Contour()
    assert contour.step(hit(("lead", 60), ("bass", 40))) is None  # nothing before
    assert contour.step(hit(("lead", 64), ("bass", 35))) == 4
    assert contour.step(hit(("bass", 38))) is None  # the lead came first, so this is the bass's first
    assert contour.step(hit(("kick", 0))) is None
    assert contour.step(hit(("bass", 36))) == -2
    assert contour.step(hit(("vocal", 70), ("lead", 64))) is None
    assert contour.step(hit(("lead", 64))) == 0


def test_kick_and_snare_have_a_hand_each() -> None:
    assert drum_hand(hit(("kick", 0))) == LEFT
    assert drum_hand(hit(("snare", 0), ("hat", 0))) == RIGHT
    assert drum_hand(hit(("kick", 0), ("snare", 0))) is None
    assert drum_hand(hit(("kick", 0), ("lead", 60))) is None
    assert drum_hand(hit()) is None
