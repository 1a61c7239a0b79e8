"""How many glossary terms stand in a translation, enforced against the plain translation."""

import deepl

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
            plain_kept += sum(TERMS[term] in each.text.lower() for each in plain)
            for translation in answer.json()["translations"]:
                [told] = translation["glossary_terms"]
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
        "| | sentences with the term |\n|---|---|\n"
        f"| without the glossary | {plain_kept} of {count} |\n"
        f"| with the glossary | {kept} of {count} ({told}) |\n"
        + "".join(f"\nMissing: {text}" for text in missed)
    )
