"""Sentences in capitals: engines learned from few of them, so they are given them in small letters.

"SOPA DE ERVILHA" is asked as "Sopa de ervilha", and the answer is put in capitals again. A single
short word may be an acronym and stays as it is. What begins with a capital - titles and cells of
tables that are no sentences - begins with one in the translation, too. Pure.
"""

from typing import Final

LETTERS_MIN: Final = 6
"""Fewer capitals than this may be an acronym, or two."""


def is_in_capitals(sentence: str) -> bool:
    """Say whether a sentence is written in capitals throughout, and is no acronym."""
    if not sentence.isupper():
        return False
    letters = [character for character in sentence if character.isalpha()]
    return len(letters) >= LETTERS_MIN and all(
        letter.isupper() and letter.lower() != letter for letter in letters
    )


def in_sentence_case(sentence: str, kept: frozenset[str] = frozenset()) -> str:
    """Return a sentence in small letters, its first one large; words of `kept` stay."""
    words = [
        word if word.strip(".,;:!?()\"'") in kept else word.lower() for word in sentence.split(" ")
    ]
    text = " ".join(words)
    first = next((place for place, each in enumerate(text) if each.isalpha()), 0)
    return text[:first] + text[first : first + 1].upper() + text[first + 1 :]


def with_first_capital(source: str, answer: str) -> str:
    """Return an answer that begins with a capital where its source does.

    Words that are written in an own way, such as pH, stay.
    """
    is_word = len(answer) > 1 and (answer[1].islower() or not answer[1].isalpha())
    if source[:1].isupper() and answer[:1].islower() and is_word:
        return answer[0].upper() + answer[1:]
    return answer
