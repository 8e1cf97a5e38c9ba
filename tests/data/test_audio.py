"""Music to spectra: what is read, what is refused, and that frames lie where the sound is."""

import sys

import numpy as np
import pytest
import soundfile
from einops import rearrange
from mutagen.id3 import TIT2, TPE1
from mutagen.wave import WAVE

from mug.charts.osu import read_osu
from mug.data.audio import AudioSettings, decode_audio, load_audio, log_mel, read_tags, stft
from mug.errors import AudioError, ConfigError

SR = 22050


def sine(seconds=0.5, hz=441.0, sr=SR):
    return (0.5 * np.sin(2 * np.pi * hz * np.arange(int(seconds * sr)) / sr)).astype(np.float32)


def test_both_standard_settings_have_note_frames_of_46_ms():
    mel = AudioSettings()
    spectrum = AudioSettings(kind="stft", n_fft=2048, max_audio_frame=16384, audio_note_window_ratio=2)
    assert (mel.hop_length, mel.max_note_frame) == (128, 4096)
    assert (spectrum.hop_length, spectrum.max_note_frame) == (512, 8192)
    assert mel.note_frame_ms == spectrum.note_frame_ms == 46.439909297052154
    assert (mel.grid.audio.frame_ms, spectrum.grid.audio.frame_ms) == (128 / 22050 * 1000, 512 / 22050 * 1000)


@pytest.mark.parametrize(
    ("params", "named"),
    [
        ({"n_ftt": 512}, "n_ftt"),
        ({"kind": "cqt"}, "cqt"),
        ({"n_fft": 510}, "multiple of 4"),
        ({"max_audio_frame": 100, "audio_note_window_ratio": 8}, "audio_note_window_ratio"),
        ({"n_mels": 0}, "positive"),
        ({"sr": "22050"}, "whole numbers"),
        ({"sr": 22050.5}, "whole numbers"),
        ({"n_mels": True}, "whole numbers"),
    ],
)
def test_impossible_settings_are_named(params, named):
    with pytest.raises(ConfigError, match=named):
        AudioSettings.from_params(params)


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3"])
def test_a_click_stays_where_it_is_in_every_format(tmp_path, suffix):
    sr = 44100
    samples = 1e-3 * np.random.default_rng(0).standard_normal((sr, 2))
    samples[sr // 2 : sr // 2 + 40] += 0.8  # half a second in
    path = tmp_path / f"click.{suffix}"
    soundfile.write(path, samples, sr)
    decoded = decode_audio(path, SR)
    assert decoded.dtype == np.float32
    assert decoded.ndim == 1
    assert np.abs(decoded).argmax() / SR == pytest.approx(0.5, abs=0.002)


def test_stereo_becomes_the_mean_of_its_channels(tmp_path):
    left, right = sine(hz=441), sine(hz=882)
    soundfile.write(tmp_path / "a.wav", np.stack([left, right], axis=1), SR, subtype="FLOAT")
    np.testing.assert_allclose(decode_audio(tmp_path / "a.wav", SR), (left + right) / 2, atol=1e-6)


def test_resampling_keeps_length_and_pitch(tmp_path):
    soundfile.write(tmp_path / "a.wav", sine(1.0, 441, sr=48000), 48000, subtype="FLOAT")
    decoded = decode_audio(tmp_path / "a.wav", SR)
    assert abs(len(decoded) - SR) <= 1
    assert np.abs(np.fft.rfft(decoded)).argmax() == 441


def test_unusable_files_are_refused_by_name(tmp_path):
    cases = {
        "missing.mp3": (None, "no such audio file"),
        "empty.mp3": (b"", r"not decodable \(the file is empty\)"),
        "text.ogg": (b"these are words, no music" * 1000, "not decodable"),
        "noise.mp3": (np.random.default_rng(3).bytes(100_000), r"not decodable \(damaged, or no audio\)"),
    }
    for name, (content, reason) in cases.items():
        if content is not None:
            (tmp_path / name).write_bytes(content)
        with pytest.raises(AudioError, match=f"{name}.*{reason}"):
            decode_audio(tmp_path / name, SR)
    with pytest.raises(AudioError, match="no such audio file"):
        decode_audio(tmp_path, SR)


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e30, -1e30])
def test_samples_that_would_poison_a_spectrum_are_refused(tmp_path, value):
    samples = sine()
    samples[77] = value
    soundfile.write(tmp_path / "a.wav", samples, SR, subtype="FLOAT")
    with pytest.raises(AudioError, match=r"a\.wav.*NaN samples, or samples far beyond full scale"):
        decode_audio(tmp_path / "a.wav", SR)


