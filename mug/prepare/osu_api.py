"""Searches osu!'s API v2 through ossapi: beatmap sets, their rank status and their mappers.

Client credentials see what any visitor of osu! sees. They cannot download beatmaps: that needs a user's login.
"""

import os
import time
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple, TypeVar

from mug.errors import MugError


class ApiError(MugError):
    """osu!'s API cannot be used, or does not answer."""


class NotThereError(ApiError):
    """The API says that there is no such item."""


try:
    import requests
    from ossapi import BeatmapsetSearchMode, Cursor, Ossapi, UserBeatmapType
    from ossapi.ossapiv2 import ReauthenticationRequired
except ModuleNotFoundError as error:
    raise ApiError("asking osu! needs the package ossapi; install it: pip install 'mug[osu]'") from error

# osu!'s status of a set -> the rank status of a prompt. Approved is an older word for ranked, and a qualified set is
# ranked some days later. Pending sets and works in progress have not been reviewed, so their status is not given.
RANK_STATUSES = {
    "ranked": "ranked",
    "approved": "ranked",
    "qualified": "ranked",
    "loved": "loved",
    "graveyard": "graveyard",
}
TIMEOUT_S = 60.0
PAUSE_S = 1.0  # between requests: osu! asks for at most 60 a minute
ATTEMPTS = 8
MAX_WAIT_S = 300.0
SETS_OF_A_MAPPER = 50  # per page; the server returns about this many at most
BROKEN = (requests.RequestException, ValueError, TypeError, KeyError, AttributeError, AssertionError)

Answer = TypeVar("Answer")


class MapSet(NamedTuple):
    """A beatmap set: its id, its status in osu!'s words, and its uploader."""

    set_id: int
    status: str
    mapper_id: int
    mapper: str


class Page(NamedTuple):
    """One page of sets, and the cursor of the next page; None after the last one."""

    sets: list[MapSet]
    cursor: dict[str, Any] | None


class OsuApi:
    """The API, called no faster than it allows. Requests are repeated if it is busy or an answer is damaged.

    Raises ApiError for errors that waiting does not fix.
    """

    def __init__(self, client_id: str, client_secret: str, sleep: Callable[[float], None] = time.sleep) -> None:
        self._credentials = {"client_id": client_id, "client_secret": client_secret}
        self._sleep = sleep
        self._api: Ossapi | None = None

    @classmethod
    def from_environment(cls) -> "OsuApi":
        """The API with the credentials in OSU_CLIENT_ID and OSU_CLIENT_SECRET."""
        client_id, client_secret = (os.environ.get(f"OSU_CLIENT_{part}", "").strip() for part in ("ID", "SECRET"))
        if not (client_id and client_secret):
            raise ApiError(
                "osu!'s API needs a registered application: create one under OAuth on "
                "https://osu.ppy.sh/home/account/edit (it needs no callback address), and set OSU_CLIENT_ID and "
                "OSU_CLIENT_SECRET in the environment to what it says there"
            )
        return cls(client_id, client_secret)

    def search(self, category: str, order: str, mode: int, cursor: dict[str, Any] | None) -> Page:
        """One page of the sets of a category (ranked, qualified, loved, graveyard) that have charts of a game mode."""

        def ask(api: Ossapi) -> Page:
            found = api.search_beatmapsets(
                mode=BeatmapsetSearchMode(mode),
                category=category,
                explicit_content="show",
                sort=order,
                cursor=None if cursor is None else Cursor(**cursor),
            )
            if found.error:
                raise ApiError(f"osu! refuses to give the {category} sets: {found.error}")
            following = dict(vars(found.cursor)) if found.cursor is not None and found.beatmapsets else None
            if following is not None and following == cursor:
                raise ValueError("a page that follows itself")
            return Page(_sets(found.beatmapsets, mode), following)

        return self._ask(f"the {category} sets", ask)

    def graveyard_of(self, mapper_id: int, mode: int, cursor: dict[str, Any] | None) -> Page:
        """One page of a mapper's sets in the graveyard; no sets if the mapper no longer exists."""
        offset = 0 if cursor is None else cursor["offset"]

        def ask(api: Ossapi) -> Page:
            found = api.user_beatmaps(mapper_id, UserBeatmapType.GRAVEYARD, limit=SETS_OF_A_MAPPER, offset=offset)
            more = len(found) >= SETS_OF_A_MAPPER
            return Page(_sets(found, mode), {"offset": offset + len(found)} if more else None)

        try:
            return self._ask(f"the sets of mapper {mapper_id}", ask)
        except NotThereError:
            return Page([], None)

    def _ask(self, what: str, request: Callable[[Ossapi], Answer]) -> Answer:
        problem, wait_s = "", PAUSE_S
        for attempt in range(ATTEMPTS):
            self._sleep(wait_s)
            wait_s = PAUSE_S * 2**attempt
            try:
                if self._api is None:
                    self._api = self._connect()
                return request(self._api)
            except requests.HTTPError as error:
                status, again_s = _answer_of(error)
                problem = f"status {status}"
                if status == 401:  # a token is valid for a day
                    self._api = None
                elif status == 404:
                    raise NotThereError(f"osu! does not know {what}") from None
                elif status != 429 and status < 500:
                    raise ApiError(f"osu! refuses to give {what}: {problem}") from None
                wait_s = max(wait_s, again_s)
            except ReauthenticationRequired:
                problem, self._api = "the token is no longer valid", None
            except BROKEN as error:
                problem = f"no readable answer ({type(error).__name__})"
        raise ApiError(
            f"osu! was asked {ATTEMPTS} times for {what}: {problem}. Earlier results are kept: run the same command "
            f"again later"
        ) from None

    def _connect(self) -> Ossapi:
        """Get a token. ossapi could fetch it itself, but would keep it in a file."""
        url = Ossapi.TOKEN_URL.format(domain="osu")
        form = {**self._credentials, "grant_type": "client_credentials", "scope": "public"}
        answer = requests.post(url, data=form, timeout=TIMEOUT_S)
        if answer.status_code in (400, 401, 403):
            raise ApiError(
                "osu! does not accept OSU_CLIENT_ID with OSU_CLIENT_SECRET; compare them with its OAuth page"
            )
        answer.raise_for_status()
        api = Ossapi(**self._credentials, grant="client", access_token=str(answer.json()["access_token"]))
        api.session.hooks["response"].append(_raise_for_status)
        api.session.request = partial(api.session.request, timeout=TIMEOUT_S)
        return api


def _raise_for_status(response: requests.Response, *_: Any, **__: Any) -> None:
    response.raise_for_status()


def _answer_of(error: requests.HTTPError) -> tuple[int, float]:
    """The status of a response, and the seconds that the server asks to wait, 0 if it does not say."""
    if error.response is None:
        return 500, 0.0
    text = error.response.headers.get("Retry-After", "")
    return error.response.status_code, min(float(text), MAX_WAIT_S) if text.isdecimal() else 0.0


def _sets(found: list[Any], mode: int) -> list[MapSet]:
    """The sets with a chart of the game mode. Raises ValueError for an incomplete response."""
    sets = []
    for entry in found:
        if not (isinstance(entry.id, int) and isinstance(entry.user_id, int) and entry.status is not None):
            raise ValueError("a set without an id, a status or a mapper")
        if any(chart.mode_int == mode for chart in entry.beatmaps or []):
            sets.append(MapSet(entry.id, entry.status.name.lower(), entry.user_id, entry.creator or ""))
    return sets
