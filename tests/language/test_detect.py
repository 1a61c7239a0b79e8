import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hanse.language.detect import Detection, DetectionStatus, Detector
from hanse.language.languages import NAMES

# Written for these tests; they had no part in writing the detector's tables.
NAMED = {
    "Hello": "en",
    "Good morning": "en",
    "password reset": "en",
    "Test": "en",
    "Bom dia": "pt",
    "Obrigado": "pt",
    "caixa de entrada": "pt",
}

ENGLISH = """
Welcome back / Get started / Sign in / Remember me / Reset filter / Sort by date / Empty trash /
Print page / Share link / Copy text / Paste image / Rename folder / Unsubscribe / Mute chat /
Start call / Hang up / Camera off / Low battery / Flight mode / Sound settings / Volume up /
Fast forward / Full screen / New customer / Gift card / Return label / Track parcel / Sold out /
Half price / Size chart / Lunch menu / Grilled cheese / Iced coffee / Orange juice / Brown rice /
Table for two / Room service / Late checkout / Clean towels / Swimming pool / Ski lift /
Car rental / Flat tire / Speed limit / Road closed / Toll booth / Night shift / Pay slip /
Safety shoes / Fork lift / Steel pipe / Copper wire / Wood glue / Spray paint / Circuit breaker /
Power outage / Water leak / Blood test / Sore throat / Knee pain / Flu shot / Birth date /
Full name / Sales tax / Bank transfer / Due tomorrow / Signed contract / Board meeting /
Project plan / Open question / Final exam / Good job / See below / Nobody knows / It is broken /
We need help / Call me later / Nice to meet you / Have a seat / Mind the gap
"""

PORTUGUESE = """
Bem-vindo de volta / Começar / Fazer login / Lembrar de mim / Limpar filtro / Ordenar por data /
Esvaziar lixeira / Imprimir página / Compartilhar link / Copiar texto / Colar imagem /
Renomear pasta / Cancelar inscrição / Silenciar conversa / Iniciar chamada / Desligar /
Câmera desligada / Bateria fraca / Modo avião / Configurações de som / Aumentar volume /
Avançar rápido / Tela cheia / Cliente novo / Cartão-presente / Etiqueta de devolução /
Rastrear encomenda / Esgotado / Metade do preço / Tabela de tamanhos / Cardápio do almoço /
Queijo grelhado / Café gelado / Suco de laranja / Arroz integral / Mesa para dois /
Serviço de quarto / Saída tardia / Toalhas limpas / Piscina / Teleférico / Aluguel de carros /
Pneu furado / Limite de velocidade / Estrada fechada / Praça de pedágio / Turno da noite /
Folha de pagamento / Botas de segurança / Empilhadeira / Tubo de aço / Fio de cobre /
Cola de madeira / Tinta spray / Disjuntor / Queda de energia / Vazamento de água /
Exame de sangue / Dor de garganta / Dor no joelho / Vacina da gripe / Data de nascimento /
Nome completo / Imposto sobre vendas / Transferência bancária / Vence amanhã /
Contrato assinado / Reunião do conselho / Plano do projeto / Pergunta em aberto / Prova final /
Bom trabalho / Veja abaixo / Ninguém sabe / Está quebrado / Precisamos de ajuda /
Me liga mais tarde / Prazer em conhecê-lo / Sente-se / Cuidado com o vão
"""

FOREIGN = {
    "fr": "Je voudrais réserver une table pour deux personnes ce soir.",
    "es": "Me gustaría reservar una mesa para dos personas esta noche.",
    "de": "Ich möchte für heute Abend einen Tisch für zwei Personen reservieren.",
    "it": "Vorrei prenotare un tavolo per due persone per questa sera.",
    "nl": "Ik wil graag een tafel voor twee personen reserveren vanavond.",
    "pl": "Chciałbym zarezerwować stolik dla dwóch osób na dziś wieczór.",
    "sv": "Jag skulle vilja boka ett bord för två personer i kväll.",
    "tr": "Bu akşam için iki kişilik bir masa ayırtmak istiyorum.",
    "ru": "Я хотел бы заказать столик на двоих на сегодняшний вечер.",
    "uk": "Я хотів би замовити столик на двох на сьогоднішній вечір.",
    "el": "Θα ήθελα να κλείσω ένα τραπέζι για δύο.",
    "ar": "أود حجز طاولة لشخصين هذا المساء.",
    "he": "אני רוצה להזמין שולחן לשניים להערב.",
    "hi": "मैं आज शाम दो लोगों के लिए एक मेज़ बुक करना चाहता हूँ।",
    "th": "ฉันต้องการจองโต๊ะสำหรับสองคนเย็นนี้",
    "ja": "今晩二人のテーブルを予約したいです。",
    "zh": "我想预订今晚两个人的桌子。",
    "ko": "오늘 저녁 두 사람 자리를 예약하고 싶어요.",
}


INSTALLED = frozenset({"en", "pt"})
DETECTOR = Detector()


def texts(samples: str) -> list[str]:
    return [text.strip() for text in samples.split("/")]


