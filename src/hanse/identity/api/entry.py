"""What every sign-in ends in: the browser's earlier session is over, a new cookie begins."""

from litestar import Response

from hanse.identity.api.common import cookies_of
from hanse.identity.api.me import Me, whoami
from hanse.identity.authentication import Authenticator
from hanse.identity.signing import sessions
from hanse.identity.signing.model import SignedIn
from hanse.platform.database import Db
from hanse.platform.problems import Problem
from hanse.platform.telemetry import log


class Entry:
    """The end of a sign-in, for the browser that one request came from.

    `earlier_token` is the session that the browser brought along. It is never taken over: a
    session that somebody planted there would become the person's (session fixation).
    """

    def __init__(
        self, db: Db, authenticator: Authenticator, public_url: str, earlier_token: str | None
    ) -> None:
        self._db = db
        self._authenticator = authenticator
        self._public_url = public_url
        self._earlier_token = earlier_token

    async def answer(self, signed_in: SignedIn) -> Response[Me]:
        """Answer with who signed in, and the new session's cookie."""
        await self.end_earlier()
        access = await self._authenticator.session(signed_in.token)
        async with self._db.tx(signed_in.organisation_id, signed_in.person_id) as tx:
            me = await whoami(tx, access)
        return Response(
            me,
            headers={"Cache-Control": "no-store"},
            cookies=cookies_of(signed_in, self._public_url),
        )

    async def end_earlier(self) -> None:
        """End the session that the browser brought along, if it is one."""
        if self._earlier_token is not None:
            await sessions.end(self._db, self._earlier_token)
            self._authenticator.forget_all()

    def log_refusal(self, problem: Problem) -> None:
        """Note why somebody was not let in, where the answer must not tell."""
        log.warning("sign_in_refused", code=problem.code, detail=problem.detail)
