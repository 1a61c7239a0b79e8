"""Letters by the mail server of the settings. The supervisor checks them, and loads little else."""

from urllib.parse import urlsplit

from hanse.platform.ids import new_id
from hanse.platform.mail import Letter, Postman, parse_smtp_url
from hanse.platform.process import SetupError
from hanse.server.settings import Settings


def postman(settings: Settings) -> Postman | None:
    """Who carries letters to the settings' mail server, if there is one. Raises SetupError."""
    if not settings.smtp_url:
        return None
    sender = settings.mail_from or f"Hanse <hanse@{urlsplit(settings.address).hostname}>"
    try:
        server = parse_smtp_url(settings.smtp_url)
    except ValueError as error:
        raise SetupError(f"HANSE_SMTP_URL: {error}.") from error
    try:
        return Postman(server, sender, settings.smtp_authority or None)
    except ValueError as error:
        raise SetupError(f"HANSE_MAIL_FROM: {error}.") from error
    except OSError as error:
        raise SetupError(f"HANSE_SMTP_AUTHORITY cannot be read: {error}") from error


async def send_test_letter(settings: Settings, address: str) -> None:
    """Hand a letter to the mail server now. Raises SetupError, MailRefused, MailUnavailable."""
    carrier = postman(settings)
    if carrier is None:
        raise SetupError("No mail server is set. Set HANSE_SMTP_URL.")
    text = "This letter shows that Hanse can send e-mail."
    await carrier.send(
        Letter(
            id=str(new_id()),
            to_name="",
            to_address=address,
            subject="A letter from Hanse",
            text=f"{text}\n",
            html=f"<p>{text}</p>",
        )
    )
