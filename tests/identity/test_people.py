"""The directory, people's settings and photos, roles and who may give them."""

import asyncio
import io
import itertools
import unicodedata
from typing import Any
from uuid import uuid4

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from hanse.identity import Role
from hanse.identity.people import search_people
from hanse.identity.people.store import fold
from tests.identity.conftest import House, Tenant


async def find(browser: httpx.AsyncClient, query: str, limit: int = 2) -> list[str]:
    """Names of all that are found, page by page."""
    names: list[str] = []
    cursor: str | None = None
    while True:
        params: dict[str, Any] = {"query": query, "limit": limit}
        page = (await browser.get("/v1/people", params=params | _cursor(cursor))).json()
        names += [each["name"] for each in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            return names


def _cursor(cursor: str | None) -> dict[str, str]:
    return {"cursor": cursor} if cursor else {}


@pytest.fixture(scope="module")
async def directory(house: House) -> httpx.AsyncClient:
    """A member of an organisation of people with all sorts of names."""
    tenant = await house.organisation("Directory")
    for name, email in (
        ("Ana Müller", "ana.mueller@corp.example"),
        ("Joana Silva", "joana@corp.example"),
        ("Jürgen Änderle", "j.a@corp.example"),
        ("Ana Analova", "x1@corp.example"),
        ("李小龍", "bruce@corp.example"),
    ):
        await tenant.person(name=name, email=email)
    return await tenant.signed_in(name="Zoe", email="zoe@other.example")


@pytest.mark.parametrize(
    ("query", "names"),
    [
        # Beginnings of words first, then what is within; each person once.
        ("ana", ["Ana Analova", "Ana Müller", "Joana Silva"]),
        ("MULLER", ["Ana Müller"]),
        ("müll", ["Ana Müller"]),
        ("mueller", ["Ana Müller"]),
        ("ander", ["Jürgen Änderle"]),
        ("ana mü", ["Ana Müller"]),
        ("na", ["Ana Müller", "Ana Analova", "Joana Silva"]),
        # What begins within a word ends with it.
        ("na mü", []),
        ("corp.ex", ["Jürgen Änderle", "Ana Müller", "Ana Analova", "李小龍", "Joana Silva"]),
        ("other.example", ["Zoe"]),
        ("小", ["李小龍"]),
        ("nobody", []),
        ("%", []),
    ],
)
async def test_people_are_found_by_any_part_of_a_word_and_what_follows_its_beginning(
    directory: httpx.AsyncClient, query: str, names: list[str]
) -> None:
    found = await find(directory, query)
    assert sorted(found) == sorted(names)
    if query == "ana":
        assert found[-1] == "Joana Silva"


async def test_the_directory_finds_whatever_part_of_a_word_is_asked_for(house: House) -> None:
    tenant = await house.organisation("Any")
    # The digits of other scripts are no parts of words to PostgreSQL.
    characters = st.characters(
        codec="utf-8", categories=["L", "Zs"], include_characters="0123456789"
    )
    names = st.text(characters, min_size=1, max_size=100)

    async def check(name: str, place: int) -> None:
        person_id = await tenant.person(name=name)
        async with house.db.tx(tenant.id) as tx:
            folded = await fold(tx, name.strip())
        start = place % len(folded)
        part = folded[start : start + 20]
        if not part[0].isalnum():
            return
        if start and unicodedata.category(folded[start - 1])[0] in "LNM":
            part = "".join(itertools.takewhile(str.isalnum, part))
        async with house.db.tx(tenant.id) as tx:
            found = await search_people(tx, tenant.operator, part, None, 500)
        assert person_id in [person.id for _, person in found], part

    loop = asyncio.get_running_loop()

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(names.filter(lambda name: name.strip()), st.integers(0, 200))
    def run(name: str, place: int) -> None:
        asyncio.run_coroutine_threadsafe(check(name, place), loop).result(30)

    await asyncio.to_thread(run)


async def test_a_renamed_person_is_found_by_the_new_name_only(tenant: Tenant) -> None:
    browser = await tenant.signed_in(name="Vorher Name")
    answer = await browser.patch("/v1/me", json={"name": "Nachher Name"})
    assert answer.json()["person"]["name"] == "Nachher Name"
    assert await find(browser, "nachher") == ["Nachher Name"]
    assert await find(browser, "vorher") == []


async def test_people_change_their_own_settings(tenant: Tenant) -> None:
    browser = await tenant.signed_in()
    changes = {"locale": "pt-BR", "time_zone": "America/Sao_Paulo", "languages": ["pt", "en"]}
    person = (await browser.patch("/v1/me", json=changes)).json()["person"]
    assert {name: person[name] for name in changes} == changes
    for wrong, code in (
        ({"time_zone": "Mars/Olympus"}, "invalid_time_zone"),
        ({"locale": "not a tag"}, "invalid_language"),
        ({"name": "\n"}, "invalid_name"),
        ({"role": "owner"}, "bad_request"),
    ):
        answer = await browser.patch("/v1/me", json=wrong)
        assert (answer.status_code, answer.json()["code"]) == (400, code)


def picture(kind: str, size: tuple[int, int] = (640, 480), **more: Any) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "teal").save(out, kind, **more)
    return out.getvalue()


