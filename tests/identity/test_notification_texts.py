"""Every kind and every letter can be said in every language."""

from datetime import UTC, datetime

import pytest

from hanse.identity.notifications.model import LANGUAGES, Habits, Kind, Recipient, Row
from hanse.identity.notifications.sending import letters
from hanse.identity.notifications.wording import fill, language_of, notification_of
from hanse.platform.ids import new_id
from hanse.server.notices import all_kinds

KINDS = list(all_kinds())
NAME = "Ana <b>&"


def row_of(kind: Kind, count: int = 1) -> Row:
    """A notification of a kind, with facts that could break a pattern or a page."""
    at = datetime(2026, 11, 25, 12, tzinfo=UTC)
    facts: dict[str, str | int] = {each: f"{each} {{0}} '<i>'" for each in kind.facts}
    facts.update(dict.fromkeys(kind.dates, "2026-12-02"))
    return Row(
        id=new_id(),
        person_id=new_id(),
        kind=kind.name,
        facts=facts,
        link="/account",
        count=count,
        number=1,
        position=1,
        in_app=True,
        created_at=at,
        updated_at=at,
        read_at=None,
    )


def recipient(locale: str) -> Recipient:
    return Recipient(
        id=new_id(), email="ana@example.org", name=NAME, locale=locale, habits=Habits()
    )


@pytest.mark.parametrize("locale", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_kind_has_its_texts_in_every_language(kind: Kind, locale: str) -> None:
    assert kind.texts.keys() == set(LANGUAGES)
    assert kind.texts[locale].label
    for count in (1, 2, 5):
        told = notification_of(row_of(kind, count), kind, locale)
        said = told.title + told.body
        assert told.title
        for fact in kind.facts:
            # A pattern that names what it is not given shows the name in braces.
            assert f"{{{fact}}}" not in said
        assert "{count" not in said
    texts = [notification_of(row_of(kind), kind, each).title for each in LANGUAGES]
    assert len(set(texts)) == len(LANGUAGES), "each in its own language"


def test_several_are_counted_by_the_rules_of_the_language() -> None:
    kind = next(each for each in KINDS if each.name == "language.document_finished")
    titles = [notification_of(row_of(kind, count), kind, "de").title for count in (1, 3)]
    assert titles[0].startswith("„filename")
    assert titles[1] == "3 Dokumente sind übersetzt"
    # In French and Portuguese, nought is counted like one.
    pattern = "{n, plural, one {one} other {other}}"
    said = {each: fill(pattern, each, {"n": 0}) for each in LANGUAGES}
    assert said == {"en": "other", "de": "other", "pt": "one", "es": "other", "fr": "one"}


def test_days_are_written_as_in_the_language() -> None:
    kind = next(each for each in KINDS if each.name == "identity.api_key_expires")
    assert "2. Dezember 2026" in notification_of(row_of(kind), kind, "de").title
    assert "December 2, 2026" in notification_of(row_of(kind), kind, "en-GB").title


@pytest.mark.parametrize(
    ("locale", "language"), [("pt-BR", "pt"), ("DE", "de"), ("ja", "en"), ("en-GB", "en")]
)
def test_who_reads_none_of_our_languages_reads_english(locale: str, language: str) -> None:
    assert language_of(locale) == language


@pytest.mark.parametrize("locale", LANGUAGES)
def test_letters_say_everything_in_every_language(locale: str) -> None:
    assert letters.phrases(locale).keys() == letters.phrases("en").keys()
    reader = recipient(locale)
    kind = KINDS[0]
    told = [notification_of(row_of(kind), kind, locale) for _ in range(60)]
    written = [
        letters.single(reader, told[0], told[0].id, "https://hanse.example"),
        letters.digest(reader, told, told[0].id, "https://hanse.example", "https://stop.example/x"),
        letters.sign_in(reader, "id", "Aldeia <i>", "https://hanse.example/sign-in/T", 30),
        letters.invitation(reader, "id", "Aldeia <i>", "https://hanse.example/sign-in/T", 2),
    ]
    for letter in written:
        assert "{" not in letter.text.replace("{0}", "")
        assert NAME in letter.text
        assert "<b>" not in letter.html
        assert "<i>" not in letter.html
        assert f'lang="{locale}"' in letter.html
    assert "https://hanse.example/account" in written[0].text
    for letter in written[:2]:
        assert 'href="https://hanse.example/account/notifications"' in letter.html
    assert 'href="https://stop.example/x"' in written[1].html
    assert {each.headers["Content-Language"] for each in written} == {locale}
    assert written[1].headers["List-Unsubscribe"] == "<https://stop.example/x>"
    assert written[1].headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "10" in written[1].text.rsplit("-- \n", 1)[1], "sixty, of which fifty are shown"
    for letter in written[2:]:
        assert "https://hanse.example/sign-in/T" in letter.text
        assert 'href="https://hanse.example/sign-in/T"' in letter.html


def test_a_kind_that_is_no_more_is_shown_all_the_same() -> None:
    kind = Kind(name="gone.away", texts={})
    assert notification_of(row_of(kind), None, "de").title == "gone.away"
