"""What a file is taken for, and how it is shown: by its content, whatever its name says."""

import io
import random
import subprocess
import sys
import zlib

import msgspec
import pytest
from hypothesis import given, strategies
from PIL import Image

from hanse.chat.files.kinds import TextCheck, clean_name, download_headers, recognised
from hanse.chat.files.preview import PIXELS_MAX, THUMBNAIL_PIXELS, Look
from hanse.chat.files.ranges import RangeNotSatisfiable, wanted

OGG = b"OggS\0\x02" + bytes(22) + b"\x01\x1e\x01vorbis" + bytes(30)


def is_text(*pieces: bytes) -> bool:
    check = TextCheck()
    for each in pieces:
        check.feed(each)
    check.feed(b"", is_last=True)
    return check.is_text


@pytest.mark.parametrize(
    ("name", "content", "media_type"),
    [
        ("a.png", b"\x89PNG\r\n\x1a\n" + bytes(40), "image/png"),
        ("a.txt", b"\x89PNG\r\n\x1a\n" + bytes(40), "image/png"),
        ("a.png", b"<html><script>alert(1)</script>", "text/plain"),
        ("a.svg", b'<svg xmlns="http://www.w3.org/2000/svg"/>', "text/plain"),
        ("a.html", "<p>Olá".encode(), "text/plain"),
        ("a.html", b"<html>\xff\xfe<script>", "application/octet-stream"),
        ("a.pdf", b"%PDF-1.7\n" + bytes(40), "application/pdf"),
        ("a.mp4", b"\0\0\0\x18ftypmp42" + bytes(60), "video/mp4"),
        ("a.webm", b"\x1aE\xdf\xa3\x93\x42\x82\x88webm" + bytes(60), "video/webm"),
        ("a.mp3", b"ID3\x03\0\0\0\0\0\0" + bytes(100), "audio/mpeg"),
        ("a.ogg", OGG, "audio/ogg"),
        ("a.ogv", OGG, "video/ogg"),
        ("a.wav", b"RIFF\0\0\0\0WAVEfmt " + bytes(100), "audio/wav"),
        ("a.exe", b"MZ" + bytes(200), "application/octet-stream"),
        ("notes.md", b"# Notes\n", "text/plain"),
        ("a.bin", bytes(range(256)), "application/octet-stream"),
    ],
)
def test_the_content_says_what_a_file_is(name: str, content: bytes, media_type: str) -> None:
    assert recognised(content, name, is_text=is_text(content)) == media_type


def test_text_is_recognised_across_pieces() -> None:
    smile = "😀".encode()
    assert is_text(b"a" + smile[:2], smile[2:] + b"\n")
    assert not is_text(b"a" + smile[:2])
    assert not is_text(b"a\0b")


@given(strategies.text(), strategies.sampled_from(["text/plain", "text/html", "image/png", "x/y"]))
def test_no_header_breaks_and_nothing_runs(name: str, media_type: str) -> None:
    cleaned = clean_name(name)
    assert 1 <= len(cleaned) <= 200
    assert not set(cleaned) & set("/\\\r\n\0\u202e")
    headers = download_headers(cleaned, media_type)
    for value in headers.values():
        assert value.isascii()
        assert value.isprintable()
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    shown = headers["Content-Disposition"].startswith("inline")
    assert shown == (media_type in ("text/plain", "image/png"))
    if not shown:
        assert headers["Content-Type"] == "application/octet-stream"


def test_a_name_keeps_its_suffix_and_loses_what_misleads() -> None:
    assert clean_name("../../etc/passwd") == "passwd"
    assert clean_name("C:\\Reports\\März.pdf") == "März.pdf"
    assert clean_name("photo\u202egpj.exe") == "photogpj.exe"
    assert clean_name("..") == "file"
    assert clean_name("x" * 500 + ".pdf").endswith("x.pdf")


@pytest.mark.parametrize(
    ("header", "part"),
    [
        (None, None),
        ("bytes=0-", (0, 99)),
        ("bytes=10-19", (10, 19)),
        ("bytes=90-500", (90, 99)),
        ("bytes=-5", (95, 99)),
        ("bytes=-500", (0, 99)),
        ("bytes=0-1,4-5", None),
        ("bytes=9-3", None),
        ("bytes=-", None),
        ("lines=1-2", None),
    ],
)
def test_a_range_is_read_as_the_standard_has_it(
    header: str | None, part: tuple[int, int] | None
) -> None:
    assert wanted(header, 100) == part


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=-0", "bytes=500-600"])
def test_a_range_behind_the_end_is_refused(header: str) -> None:
    with pytest.raises(RangeNotSatisfiable) as refused:
        wanted(header, 100)
    assert refused.value.headers == {"Content-Range": "bytes */100"}


def looked_at(content: bytes, kind: str = "image") -> tuple[Look, bytes]:
    done = subprocess.run(
        [sys.executable, "-m", "hanse.chat.files.preview", kind],
        input=content,
        capture_output=True,
        timeout=30,
        check=True,
    )
    first, _, thumbnail = done.stdout.partition(b"\n")
    return msgspec.json.decode(first, type=Look), thumbnail


def picture(width: int, height: int, kind: str = "JPEG", **more: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(out, kind, **more)
    return out.getvalue()


def test_a_picture_is_turned_as_it_is_shown_and_its_place_is_left_out() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x8825] = {1: "N", 2: (53.0, 33.0, 0.0)}
    look, small = looked_at(picture(2000, 1000, exif=exif))
    assert (look.format, look.width, look.height) == ("JPEG", 1000, 2000)
    thumbnail = Image.open(io.BytesIO(small))
    assert (thumbnail.format, thumbnail.size) == ("WEBP", (THUMBNAIL_PIXELS // 2, THUMBNAIL_PIXELS))
    assert not thumbnail.getexif()


def test_a_decompression_bomb_is_told_from_its_header_alone() -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        crc = zlib.crc32(kind + data).to_bytes(4, "big")
        return len(data).to_bytes(4, "big") + kind + data + crc

    side = 60_000
    header = side.to_bytes(4, "big") * 2 + bytes([8, 6, 0, 0, 0])
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
    bomb += chunk(b"IDAT", zlib.compress(bytes(1_000_000))) + chunk(b"IEND", b"")
    look, small = looked_at(bomb)
    assert (look.is_too_large, small) == (True, b"")
    assert look.width * look.height > PIXELS_MAX


def test_what_is_broken_cannot_be_drawn_and_harms_nothing() -> None:
    dice = random.Random(4)
    whole = picture(300, 200, "PNG")
    for content in (whole[:60], b"GIF89a", dice.randbytes(5000), b"", b"%PDF-1.4 no"):
        assert looked_at(content) == (Look(), b"")
    assert looked_at(b"%PDF-1.4 no", "pdf") == (Look(), b"")
