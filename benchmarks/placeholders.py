"""How many placeholders stand in a translation exactly once, against a naive wrapper."""

import re

from benchmarks import naive
from tests.serving import serving

STYLES = (
    "{{name}}", "{0}", "{name}", "${name}", "%s", "%1$s", "%(name)s", "%d", "$name", "%{name}",
    "<x id=\"0\"/>", "{% name %}", "<%= name %>", "[[name]]", "`name`", "😀", "info@example.org",
)  # fmt: skip
SENTENCES = (
    "Hello {}, welcome to our house.",
    "Please send {} before Friday.",
    "We could not find {} in the list.",
    "The price of {} is too high.",
    "You have {} new messages.",
    "Click {} to open the file.",
    "The file {} was deleted yesterday.",
    "Your order {} has been sent.",
    "Ask {} for the key.",
    "{} wrote you a letter.",
    "The meeting with {} starts at nine.",
    "Do you want to remove {} from the group?",
    "The report about {} is ready.",
    "Only {} can change this setting.",
    "She gave the book to {}.",
)
DIRECTIONS = (("en", "pt-br"), ("pt", "en-us"))
PORTUGUESE = (
    "Olá {}, bem-vindo à nossa casa.",
    "Por favor, envie {} antes de sexta-feira.",
    "Não encontramos {} na lista.",
    "O preço de {} é muito alto.",
    "Você tem {} novas mensagens.",
    "Clique em {} para abrir o arquivo.",
    "O arquivo {} foi apagado ontem.",
    "O seu pedido {} foi enviado.",
    "Peça a chave a {}.",
    "{} escreveu uma carta para você.",
    "A reunião com {} começa às nove.",
    "Deseja remover {} do grupo?",
    "O relatório sobre {} está pronto.",
    "Somente {} pode mudar esta opção.",
    "Ela deu o livro a {}.",
)


def run() -> str:
    """Measure and return the section."""
    raw = {"en": naive.load("en", "pt"), "pt": naive.load("pt", "en")}
    rows = []
    ours_total = raw_total = 0
    count = len(SENTENCES) * len(DIRECTIONS)
    with serving() as hanse:
        http = hanse.client(hanse.make_key())
        for style in STYLES:
            ours = alone = 0
            for (source, target), sentences in zip(
                DIRECTIONS, (SENTENCES, PORTUGUESE), strict=True
            ):
                texts = [sentence.replace("{}", style) for sentence in sentences]
                answer = http.post(
                    "/v2/translate",
                    json={"text": texts, "source_lang": source, "target_lang": target},
                ).json()
                ours += sum(_once(each["text"], style) for each in answer["translations"])
                alone += sum(_once(each, style) for each in naive.translate(raw[source], texts))
            rows.append(f"| `` {style} `` | {ours} | {alone} |")
            ours_total, raw_total = ours_total + ours, raw_total + alone
    whole = count * len(STYLES)
    return (
        "## Placeholders\n\n"
        f"{len(STYLES)} styles in {count} sentences, English and Portuguese both ways: how many "
        "stand in the translation exactly once (`python -m benchmarks placeholders`).\n\n"
        f"| style | Hanse | {naive.NAME} |\n|---|---|---|\n"
        + "\n".join(rows)
        + f"\n| all {whole} | {ours_total} ({ours_total / whole:.0%}) "
        f"| {raw_total} ({raw_total / whole:.0%}) |\n"
    )


def _once(text: str, style: str) -> bool:
    return len(re.findall(re.escape(style), text)) == 1
