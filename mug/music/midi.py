"""MIDI files in and out, read with mido. Files are from strangers: everything about them is bounded.

mido is pure Python, so that a damaged file raises instead of touching foreign memory. The format is that of the
Standard MIDI Files 1.0 (MIDI Manufacturers Association, 1996).
"""

import io
import struct
from collections import defaultdict, deque
from pathlib import Path
from typing import Any

import numpy as np

from mug.charts.tempo_map import TempoMap
from mug.errors import MugError, MusicError
from mug.files import replacing
from mug.music.note import MS_A_BEAT, NOTE, Music, ordered

SUFFIXES = (".mid", ".midi", ".smf", ".kar")
MAX_BYTES = 1_000_000  # about half a million events; an hour of piano playing has half of it
MAX_HOURS = 3.0
DRUM_CHANNEL = 9
CHANNELS = tuple(channel for channel in range(16) if channel != DRUM_CHANNEL)
DEFAULT_TEMPO = 500_000  # microseconds a beat
TICKS_A_BEAT = round(MS_A_BEAT)  # of files that we write, so that a tick is 1 ms
# What mido raises on files that are no MIDI.
DAMAGE = (OSError, EOFError, ValueError, LookupError, TypeError, AttributeError, struct.error)


def read_midi(path: str | Path) -> Music:
    """Read a MIDI file. Raises MusicError, in one line, for a file that is none, too large or without notes."""
    path = Path(path)
    if not path.is_file():
        raise MusicError(f"{path}: no such file; give a MIDI file ({', '.join(SUFFIXES)})")
    if path.stat().st_size > MAX_BYTES:
        raise _too_large(str(path), path.stat().st_size)
    return parse_midi(path.read_bytes(), str(path))


def parse_midi(content: bytes, source: str) -> Music:
    """Return the music of a MIDI file's bytes; `source` names it in messages. Raises MusicError as `read_midi`.

    A note without an end lasts until the end of the file. The sustain pedal is not played.
    """
    if len(content) > MAX_BYTES:
        raise _too_large(source, len(content))
    mido = _mido()
    try:
        file = mido.MidiFile(file=io.BytesIO(content), clip=True)
    except (*DAMAGE, mido.KeySignatureError) as error:
        why = str(error) or "it is cut off"
        raise MusicError(f"{source}: not a readable MIDI file ({why}); export it again, or leave it out") from error
    if file.type == 2 and len(file.tracks) > 1:
        raise MusicError(f"{source}: has {len(file.tracks)} independent songs in it; save each as a file of its own")
    return _music_of(file, source)


def write_midi(path: str | Path, notes: np.ndarray) -> None:
    """Write notes [N] as a MIDI file, atomically, a track for each program and one for drums; times in whole ms.

    With more programs than MIDI has channels for, the last ones share one.
    """
    mido = _mido()
    file = mido.MidiFile(ticks_per_beat=TICKS_A_BEAT)
    conductor = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=DEFAULT_TEMPO)])
    file.tracks.append(conductor)
    programs = sorted({int(program) for program in notes["program"][~notes["drum"]]})
    parts = [(CHANNELS[min(i, len(CHANNELS) - 1)], program, False) for i, program in enumerate(programs)]
    for channel, program, drum in [*parts, (DRUM_CHANNEL, 0, True)]:
        own = notes[notes["drum"]] if drum else notes[~notes["drum"] & (notes["program"] == program)]
        if len(own):
            file.tracks.append(_track(mido, own, channel, program))
    with replacing(Path(path)) as temporary:
        file.save(str(temporary))


def _track(mido: Any, notes: np.ndarray, channel: int, program: int) -> Any:
    """A track that plays notes [N] of one program; an end comes before a start at the same time."""
    starts = np.rint(notes["start_ms"]).astype(int)
    ends = np.maximum(np.rint(notes["end_ms"]).astype(int), starts + 1)
    moments = [
        (tick, kind, int(note["pitch"]), int(note["velocity"]))
        for note, start, end in zip(notes, starts.tolist(), ends.tolist(), strict=True)
        for tick, kind in ((start, "note_on"), (end, "note_off"))
    ]
    track = mido.MidiTrack([mido.Message("program_change", channel=channel, program=program)])
    now = 0
    for tick, kind, pitch, velocity in sorted(moments):
        track.append(mido.Message(kind, channel=channel, note=pitch, velocity=velocity, time=tick - now))
        now = tick
    return track


