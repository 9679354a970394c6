"""Groups and the assignment sheet, entered as people enter them."""

import asyncio
from time import monotonic
from typing import Any

from baoxue.simulation.accounts import Accounts, CommandRefused
from baoxue.simulation.county import Holders
from baoxue.simulation.customs import assignment_sheet, groups
from baoxue.simulation.ids import command_id
from baoxue.simulation.plan import Plan
from baoxue.simulation.world import World

IMPORTS = "/enrollment/imports"
IMPORT_SECONDS, POLL_SECONDS = 600.0, 0.2
WORKING = frozenset(("reading", "storing"))


async def enter_groups(accounts: Accounts, plan: Plan, world: World) -> None:
    """Each homeroom teacher says who in the class is a key pupil, who lags, who is in hardship."""
    county, holders = plan.county, Holders(plan.county)
    named = list(groups(county, plan.customs))
    teachers = {one.klass: holders.of_class("homeroom_teacher", one.klass) for one, _ in named}
    await accounts.viewers({one.account for one in teachers.values()})
    async with accounts.together("enrollment"):
        for child, group in named:
            wish = {
                "child": world.children[child.key],
                "group": group,
                "since": county.terms[0].opens_on,
                "command_id": command_id(county, "group", group, child.key),
            }
            account = teachers[child.klass].account
            await accounts.send("enrollment", "tag_group", account, wish)


async def enter_charges(accounts: Accounts, plan: Plan) -> None:
    """The sheet through the import, by the county's officer. Raises CommandRefused."""
    county = plan.county
    account = Holders(county).of_class("county_officer", 0).account
    sheet = assignment_sheet(county, plan.customs)
    url = f"{accounts.system.settings.url_of('gateway')}{IMPORTS}"
    headers = {
        "authorization": f"Bearer {await accounts.session(account)}",
        "accept": "application/json",
    }
    own = str(command_id(county, "assignments"))
    sent = await accounts.system.http.post(
        url,
        data={"kind": "assignments", "command_id": own, "answers": "{}"},
        files={"file": ("责任分解表.csv", sheet)},
        headers=headers,
    )
    if sent.status_code >= 400:
        raise CommandRefused("import", str(sent.status_code), sent.text[:200])
    accounts.sent += 1
    report = await _finished(accounts, f"{url}/{sent.json()['import']}", headers)
    if report["state"] != "done":
        raise CommandRefused("import", report["state"], str(report["report"])[:400])


async def _finished(accounts: Accounts, url: str, headers: dict[str, str]) -> dict[str, Any]:
    until = monotonic() + IMPORT_SECONDS
    while True:
        found = (await accounts.system.http.get(url, headers=headers)).json()
        if found["state"] not in WORKING or monotonic() > until:
            return found
        await asyncio.sleep(POLL_SECONDS)
