"""mug chart makes a package of any song, or says in one line what is wrong and leaves nothing behind."""

from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

SR = 22050
NOISE = np.random.default_rng(0).normal(0, 0.2, 2 * SR)


def video(path: Path) -> None:
    with av.open(path, "w") as container:
        pictures, sound = container.add_stream("mpeg4", rate=10), container.add_stream("aac", rate=SR)
        pictures.width = pictures.height = 16
        pictures.pix_fmt, sound.layout = "yuv420p", "mono"
        frame = av.AudioFrame.from_ndarray(NOISE.astype(np.float32)[None], "fltp", "mono")
        frame.sample_rate = SR
        for _ in range(20):
            picture = av.VideoFrame.from_ndarray(np.zeros((16, 16, 3), np.uint8), "rgb24")
            container.mux(pictures.encode(picture))
        container.mux([*sound.encode(frame), *sound.encode(None), *pictures.encode(None)])


def truncated(path: Path) -> None:
    soundfile.write(path, NOISE, SR)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


SONGS: dict[str, tuple[Callable[[Path], None], str]] = {
    "half.wav": (lambda path: soundfile.write(path, NOISE[: SR // 2], SR), ""),
    "telephone.wav": (lambda path: soundfile.write(path, NOISE, 8000), ""),
    "video.mp4": (video, ""),
    "truncated.mp3": (truncated, ""),
    "silence.wav": (lambda path: soundfile.write(path, 0 * NOISE, SR), "is silent, so there is nothing to chart"),
    "blip.wav": (lambda path: soundfile.write(path, NOISE[:50], SR), "only 2.3 ms of sound, too short for a chart"),
    "text.mp3": (lambda path: path.write_bytes(b"text " * 50), "not decodable (damaged, or no audio)"),
    "empty.ogg": (lambda path: path.write_bytes(b""), "not decodable (the file is empty)"),
}


@pytest.mark.filterwarnings("default:.*truncated.mp3. damaged; about")
@pytest.mark.parametrize("name", SONGS)
def test_a_package_or_one_line(run_mug, tiny_checkpoint, tmp_path, name):
    make, problem = SONGS[name]
    make(tmp_path / name)
    quick = ("--steps", 1, "--ensemble", 1, "--attempts", 1, "--prompt", "sr=3", "--checkpoint", tiny_checkpoint)
    done = run_mug("chart", "--audio", tmp_path / name, "--outdir", tmp_path / "out", *quick)
    if problem:
        assert done.returncode == 2
        assert done.stderr.splitlines()[-1] == f"error: {tmp_path / name}: {problem}"
        assert "Traceback" not in done.stderr
        assert not (tmp_path / "out").exists()
    else:
        assert done.returncode == 0, done.stderr
        assert sorted(path.suffix for path in (tmp_path / "out").iterdir()) == [".osz", ".png", ".yaml"]