def _music_of(file: Any, source: str) -> Music:
    """The notes of a parsed file, with times from its tempos."""
    moments = []  # (tick, number of the track, message), in the order in which they are played
    for number, track in enumerate(file.tracks):
        tick = 0
        for message in track:
            tick += message.time
            moments.append((tick, number, message))
    moments.sort(key=lambda moment: moment[0])
    tempos, meters = {0.0: DEFAULT_TEMPO}, {0.0: 4.0}
    ticks_a_beat = _ticks_a_beat(file.ticks_per_beat, source)
    programs: dict[int, int] = {}
    sounding: defaultdict[tuple[int, int, int], deque[int]] = defaultdict(deque)
    rows: list[tuple[int, int, int, int, int, bool]] = []  # start and end in ticks, pitch, velocity, program, drum

    def end(index: int, tick: int) -> None:
        start, _, *rest = rows[index]
        rows[index] = (start, tick, *rest)  # type: ignore[assignment]

    for tick, number, message in moments:
        beat = tick / ticks_a_beat
        if message.type == "set_tempo" and file.ticks_per_beat > 0:
            if message.tempo == 0:
                raise MusicError(f"{source}: a tempo of 0 at beat {beat:g}; set one in a MIDI editor, or leave it out")
            tempos[beat] = message.tempo
        elif message.type == "time_signature":
            meters[beat] = 4 * max(message.numerator, 1) / message.denominator
        elif message.type == "program_change":
            programs[message.channel] = message.program
        elif message.type in ("note_on", "note_off"):
            key = (number, message.channel, message.note)
            if message.type == "note_on" and message.velocity:
                drum = message.channel == DRUM_CHANNEL
                program = 0 if drum else programs.get(message.channel, 0)
                sounding[key].append(len(rows))
                rows.append((tick, -1, message.note, message.velocity, program, drum))
            elif sounding[key]:
                end(sounding[key].popleft(), tick)
    if not rows:
        raise MusicError(f"{source}: has no notes; leave it out")
    for index in (index for queue in sounding.values() for index in queue):
        end(index, moments[-1][0])
    table = np.array(rows, dtype=np.int64)  # [N, 6]
    starts, stops = table[:, 0] / ticks_a_beat, table[:, 1] / ticks_a_beat  # beats
    tempo = TempoMap.of_tempos(0.0, [(beat, 60e6 / span) for beat, span in sorted(tempos.items())])
    notes = np.zeros(len(rows), NOTE)
    notes["beat"] = starts
    notes["start_ms"], notes["end_ms"] = tempo.times_of(starts), tempo.times_of(stops)
    notes["pitch"], notes["velocity"], notes["program"], notes["drum"] = table[:, 2:].T
    longest = notes["end_ms"].max() / 3.6e6
    if longest > MAX_HOURS:
        raise MusicError(f"{source}: lasts {longest:.3g} hours, {MAX_HOURS:g} are allowed; cut it, or leave it out")
    return Music(ordered(notes), tuple(sorted(meters.items())))


def _ticks_a_beat(division: int, source: str) -> float:
    """Ticks in half a second, or in a beat: a negative division counts ticks of film frames instead of beats."""
    if division > 0:
        return float(division)
    frames, ticks = -(division >> 8), division & 0xFF
    if not division or not ticks:
        raise MusicError(f"{source}: a beat has 0 ticks; export it again, or leave it out")
    return frames * ticks * DEFAULT_TEMPO / 1e6


def _too_large(source: str, n_bytes: int) -> MusicError:
    return MusicError(
        f"{source}: {n_bytes / 1e6:.3g} MB; a MIDI file of a piece has at most {MAX_BYTES / 1e6:g} MB: split it, or "
        "leave it out"
    )


def _mido() -> Any:
    try:
        import mido
    except ImportError as error:
        raise MugError("MIDI files need the package mido: pip install 'mug[music]'") from error
    return mido