def test_a_recording_without_a_sample_at_our_rate_is_refused(tmp_path):
    soundfile.write(tmp_path / "blink.wav", np.zeros(1), 192_000)
    with pytest.raises(AudioError, match=r"blink\.wav: shorter than one sample"):
        decode_audio(tmp_path / "blink.wav", SR)


def test_silence_is_music(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.zeros(SR), SR)
    assert load_audio(tmp_path / "a.wav", AudioSettings()).max() == 0


def test_files_without_a_sample_or_with_too_many_are_refused(tmp_path):
    soundfile.write(tmp_path / "none.wav", np.zeros(0), SR)
    soundfile.write(tmp_path / "long.wav", np.zeros(3 * SR), SR)
    with pytest.raises(AudioError, match="holds no sound"):
        decode_audio(tmp_path / "none.wav", SR)
    with pytest.raises(AudioError, match=r"long\.wav"):
        decode_audio(tmp_path / "long.wav", SR, max_seconds=2.0)
    assert len(decode_audio(tmp_path / "long.wav", SR, max_seconds=3.0)) == 3 * SR


def test_a_flac_that_lies_about_its_length_is_heard_or_refused(tmp_path):
    path = tmp_path / "lie.flac"
    soundfile.write(path, sine(), SR)
    data = bytearray(path.read_bytes())
    n_samples = int.from_bytes(data[18:26], "big")  # STREAMINFO: the low 36 bits
    data[18:26] = (n_samples >> 36 << 36 | 3000 * SR).to_bytes(8, "big")
    path.write_bytes(data)
    try:
        import av  # noqa: F401
    except ImportError:
        with pytest.raises(AudioError, match=r"lie\.flac"):
            decode_audio(path, SR)
    else:
        assert len(decode_audio(path, SR)) == SR // 2


@pytest.fixture
def fake_ffmpeg(tmp_path, monkeypatch):
    """Put a program called ffmpeg in PyAV's place that writes `seconds` of a constant, or fails where that is 0."""

    def install(seconds):
        script = f"import sys; n = {2 * int(seconds * 44100)}; n or sys.exit('moov atom not found');"
        script += "sys.stdout.buffer.write(bytes.fromhex('0000003f') * n)"
        program = tmp_path / "bin" / "ffmpeg"
        program.parent.mkdir(exist_ok=True)
        program.write_text(f'#!/bin/sh\nexec "$PYTHON" -c "{script}"\n')
        program.chmod(0o755)
        monkeypatch.setenv("PYTHON", sys.executable)
        monkeypatch.setenv("PATH", str(program.parent))
        monkeypatch.setitem(sys.modules, "av", None)

    return install


def test_ffmpeg_reads_what_libsndfile_does_not(tmp_path, fake_ffmpeg):
    song = tmp_path / "song.m4a"
    song.write_bytes(b"\0\0\0\x1cftypM4A not for libsndfile")
    fake_ffmpeg(seconds=0.1)
    np.testing.assert_array_equal(decode_audio(song, 44100), np.full(4410, 0.5, np.float32))
    with pytest.raises(AudioError, match=r"song\.m4a: longer than 0 minutes"):
        decode_audio(song, SR, max_seconds=0.05)
    fake_ffmpeg(seconds=0)
    with pytest.raises(AudioError, match=r"song\.m4a.*moov atom not found"):
        decode_audio(song, SR)


