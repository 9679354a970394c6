"""Nobody reads where they do not belong: every route × role × jurisdiction, from the route table.

A new route fails here until `declared.py` says what it is about and who may ask.
"""

from collections.abc import Iterator
from urllib.parse import unquote

import pytest

from services.enrollment.imports.worker import step
from shared.contracts.topics import SERVICES
from tests.guard.asking import ask
from tests.guard.conftest import Deployed
from tests.guard.declared import DECLARED, facts
from tests.guard.matrix import PAGE, Asked, Matrix, leaks, multipart

pytestmark = pytest.mark.timeout(1800)

REFUSED = frozenset((401, 403, 404))
ANSWERED = frozenset((200, 303))


async def imported(deployed: Deployed) -> str:
    """The id of a roster that a school's registrar looks at and has not accepted yet."""
    here, world = deployed.here, deployed.stage.worlds["enrollment"]
    names = [one.text for one in deployed.stage.canaries.held if one.is_name][:3]
    rows = "\n".join(f"{name},女,8,1班" for name in names)
    content = f"姓名,性别,年级,班级\n{rows}\n,男,8,1班\n".encode()
    kind, body = multipart({"kind": "roster"}, {"file": ("名册.csv", content)})
    token = deployed.token(deployed.callers[f"{here.code} registrar school0"])  # type: ignore[arg-type]
    headers = [
        (b"accept", PAGE.encode()),
        (b"content-type", kind),
        (b"authorization", b"Bearer " + token.encode()),
    ]
    answer = await ask(world.app, "POST", "/enrollment/imports", headers, body)
    assert answer.status == 303, answer.body
    while await step(world.edge):
        pass
    return answer.headers["location"].rpartition("/")[2]


def about(deployed: Deployed, job: str) -> dict[str, str]:
    here = deployed.here
    first = str(here.children[here.classes[0]][0])
    own = [one for one in deployed.stage.canaries.held if one.owner == first]
    name, number, student = (one.text for one in own[:3])
    words = next(one.text for one in own if one.cls == "narrative")
    return facts(here, job) | {
        "name": name,
        "surname": name[0],
        "number": number,
        "studentnumber": student,
        "words": words[3:],
        "childseq": deployed.places["child"],
        "caseseq": deployed.places["case"],
        "origin": deployed.places["origin"],
    }


@pytest.fixture(scope="session")
async def matrix(deployed: Deployed) -> Matrix:
    job = await imported(deployed)
    registrar = deployed.here.accounts["registrar school0"]
    return Matrix(deployed, about(deployed, job), registrar)


@pytest.fixture(scope="session", params=SERVICES)
async def asked(matrix: Matrix, request: pytest.FixtureRequest) -> list[Asked]:
    """Every route of a service as every caller, once."""
    before = await matrix.deployed.stage.recorded(access=False)
    answers = await matrix.ask_all(request.param)
    # What is read changes nothing, what is refused neither; audit's own ledger alone says so.
    assert await matrix.deployed.stage.recorded(access=False) == before
    return answers


def test_every_route_is_declared_and_nothing_else_is(matrix: Matrix) -> None:
    commands = {str(r) for r in matrix.routes() if "/commands/" in r.path and r.method == "POST"}
    table = {str(route) for route in matrix.routes()} - commands
    declared = {f"{service} {name}" for service, routes in DECLARED.items() for name in routes}
    assert table == declared


def test_whoever_has_no_right_is_refused(asked: list[Asked]) -> None:
    wrong = [str(one) for one in asked if not one.allowed and not is_refused(one)]
    assert not wrong, report(wrong)


def is_refused(one: Asked) -> bool:
    """A browser without a session is sent to sign in."""
    if one.viewer is None and one.accept == PAGE and one.answer.status == 303:
        return one.answer.headers["location"].startswith("/sign-in")
    # Another's import is told as one that is not there, to whoever may import and who may not.
    unknown = one.declared.kind == "own" and one.answer.status == 409
    # A part of the first page is empty for whom it is not meant.
    empty = one.answer.status == 200 and not one.answer.body
    return one.answer.status in REFUSED or unknown or empty


def test_whoever_has_the_right_is_answered(asked: list[Asked]) -> None:
    """Else the refusals above would prove nothing."""
    kinds = ("record", "own", "signed", "open")
    wrong = [
        str(one)
        for one in asked
        if one.allowed
        and one.declared.kind in kinds
        and one.answer.status not in ANSWERED
        and one.route.path not in ("/health/ready", "/enrollment/sign-in", "/log/{rest:path}")
    ]
    assert not wrong, report(wrong)


def test_lists_answer_whoever_holds_their_right(asked: list[Asked]) -> None:
    """Outside the jurisdiction a unit that is asked for is not there."""
    wrong = [
        str(one)
        for one in asked
        if one.allowed
        and one.declared.kind == "list"
        and one.answer.status not in ANSWERED | {403, 404}
    ]
    assert not wrong, report(wrong)


def test_nothing_fails(asked: list[Asked]) -> None:
    wrong = [
        f"{one} {one.answer.error[-600:]}"
        for one in asked
        if (one.answer.status >= 500 or one.answer.error) and "/health/ready" not in one.route.path
    ]
    assert not wrong, report(wrong)


def test_no_answer_holds_what_its_caller_may_not_see(
    asked: list[Asked], deployed: Deployed
) -> None:
    held = deployed.stage.canaries.held
    wrong = [
        f"{one} holds {canary.kind} {canary.cls} {canary.text} of {canary.path}"
        for one in asked
        for canary in leaks(one, held)
    ]
    assert not wrong, report(wrong)


def test_the_subject_stands_in_the_answers_of_those_who_may_see_it(
    asked: list[Asked], deployed: Deployed
) -> None:
    """The net is fine enough: what it looks for is there, where it may be."""
    said = "\n".join(one.answer.text for one in asked)
    held = [one for one in deployed.stage.canaries.held if one.is_name and one.text in said]
    assert held


def report(wrong: list[str]) -> str:
    """The first and the last of each address."""
    by_address: dict[str, list[str]] = {}
    for one in map(unquote, wrong):
        by_address.setdefault(one.split(": ", 1)[-1].split(" (")[0], []).append(one)
    told = [f"{len(some)}× {some[0]}\n    {some[-1]}" for some in by_address.values()]
    return f"{len(wrong)}:\n" + "\n".join(told)


def test_the_access_ledger_names_who_was_shown(asked: list[Asked], deployed: Deployed) -> None:
    wrong = list(differences(asked, deployed))
    assert not wrong, report(wrong)


def differences(asked: list[Asked], deployed: Deployed) -> Iterator[str]:
    """A page of one's own class is recorded once a day: what it showed before counts."""
    held = deployed.stage.canaries.held
    names = {one.text: one.owner for one in held if one.is_name}
    earlier: dict[tuple[str, str], set[str]] = {}
    for one in asked:
        if one.answer.status != 200 or one.viewer is None:
            continue
        said, sent = one.answer.text, unquote(one.address)
        shown = {who for name, who in names.items() if name in said and name not in sent}
        known = earlier.setdefault((one.label, one.route.path.partition("{klass}")[0]), set())
        known |= one.viewed
        if left := shown - known:
            yield f"{one} shows {left} unrecorded"
        there = {c.owner or c.text for c in held if c.text in said}
        if more := one.viewed - there:
            yield f"{one} records {more} not shown"
