"""Text for the head of the page, put in while it is served: gradio's own `head` comes only after its scripts ran."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class PageHead:
    """ASGI middleware that puts `html` at the end of the head of the page at the root."""

    def __init__(self, app: ASGIApp, html: str) -> None:
        self._app = app
        self._html = html.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_page = scope["type"] == "http" and scope["method"] == "GET" and scope["path"] in ("", "/")
        await self._app(scope, receive, _Inserting(send, self._html) if is_page else send)


class _Inserting:
    """Sends an answer on; one of HTML as a whole, with `html` in it."""

    def __init__(self, send: Send, html: bytes) -> None:
        self._send = send
        self._html = html
        self._start: Message | None = None
        self._body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_html(message):
            self._start = message
        elif self._start is None:
            await self._send(message)
        else:
            self._body += message.get("body", b"")
            if not message.get("more_body"):
                body = self._body.replace(b"</head>", self._html + b"</head>", 1)
                others = [(name, value) for name, value in self._start["headers"] if name != b"content-length"]
                await self._send({**self._start, "headers": [*others, (b"content-length", b"%d" % len(body))]})
                await self._send({"type": "http.response.body", "body": body})


def _is_html(start: Message) -> bool:
    return dict(start["headers"]).get(b"content-type", b"").startswith(b"text/html")
