"""The chat: rooms, each an ordered and durable log, and how it reaches those who read it.

`router` has the HTTP routes, which ask for a `Chat`; `run_rooms` and `serve_gateway` are the roles
of processes beside them; a `Translator`, by the bell and by `consumers_of` it, brings messages
into the languages of their readers.
"""

from typing import TYPE_CHECKING

from hanse.platform.faces import lazy_face

if TYPE_CHECKING:
    from hanse.chat.api import router
    from hanse.chat.api.common import Chat
    from hanse.chat.files.examining import FileRules
    from hanse.chat.files.jobs import register_files
    from hanse.chat.gateway.document import asyncapi_document
    from hanse.chat.gateway.server import serve_gateway
    from hanse.chat.holds.service import register_holds
    from hanse.chat.log.append import EventsAppended
    from hanse.chat.matrix.errors import error_response as matrix_error_response
    from hanse.chat.matrix.errors import is_matrix
    from hanse.chat.matrix.origins import AnyOrigin
    from hanse.chat.matrix.routes import router as matrix_router
    from hanse.chat.notifying.kinds import KINDS
    from hanse.chat.notifying.telling import register_telling, telling_consumer
    from hanse.chat.outgoing.sending import outgoing_consumer, register_answers, webhook_answers
    from hanse.chat.personal_data import holdings
    from hanse.chat.porting.face import export_chat, import_chat, index_missing
    from hanse.chat.previews.previewer import Previewer, previews_of, register_previews
    from hanse.chat.programs.host import run_rooms
    from hanse.chat.programs.jobs import Errands, register_programs
    from hanse.chat.retention.jobs import register_retention
    from hanse.chat.saving.service import register_reminders
    from hanse.chat.translations.translator import Translator, consumers_of
else:
    __getattr__ = lazy_face(
        __name__,
        {
            "KINDS": "notifying.kinds",
            "AnyOrigin": "matrix.origins",
            "Chat": "api.common",
            "Errands": "programs.jobs",
            "EventsAppended": "log.append",
            "FileRules": "files.examining",
            "Previewer": "previews.previewer",
            "Translator": "translations.translator",
            "asyncapi_document": "gateway.document",
            "consumers_of": "translations.translator",
            "export_chat": "porting.face",
            "holdings": "personal_data",
            "import_chat": "porting.face",
            "index_missing": "porting.face",
            "is_matrix": "matrix.errors",
            "matrix_error_response": "matrix.errors:error_response",
            "matrix_router": "matrix.routes:router",
            "outgoing_consumer": "outgoing.sending",
            "previews_of": "previews.previewer",
            "register_answers": "outgoing.sending",
            "register_files": "files.jobs",
            "register_holds": "holds.service",
            "register_previews": "previews.previewer",
            "register_programs": "programs.jobs",
            "register_reminders": "saving.service",
            "register_retention": "retention.jobs",
            "register_telling": "notifying.telling",
            "router": "api",
            "run_rooms": "programs.host",
            "serve_gateway": "gateway.server",
            "telling_consumer": "notifying.telling",
            "webhook_answers": "outgoing.sending",
        },
    )

__all__ = [
    "KINDS",
    "AnyOrigin",
    "Chat",
    "Errands",
    "EventsAppended",
    "FileRules",
    "Previewer",
    "Translator",
    "asyncapi_document",
    "consumers_of",
    "export_chat",
    "holdings",
    "import_chat",
    "index_missing",
    "is_matrix",
    "matrix_error_response",
    "matrix_router",
    "outgoing_consumer",
    "previews_of",
    "register_answers",
    "register_files",
    "register_holds",
    "register_previews",
    "register_programs",
    "register_reminders",
    "register_retention",
    "register_telling",
    "router",
    "run_rooms",
    "serve_gateway",
    "telling_consumer",
    "webhook_answers",
]
