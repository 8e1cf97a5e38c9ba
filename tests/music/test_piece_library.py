"""Pieces from folders: resumed, copies left out, bad files listed; segments by split, moved and balanced."""

import sqlite3
from pathlib import Path

import numpy as np
import pytest

from mug.commands import prepare_midi
from mug.errors import ConfigError, DatasetError, MusicError
from mug.music.composed import composed, drum_key
from mug.music.dataset import BalancedSampler, RollTestDataset, RollTrainDataset, RollValidDataset
from mug.music.library import PieceLibrary
from mug.music.midi import write_midi
from mug.music.note import make_notes
from mug.music.prepare import prepare_pieces
from mug.music.scores import CORPUS, reserves, score_files
from mug.music.sources import Score, midi_files

ROLL = {"frame_ms": 100.0, "frames": 20, "lowest": 60, "pitches": 8}


def scale(*pitches: int, length_ms: float = 500.0) -> np.ndarray:
    starts = np.arange(len(pitches)) * length_ms
    return make_notes(starts, starts + length_ms, np.array(pitches))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Twelve different pieces, a transposed copy, a piece of drums, an empty file and one that is no MIDI."""
    folder = tmp_path / "midi"
    for number in range(12):
        write_midi(folder / f"{number:02d}.mid", scale(60, 60 + number % 7, 62, 64, 60, length_ms=400 + 10 * number))
    write_midi(folder / "deep" / "zz.MID", scale(62, 62, 64, 66, 62, length_ms=400))
    beats_ms = np.arange(4) * 500.0
    write_midi(folder / "drums.mid", make_notes(beats_ms, beats_ms + 9, np.full(4, 36), drum=True))
    (folder / "empty.mid").touch()
    (folder / "text.midi").write_text("not music")
    (folder / "link.mid").symlink_to(folder / "00.mid")
    return folder


def test_a_folder_becomes_a_library_once(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = folder.parent / "out"
    prepare_midi.main(["--midi", str(folder), "-o", str(out)])
    said = capsys.readouterr().out
    assert said.startswith("13 pieces, 3 skipped: 1 copies, 2 unusable\n")
    assert "midi/deep/zz.MID: the same notes as midi/00.mid" in said
    assert "text.midi: not a readable MIDI file (MThd not found. Probably not a MIDI file); export it again" in said
    assert (
        f"next: mug train --base configs/music/piano_roll_vae.yaml -t data.params.common.library={out}/pieces.db"
        in said
    )
    before = (out / "pieces.db").read_bytes()
    prepare_midi.main(["--midi", str(folder), "-o", str(out)])
    assert (out / "pieces.db").read_bytes() == before  # nothing was read again


def test_a_changed_file_is_read_again(folder: Path) -> None:
    path = folder.parent / "pieces.db"
    prepare_pieces(path, midi_files([folder]), jobs=1)
    write_midi(folder / "text.midi", scale(60, 61, 62))
    assert prepare_pieces(path, midi_files([folder]), jobs=1).done == 14


def test_what_is_stored_comes_back(tmp_path: Path) -> None:
    music = composed(seed=1, number=0, seconds=12)
    with PieceLibrary(tmp_path / "pieces.db", create=True) as library:
        assert library.add("a", "1", "a", music) is None
        (piece,) = library.pieces()
    assert (piece.music.notes == music.notes).all()
    assert piece.music.meters == music.meters


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["--midi", "EMPTY"],
            r"EMPTY: has no MIDI files \(.mid, .midi, .smf, .kar\); give a folder that has some",
        ),
        (["--midi", "GONE"], "GONE: no such folder; give a folder of MIDI files"),
        ([], "nothing to prepare: give --midi FOLDER, --scores or --composed 200"),
        (["--scores", "madonna"], "--scores: no composer 'madonna'; there are bach, beethoven, "),
    ],
)
def test_nothing_to_prepare_says_what_to_give(
    arguments: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "EMPTY").mkdir()
    with pytest.raises((DatasetError, ConfigError), match=said):
        prepare_midi.main(arguments)


def test_a_damaged_library_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "pieces.db"
    path.write_text("no database")
    with pytest.raises(DatasetError, match=r"pieces\.db: not a library of pieces \(.*\); delete it and run"):
        RollTrainDataset(str(path))
    path.unlink()
    with PieceLibrary(path, create=True) as library:
        library.add("a", "1", "a", composed(1, 0, 12))
    with sqlite3.connect(path) as database:
        database.execute("UPDATE Piece SET notes = ?", (b"12345",))
    with pytest.raises(DatasetError, match="not a library of pieces"), PieceLibrary(path) as library:
        list(library.pieces())


def test_pieces_are_split_by_work(folder: Path) -> None:
    path = folder.parent / "pieces.db"
    prepare_pieces(path, midi_files([folder]), jobs=1)
    params = {"library": str(path), "roll": ROLL, "valid_fraction": 0.3, "test_fraction": 0.3}
    splits = [kind(**params) for kind in (RollTrainDataset, RollValidDataset, RollTestDataset)]
    names = [set(split.songs()) for split in splits]
    assert sum(map(len, names)) == len(set.union(*names)) == 12  # the piece of drums has no pitches
    assert sum(len(split.report.skipped) for split in splits) == 1
    assert Score(Path(), "bach/bwv66.6").work == "bach/bwv66"
    assert Score(Path(), "haydn/opus1no1/movement1").work == Score(Path(), "haydn/opus1no1/movement2").work
    with pytest.raises(DatasetError, match="no piece with pitches in the test split; prepare more pieces"):
        RollTestDataset(**{**params, "test_fraction": 0.0})


def test_an_item_is_a_segment_and_its_density(folder: Path) -> None:
    path = folder.parent / "pieces.db"
    prepare_pieces(path, midi_files([folder]), jobs=1)
    plain = RollTrainDataset(str(path), ROLL, valid_fraction=0, test_fraction=0)
    assert len(plain) == 15  # segments of 2 s; of 12 pieces three have a note that begins later
    item = plain[0]
    assert item["roll"].shape == (3, 8, 20)
    assert item["density"].tolist() == [pytest.approx(item["roll"][0].sum() / 2)]
    moved = RollTrainDataset(str(path), ROLL, 0, 0, random_start=True, transpose=2)
    assert {tuple(moved[0, epoch]["roll"].sum(axis=(0, 2)).nonzero()[0]) for epoch in range(9)} != {(0,)}
    assert np.array_equal(moved[3, 5]["roll"], moved[3, 5]["roll"])
    with pytest.raises(ConfigError, match="are for training; the valid split has none"):
        RollValidDataset(str(path), ROLL, transpose=2)


def test_each_density_is_drawn_equally_often() -> None:
    classes = np.array([0] * 8 + [1] * 2)  # two hard segments of ten
    sampler = BalancedSampler(classes, seed=3, rank=0, n_ranks=1, drop_last=False)
    drawn = np.array([index for index, _ in sampler])
    assert len(drawn) == 10
    assert np.bincount(classes[drawn]).tolist() == [5, 5]
    sampler.set_epoch(1)
    assert [index for index, _ in sampler] != drawn.tolist()


def test_composed_songs_have_all_parts() -> None:
    music = composed(seed=0, number=3, seconds=20)
    assert len(music.drums)
    assert len(set(music.pitched["program"].tolist())) > 1
    assert music.notes["end_ms"].max() < 20_000
    assert [drum_key("kick", 0), drum_key("snare", 0), drum_key("hat", 0), drum_key("tom", 37)] == [36, 38, 42, 41]


def test_scores_are_of_the_public_domain() -> None:
    assert list(CORPUS) == [
        "bach", "beethoven", "chopin", "cpebach", "handel", "haydn", "joplin", "monteverdi", "mozart", "ryansMammoth",
        "schumann_clara", "schumann_robert", "verdi", "weber",
    ]  # fmt: skip
    assert [name for name, _ in score_files(["joplin"])] == ["joplin/maple_leaf_rag"]
    assert reserves("<rights>Released to Public Domain in 1998</rights>") == ""
    assert reserves("<rights>(c) 2014 somebody</rights>") == "(c) 2014 somebody"
    assert reserves("!!!OTL: a\n!!!YEM: Rights to all derivative electronic formats reserved.\n") == (
        "Rights to all derivative electronic formats reserved."
    )
    with pytest.raises(MusicError, match="reserves rights"):
        Score(next(path for name, path in score_files(["bach"]) if path.suffix == ".krn"), "bach/x").read()
