"""Which revisions are taken."""

import pytest

from hanse.language.revising.formality import contradicts
from hanse.language.revising.judging import accepted
from hanse.language.revising.wishes import StyleInstruction, Wishes

SOURCE = "Please send your 2 invoices to {name} before Friday."
DRAFT = "Por favor, envie as suas 2 faturas para {name} antes de sexta-feira."
ANY = Wishes(instructions=("Be kind.",))


def judge(answer: str, wishes: Wishes = ANY, *terms: str) -> str | None:
    return accepted(SOURCE, DRAFT, answer, "pt-BR", wishes, terms)


def test_a_changed_translation_is_taken_without_what_models_put_around_it() -> None:
    good = "Queira enviar as suas 2 faturas para {name} antes de sexta-feira."
    assert judge(good) == good
    assert judge(f' "{good}" ') == good
    assert judge(f"Portuguese (Brazilian): {good}") == good
    assert judge(DRAFT) == DRAFT


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "Queira enviar as suas 2 faturas antes de sexta-feira.",
        "Queira enviar as suas duas faturas para {name} antes de sexta-feira.",
        "Queira enviar as suas 2 faturas para {name} e {name} antes de sexta-feira.",
        "Queira enviar as suas 2 faturas para {name}.\nCom os melhores cumprimentos",
        SOURCE,
        "I cannot help with 2 such requests, {name}; ask somebody else about that, please.",
        "Envie envie envie envie envie envie as suas 2 faturas para {name}.",
        "2 {name}",
    ],
)
def test_an_answer_that_is_no_revision_is_not_taken(answer: str) -> None:
    assert judge(answer) is None


def test_terms_of_a_glossary_must_stay() -> None:
    without = DRAFT.replace("faturas", "contas")
    assert judge(without) == without
    assert judge(without, ANY, "fatura") is None
    assert judge(DRAFT, ANY, "fatura") == DRAFT


@pytest.mark.parametrize(
    ("text", "language", "wanted", "is_wrong"),
    [
        ("Kannst du das lesen?", "de", "more", True),
        ("Können Sie das lesen?", "de", "more", False),
        ("Können Sie das lesen?", "de", "less", True),
        ("Sie liest das, und ihr gefällt es.", "de", "less", False),
        ("Você sabe.", "pt-BR", "more", False),
        ("Tu sabes.", "pt-PT", "more", True),
        ("O senhor sabe.", "pt-BR", "less", True),
        ("¿Sabe usted?", "es", "less", True),
        ("Tu es là.", "fr", "more", True),
        ("Du?", "ja", "more", False),
    ],
)
def test_a_word_of_the_other_formality_is_noticed(
    text: str, language: str, wanted: str, is_wrong: bool
) -> None:
    assert contradicts(text, language, "more" if wanted == "more" else "less") is is_wrong


def test_wishes_that_mean_nothing_for_a_language_are_left_out() -> None:
    wishes = Wishes(
        context="x",
        formality="less",
        style_instructions=(StyleInstruction("Be brief.", "de"), StyleInstruction("Be kind.")),
    )
    assert wishes.names == ("context", "formality", "style_rules.custom_instructions")
    possible = wishes.possible("en", "en-GB")
    assert possible.formality is None
    assert [each.prompt for each in possible.style_instructions] == ["Be kind."]
    assert wishes.possible("de", "pt-BR").formality == "less"
