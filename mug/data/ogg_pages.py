"""The pages of an Ogg file (RFC 3533), grouped into chained streams. Damaged pages are left out."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

HEADER_BYTES = 27
FIRST, LAST = 0x02, 0x04  # flags of a page: the first and the last of its stream
REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


@dataclass(slots=True)
class Link:
    """One of the streams that follow each other in a chained file: its pages, and how many bytes of it are lost."""

    pages: list[bytes] = field(default_factory=list)
    lost_bytes: int = 0


def read_links(data: bytes) -> list[Link]:
    """Return the chained streams of a file; an ordinary file has one. Pages with a wrong checksum are left out."""
    links: list[Link] = []
    lost = 0
    for page, before in _pages(data):
        lost += before
        if page[5] & FIRST and (not links or not links[-1].pages[-1][5] & FIRST):
            links.append(Link())  # streams of one link that run side by side begin together
        if not links:
            continue
        links[-1].pages.append(page)
        links[-1].lost_bytes, lost = links[-1].lost_bytes + lost, 0
    return links


def _pages(data: bytes) -> Iterator[tuple[bytes, int]]:
    """Yield the valid pages of a file, and the number of other bytes before each."""
    at = end = 0
    while (at := data.find(b"OggS", at)) >= 0:
        header = data[at : at + HEADER_BYTES]
        size = HEADER_BYTES + header[26] if len(header) == HEADER_BYTES else 0
        size += sum(data[at + HEADER_BYTES : at + size])
        page = data[at : at + size]
        if size and len(page) == size and _checksum(page) == int.from_bytes(page[22:26], "little"):
            yield page, at - end
            at = end = at + size
        else:
            at += 1


def _checksum(page: bytes) -> int:
    """The CRC of a page: zlib's polynomial, with the bits of every byte reversed."""
    page = page[:22] + bytes(4) + page[26:]
    crc = zlib.crc32(page.translate(REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{crc:032b}"[::-1], 2)
