"""What the endpoints for scripts take and return: plain values and files."""

from pathlib import Path
from typing import Any, TypedDict, cast

from gradio.data_classes import FileData
from gradio.utils import get_upload_folder

from mug.errors import StudioError


class ChartFile(TypedDict):
    """A chart. file: its .osu. stars: None if osu! does not rate it. notes: how many it has."""

    file: FileData
    name: str
    stars: float | None
    notes: int


class Charts(TypedDict):
    """Charts of a song. package: an .osz of them and the song. remarks: what to know of them."""

    charts: list[ChartFile]
    package: FileData
    remarks: list[str]


class Tempo(TypedDict):
    """From `time_ms` on, where a measure begins, the song has this tempo; `meter`: beats of a measure."""

    time_ms: float
    bpm: float
    meter: int


class Timing(TypedDict):
    """A song's timing. confidence: from 0 to 1. other_bpm: what the first tempo may also be, likeliest first.

    has_beat: False for sound without one; then the tempo is a constant grid. message: what to know, "" if nothing.
    """

    tempos: list[Tempo]
    confidence: float
    other_bpm: list[float]
    has_beat: bool
    message: str


def uploaded(file: Any) -> Path:
    """The path of a file that a client uploaded. Raises StudioError for any other path on this machine."""
    try:
        path = Path(file["path"]).resolve()  # gradio hands on what the client sent
    except (KeyError, TypeError, ValueError) as error:
        raise StudioError("give a file that was uploaded, as gradio_client's handle_file does") from error
    if not path.is_file() or not path.is_relative_to(Path(get_upload_folder()).resolve()):
        raise StudioError(f"{path.name}: is not a file that was uploaded; use gradio_client's handle_file")
    return path


def given_out(path: Path) -> FileData:
    """A file in an answer, as gradio finds it there: a dictionary."""
    return cast(FileData, FileData(path=str(path), orig_name=path.name).model_dump())
