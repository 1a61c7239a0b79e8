"""People and API keys."""

from typing import TYPE_CHECKING, Any

import click

from hanse.cli.common import operate, organisation_option, settings

if TYPE_CHECKING:
    from hanse.platform.database import Tx


@click.group()
def user() -> None:
    """Add people and let them in."""


@user.command("create")
@click.argument("email")
@click.option("--name", help="Full name; the address when left out.")
@click.option("--role", default="member", type=click.Choice(["owner", "admin", "member", "guest"]))
@organisation_option
def user_create(email: str, name: str | None, role: str, organisation: str | None) -> None:
    """Add a person and print a sign-in link for them."""
    from hanse import identity
    from hanse.server.operator import sign_in_url

    async def act(tx: "Tx", access: identity.Access) -> str:
        person = await identity.create_person(
            tx, access, email=email, name=name or email, role=identity.Role(role)
        )
        return await identity.create_sign_in_link(tx, access, person.id)

    click.echo(sign_in_url(settings(), operate(act, organisation)))


@user.command("link")
@click.argument("email")
@organisation_option
def user_link(email: str, organisation: str | None) -> None:
    """Print a new one-time sign-in link for a person."""
    from hanse import identity
    from hanse.server.operator import sign_in_url

    async def act(tx: "Tx", access: identity.Access) -> str:
        person = await identity.get_person_by_email(tx, email)
        if person is None:
            raise click.ClickException(f"Nobody here has the address {email}.")
        return await identity.create_sign_in_link(tx, access, person.id)

    click.echo(sign_in_url(settings(), operate(act, organisation)))


@click.group()
def key() -> None:
    """Make, list and revoke API keys."""


@key.command("create")
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    help="One thing that it may do; give --scope again for each further one.",
)
@organisation_option
def key_create(name: str, scopes: tuple[str, ...], organisation: str | None) -> None:
    """Make an API key and print it, and nothing else."""
    from hanse import identity

    async def act(tx: "Tx", access: identity.Access) -> str:
        _, secret = await identity.create_api_key(tx, access, name=name, scopes=scopes or None)
        return secret

    click.echo(operate(act, organisation))


@key.command("list")
@organisation_option
def key_list(organisation: str | None) -> None:
    """List API keys: id, name, state, last use, scopes."""
    from hanse import identity

    async def act(tx: "Tx", _access: identity.Access) -> list[str]:
        lines, after = [], None
        while page := await identity.list_api_keys(tx, after, 200):
            after = page[-1].id
            for each in page:
                state = "revoked" if each.revoked_at else "live"
                used = f"{each.last_used_at:%Y-%m-%d %H:%M}" if each.last_used_at else "never used"
                lines.append(f"{each.id}\t{each.name}\t{state}\t{used}\t{' '.join(each.scopes)}")
        return lines

    for line in operate(act, organisation):
        click.echo(line)


@key.command("revoke")
@click.argument("key_id", type=click.UUID)
@organisation_option
def key_revoke(key_id: Any, organisation: str | None) -> None:
    """Revoke an API key by its id."""
    from hanse import identity

    async def act(tx: "Tx", access: identity.Access) -> str:
        return (await identity.revoke_api_key(tx, access, key_id)).name

    click.echo(f"The key '{operate(act, organisation)}' is revoked.", err=True)
