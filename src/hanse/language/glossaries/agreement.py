"""Makes the words around a noun agree with another noun put in its place. Portuguese only. Pure.

Only what stood in agreement with the noun before is changed: determiners directly before it, and a
participle or adjective directly after it or after a form of "to be". The gender of a noun is read
from its ending; where that does not tell, nothing is changed.
"""

import re
from typing import Final, Literal

from hanse.language.segment import Span

Gender = Literal["f", "m"]

_PAIRS: Final = (
    "o a, os as, um uma, uns umas, do da, dos das, no na, nos nas, ao à, aos às, pelo pela, "
    "pelos pelas, num numa, nuns numas, dum duma, este esta, estes estas, esse essa, esses essas, "
    "aquele aquela, aqueles aquelas, neste nesta, nesse nessa, naquele naquela, deste desta, "
    "desse dessa, daquele daquela, meu minha, meus minhas, seu sua, seus suas, nosso nossa, "
    "nossos nossas, teu tua, outro outra, outros outras, novo nova, novos novas, antigo antiga, "
    "antigos antigas, todo toda, todos todas, nenhum nenhuma, algum alguma, muito muita, "
    "muitos muitas, próximo próxima, próximos próximas, primeiro primeira, último última"
)
_TO_FEMININE: Final = dict(pair.split() for pair in _PAIRS.split(", "))
_TO_MASCULINE: Final = {feminine: masculine for masculine, feminine in _TO_FEMININE.items()}

_FEMININE: Final = re.compile(
    r".*(?:[çs]ão|stão|gião|nião|dade|tude|agem|igem|ugem|ície|ência|ância)$|^(?:ordem|mão|foto|moto"
    r"|tribo|rede|chave|base|fase|sede|lei|cor|flor|dor|parte|noite|tarde|gente|conta)$"
)
_MASCULINE: Final = re.compile(
    r".*(?:ema|oma|ama|ór|or|al|el|il|ol|ul|ém|ês|ão|ço|u|é|ó)$"
    r"|^(?:dia|mapa|frete|nome|pé|café|cliente|gerente|pote|leite|limite|nível|agente)$"
)
_PARTICIPLE: Final = re.compile(
    r"(\s+(?:(?:foi|foram|é|são|era|eram|está|estão|será|serão|ficou|fica)\s+)?\w{0,30}"
    r"(?:ad|id|it|ist|ert|ost|iv|os|ic|antig|nov|velh))([oa])(s?)\b"
)


def gender(noun: str) -> Gender | None:
    """Return the gender of a term by the end of its first word; None if that does not tell."""
    head = re.match(r"[^\W\d_]+", noun.lower())
    if head is None:
        return None
    word = head[0]
    for form in (word, word[:-1] if word.endswith("s") else word):
        if _FEMININE.match(form):
            return "f"
        if _MASCULINE.match(form):
            return "m"
        if form[-1:] in ("a", "o"):
            return "f" if form.endswith("a") else "m"
    return None


def put(text: str, span: Span, noun: str, was: Gender | None) -> str:
    """Return `text` with `noun` in the place of `span`, and what agreed with a noun of `was`.

    Without a difference in gender, or without knowing it, only the noun is put in.
    """
    before, after = text[: span[0]], text[span[1] :]
    wanted = gender(noun)
    if was is not None and wanted is not None and was != wanted:
        before = _before(before, wanted)
        after = _PARTICIPLE.sub(
            lambda match: (
                match[1] + ("a" if wanted == "f" else "o") + match[3]
                if match.start() == 0 and match[2] == ("a" if was == "f" else "o")
                else match[0]
            ),
            after,
            count=1,
        )
    return before + noun + after


def mended(text: str, span: Span) -> str:
    """Return `text` with what stands around the noun at `span` agreeing with it.

    An "a" before a masculine noun is left: it may be the preposition.
    """
    noun = text[slice(*span)]
    wanted = gender(noun)
    if wanted is None or (wanted == "m" and re.search(r"\ba\s+$", text[: span[0]], re.IGNORECASE)):
        return text
    return put(text, span, noun, "m" if wanted == "f" else "f")


def _before(text: str, wanted: Gender) -> str:
    forms = _TO_FEMININE if wanted == "f" else _TO_MASCULINE
    end = len(text)
    while (match := re.search(r"([^\W\d_]+)\s+$", text[:end])) is not None:
        other = forms.get(match[1].lower())
        if other is None:
            break
        if match[1][0].isupper():
            other = other[0].upper() + other[1:]
        text = text[: match.start(1)] + other + text[match.end(1) :]
        end = match.start(1)
    return text