async def test_a_photo_becomes_a_small_square_without_what_the_camera_wrote(
    tenant: Tenant,
) -> None:
    browser = await tenant.signed_in()
    exif = Image.Exif()
    exif[0x010E] = "the secret place"
    for data in (picture("JPEG", exif=exif), picture("PNG", (3, 3000))):
        person = (await browser.put("/v1/me/photo", content=data)).json()
        image = await browser.get(person["photo_url"])
        assert image.headers["content-type"] == "image/webp"
        assert b"secret place" not in image.content
        assert Image.open(io.BytesIO(image.content)).size == (256, 256)
    assert (await browser.delete("/v1/me/photo")).json()["photo_url"] is None
    assert (await browser.get(person["photo_url"])).status_code == 404


@pytest.mark.parametrize(
    "data",
    [b"", b"not a picture", picture("GIF"), picture("PNG")[:200], b"<svg onload=alert(1)></svg>"],
    ids=["empty", "text", "gif", "cut off", "svg"],
)
async def test_what_is_no_picture_is_refused(tenant: Tenant, data: bytes) -> None:
    answer = await (await tenant.signed_in()).put("/v1/me/photo", content=data)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_photo")


async def test_a_picture_with_too_many_pixels_or_bytes_is_refused(tenant: Tenant) -> None:
    browser = await tenant.signed_in()
    bomb = picture("PNG", (9000, 9000))
    assert len(bomb) < 2**20
    assert (await browser.put("/v1/me/photo", content=bomb)).status_code == 400
    assert (await browser.put("/v1/me/photo", content=bytes(2**21 + 1))).status_code == 413


async def test_an_invited_person_gets_a_link_that_is_shown_once(
    house: House, tenant: Tenant
) -> None:
    admin = await tenant.signed_in(Role.ADMIN)
    body = {"email": f"{uuid4()}@example.org", "name": "New", "invite": True}
    headers = {"Idempotency-Key": str(uuid4())}
    first = (await admin.post("/v1/people", json=body, headers=headers)).json()
    again = (await admin.post("/v1/people", json=body, headers=headers)).json()
    assert again == {**first, "sign_in_link": None}
    token = first["sign_in_link"]["url"].rpartition("/")[2]
    answer = await house.browser().post("/v1/auth/link", json={"token": token})
    assert answer.json()["person"]["id"] == first["id"]


async def test_the_last_owner_stays(house: House) -> None:
    tenant = await house.organisation("Owners")
    first = await tenant.person(Role.OWNER)
    owner = await tenant.signed_in(person_id=first)
    for change in ({"role": "admin"}, {"status": "deactivated"}):
        answer = await owner.patch(f"/v1/people/{first}", json=change)
        assert (answer.status_code, answer.json()["code"]) == (409, "last_owner")
    await tenant.person(Role.OWNER)
    assert (await owner.patch(f"/v1/people/{first}", json={"role": "admin"})).status_code == 200
    assert (await owner.get("/v1/me")).status_code == 403, "another role, a new session"


async def test_an_administrator_cannot_take_an_owner_over(house: House) -> None:
    tenant = await house.organisation("Takeover")
    owner, admin = await tenant.person(Role.OWNER), await tenant.signed_in(Role.ADMIN)
    for change in ({"email": "mine@example.org"}, {"role": "member"}, {"name": "X"}):
        assert (await admin.patch(f"/v1/people/{owner}", json=change)).status_code == 403
    me = (await admin.get("/v1/me")).json()["person"]["id"]
    assert (await admin.patch(f"/v1/people/{me}", json={"role": "owner"})).status_code == 403


async def test_nobody_can_sign_in_as_a_program(tenant: Tenant) -> None:
    admin = await tenant.signed_in(Role.ADMIN)
    body = {"email": f"{uuid4()}@example.org", "name": "Bot", "role": "service"}
    bot = (await admin.post("/v1/people", json=body)).json()
    assert (await admin.post(f"/v1/people/{bot['id']}/sign-in-links")).status_code == 403
