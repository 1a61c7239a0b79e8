"""docs/deepl-operations.md says of each operation of the contract what is the case."""

import re
from pathlib import Path

from hanse.server.app import document
from hanse.server.settings import Settings
from tests.language.contract.checked import OPERATIONS
from tests.language.contract.test_contract import SPEECH

PAGE = Path(__file__).parents[3] / "docs" / "deepl-operations.md"
STATES = dict(re.findall(r"^\| `(\w+ /\S+)` \| (\w+) \|", PAGE.read_text("utf-8"), re.MULTILINE))


def test_the_page_lists_every_operation_of_the_contract_once() -> None:
    rows = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| `")]
    assert len(rows) == len(STATES) == len(OPERATIONS) == 48
    assert STATES.keys() == OPERATIONS.keys()


def test_what_is_not_answered_is_what_the_contract_test_sees_refused() -> None:
    assert {operation for operation, state in STATES.items() if state == "501"} == SPEECH
    assert set(STATES.values()) == {"answered", "501"}
    assert f"Hanse answers {len(OPERATIONS) - len(SPEECH)} of them" in PAGE.read_text("utf-8")


def test_the_server_has_a_route_for_every_operation() -> None:
    paths = document(Settings())["paths"]
    served = {
        f"{method.upper()} {re.sub(r'{[^}]*}', '{}', path)}"
        for path, operations in paths.items()
        for method in operations
    }
    asked = {re.sub(r"{[^}]*}", "{}", operation) for operation in STATES}
    assert asked - served == set()