@pytest.mark.parametrize(("text", "language"), NAMED.items())
def test_well_known_short_texts_are_recognised(text: str, language: str) -> None:
    assert DETECTOR.detect(text, INSTALLED).language == language


def test_phrases_of_two_words_are_recognised_with_few_errors() -> None:
    samples = [(text, "en") for text in texts(ENGLISH)]
    samples += [(text, "pt") for text in texts(PORTUGUESE)]
    found = {text: DETECTOR.detect(text, INSTALLED) for text, _ in samples}
    wrong = [text for text, language in samples if found[text].language != language]
    assert len(samples) == 160
    assert len(wrong) <= 8, wrong


@pytest.mark.parametrize(("language", "text"), FOREIGN.items())
def test_a_clear_text_in_a_language_that_is_not_installed_is_named(
    language: str, text: str
) -> None:
    detection = DETECTOR.detect(text, INSTALLED)
    assert (detection.language, detection.status) == (
        language,
        DetectionStatus.UNSUPPORTED_LANGUAGE,
    )


@pytest.mark.parametrize(("language", "text"), FOREIGN.items())
def test_a_clear_text_is_recognised_among_all_languages(language: str, text: str) -> None:
    detection = DETECTOR.detect(text, NAMES)
    assert (detection.language, detection.status) == (language, DetectionStatus.SUCCESS)


@pytest.mark.parametrize(
    ("text", "language"), [("こんにちは", "ja"), ("안녕", "ko"), ("你好", "zh"), ("Γεια", "el")]
)
def test_the_script_decides_before_any_statistic(text: str, language: str) -> None:
    assert DETECTOR.detect(text, {"en", "pt", language}).language == language


@pytest.mark.parametrize("text", ["", " \n\t", "12:30", "😀", "\x00", "https://a.example/path"])
def test_a_text_without_words_has_no_language(text: str) -> None:
    assert DETECTOR.detect(text, INSTALLED) == Detection(
        None, 0.0, DetectionStatus.NO_LANGUAGE_DETECTED
    )


@pytest.mark.parametrize("default", ["en", "pt"])
def test_a_text_that_is_too_close_to_call_gets_the_configured_default(default: str) -> None:
    detection = Detector(default_language=default).detect("a" * 200, INSTALLED)
    assert detection.status is DetectionStatus.INSUFFICIENT_CONFIDENCE
    assert detection.language == default


def test_a_prior_moves_what_is_open_and_not_what_is_clear() -> None:
    leaning = Detector(priors={"pt": 2.0})
    assert DETECTOR.detect("Radio", INSTALLED).language == "en"
    assert leaning.detect("Radio", INSTALLED).language == "pt"
    assert leaning.detect("The meeting was moved to Thursday.", INSTALLED).language == "en"


def test_case_does_not_change_the_language() -> None:
    assert DETECTOR.detect("EMERGENCY EXIT", INSTALLED).language == "en"
    assert DETECTOR.detect("SAÍDA DE EMERGÊNCIA", INSTALLED).language == "pt"


@settings(max_examples=300)
@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=200))
def test_any_text_gets_an_answer_of_the_declared_form(text: str) -> None:
    detection = DETECTOR.detect(text, INSTALLED)
    assert 0.0 <= detection.confidence <= 1.0
    assert (detection.language is None) == (
        detection.status is DetectionStatus.NO_LANGUAGE_DETECTED
    )
    assert detection.language is None or detection.language in NAMES
    if detection.status is DetectionStatus.UNSUPPORTED_LANGUAGE:
        assert detection.language not in INSTALLED
    elif detection.language is not None:
        assert detection.language in INSTALLED


# Two words of each of thirty languages, all of them candidates.
TWO_WORDS = {
    "en": "garden fence",
    "de": "frisches Brot",
    "fr": "beaucoup d'eau",
    "es": "buenas noches",
    "pt": "coração quente",
    "it": "molto gentile",
    "nl": "mooie fietsen",
    "sv": "många människor",
    "da": "mange spørgsmål",
    "nb": "hvor mye",
    "fi": "hyvää huomenta",
    "pl": "dziękuję bardzo",
    "cs": "příští týden",
    "sk": "ďakujem pekne",
    "hu": "köszönöm szépen",
    "ro": "mulțumesc frumos",
    "bg": "добро утро",
    "ru": "большое спасибо",
    "uk": "дякую щиро",
    "el": "καλή μέρα",
    "tr": "teşekkür ederim",
    "ar": "صباح الخير",
    "he": "תודה רבה",
    "ja": "おはようございます 皆さん",
    "ko": "안녕하세요 여러분",
    "zh": "早上好 朋友们",
    "id": "terima kasih",
    "lt": "labas rytas",
    "lv": "paldies jums",
    "et": "tere hommikust",
}


def test_two_words_are_enough_for_most_of_thirty_languages() -> None:
    detector = Detector()
    right = [
        language
        for language, text in TWO_WORDS.items()
        if detector.detect(text, set(TWO_WORDS)).language == language
    ]
    assert len(right) >= 27, set(TWO_WORDS) - set(right)
