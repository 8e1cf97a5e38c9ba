"""Reconstructions of validation segments during training: their piano rolls and sound.

Axes: B batch, R planes, P pitches, T frames.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from torch import Tensor

from mug.music.piano_roll import ACTIVE, ONSET, spans_of_roll
from mug.pictures.rolls import draw_rolls
from mug.roll_vae.lit_roll_vae import note_figures, notes_of_logits
from mug.roll_vae.network import RollVAE
from mug.training.music_logger import MusicLogger, Shown, numbers_of


class RollLogger(MusicLogger):
    """A MusicLogger of a RollVAE. Pictures have the true roll, the probabilities and the notes decoded from them.

    It logs the mean F1 of the notes as rolls/note_f1 and rolls/note_f1_offsets.
    """

    folder = "rolls"

    def reconstructed(self, network: RollVAE, batch: Mapping[str, Any]) -> tuple[Iterator[Shown], dict[str, float]]:
        roll, density = batch["roll"], batch["density"]
        logits = network.decode(network.encode(roll, density).mode(), density)
        return _shown(network, roll, logits), note_figures(network.codec, logits, roll)


def _shown(network: RollVAE, rolls: Tensor, logits: Tensor) -> Iterator[Shown]:
    """What is shown of true rolls [B, R, P, T] and logits."""
    codec = network.codec
    decoded = notes_of_logits(logits)
    for roll, guess, spans in zip(numbers_of(rolls), numbers_of(logits.sigmoid()), decoded, strict=True):
        planes = (roll, guess, codec.planes_of(spans))
        original = codec.notes_of(spans_of_roll(roll[ONSET], roll[ACTIVE]))
        picture = draw_rolls([(part[ONSET], part[ACTIVE]) for part in planes])
        yield Shown(original, codec.notes_of(spans), picture)
