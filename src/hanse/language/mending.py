"""Asks again where a model's answer is no translation."""

from collections.abc import Mapping

from hanse.language.glossaries.enforcement import Enforced
from hanse.language.guards import Attempts, attempts, best, doubted
from hanse.language.pipeline import Route
from hanse.language.running import Runner

Results = Mapping[Route, Mapping[str, Enforced]]


async def mended(run: Runner, results: Results) -> Results:
    """Return the answers to sentences, with those that are in doubt replaced by better ones.

    One more round for all of them together, none if none is in doubt. Raises the errors of
    inference.
    """
    again: dict[Route, dict[str, Attempts]] = {}
    for route, answers in results.items():
        for sentence, enforced in answers.items():
            # What a glossary has for the whole sentence is right whatever it looks like.
            if (
                enforced.text
                and not _is_entry(sentence, enforced)
                and doubted(sentence, enforced.text)
            ):
                again.setdefault(route, {})[sentence] = attempts(sentence)
    if not again:
        return results
    asked = {
        route: list(dict.fromkeys(item for each in doubts.values() for item in each.items))
        for route, doubts in again.items()
    }
    found = await run.run(asked)
    return {
        route: {
            sentence: _better(sentence, enforced, again[route][sentence], found[route])
            if sentence in again.get(route, {})
            else enforced
            for sentence, enforced in answers.items()
        }
        for route, answers in results.items()
    }


def _is_entry(sentence: str, enforced: Enforced) -> bool:
    return [term.source for term in enforced.terms] == [sentence.strip()]


def _better(
    sentence: str, enforced: Enforced, asked: Attempts, found: Mapping[str, Enforced]
) -> Enforced:
    answers = [found[item] for item in asked.items]
    choice = best(sentence, enforced.text, asked, [each.text for each in answers])
    used = [answers[number] for number in choice.used] or [enforced]
    return Enforced(choice.text, tuple(term for each in used for term in each.terms))
