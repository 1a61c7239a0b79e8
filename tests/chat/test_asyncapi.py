"""The documentation of the sockets says what they do."""

import json
from importlib.metadata import version
from pathlib import Path
from typing import get_args

from hanse.chat import asyncapi_document
from hanse.chat.gateway import frames

DOCUMENT = Path(__file__).parents[2] / "docs" / "asyncapi.json"


def test_the_document_is_that_of_the_code() -> None:
    document = json.loads(json.dumps(asyncapi_document(version("hanse"))))
    assert json.loads(DOCUMENT.read_text()) == document


def test_every_frame_of_the_code_is_in_it() -> None:
    messages = json.loads(DOCUMENT.read_text())["components"]["messages"]
    from_server = {
        name
        for name, kind in vars(frames).items()
        if isinstance(kind, type) and frames._FromServer in kind.__mro__[1:]
    }
    assert set(messages) == {kind.__name__ for kind in get_args(frames.FromClient)} | from_server
    assert all(each["summary"] for each in messages.values())