def test_a_missing_decoder_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    monkeypatch.setenv("PATH", "")
    (tmp_path / "song.m4a").write_bytes(b"\0\0\0\x1cftypM4A ")
    with pytest.raises(AudioError, match=r"song\.m4a: not decodable.*pip install av"):
        decode_audio(tmp_path / "song.m4a", SR)


@pytest.mark.parametrize("gain", [-1.0, -0.8])
def test_channels_that_cancel_each_other_are_heard(tmp_path, gain):
    left = sine()
    soundfile.write(tmp_path / "a.wav", np.stack([left, gain * left], axis=1), SR, subtype="FLOAT")
    np.testing.assert_array_equal(decode_audio(tmp_path / "a.wav", SR), left)


def test_log_mel_has_one_frame_per_hop_and_sees_the_pitch():
    settings = AudioSettings()
    mel = log_mel(sine(hz=1000), settings)
    assert mel.shape == (128, 1 + 11025 // 128)
    assert mel.dtype == np.float16
    middle = mel[:, 40].astype(np.float32)
    assert np.all(middle >= 0)
    # Slaney's scale is linear below 1 kHz, 15 mels there, and reaches 11025 Hz at 49.9: bin 15/49.9 of 128
    assert middle.argmax() == pytest.approx(15 / 49.9 * 128, abs=2)


def test_stft_is_the_windowed_fourier_sum_at_the_frame_centre():
    settings = AudioSettings(kind="stft", n_fft=32, audio_note_window_ratio=2, max_audio_frame=4)
    samples = np.random.default_rng(5).standard_normal(101).astype(np.float32)
    spectrum = stft(samples, settings)
    assert spectrum.shape == (2, 17, 13)
    assert spectrum.dtype == np.float16
    centre = 7 * 8
    window = np.sin(np.pi * np.arange(32) / 32) ** 2
    n, q = np.arange(32), rearrange(np.arange(17), "q -> q 1")
    expected = (samples[centre - 16 : centre + 16] * window * np.exp(-2j * np.pi * q * n / 32)).sum(axis=1)
    np.testing.assert_allclose(spectrum[0, :, 7], expected.real, atol=5e-3)
    np.testing.assert_allclose(spectrum[1, :, 7], expected.imag, atol=5e-3)


def test_a_click_is_loudest_in_the_frame_centred_on_it():
    settings = AudioSettings()
    samples = np.zeros(SR, dtype=np.float32)
    samples[50 * 128] = 1.0
    assert log_mel(samples, settings).astype(np.float32).sum(axis=0).argmax() == 50


def test_load_audio_refuses_a_long_song_before_its_spectrum(tmp_path, monkeypatch):
    soundfile.write(tmp_path / "long.wav", np.zeros(9 * SR), SR)
    monkeypatch.setattr("mug.data.audio.log_mel", lambda samples, settings: pytest.fail("the spectrum was computed"))
    with pytest.raises(AudioError, match=r"long\.wav: 0\.1 minutes long; at most 0\.1 can"):
        load_audio(tmp_path / "long.wav", AudioSettings(), max_seconds=6.0)


def test_less_sound_than_a_frame_is_refused(tmp_path):
    soundfile.write(tmp_path / "blip.wav", np.zeros(100), SR)
    with pytest.raises(AudioError, match=r"blip\.wav: only 4\.5 ms of sound, too short for a chart"):
        load_audio(tmp_path / "blip.wav", AudioSettings())


def test_load_audio_follows_the_kind(tmp_path):
    soundfile.write(tmp_path / "a.wav", sine(), SR)
    assert load_audio(tmp_path / "a.wav", AudioSettings(n_mels=80)).shape == (80, 87)
    assert load_audio(tmp_path / "a.wav", AudioSettings(kind="stft", n_fft=2048)).shape == (2, 1025, 22)


def test_damaged_tags_are_no_tags(tmp_path):
    soundfile.write(tmp_path / "a.ogg", sine(), SR, format="OGG", subtype="VORBIS")
    whole = (tmp_path / "a.ogg").read_bytes()
    for position in range(300):
        for value in (0, 19, 255):
            damaged = whole[:position] + bytes([value]) + whole[position + 1 :]
            (tmp_path / "b.ogg").write_bytes(damaged)
            assert len(read_tags(tmp_path / "b.ogg")) == 2


def test_tags_name_title_and_artist_where_there_are_some(tmp_path):
    with soundfile.SoundFile(tmp_path / "a.ogg", "w", SR, 1) as file:
        file.title, file.artist = "Ein Lied", "Jemand"
        file.write(sine())
    soundfile.write(tmp_path / "b.wav", sine(), SR)
    soundfile.write(tmp_path / "tagged.wav", sine(), SR)
    wave = WAVE(tmp_path / "tagged.wav")
    wave.add_tags()
    wave.tags.add(TIT2(encoding=3, text=" Ein Lied "))
    wave.tags.add(TPE1(encoding=3, text=["Jemand", "Noch jemand"]))
    wave.save()
    soundfile.write(tmp_path / "blank.wav", sine(), SR)
    wave = WAVE(tmp_path / "blank.wav")
    wave.add_tags()
    wave.tags.add(TIT2(encoding=3, text=[]))
    wave.tags.add(TPE1(encoding=3, text=" "))
    wave.save()
    (tmp_path / "c.mp3").write_bytes(b"ID3\x04\x00\x00\x00\x00\x02\x00" + bytes(range(200)))
    assert read_tags(tmp_path / "a.ogg") == ("Ein Lied", "Jemand")
    assert read_tags(tmp_path / "b.wav") == (None, None)
    assert read_tags(tmp_path / "tagged.wav") == ("Ein Lied", "Jemand")
    assert read_tags(tmp_path / "blank.wav") == (None, None)
    assert read_tags(tmp_path / "c.mp3") == (None, None)
    assert read_tags(tmp_path / "missing.mp3") == (None, None)


@pytest.mark.parametrize(
    ("chart", "audio", "latest_ms"),
    [
        ("calib_ideal_sync/Vospi - Ideal Sync ogg (StepMania) [Beginner].osu", "_sync music.ogg", 10.0),
        ("calib_quaver_offset/Swan - Left Right (Swan) [Offset Calibrator].osu", "offset.mp3", 25.0),
    ],
)
def test_notes_of_calibration_tracks_lie_on_their_clicks(shared, chart, audio, latest_ms):
    # The mp3 has no LAME header, so the delay of its encoder stays in: its clicks come 12 to 17 ms late.
    path = shared / "data" / "songs" / chart
    settings = AudioSettings()
    mel = load_audio(path.parent / audio, settings).astype(np.float32)
    onset_strength = np.maximum(np.diff(mel, axis=1, prepend=mel[:, :1]), 0).sum(axis=0)
    frames = np.unique([round(note.start_ms / settings.grid.audio.frame_ms) for note in read_osu(path).notes])
    shifts = np.arange(-20, 21)
    frames = frames[(frames > 20) & (frames < len(onset_strength) - 20)]
    strength = [onset_strength[frames + shift].mean() for shift in shifts]
    best_ms = shifts[int(np.argmax(strength))] * settings.grid.audio.frame_ms
    assert -15.0 <= best_ms <= latest_ms
    assert max(strength) > 5 * onset_strength.mean()


def test_mp3_encoder_delay_is_removed_if_the_header_has_it(tmp_path):
    samples = np.zeros(44100, dtype=np.float32)
    samples[22050:22060] = 0.9
    soundfile.write(tmp_path / "click.mp3", samples, 44100)
    click = np.abs(decode_audio(tmp_path / "click.mp3", 44100)).argmax()
    assert 22050 <= click < 22060
