"""Text that is put into the head of the page, and into nothing else."""

import asyncio
from typing import Any

import pytest

from mug.webui.page_head import PageHead


def answer(path: str, content_type: bytes, parts: list[bytes]) -> tuple[dict[bytes, bytes], bytes, int]:
    """The headers, the body and the number of body messages of an answer that went through PageHead."""
    sent: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        size = sum(map(len, parts))
        headers = [(b"content-type", content_type), (b"content-length", b"%d" % size), (b"x-kept", b"1")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for i, part in enumerate(parts):
            await send({"type": "http.response.body", "body": part, "more_body": i + 1 < len(parts)})

    async def receive() -> Any:
        return {}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": path}
    asyncio.run(PageHead(app, html="<style>é</style>")(scope, receive, send))
    return dict(sent[0]["headers"]), b"".join(part.get("body", b"") for part in sent[1:]), len(sent) - 1


def test_the_text_ends_the_head_and_counts_in_the_length() -> None:
    headers, body, _ = answer("/", b"text/html; charset=utf-8", [b"<head><title>T</ti", b"tle></head><body></head>"])
    assert body.decode() == "<head><title>T</title><style>é</style></head><body></head>"
    assert headers[b"content-length"] == b"%d" % len(body)
    assert headers[b"x-kept"] == b"1"


@pytest.mark.parametrize(("path", "kind"), [("/", b"application/json"), ("/file=a.html", b"text/html")])
def test_other_answers_stream_through_unchanged(path: str, kind: bytes) -> None:
    headers, body, messages = answer(path, kind, [b"</head>", b"more"])
    assert body == b"</head>more"
    assert headers[b"content-length"] == b"11"
    assert messages == 2
