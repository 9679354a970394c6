"""A photograph filed with a duty: shown to who may see it, handed to services as it is kept."""

from datetime import date
from hashlib import sha256

from uuid_utils.compat import uuid7

from services.casework.processes.duty_times import ensure_plans
from shared import clock
from tests.casework.acting import INSPECTOR_VIEW, PRINCIPAL_VIEW
from tests.casework.test_duty_pages import lines
from tests.county import Told, at, data_of
from tests.followed import World

PICTURE = b"%PDF-1.7 " + bytes(range(256)) * 99


async def test_a_scan_is_kept_sealed_shown_and_handed_to_services(world: World, told: Told) -> None:
    async with world.engine.begin() as conn:
        await ensure_plans(conn, await clock.now(conn))
    await world.move_to(at(date(2027, 2, 22), 1))
    while await world.tick():
        pass
    duties = await lines(world, PRINCIPAL_VIEW, "/casework/duties.jsonl?state=armed&state=breached")
    duty = next(one["duty"] for one in duties if one["kind"] == "spring_notices")
    async with world.browser(PRINCIPAL_VIEW) as browser:
        answer = await browser.post(
            f"/casework/duties/{duty}/evidence",
            data={"command_id": str(uuid7()), "done_on": "2027-02-22", "note": "全部送到户"},
            files={"attachment": ("回执.pdf", PICTURE)},
        )
        assert answer.status_code in (200, 303), answer.text
        (filed,) = await world.events("EvidenceFiled")
        file = data_of(filed)["attachment"]
        shown = await browser.get(f"/casework/duties/{duty}/files/{file['sha256']}")
        assert (shown.status_code, shown.content) == (200, PICTURE)
    kept = f"/casework/attachments/{file['sha256']}"
    service = {"authorization": f"Bearer {world.edge.call_token('casework')}"}
    async with world.browser(INSPECTOR_VIEW) as browser:
        assert (await browser.get(kept)).status_code == 401
        handed = await browser.get(kept, headers=service)
        unknown = await browser.get(f"/casework/attachments/{'0' * 64}", headers=service)
        strange = await browser.get("/casework/attachments/..%2Fkeys", headers=service)
    assert sha256(handed.content).hexdigest() == file["sha256"] and PICTURE not in handed.content
    assert (unknown.status_code, strange.status_code) == (404, 404)
