"""What the music says about columns: where its tune goes, and whose hand a drum is."""

from dataclasses import dataclass, field

from mug.synth.hands import LEFT, RIGHT
from mug.synth.salience import Hit

TUNE = ("vocal", "lead", "counter", "arp", "chord", "tom", "bass")  # columns follow the first of these that plays
DRUMS = ("kick", "snare")  # each has a hand if there is no tune


@dataclass
class Contour:
    """Follows the tune through a song, in order of time."""

    pitches: dict[str, int] = field(default_factory=dict)  # by layer, the last one

    def step(self, hit: Hit) -> int | None:
        """Semitones from the last note of the layer that has the tune; None without a tune before."""
        layer = next((layer for layer in TUNE if any(event.layer == layer for event in hit.events)), None)
        if layer is None:
            return None
        pitch = max(event.pitch for event in hit.events if event.layer == layer)
        before = self.pitches.get(layer)
        self.pitches[layer] = pitch
        return None if before is None else pitch - before


def drum_hand(hit: Hit) -> int | None:
    """LEFT for a kick and RIGHT for a snare, if it is only one of them and there is no tune."""
    layers = {event.layer for event in hit.events}
    if layers.isdisjoint(DRUMS) or layers.issuperset(DRUMS) or not layers.isdisjoint(TUNE):
        return None
    return LEFT if DRUMS[0] in layers else RIGHT
