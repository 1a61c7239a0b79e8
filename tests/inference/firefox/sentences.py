"""Sentences written for these tests: short and long, plain and awkward."""

ENGLISH = [
    "Hello world.",
    "Yes.",
    "I love you.",
    "Where is the nearest pharmacy?",
    "The committee will meet on Thursday to discuss the budget for the coming year.",
    "Please find attached the invoice for the services provided in March.",
    "If you have any questions, do not hesitate to contact us.",
    "Our train leaves at 7:45 from platform 12b.",
    "The price rose by 3.5% to €1,299.00 (excluding VAT).",
    "She said, “I never agreed to that,” and left the room without another word.",
    "ALL EMPLOYEES MUST WEAR A HELMET",
    "Write to support@example.org or visit https://example.org/help?page=2.",
    "Two cups of flour, one egg, a pinch of salt and half a litre of milk.",
    "The old lighthouse keeper counted the ships every evening, although nobody asked him to.",
    "We regret to inform you that your application was not successful on this occasion.",
    "Dr. Müller’s naïve résumé cost him the job in São Paulo.",
    "An unknown word: flimmergrubble, and an emoji 😀 in the middle.",
    "日本語 mixed with English text.",
    "x = y + 2 * (z - 1)",
    "the the the the the the the the the the",
    "Because the contract had been signed before the new regulation came into force, and because "
    "neither party had given notice within the period of ninety days laid down in clause "
    "fourteen, the court held that the agreement continued to bind both of them.",
    "Children under twelve travel free of charge when they are accompanied by an adult.",
    "Press and hold the power button until the light begins to blink.",
    "Nobody knows.",
]

PORTUGUESE = [
    "Olá, mundo.",
    "Sim.",
    "Eu te amo.",
    "Onde fica a farmácia mais próxima?",
    "A comissão reúne-se na quinta-feira para discutir o orçamento do próximo ano.",
    "Segue em anexo a fatura dos serviços prestados em março.",
    "Se tiver alguma dúvida, não hesite em contactar-nos.",
    "O nosso comboio parte às 7h45 da linha 12b.",
    "O preço subiu 3,5% para 1.299,00 € (sem IVA).",
    "O velho faroleiro contava os navios todas as noites, embora ninguém lho pedisse.",
    "Lamentamos informar que a sua candidatura não foi aceite.",
    "As crianças com menos de doze anos viajam gratuitamente acompanhadas por um adulto.",
    "Prima e mantenha premido o botão até a luz começar a piscar.",
    "Ninguém sabe.",
    "Duas chávenas de farinha, um ovo, uma pitada de sal e meio litro de leite.",
    "Escreva para ajuda@example.org ou visite https://example.org/ajuda.",
]
