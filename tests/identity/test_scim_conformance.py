"""A served Hanse against the tester of the SCIM community."""

from httpx2 import Client
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import Status, check_server

from tests.serving import Hanse

BAD = {Status.DEVIATION, Status.ERROR, Status.CRITICAL}


def test_the_tester_finds_no_failure(hanse: Hanse) -> None:
    made = hanse.command("key", "create", "conformance", "--scope", "provisioning")
    assert made.returncode == 0, made.stderr
    headers = {"Authorization": f"Bearer {made.stdout.strip()}"}
    with Client(base_url=f"{hanse.url}/scim/v2", headers=headers, timeout=60) as client:
        results = check_server(SyncSCIMClient(client))
    bad = [result for result in results if result.status in BAD]
    assert not bad, "\n".join(f"{each.resource_type} {each!r}" for each in bad)
    skipped = [result for result in results if result.status is Status.SKIPPED]
    assert not skipped, skipped
    assert len(results) > 60
