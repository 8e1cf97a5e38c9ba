"""Training of the network that hears beats, and what its validation measures.

Axes: B batch, T note frames, N tempo frames.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from torch import Tensor

from mug.metrics.onsets import onset_f1
from mug.model.lit_predictor import LitPredictor
from mug.timing.model import TimingAnswers, TimingModel
from mug.timing.peaks import pick
from mug.timing.tempo_classes import BPMS

NEAR_FRAMES = {"beat_f1": 1.5, "beat_f1_near": 0.43}  # about 70 ms, the usual tolerance, and 20 ms
SAME_TEMPO = 0.04  # relative difference, as in all of the literature


class LitTiming(LitPredictor):
    """Trains a TimingModel; validation compares the peaks of its answers with the labels."""

    network: TimingModel

    def measured(self, batch: Mapping[str, Any], evaluating: bool) -> tuple[Tensor, Mapping[str, Any]]:
        answers = TimingAnswers(*(answer.float() for answer in self.network(batch["audio"])))
        loss, log = self.network.losses(answers, batch)
        return loss, {**log, **(figures_of(answers, batch) if evaluating else {})}


def figures_of(answers: TimingAnswers, batch: Mapping[str, Tensor]) -> dict[str, float]:
    """Mean over a batch: F1 of beats and downbeats, and the share of windows whose tempo is right, with its octave."""
    beat, downbeat = (answer.sigmoid().cpu().numpy() for answer in (answers.beat, answers.downbeat))
    place, tempo = answers.place.cpu().numpy(), answers.tempo.log_softmax(dim=1).mean(dim=2).cpu().numpy()  # [B, K]
    truth = {name: batch[name].cpu().numpy() for name in ("beat", "place", "downbeat", "tempo")}
    rows: dict[str, list[float]] = {}
    for i in range(len(beat)):
        beats, heard = pick(truth["beat"][i], truth["place"][i]), pick(beat[i], place[i])
        for name, tolerance in NEAR_FRAMES.items():
            rows.setdefault(name, []).append(onset_f1(beats, heard, tolerance).f1)
        downbeats, heard = pick(truth["downbeat"][i], truth["place"][i]), pick(downbeat[i], place[i])
        rows.setdefault("downbeat_f1", []).append(onset_f1(downbeats, heard, NEAR_FRAMES["beat_f1"]).f1)
        known = truth["tempo"][i][truth["tempo"][i] > 0]
        if len(known):
            ratio = BPMS[tempo[i].argmax()] / np.median(known)
            rows.setdefault("tempo_right", []).append(float(abs(ratio - 1) <= SAME_TEMPO))
            same = min(abs(ratio * factor - 1) for factor in (1 / 3, 0.5, 1, 2, 3))
            rows.setdefault("tempo_octaves", []).append(float(same <= SAME_TEMPO))
    return {name: float(np.mean(values)) for name, values in rows.items()}
