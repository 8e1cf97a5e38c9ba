"""Lists of beatmap sets from osu!: the ranked ones, and everything else by their mappers.

The lists are "set_id status" lines, as prepare_features reads them. Also lists the local charts that belong to such
sets.
"""

import csv
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from tqdm import tqdm

from mug.charts.osu import set_id_of
from mug.errors import DatasetError
from mug.files import replacing
from mug.prepare.chart_list import beatmap_paths, write_beatmap_txt
from mug.prepare.journal import Journal
from mug.prepare.osu_api import RANK_STATUSES, MapSet, OsuApi

# The searches for each status, ordered so that new sets come last: a run can be resumed days later.
SEARCHES = {
    "ranked": (("ranked", "ranked_asc"), ("qualified", "ranked_asc")),
    "loved": (("loved", "ranked_asc"),),
    "graveyard": (("graveyard", "updated_asc"),),
}
_FOLDER_ID = re.compile(r"(\d{1,18})\s")  # osu! unpacks a set to "123 Artist - Title"


def download_ranked_map(
    api: OsuApi, out: Path, mode: int, statuses: Iterable[str], tqdm_class: Callable[..., Any] = tqdm
) -> Counter[str]:
    """Write "set_id status" lines of all sets of these statuses with charts of a game mode; return the count of each.

    Downloaded pages are kept in `<out>.partial` until the list is complete; an interrupted run resumes from there.
    """
    wanted = [status for status in SEARCHES if status in set(statuses)]
    with _journal(out, {"job": "sets", "mode": mode, "statuses": wanted}) as journal:
        found = {entry.set_id: entry for entry in _searched(api, journal, mode, wanted, tqdm_class)}
        kept = {entry.set_id: RANK_STATUSES[entry.status] for entry in found.values() if entry.status in RANK_STATUSES}
        kept = {set_id: status for set_id, status in kept.items() if status in wanted}
        write_ranked_map(out, kept)
        journal.path.unlink()
    return Counter(kept.values())


def download_mappers_sets(
    api: OsuApi, out: Path, mode: int, tqdm_class: Callable[..., Any] = tqdm
) -> tuple[dict[int, str], int]:
    """Write "set_id status" lines of all sets by mappers with a ranked set; return them, and the number of mappers.

    `<stem of out>.mappers.tsv` lists for each mapper the number of sets of each status. Resumes as
    `download_ranked_map` does.
    """
    with _journal(out, {"job": "mappers", "mode": mode}) as journal:
        judged = {entry.set_id: entry for entry in _searched(api, journal, mode, ["ranked", "loved"], tqdm_class)}
        mappers = {entry.mapper_id: entry.mapper for entry in judged.values() if entry.status in ("ranked", "approved")}
        sets = {set_id: entry for set_id, entry in judged.items() if entry.mapper_id in mappers}
        for mapper_id in tqdm_class(sorted(mappers), desc="mappers", unit="mapper"):
            for rows in journal.pages(f"graveyard of {mapper_id}", partial(api.graveyard_of, mapper_id, mode)):
                sets.update({entry.set_id: entry for entry in (MapSet(*row) for row in rows)})
        kept = {set_id: RANK_STATUSES[entry.status] for set_id, entry in sets.items() if entry.status in RANK_STATUSES}
        _write_mappers(out.with_suffix(".mappers.tsv"), mappers, [sets[set_id] for set_id in kept])
        write_ranked_map(out, kept)
        journal.path.unlink()
    return kept, len(mappers)


def write_ranked_map(path: Path, statuses: Mapping[int, str]) -> None:
    """Write "set_id status" lines, by id, whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_text("".join(f"{set_id} {statuses[set_id]}\n" for set_id in sorted(statuses)), newline="\n")


def charts_of_sets(beatmap_txt: str | Path, set_ids: Iterable[int], out: Path) -> int:
    """Write those charts of a list that belong to the sets to a list beside it; return how many.

    A chart's set is the id in its file; if that has none, the number that its folder's name begins with. Raises
    DatasetError if there are no such charts.
    """
    wanted = set(set_ids)
    folder = Path(beatmap_txt).parent
    here = [path for path in beatmap_paths(beatmap_txt) if _set_of(path) in wanted]
    if not here:
        raise DatasetError(f"{beatmap_txt}: none of its charts is in these sets, so no list was written")
    write_beatmap_txt(out, [str(path.relative_to(folder) if path.is_relative_to(folder) else path) for path in here])
    return len(here)


def _set_of(chart: Path) -> int:
    try:
        set_id = set_id_of(chart.read_bytes())
    except OSError:
        set_id = 0
    named = _FOLDER_ID.match(chart.parent.name)
    return set_id or (int(named[1]) if named else 0)


def _journal(out: Path, job: dict[str, Any]) -> Journal:
    return Journal(out.with_name(f"{out.name}.partial"), job)


def _searched(
    api: OsuApi, journal: Journal, mode: int, statuses: Iterable[str], tqdm_class: Callable[..., Any]
) -> Iterator[MapSet]:
    """Yield the sets of these statuses.

    A set whose status changes during the search may come twice; the later one counts.
    """
    with tqdm_class(desc="sets", unit="set") as bar:
        for status in statuses:
            for category, order in SEARCHES[status]:
                for rows in journal.pages(f"search {category}", partial(api.search, category, order, mode)):
                    bar.update(len(rows))
                    yield from (MapSet(*row) for row in rows)


def _write_mappers(path: Path, mappers: Mapping[int, str], sets: Iterable[MapSet]) -> None:
    counts: defaultdict[int, Counter[str]] = defaultdict(Counter)
    for entry in sets:
        counts[entry.mapper_id][RANK_STATUSES[entry.status]] += 1
    columns = list(dict.fromkeys(RANK_STATUSES.values()))
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, dialect="excel-tab", lineterminator="\n")
        table.writerow(["mapper_id", "mapper", *columns])
        table.writerows(
            [mapper_id, mappers[mapper_id], *(counts[mapper_id][c] for c in columns)] for mapper_id in sorted(mappers)
        )
