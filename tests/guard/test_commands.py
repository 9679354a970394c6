"""Nobody acts where they do not belong: every command × role × jurisdiction, from the tables."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
import pytest
from uuid_utils.compat import uuid7

from shared.rights import Viewer, may
from tests.guard.asking import Answer, ask
from tests.guard.conftest import Deployed
from tests.guard.counties import THURSDAY, County
from tests.guard.declared_commands import Given, commands
from tests.guard.matrix import seen_by
from tests.guard.stage import TABLES

pytestmark = pytest.mark.timeout(1800)
REFUSED = frozenset((401, 403, 404))


async def send(
    deployed: Deployed, viewer: Viewer | None, service: str, name: str, values: Mapping[str, Any]
) -> Answer:
    """One command as a program sends it."""
    headers = [(b"content-type", b"application/json"), (b"accept", b"application/json")]
    if viewer is not None:
        headers.append((b"authorization", b"Bearer " + deployed.token(viewer).encode()))
    body = msgspec.json.encode({"command_id": uuid7(), "via": "cli"} | dict(values))
    app = deployed.stage.worlds[service].app
    return await ask(app, "POST", f"/{service}/commands/{name}", headers, body)


def test_every_command_is_declared_and_nothing_else_is(deployed: Deployed) -> None:
    declared = commands(deployed.here)
    assert {s: set(table) for s, table in TABLES.items()} == {
        s: set(given) for s, given in declared.items()
    }


def entitled(viewer: Viewer | None, given: Given, here: County) -> bool:
    if viewer is None:
        return False
    paths = {"class": here.class_path(0), "school": here.school_path(0), "county": here.path}
    return any(may(viewer, right, paths[given.at], THURSDAY) for right in given.rights)


def pairs(deployed: Deployed) -> Iterable[tuple[str, str, Given, str, Viewer | None]]:
    """Every command with everybody who has no right to it there."""
    for service, table in commands(deployed.here).items():
        for name, given in table.items():
            for label, viewer in deployed.callers.items():
                if not entitled(viewer, given, deployed.here):
                    yield service, name, given, label, viewer


async def test_whoever_has_no_right_is_refused_and_nothing_is_recorded(
    deployed: Deployed,
) -> None:
    """Refused for the right, before the record is looked at: a state is told to nobody else."""
    before, wrong = await deployed.stage.recorded(), list[str]()
    for service, name, given, label, viewer in pairs(deployed):
        answer = await send(deployed, viewer, service, name, given.values)
        own = given.own and answer.status == 409
        if answer.error or not (own or answer.status in REFUSED):
            wrong.append(f"{label}: {service}.{name} → {answer.status} {answer.text[:160]}")
        wrong += told(deployed, label, viewer, given, answer)
    assert not wrong, f"{len(wrong)}:\n" + "\n".join(wrong[:40])
    assert await deployed.stage.recorded() == before


def told(
    deployed: Deployed, label: str, viewer: Viewer | None, given: Given, answer: Answer
) -> Iterable[str]:
    sent = str(given.values)
    return [
        f"{label} is told {canary.text}"
        for canary in deployed.stage.canaries.held
        if canary.text in answer.text and canary.text not in sent and not seen_by(viewer, canary)
    ]


def borrowed(here: County, there: County) -> dict[str, dict[str, Any]]:
    """Commands at one's own place about a subject of another county."""
    klass, child = there.classes[0], here.children[here.classes[0]][0]
    staff, case = here.people["homeroom_teacher class0"], there.records["case"]
    absent = [{"child": str(child), "mark": "sick"}]
    day = {"klass": klass, "on": THURSDAY}
    return {
        "enrollment.grant_role": {"staff": staff, "role": "registrar", "unit": there.schools[0]},
        "enrollment.end_role": {"staff": staff, "role": "registrar", "unit": there.schools[0]},
        "enrollment.assign_homeroom": {"klass": klass, "staff": staff},
        "enrollment.end_homeroom": {"klass": klass, "staff": staff},
        "enrollment.enroll_child": {"child": child, "klass": klass},
        "enrollment.register_child": {"child": child, "klass": klass, "name": "某某"},
        "enrollment.register_staff": {"staff": staff, "unit": there.schools[0], "name": "某某"},
        "enrollment.leave_class": {"child": child, "klass": klass, "reason": "moved"},
        "enrollment.submit_roll": day | {"absent": absent},
        "enrollment.set_reason": day | {"child": child, "reason": "sick"},
        "enrollment.move_unit": {"unit": there.schools[0], "parent": here.townships[0]},
        "enrollment.register_unit": {
            "unit": here.townships[0],
            "kind": "division",
            "name": "某乡",
            "parent": there.code,
        },
        "enrollment.open_class": {
            "klass": here.classes[0],
            "school": there.schools[0],
            "grade": 8,
            "name": "9班",
        },
        "casework.log_observation": {
            "child": child,
            "observed_at": f"{THURSDAY}T10:00:00+08:00",
            "kind": "daily",
        },
        "notify.remind": {"child": child, "about": f"case-{case}"},
    }


@pytest.mark.parametrize("role", ["county_officer county", "principal school0"])
async def test_ones_own_place_opens_no_door_to_another_county(
    deployed: Deployed, role: str
) -> None:
    here, there = deployed.here, deployed.there
    viewer = deployed.callers[f"{there.code} {role}"]
    before, wrong = await deployed.stage.recorded(), list[str]()
    for name, values in borrowed(here, there).items():
        service, _, command = name.partition(".")
        answer = await send(deployed, viewer, service, command, values)
        if answer.error or not 400 <= answer.status < 500:
            wrong.append(f"{name} → {answer.status} {answer.text[:200]} {answer.error[-300:]}")
        wrong += told(deployed, name, viewer, Given(values, ()), answer)
    assert not wrong, "\n".join(wrong)
    assert await deployed.stage.recorded() == before
