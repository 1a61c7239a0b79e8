"""Words agree with the noun that was put in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.language.glossaries.agreement import gender, mended, put


@pytest.mark.parametrize(
    ("noun", "wanted"),
    [
        ("nota fiscal", "f"), ("ordem de compra", "f"), ("cadastro", "m"), ("painel", "m"),
        ("oficina", "f"), ("frete", "m"), ("problema", "m"), ("coleção", "f"),
        ("cidades", "f"), ("colaborador", "m"), ("cliente", "m"), ("fase", "f"),
        ("12", None), ("hambúrguer", None),
    ],
)  # fmt: skip
def test_the_end_of_a_noun_tells_its_gender_or_not(noun: str, wanted: str | None) -> None:
    found = gender(noun)
    assert found == wanted


@pytest.mark.parametrize(
    ("text", "own", "noun", "result"),
    [
        ("Envie o boleto hoje.", "boleto", "nota fiscal", "Envie a nota fiscal hoje."),
        ("O boleto foi assinado.", "boleto", "fatura", "A fatura foi assinada."),
        ("Os novos avisos do mês", "avisos", "notas", "As novas notas do mês"),
        ("a conta antiga dos pais", "conta", "cadastro", "o cadastro antigo dos pais"),
        ("Falamos com a minha conta.", "conta", "cadastro", "Falamos com o meu cadastro."),
        ("Diga a ela: conta paga.", "conta", "cadastro", "Diga a ela: cadastro paga."),
        ("Vi o carro da Ana.", "carro", "trem", "Vi o trem da Ana."),
        ("A casa e o boleto.", "boleto", "nota", "A casa e a nota."),
    ],
)
def test_what_agreed_with_the_old_noun_agrees_with_the_new_one(
    text: str, own: str, noun: str, result: str
) -> None:
    start = text.index(own)
    assert put(text, (start, start + len(own)), noun, gender(own)) == result


@pytest.mark.parametrize(
    ("text", "noun", "result"),
    [
        ("Envie o nota fiscal.", "nota fiscal", "Envie a nota fiscal."),
        ("Vieram para o oficina.", "oficina", "Vieram para a oficina."),
        ("A ordem de compra foi aprovado.", "ordem de compra", "A ordem de compra foi aprovada."),
        ("Ele deu a frete o nome.", "frete", "Ele deu a frete o nome."),
        ("A oficina da Ana.", "oficina", "A oficina da Ana."),
    ],
)
def test_wrong_words_next_to_a_term_are_mended(text: str, noun: str, result: str) -> None:
    start = text.index(noun)
    assert mended(text, (start, start + len(noun))) == result


@given(st.text(), st.text(), st.sampled_from(["nota", "boleto", "trem"]))
def test_nothing_but_the_words_next_to_it_changes(before: str, after: str, noun: str) -> None:
    text = f"{before}| boleto |{after}"
    start = len(before) + 2
    assert put(text, (start, start + 6), noun, "m") == f"{before}| {noun} |{after}"
