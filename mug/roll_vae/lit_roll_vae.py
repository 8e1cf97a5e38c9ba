"""Training of a RollVAE, and what its validation measures.

Axes: B batch, R planes, P pitches, T frames.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from torch import Tensor

from mug.model.lit_predictor import LitPredictor
from mug.music.note_scores import note_f1
from mug.music.piano_roll import ACTIVE, OFFSET, ONSET, RollCodec, spans_of_roll
from mug.music.roll_decoding import RollDecoding, decode_roll
from mug.roll_vae.network import RollVAE
from mug.seeding import generator_of

SCORED = 4  # items of a batch whose notes are compared: matching notes takes longer than decoding them


class LitRollVAE(LitPredictor):
    """Trains a RollVAE. Validation and test also score the notes of reconstructions, from the most probable latents."""

    network: RollVAE

    def measured(self, batch: Mapping[str, Any], evaluating: bool) -> tuple[Tensor, Mapping[str, Any]]:
        network, roll, density = self.network, batch["roll"], batch["density"]
        posterior = network.encode(roll, density)
        if not evaluating:
            generator = generator_of(self.training_params.seed, self.global_step, self.process[0])
            logits = network.decode(posterior.sample(generator), density)
            return network.losses(logits, roll, posterior, self.global_step)
        logits = network.decode(posterior.mode(), density)
        loss, log = network.losses(logits, roll, posterior, None)
        return loss, {**log, **note_figures(network.codec, logits[:SCORED], roll[:SCORED])}


def notes_of_logits(logits: Tensor, how: RollDecoding | None = None) -> list[np.ndarray]:
    """Logits [B, R, P, T] to the notes of each item, see mug.music.roll_decoding.decode_roll."""
    planes = logits.detach().float().sigmoid().cpu().numpy()
    return [decode_roll(p[ONSET], p[ACTIVE], p[OFFSET] if len(p) > OFFSET else None, how) for p in planes]


def note_figures(codec: RollCodec, logits: Tensor, roll: Tensor) -> dict[str, float]:
    """Mean F1 over items [B]: of notes by onset within 50 ms, and by onset and end."""
    truths = [spans_of_roll(planes[ONSET], planes[ACTIVE]) for planes in roll.float().cpu().numpy()]
    pairs = [
        (codec.notes_of(truth), codec.notes_of(guess))
        for truth, guess in zip(truths, notes_of_logits(logits), strict=True)
    ]
    return {
        "note_f1": float(np.mean([note_f1(truth, guess) for truth, guess in pairs])),
        "note_f1_offsets": float(np.mean([note_f1(truth, guess, with_offsets=True) for truth, guess in pairs])),
    }
