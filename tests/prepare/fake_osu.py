"""An osu! API on this machine, for tests: tokens, the search with its cursors, mappers' graveyards, and bad days."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

CLIENT_ID, SECRET = "1234", "a-secret-nobody-may-see"
PAGE = 2
STATUS_NUMBERS = {"graveyard": -2, "wip": -1, "pending": 0, "ranked": 1, "approved": 2, "qualified": 3, "loved": 4}


def beatmapset(set_id: int, status: str, mapper_id: int = 7, mode: int = 3) -> dict:
    """A set as the API writes it, with a field that no client knows yet."""
    chart = {"id": set_id * 10, "beatmapset_id": set_id, "mode": "mania", "mode_int": mode, "difficulty_rating": 3.1}
    return {
        "id": set_id,
        "status": status,
        "ranked": STATUS_NUMBERS[status],
        "user_id": mapper_id,
        "creator": f"mapper {mapper_id}",
        "title": "曲",
        "artist": "Nobody",
        "last_updated": "2024-05-18T17:22:23+00:00",
        "beatmaps": [chart | {"mode": "osu", "mode_int": 0, "id": set_id * 10 + 1}, chart],
        "a_field_of_tomorrow": {"x": 1},
    }


class FakeOsu:
    """What the server knows, what it was asked, and what it will answer wrongly: `troubles`, one a request."""

    def __init__(self) -> None:
        self.searches: dict[str, list[dict]] = {}  # category -> sets
        self.graveyards: dict[int, list[dict]] = {}  # mapper -> sets
        self.troubles: list[tuple[int, dict[str, str], bytes] | None] = []
        self.asked: list[tuple[str, dict[str, str]]] = []  # path and parameters, without the tokens'
        self.tokens = 0
        self.valid_token = ""
        self.hang_at: int | None = None  # the request that is never answered
        self.hanging = threading.Event()
        self.release = threading.Event()
        self.url = ""

    def token(self, form: dict[str, str]) -> tuple[int, dict]:
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT_ID, SECRET):
            return 401, {"error": "invalid_client"}
        self.tokens += 1
        self.valid_token = f"token-{self.tokens}"
        return 200, {"access_token": self.valid_token, "expires_in": 86400, "token_type": "Bearer"}

    def answer(self, path: str, query: dict[str, str]) -> tuple[int, object]:
        if path == "/api/v2/beatmapsets/search/":
            sets = self.searches.get(query["s"], [])
            start = int(query.get("cursor[id]", 0))
            page = sets[start : start + PAGE]
            more = start + PAGE < len(sets)
            # the server takes a cursor's values by their order, not by their names
            cursor = {"approved_date": 1600000000000 + start, "id": start + PAGE} if more else None
            body = {"beatmapsets": page, "cursor": cursor, "cursor_string": None, "total": len(sets), "error": None}
            return 200, {**body, "recommended_difficulty": None, "search": {"sort": query["sort"]}}
        mapper = int(path.split("/")[4])
        if mapper not in self.graveyards:
            return 404, {"error": None}
        offset = int(query.get("offset", 0))
        return 200, self.graveyards[mapper][offset : offset + int(query["limit"])]


@contextmanager
def serving(state: FakeOsu) -> Iterator[FakeOsu]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def send(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
            self.send_response(status)
            for name, value in (headers or {"Content-Type": "application/json"}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            status, body = state.token({name: values[0] for name, values in form.items()})
            self.send(status, json.dumps(body).encode())

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            state.asked.append((parts.path, query))
            if state.hang_at == len(state.asked):
                state.hanging.set()
                state.release.wait(60)
                return
            trouble = state.troubles.pop(0) if state.troubles else None
            if trouble is not None:
                self.send(trouble[0], trouble[2], trouble[1])
            elif self.headers["Authorization"] != f"Bearer {state.valid_token}":
                self.send(401, b'{"authentication":"basic"}')
            else:
                status, body = state.answer(parts.path, query)
                self.send(status, json.dumps(body).encode())

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield state
    finally:
        state.release.set()
        server.shutdown()
        thread.join()
        server.server_close()
