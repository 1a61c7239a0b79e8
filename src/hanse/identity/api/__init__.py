"""Routes of identity, a module for each noun."""

from litestar import Router

from hanse.identity.api import (
    auditing,
    groups,
    keys,
    me,
    organisations,
    passkeys,
    people,
    personal_data,
    providers,
    second_factor,
    sign_in,
    webhooks,
)

router = Router(
    "/v1",
    route_handlers=[
        *sign_in.handlers,
        *me.handlers,
        *passkeys.handlers,
        *second_factor.handlers,
        *keys.handlers,
        *people.handlers,
        *personal_data.handlers,
        *groups.handlers,
        *organisations.handlers,
        *providers.handlers,
        *auditing.handlers,
        *webhooks.handlers,
    ],
)

__all__ = ["router"]
