"""The spectra of all splits are made before training, as training would make them."""

import sys

import yaml

from mug.config import PROJECT_ROOT
from tests.data.small_library import AUDIO, FEATURES, write_library

SCRIPT = PROJECT_ROOT / "scripts" / "prepare_audio.py"
sys.path.insert(0, str(SCRIPT.parent))
import prepare_audio  # noqa: E402


def test_spectra_of_every_split_are_made(tmp_path, monkeypatch, capsys):
    beatmap_txt = write_library(tmp_path, n_sets=11, seconds=1.0)
    (tmp_path / "song 3" / "audio.wav").write_bytes(b"no music")
    common = {"features": FEATURES, "audio": AUDIO, "valid_fraction": 0.2, "test_fraction": 0.2, "split_salt": "20"}
    kinds = {"train": "Train", "validation": "Valid", "test": "Test"}
    datasets = {name: {"target": f"mug.data.dataset.Osu{kind}Dataset"} for name, kind in kinds.items()}
    params = {"batch_size": 1, "common": common, **datasets}
    node = {"target": "mug.data.datamodule.DataModuleFromConfig", "params": params}
    (tmp_path / "base.yaml").write_text(yaml.safe_dump({"data": node}))
    overrides = [f"data.params.common.beatmap_txt={beatmap_txt}", f"data.params.common.cache_dir={tmp_path}/cache"]
    monkeypatch.setattr(sys, "argv", ["prepare_audio.py", "--base", str(tmp_path / "base.yaml"), *overrides])
    prepare_audio.main()
    said = capsys.readouterr().out
    assert [line.split(":")[0] for line in said.splitlines() if not line.startswith(" ")] == [
        "train",
        "validation",
        "test",
    ]
    assert "undecodable audio" in said
    assert len(list((tmp_path / "cache").glob("*.npy"))) == 10
