"""What signing in gives, and what a person can see of their ways to sign in."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from msgspec import Struct

from hanse.platform.problems import Conflict, Forbidden, Unauthenticated


class SignedIn(NamedTuple):
    """A new session: its secret, which goes into the cookie, and whose it is.

    `device` goes into the cookie by which this browser is known again.
    """

    token: str
    organisation_id: UUID
    person_id: UUID
    device: str


class Account(NamedTuple):
    """Somebody who may sign in, in one organisation."""

    person_id: UUID
    organisation_id: UUID
    organisation_name: str
    password_sign_in: bool


class SessionInfo(Struct, frozen=True):
    """A session as its owner sees it. `is_current`: the one that asks."""

    id: UUID
    method: str
    created_at: datetime
    last_seen_at: datetime | None
    expires_at: datetime
    address: str | None
    user_agent: str | None
    is_current: bool


class Passkey(Struct, frozen=True):
    """A passkey as its owner sees it."""

    id: UUID
    name: str
    created_at: datetime
    last_used_at: datetime | None


class SignInRefused(Unauthenticated):
    """Address, password, passkey or account: it is not told which is wrong."""

    code = "wrong_credentials"
    title = "Sign-in refused"


class SecondFactorRequired(Unauthenticated):
    """The password is right; now the code from the authenticator app, or a recovery code."""

    code = "second_factor_required"
    title = "Second factor required"


class ChooseOrganisation(Conflict):
    """This address and password belong to several organisations: `organisations` names them."""

    code = "choose_organisation"
    title = "Choose an organisation"


class RecentSignInRequired(Forbidden):
    """For this, one must have signed in a short while ago: a lost device must not be enough."""

    code = "recent_sign_in_required"
    title = "Sign in again"
