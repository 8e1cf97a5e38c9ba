"""features.db: what is written is read back, whole or not at all, and a wrong file says what to do."""

import sqlite3
from contextlib import closing, suppress

import pytest

from mug.errors import DatasetError
from mug.features import Feature, FeatureSpec
from mug.prepare.feature_db import FeatureDB

SPEC = FeatureSpec(
    [
        Feature("sr", "numeric", 1, 8, 0.2),
        Feature("rank_status", "category", values=("ranked", "loved")),
        Feature("rc", "bool", values=(False, True)),
    ]
)
ROWS = [
    {"name": "a.osu", "set_name": "1 Song", "sr": 3.25, "rank_status": "loved", "rc": 1},
    {"name": "b'; DROP TABLE Feature; --.osu", "set_name": "1 Song", "sr": 0.0, "rank_status": None, "rc": 0},
    {"name": "a.osu", "set_name": "曲", "sr": None, "rank_status": None, "rc": None},
]


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "features.db"
    with FeatureDB(path, SPEC, create=True) as database:
        database.upsert(ROWS)
    return path


def test_rows_come_back_with_null_and_zero_apart(path):
    with FeatureDB(path, SPEC) as database:
        assert database.get("a.osu", "1 Song") == {"sr": 3.25, "rank_status": "loved", "rc": 1}
        assert database.get(ROWS[1]["name"], "1 Song") == {"sr": 0.0, "rank_status": None, "rc": 0}
        assert database.get("a.osu", "曲") == {"sr": None, "rank_status": None, "rc": None}
        assert database.get("c.osu", "1 Song") is None
        assert database.all() == {
            (row["name"], row["set_name"]): {name: row[name] for name in SPEC.names} for row in ROWS
        }


def test_the_table_is_as_documented(path):
    with closing(sqlite3.connect(path)) as connection:
        columns = connection.execute("PRAGMA table_info(Feature)").fetchall()
        assert [(name, kind, key) for _, name, kind, _, _, key in columns] == [
            ("name", "TEXT", 1),
            ("set_name", "TEXT", 2),
            ("sr", "REAL", 0),
            ("rank_status", "TEXT", 0),
            ("rc", "INT", 0),
        ]


def test_upsert_replaces_the_same_chart_only(path):
    with FeatureDB(path, SPEC, create=True) as database:
        database.upsert([{"name": "a.osu", "set_name": "1 Song", "sr": 4.0, "rank_status": None, "rc": 0}])
        assert database.get("a.osu", "1 Song") == {"sr": 4.0, "rank_status": None, "rc": 0}
        assert len(database.all()) == 3


def test_a_feature_that_nothing_computes_is_not_given(path):
    with FeatureDB(path, SPEC, create=True) as database:
        database.upsert([{"name": "d.osu", "set_name": "s", "sr": 2.0}])
        assert database.get("d.osu", "s") == {"sr": 2.0, "rank_status": None, "rc": None}


def test_an_upsert_that_fails_writes_nothing(path):
    with FeatureDB(path, SPEC, create=True) as database:
        with pytest.raises(DatasetError, match="cannot be written"):
            database.upsert([{"name": "e.osu", "set_name": "s", "sr": 1.0}, {"name": "f.osu", "set_name": [1]}])
        assert database.get("e.osu", "s") is None


def test_a_missing_database_names_the_command(tmp_path):
    with pytest.raises(DatasetError, match=r"features\.db.*run `mug features`"):
        FeatureDB(tmp_path / "features.db", SPEC)
    assert not (tmp_path / "features.db").exists()


def test_a_database_of_other_features_says_what_it_lacks(path):
    other = FeatureSpec([Feature("sr", "numeric", 1, 8, 0.2), Feature("ett", "numeric", 5, 35, 1)])
    with pytest.raises(DatasetError, match="lacks ett"):
        FeatureDB(path, other)
    with FeatureDB(path, other, create=True) as database:  # which are made, beside those that are there
        assert database.get("a.osu", "1 Song") == {"sr": 3.25, "ett": None}
    with FeatureDB(path, SPEC) as database:
        assert database.get("a.osu", "1 Song") == {"sr": 3.25, "rank_status": "loved", "rc": 1}


def test_a_database_of_the_first_version_says_what_to_do(tmp_path):
    with closing(sqlite3.connect(tmp_path / "features.db")) as connection, connection:
        connection.execute("CREATE TABLE Feature (name TEXT, set_name TEXT, sr REAL, rank_status TEXT, rc INT)")
    with pytest.raises(DatasetError, match=r"older version.*run `mug features`"):
        FeatureDB(tmp_path / "features.db", SPEC)


def test_a_damaged_database_says_so(tmp_path, path):
    (tmp_path / "text.db").write_text("no database at all" * 100)
    with pytest.raises(DatasetError, match=r"text\.db.*damaged"):
        FeatureDB(tmp_path / "text.db", SPEC)
    path.write_bytes(path.read_bytes()[:4096] + b"\xff" * 8192)
    with pytest.raises(DatasetError, match=r"features\.db.*damaged"), FeatureDB(path, SPEC) as database:
        database.all()


def test_it_is_one_file_that_reading_does_not_touch(tmp_path, path):
    before = path.read_bytes()
    with FeatureDB(path, SPEC) as database:
        assert list(tmp_path.iterdir()) == [path]
        with pytest.raises(DatasetError, match="readonly"):
            database.upsert(ROWS)
    assert path.read_bytes() == before


def test_an_odd_folder_name_is_no_problem(tmp_path):
    folder = tmp_path / "50% #1? & more"
    folder.mkdir()
    with FeatureDB(folder / "features.db", SPEC, create=True) as database:
        database.upsert(ROWS)
    with FeatureDB(folder / "features.db", SPEC) as database:
        assert len(database.all()) == 3


def test_the_next_run_rolls_back_what_a_killed_run_wrote(tmp_path, path):
    left = tmp_path / "left"
    left.mkdir()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA cache_size = 1")  # so that it writes to the file before the end
        connection.execute("BEGIN IMMEDIATE")
        rows = [(f"{i}.osu", "x" * 3000) for i in range(50)]
        connection.executemany("INSERT INTO Feature (name, set_name) VALUES (?, ?)", rows)
        for file in tmp_path.glob("features.db*"):
            (left / file.name).write_bytes(file.read_bytes())
        connection.execute("ROLLBACK")
    with pytest.raises(DatasetError, match=r"run `mug features` again"):
        FeatureDB(left / "features.db", SPEC)
    with FeatureDB(left / "features.db", SPEC, create=True) as database:
        assert len(database.all()) == 3
    assert [file.name for file in left.iterdir()] == ["features.db"]


def test_a_transaction_is_all_of_it_or_nothing(path):
    with FeatureDB(path, SPEC, create=True) as database:
        with suppress(KeyboardInterrupt), database.transaction():
            database.upsert([{"name": "new.osu", "set_name": "s", "sr": 1.0}])
            database.remove([("a.osu", "曲")])
            raise KeyboardInterrupt
        assert set(database.all()) == {(row["name"], row["set_name"]) for row in ROWS}
