"""Errors that a user can fix. Each message names the file, what is wrong with it, and what to do."""


class MugError(Exception):
    """Base of every error that a command reports in one line instead of a traceback."""


class ChartError(MugError):
    """A chart file that cannot be read as an osu!mania chart."""


class AudioError(MugError):
    """An audio file that is missing, undecodable, empty or too long."""


class MusicError(MugError):
    """A MIDI file or a score that cannot be read, or that has nothing in it to use."""


class ConfigError(MugError):
    """A configuration with an unknown key, a missing key or an impossible value."""


class DatasetError(MugError):
    """A dataset that is missing, unprepared or empty."""


class CheckpointError(MugError):
    """A checkpoint that is missing, damaged or of another shape than the model."""


class PromptError(MugError):
    """A prompt that names an unknown feature or gives it an impossible value."""


class TrainingError(MugError):
    """A run that cannot continue: its loss is NaN or infinite, or the disk is full."""


class StudioError(MugError):
    """A visitor's request that the web page cannot take: too much, too large, or of work that is gone."""


class Cancelled(MugError):
    """A request that nobody waits for any more, stopped before its end."""
