"""How many glossary terms stand in a translation, enforced against the plain translation."""

import re

import deepl

from benchmarks import naive
from tests.serving import serving

TERMS = {
    "invoice": "nota fiscal",
    "account": "cadastro",
    "illustrator": "ilustrador",
    "purchase order": "ordem de compra",
    "warehouse": "armazém",
    "shipping": "frete",
    "customer": "freguês",
    "agreement": "convênio",
    "employee": "colaborador",
    "dashboard": "painel de controle",
    "ticket": "chamado",
    "workshop": "oficina",
}
FEMININE = {"nota fiscal", "ordem de compra", "oficina"}
"""By hand, so that the measure does not share the mistakes of what it measures."""
DETERMINERS = {
    "m": "o um do no ao pelo este esse aquele deste neste meu seu nosso novo nenhum antigo",
    "f": "a uma da na à pela esta essa aquela desta nesta minha sua nossa nova nenhuma antiga",
}
SENTENCES = {
    "invoice": (
        "Please send the invoice before Friday.",
        "Every invoice must carry the date of payment.",
        "She forgot to sign the invoice yesterday.",
    ),
    "account": (
        "Your account was suspended last night.",
        "We closed the account of the company.",
        "Create an account to read the report.",
    ),
    "illustrator": (
        "The illustrator drew a blue house.",
        "An illustrator works beside the author.",
        "We are looking for a young illustrator.",
    ),
    "purchase order": (
        "The purchase order was approved by the director.",
        "Attach the purchase order to your message.",
        "Without a purchase order we cannot deliver.",
    ),
    "warehouse": (
        "The boxes are still in the warehouse.",
        "Our warehouse opens at seven in the morning.",
        "A fire destroyed the old warehouse.",
    ),
    "shipping": (
        "The shipping is free for large orders.",
        "How much does the shipping cost?",
        "The price does not include shipping.",
    ),
    "customer": (
        "The customer returned the shoes.",
        "Each customer receives a letter in December.",
        "We called the customer twice this week.",
    ),
    "agreement": (
        "The agreement ends in March.",
        "Both sides signed the agreement in Lisbon.",
        "This agreement replaces all earlier ones.",
    ),
    "employee": (
        "The employee asked for two days off.",
        "A new employee starts on Monday.",
        "The manager thanked the employee for the help.",
    ),
    "dashboard": (
        "The dashboard shows the sales of the month.",
        "Open the dashboard to see all warnings.",
        "I cannot find the dashboard on this page.",
    ),
    "ticket": (
        "Close the ticket when the problem is solved.",
        "The ticket was opened by a colleague.",
        "Write the number of the ticket in your answer.",
    ),
    "workshop": (
        "The workshop takes place in Porto.",
        "Twenty people came to the workshop.",
        "Our next workshop is about safety.",
    ),
}


def disagrees(text: str, term: str) -> bool:
    """Say whether a determiner before the term, or a participle after it, has the other gender."""
    gender, other = ("f", "m") if term in FEMININE else ("m", "f")
    found = re.search(rf"((?:\w+ ){{0,2}}){re.escape(term)}((?: \w+){{0,2}})", text.lower())
    if found is None:
        return False
    before, after = found[1].split(), found[2].split()
    wrong = DETERMINERS[other].split()
    if any(word in wrong for word in before[-1:]):
        return True
    verbs = {"foi", "é", "está", "era", "será"}
    words = after[1:2] if after[:1] and after[0] in verbs else after[:1]
    return any(re.fullmatch(r"\w+[aei]d" + ("o" if gender == "f" else "a"), word) for word in words)


def run() -> str:
    """Measure and return the section."""
    with serving() as hanse:
        key = hanse.make_key()
        client = deepl.DeepLClient(key, server_url=hanse.url)
        http = hanse.client(key)
        glossary = client.create_glossary("Benchmark", "en", "pt", TERMS)
        outcomes: dict[str, int] = {}
        plain_kept = kept = 0
        missed = []
        inlined_kept = 0
        wrong: dict[str, list[str]] = {"naive": [], "inlined": [], "cascade": []}
        engine = naive.load("en", "pt")
        replaced_kept = 0
        for term, sentences in SENTENCES.items():
            options = {"source_lang": "en", "target_lang": "pt-br"}
            plain = client.translate_text(list(sentences), **options)
            answer = http.post(
                "/v2/translate",
                json={
                    "text": list(sentences),
                    **options,
                    "glossary_id": glossary.glossary_id,
                },
            )
            inlined = client.translate_text(
                [re.sub(term, TERMS[term], each, flags=re.IGNORECASE) for each in sentences],
                **options,
            )
            replaced = naive.with_terms(engine, sentences, TERMS)
            replaced_kept += sum(TERMS[term] in each.lower() for each in replaced)
            wrong["naive"] += [each for each in replaced if disagrees(each, TERMS[term])]
            inlined_kept += sum(TERMS[term] in each.text.lower() for each in inlined)
            wrong["inlined"] += [each.text for each in inlined if disagrees(each.text, TERMS[term])]
            plain_kept += sum(TERMS[term] in each.text.lower() for each in plain)
            for translation in answer.json()["translations"]:
                [told] = translation["glossary_terms"]
                if disagrees(translation["text"], TERMS[term]):
                    wrong["cascade"].append(translation["text"])
                outcomes[told["outcome"]] = outcomes.get(told["outcome"], 0) + 1
                if told["outcome"] == "missing":
                    missed.append(translation["text"])
                else:
                    kept += 1
    count = sum(map(len, SENTENCES.values()))
    told = ", ".join(f"{number} {outcome}" for outcome, number in sorted(outcomes.items()))
    return (
        "## Glossary terms\n\n"
        f"{len(TERMS)} terms in {count} sentences, English to Portuguese "
        "(`python -m benchmarks glossary`).\n\n"
        "| | sentences with the term | of these, an article or participle next to it that does not "
        "agree |\n|---|---|---|\n"
        f"| without the glossary | {plain_kept} of {count} | |\n"
        f"| {naive.NAME}, its word for the term replaced afterwards "
        f"| {replaced_kept} of {count} | {len(wrong['naive'])} |\n"
        f"| the target word written into the source | {inlined_kept} of {count} "
        f"| {len(wrong['inlined'])} |\n"
        f"| with the glossary | {kept} of {count} ({told}) | {len(wrong['cascade'])} |\n"
        + "".join(f"\nMissing: {text}" for text in missed)
        + "".join(f"\nDoes not agree ({who}): {text}" for who in wrong for text in wrong[who])
    )
