"""The routes of SCIM 2.0 under `/scim/v2`: one handler, behind which RFC 7644 has its own.

They are not in the OpenAPI document: `/scim/v2/Schemas` and its neighbours describe them.
"""

import asyncio
import importlib
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from litestar import HttpMethod, Request, Response, route

from hanse.identity.authentication import Authenticator
from hanse.identity.model import Access
from hanse.identity.policy import Permission
from hanse.identity.scim.errors import SCIM_JSON
from hanse.platform.database import Db

PREFIX = "/scim/v2"
BODY_BYTES_MAX = 1024 * 1024
_METHODS = [
    HttpMethod.GET,
    HttpMethod.POST,
    HttpMethod.PUT,
    HttpMethod.PATCH,
    HttpMethod.DELETE,
]


@route(
    [PREFIX, f"{PREFIX}/{{rest:path}}"],
    http_method=_METHODS,
    include_in_schema=False,
    status_code=200,
    request_max_body_size=BODY_BYTES_MAX,
)
async def serve(
    request: Request[Any, Any, Any],
    access: Access,
    db: Db,
    authenticator: Authenticator,
    public_url: str,
) -> Response[bytes]:
    """Answer a SCIM request of a key with the scope `provisioning`."""
    access.require(Permission.PROVISIONING)
    # The library takes a second to load and some megabytes: only where it is used, beside the
    # requests that wait meanwhile.
    service: Any = await asyncio.to_thread(importlib.import_module, "hanse.identity.scim.service")
    asked = service.ScimRequest(
        method=request.method,
        base_url=f"{public_url}{PREFIX}",
        path=request.url.path.removeprefix(PREFIX).removesuffix(".scim") or "/",
        query=dict(parse_qsl(request.url.query, keep_blank_values=True)),
        headers=dict(request.headers),
        body=await request.body(),
        subject=access,
    )
    try:
        async with db.tx(access.organisation_id, access.person_id) as tx:
            answer = await service.Handler(tx, access, asked).handle(asked)
    except service.SCIMException as error:
        answer = service.SERVICE.error_response(error)
    if request.method != "GET":
        authenticator.forget_all()
    body = b"" if answer.body is None else msgspec.json.encode(answer.body)
    headers = {**answer.headers, "Cache-Control": "no-store"}
    headers.pop("Content-Type", None)
    return Response(
        body,
        status_code=int(answer.status),
        headers=headers,
        media_type=SCIM_JSON,
    )


handlers = [serve]
