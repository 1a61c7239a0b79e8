"""Letters on their way to real SMTP servers."""

import ssl
from pathlib import Path
from urllib.parse import quote

import pytest
import trustme

from hanse.platform.mail import (
    Letter,
    MailRefused,
    MailUnavailable,
    Postman,
    SmtpServer,
    parse_smtp_url,
)
from tests.identity.outside import USER, WORD, mail_server, text_of

STOP = f"https://hanse.example/stop/{'a0_-' * 60}"
LETTER = Letter(
    id="0192-letter",
    to_name="Ana Souza, „Aninha“",
    to_address="ana@example.org",
    subject="Grüße\r\nBcc: mallory@example.org",
    text="Olá!\n",
    html="<p>Olá!</p>",
    headers={"List-Unsubscribe": f"<{STOP}>", "Content-Language": "pt"},
)
SENDER = "Hanse <hanse@hanse.example>"
LOG_IN = f"{quote(USER, safe='')}:{quote(WORD, safe='')}"


class Authority:
    """A certificate authority of this test, and a server certificate for `localhost`."""

    def __init__(self, folder: Path) -> None:
        authority = trustme.CA()
        self.file = str(folder / "authority.pem")
        authority.cert_pem.write_to_path(self.file)
        self.server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("localhost").configure_cert(self.server)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("mail"))


async def test_a_letter_arrives_as_text_and_html() -> None:
    async with mail_server() as server:
        await Postman(parse_smtp_url(server.url), SENDER).send(LETTER)
    (letter,) = server.letters
    assert server.recipients == ["ana@example.org"], "a line break in a subject adds nobody"
    assert letter["Subject"] == "Grüße Bcc: mallory@example.org"
    assert letter["To"].addresses[0].display_name == "Ana Souza, „Aninha“"
    assert letter["From"].addresses[0].addr_spec == "hanse@hanse.example"
    assert letter["Message-ID"] == "<0192-letter@hanse.example>"
    assert f"\r\nList-Unsubscribe: <{STOP}>\r\n".encode() in server.raw[0], "as programs read it"
    assert letter["Content-Language"] == "pt"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert text_of(letter).strip() == "Olá!"
    assert text_of(letter, "html").strip() == "<p>Olá!</p>"


@pytest.mark.parametrize("implicit", [True, False])
async def test_letters_go_by_tls_with_a_log_in(authority: Authority, implicit: bool) -> None:
    async with mail_server(tls=authority.server, implicit=implicit, log_in=True) as server:
        scheme = "smtps" if implicit else "smtp"
        url = f"{scheme}://{LOG_IN}@localhost:{server.port}"
        await Postman(parse_smtp_url(url), SENDER, authority.file).send(LETTER)
        wrong = f"{scheme}://hanse:wrong@localhost:{server.port}"
        with pytest.raises(MailUnavailable, match="535"):
            await Postman(parse_smtp_url(wrong), SENDER, authority.file).send(LETTER)
        with pytest.raises(MailUnavailable, match=r"(?i)certificate"):
            await Postman(parse_smtp_url(url), SENDER).send(LETTER)
    assert len(server.letters) == 1
    # The server notes STARTTLS alone; on the other port it speaks nothing but TLS.
    assert server.encrypted == [not implicit]


async def test_without_starttls_nothing_is_sent_in_the_clear() -> None:
    async with mail_server() as server:
        url = f"smtp://127.0.0.1:{server.port}"
        with pytest.raises(MailUnavailable):
            await Postman(parse_smtp_url(url), SENDER).send(LETTER)
    assert server.letters == []


@pytest.mark.parametrize(
    ("answer", "error"),
    [("550 No such person", MailRefused), ("451 Come again", MailUnavailable)],
)
async def test_it_is_told_whether_trying_again_is_any_use(
    answer: str, error: type[Exception]
) -> None:
    async with mail_server() as server:
        server.answer = answer
        with pytest.raises(error, match=answer[:3]):
            await Postman(parse_smtp_url(server.url), SENDER).send(LETTER)


async def test_a_server_that_is_away_is_told_as_such() -> None:
    async with mail_server() as server:
        pass
    with pytest.raises(MailUnavailable):
        await Postman(parse_smtp_url(server.url), SENDER).send(LETTER)


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtps://mail.example", SmtpServer("mail.example", 465, True, False)),
        ("smtp://mail.example", SmtpServer("mail.example", 587, False, True)),
        ("smtp://mail.example?starttls=no", SmtpServer("mail.example", 25, False, False)),
        (
            "smtp://a%40b:c%2Fd@mail.example:2525",
            SmtpServer("mail.example", 2525, False, True, "a@b", "c/d"),
        ),
    ],
)
def test_a_url_names_a_server(url: str, server: SmtpServer) -> None:
    assert parse_smtp_url(url) == server


@pytest.mark.parametrize(
    "url",
    [
        "mail.example",
        "http://mail.example",
        "smtp://",
        "smtp://mail.example/path",
        "smtp://mail.example?tls=no",
        "smtp://mail.example?starttls=maybe",
        "smtp://user:secret@mail.example?starttls=no",
        "smtp://mail.example:99999",
    ],
)
def test_what_names_no_server_is_refused_without_its_secret(url: str) -> None:
    with pytest.raises(ValueError) as refused:
        parse_smtp_url(url)
    assert "secret" not in str(refused.value)
