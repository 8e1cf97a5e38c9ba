"""The configurations that are shipped, by name, overlays with their bases."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mug.config import PROJECT_ROOT, load_config

CONFIGS = PROJECT_ROOT / "configs" / "mug"
NAMES = sorted(
    path.stem for path in CONFIGS.glob("*.yaml") if re.search("^(model|over):", path.read_text(encoding="utf-8"), re.M)
)
BASES = {
    "autoencoder_beats": "autoencoder",
    "autoencoder_large": "autoencoder",
    "mini_autoencoder_7k": "mini_autoencoder",
    "mini_diffusion_7k": "mini_diffusion",
    "mini_placement": "mini_diffusion",
    "mug_diffusion_beats": "mug_diffusion",
    "recurrent_autoencoder": "mini_autoencoder",
    "mug_diffusion_stft": "mug_diffusion",
    "timing": "mini_timing",
}


def files_of(name: str) -> list[Path]:
    return [CONFIGS / f"{part}.yaml" for part in (BASES.get(name), name) if part]


def shipped(name: str, overrides: Iterable[str] = ()) -> dict[str, Any]:
    return load_config(files_of(name), overrides)
