"""A model's music beside real music, noise, and real spectra made sound again.

Axes: S samples, M mel bins, L frames.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from mug.cond.wave import MelspectrogramScaleEncoder1D
from mug.data.audio import AudioSettings, decode_audio, log_mel
from mug.data.split import SplitSpec
from mug.errors import DatasetError
from mug.metrics.frechet import frechet_distance
from mug.spectra.distances import average_distance, embedding_moments
from mug.spectra.generate import SpectrumSampling, sample_spectra, style_id
from mug.spectra.network import SpectrogramDiffusion
from mug.spectra.prepare import MAX_SECONDS, Song, read_index
from mug.spectra.sound import decibels, griffin_lim

BATCH = 4  # spectra drawn at a time


def score_rows(
    network: SpectrogramDiffusion,
    folder: Path,
    division: SplitSpec,
    encoder: MelspectrogramScaleEncoder1D,
    heard: AudioSettings,
    count: int,
    how: SpectrumSampling,
) -> Iterator[tuple[str, float, float]]:
    """Yield (name, Frechet distance, distance of averages in dB) of each kind of music to `count` training songs.

    folder, division: prepared spectra, and how training split them. encoder, heard: what listens, and its audio
    settings. Every kind is a crop from the middle of `count` songs, or as many drawn ones, of the styles of the test
    songs.    Raises DatasetError if a split has too few songs.
    """
    settings = network.audio
    samples = network.z_length * settings.hop_length
    songs = {split: _songs(folder, division, split, count) for split in ("train", "test")}
    real, other = ([_middle(song, settings, samples) for song in songs[split]] for split in ("train", "test"))
    spectra = [log_mel(sound, settings)[:, : network.z_length] for sound in other]
    again = [griffin_lim(spectrum, settings) for spectrum in spectra]
    rng = np.random.default_rng(how.seed)
    noise = [rng.normal(0, np.sqrt(np.mean(sound**2)), samples).astype(np.float32) for sound in other]
    truth = embedding_moments(real, settings.sr, encoder, heard)
    average = np.concatenate([decibels(log_mel(sound, settings)) for sound in real], axis=1)

    def row(name: str, sounds: list[np.ndarray]) -> tuple[str, float, float]:
        own = np.concatenate([decibels(log_mel(sound, settings)) for sound in sounds], axis=1)
        moments = embedding_moments(sounds, settings.sr, encoder, heard)
        return name, frechet_distance(truth, moments), average_distance(average, own)

    yield row("held-out songs", other)
    yield row("their spectra by Griffin-Lim", again)
    styles = [style_id(network, song.style) for song in songs["test"]]
    drawn: list[np.ndarray] = []
    for first in range(0, len(styles), BATCH):
        made = sample_spectra(network, styles[first : first + BATCH], network.z_length, how, first)
        drawn += [griffin_lim(spectrum, settings) for spectrum in made.numpy()]
    yield row("the model's", drawn)
    yield row("white noise, as loud", noise)


def _songs(folder: Path, division: SplitSpec, split: str, count: int) -> list[Song]:
    songs = [song for digest, song in read_index(folder) if division.split_of(digest) == split][:count]
    if len(songs) < 2:
        raise DatasetError(f"{folder}: {len(songs)} songs in the {split} split, need 2 or more; prepare more songs")
    return songs


def _middle(song: Song, settings: AudioSettings, samples: int) -> np.ndarray:
    """So many samples from the middle of a song, with silence after a shorter one."""
    sound = decode_audio(song.path, settings.sr, MAX_SECONDS)
    start = max(0, (len(sound) - samples) // 2)
    crop = sound[start : start + samples]
    return np.pad(crop, (0, samples - len(crop)))
