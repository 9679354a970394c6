"""What each route is about and who may ask: the one place to complete when a route is added.

The subject is always county A's first class, its children, its alert and its case. `{names}` in an
address are filled from `facts`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from shared.access_words import Right
from tests.guard.counties import THURSDAY, County

# caller: programs of ours alone. open: anybody, and nothing of anybody in it. record: about the
# subject, for the right at its place. list: what the jurisdiction holds, for the right anywhere.
# signed: whoever has a session. own: the one account that made it.
Kind = Literal["caller", "open", "record", "list", "signed", "own"]


@dataclass(frozen=True, slots=True)
class Declared:
    """`asks`: addresses with their query; `body`: fields of a form, for a POST."""

    kind: Kind
    asks: tuple[str, ...]
    rights: tuple[Right, ...] = ()
    at: str = "class"
    body: Mapping[str, str] | None = None
    # The body as JSON, each field a list of one.
    as_json: bool = False
    files: Mapping[str, tuple[str, bytes]] | None = None
    # Asked by those alone who have to be refused: others would change something by it.
    refused_only: bool = False
    headers: Mapping[str, str] | None = None


def caller(*asks: str, **more: Any) -> Declared:
    return Declared("caller", asks, **more)


def anybody(*asks: str, **more: Any) -> Declared:
    return Declared("open", asks, **more)


def record(right: Right, *asks: str, **more: Any) -> Declared:
    return Declared("record", asks, (right,), **more)


def listed(rights: tuple[Right, ...], *asks: str, **more: Any) -> Declared:
    return Declared("list", asks, rights, **more)


def facts(here: County, imported: str) -> dict[str, str]:
    """What stands for the names in the addresses."""
    klass = here.classes[0]
    first, second, _ = here.children[klass]
    return {
        "county": here.code,
        "township": here.townships[0],
        "school": here.schools[0],
        "klass": str(klass),
        "child": str(first),
        "flagged": str(second),
        "case": f"case-{here.records['case']}",
        "bare": str(here.records["case"]),
        "teacher": str(here.people["homeroom_teacher class0"]),
        "alert": f"alert-{here.records['alert']}",
        "open": f"alert-{here.records['open_alert']}",
        "day": THURSDAY.isoformat(),
        "account": here.accounts["homeroom_teacher class0"],
        "import": imported,
        "unknown": "0198c5b0-0000-7000-8000-000000000000",
    }


SHARED: dict[str, Declared] = {
    "GET /feed/heads": caller("/feed/heads"),
    "GET /feed/{ledger}": caller("/feed/{county}?after=0", "/feed/{county}-access?after=0"),
    "GET /feed/{ledger}/check": caller("/feed/{county}/check?after=0"),
    "GET /parked": caller("/parked"),
    "POST /redrive": caller("/redrive", body={"subscription": "x", "subject": "{child}"}),
    "GET /positions": caller("/positions"),
    "POST /clock/stop": caller("/clock/stop", body={}),
    "POST /clock/set": caller("/clock/set", body={"at": "2026-11-19T12:00:00+08:00"}),
    "POST /clock/run": caller("/clock/run", body={}),
    "GET /health/live": anybody("/health/live"),
    "GET /health/ready": anybody("/health/ready"),
    "GET /status": anybody("/status"),
    "GET /metrics": anybody("/metrics"),
    "GET /clock": anybody("/clock"),
}
ROLL, BOARD, CHILD = ("roll.view",), ("board.view",), ("child.view",)
ALERT, CASE, REPLAY = ("alert.view",), ("case.view",), ("replay",)
E = "/enrollment"
ENROLLMENT: dict[str, Declared] = {
    f"GET {E}/commands/known": record(
        "roll.view",
        f"{E}/commands/known?ledger={{county}}&command_id={{unknown}}",
        at="ledger",
    ),
    f"POST {E}/sessions": caller(f"{E}/sessions", body={"account": "{account}"}),
    f"POST {E}/session/renew": caller(f"{E}/session/renew", body={"token": "x"}),
    f"GET {E}/next-school-day": caller(f"{E}/next-school-day"),
    f"POST {E}/codes": record(
        "account.manage",
        f"{E}/codes",
        body={"accounts": "{account}"},
        as_json=True,
        refused_only=True,
    ),
    f"GET {E}/founding": anybody(f"{E}/founding"),
    f"POST {E}/founding": listed(
        ("county.found",),
        f"{E}/founding",
        body={"code": "990103", "name": "新县", "command_id": "{unknown}"},
        refused_only=True,
    ),
    f"GET {E}/sign-in": anybody(f"{E}/sign-in", f"{E}/sign-in?back=/x&once=true"),
    f"POST {E}/sign-in": anybody(
        f"{E}/sign-in", body={"account": "{account}", "password": "not the password"}
    ),
    f"POST {E}/sign-out": anybody(f"{E}/sign-out", body={}),
    f"GET {E}/first": Declared("signed", (f"{E}/first",)),
    f"GET {E}/today/roll": listed(("roll.submit",), f"{E}/today/roll"),
    f"GET {E}/today/classes": listed(BOARD, f"{E}/today/classes"),
    f"GET {E}/today/missing": listed(BOARD, f"{E}/today/missing"),
    f"GET {E}/today/units": listed(BOARD, f"{E}/today/units"),
    f"GET {E}/classes/{{klass}}/roll": record(
        "roll.submit", f"{E}/classes/{{klass}}/roll", f"{E}/classes/{{klass}}/roll?on=2026-11-16"
    ),
    f"GET {E}/classes/{{klass}}/rolls/{{on}}/known": record(
        "roll.view", f"{E}/classes/{{klass}}/rolls/{{day}}/known?command_id={{unknown}}"
    ),
    f"GET {E}/classes/{{klass}}/rolls/{{on}}": record(
        "roll.view", f"{E}/classes/{{klass}}/rolls/{{day}}"
    ),
    f"GET {E}/classes/{{klass}}/rolls/{{on}}/reasons/{{child}}": record(
        "roll.view",
        f"{E}/classes/{{klass}}/rolls/{{day}}/reasons/{{child}}",
        headers={"hx-request": "true"},
    ),
    f"GET {E}/classes": listed(
        ROLL,
        f"{E}/classes",
        f"{E}/classes?unit=all",
        f"{E}/classes?unit={{school}}",
        f"{E}/classes?unit={{township}}&state=missing",
        f"{E}/classes?unit={{county}}",
    ),
    f"GET {E}/classes/{{klass}}": record("roll.view", f"{E}/classes/{{klass}}"),
    f"GET {E}/children": listed(
        CHILD,
        f"{E}/children",
        f"{E}/children?unit={{school}}",
        f"{E}/children?unit={{klass}}",
        f"{E}/children?unit={{county}}",
        f"{E}/children?text={{name}}",
        f"{E}/children?text={{surname}}",
        f"{E}/children?text={{number}}",
        f"{E}/children?state=absent",
    ),
    f"GET {E}/children/{{child}}": record("child.view", f"{E}/children/{{child}}"),
    f"POST {E}/children/{{child}}/open": record(
        "child.view",
        f"{E}/children/{{child}}/open",
        body={"field": "phone", "purpose": "contact", "command_id": "{unknown}"},
        refused_only=True,
    ),
    f"GET {E}/children/{{child}}/do/{{name}}": record(
        "leave.record",
        f"{E}/children/{{child}}/do/grant_leave",
    ),
    f"GET {E}/calendar": listed(("calendar.view",), f"{E}/calendar", f"{E}/calendar?month=2026-11"),
    f"GET {E}/board": listed(BOARD, f"{E}/board", f"{E}/board?on={{day}}"),
    f"GET {E}/unsent": Declared("signed", (f"{E}/unsent",)),
    f"GET {E}/accounts": listed(
        ("staff.view", "account.manage"), f"{E}/accounts", f"{E}/accounts?after=1"
    ),
    f"POST {E}/accounts/codes": record(
        "account.manage", f"{E}/accounts/codes", body={"accounts": "{account}"}, refused_only=True
    ),
    f"GET {E}/imports": Declared("signed", (f"{E}/imports",)),
    f"POST {E}/imports": listed(
        ("import.run", "import.staff"),
        f"{E}/imports",
        body={"kind": "roster"},
        files={"file": ("x.csv", b"\xe5\xa7\x93\xe5\x90\x8d\n")},
        refused_only=True,
    ),
    f"GET {E}/imports/{{id}}": Declared(
        "own", (f"{E}/imports/{{import}}", f"{E}/imports/{{import}}?details=true")
    ),
    f"GET {E}/imports/{{id}}/errors.xlsx": Declared(
        "own", (f"{E}/imports/{{import}}/errors.xlsx",)
    ),
    f"POST {E}/imports/{{id}}/answers": Declared(
        "own", (f"{E}/imports/{{import}}/answers",), body={"answers": "{}"}, refused_only=True
    ),
    f"POST {E}/imports/{{id}}/accept": Declared(
        "own", (f"{E}/imports/{{import}}/accept",), body={"partial": "true"}, refused_only=True
    ),
    f"POST {E}/imports/{{id}}/give-up": Declared(
        "own", (f"{E}/imports/{{import}}/give-up",), body={}, refused_only=True
    ),
}
C = "/casework"
DUTY: tuple[Right, ...] = ("duty.view",)
CHARGES: tuple[Right, ...] = ("responsibility.view",)
ASSIGN: tuple[Right, ...] = ("responsibility.assign",)
RULES: tuple[Right, ...] = ("policy.view",)
CASEWORK: dict[str, Declared] = {
    f"GET {C}/commands/known": record(
        "roll.view",
        f"{C}/commands/known?ledger={{county}}&command_id={{unknown}}",
        at="ledger",
    ),
    f"GET {C}/waiting": caller(f"{C}/waiting?since=2026-01-01T00:00Z&before=2027-01-01T00:00Z"),
    f"GET {C}/packs/{{sha256}}": caller(f"{C}/packs/{'0' * 64}"),
    f"GET {C}/attachments/{{sha256}}": caller(f"{C}/attachments/{'0' * 64}"),
    f"GET {C}/today/alerts": listed(ALERT, f"{C}/today/alerts"),
    f"GET {C}/today/duties": listed(("duty.view",), f"{C}/today/duties"),
    f"GET {C}/alerts": listed(
        ALERT,
        f"{C}/alerts",
        f"{C}/alerts?filter=decided",
        f"{C}/alerts?filter=overdue",
        f"{C}/alerts?unit={{township}}",
        f"{C}/alerts?child={{flagged}}",
    ),
    f"GET {C}/alerts/{{stream}}": record(
        "alert.view", f"{C}/alerts/{{open}}", f"{C}/alerts/{{alert}}"
    ),
    f"GET {C}/cases": listed(CASE, f"{C}/cases", f"{C}/cases?filter=all"),
    f"GET {C}/cases.xlsx": listed(CASE, f"{C}/cases.xlsx", f"{C}/cases.xlsx?filter=all"),
    f"GET {C}/cases/{{stream}}": record("case.view", f"{C}/cases/{{case}}"),
    f"GET {C}/cases/{{stream}}/do/{{name}}": record(
        "case.work", f"{C}/cases/{{case}}/do/log_home_visit"
    ),
    f"GET {C}/children/{{child}}/do/{{name}}": record(
        "alert.decide", f"{C}/children/{{flagged}}/do/flag_risk"
    ),
    f"GET {C}/cases/{{stream}}/known": record(
        "case.view", f"{C}/cases/{{case}}/known?command_id={{unknown}}"
    ),
    f"GET {C}/children/{{child}}": record("case.view", f"{C}/children/{{child}}"),
    f"GET {C}/observations": listed(CASE, f"{C}/observations"),
    f"GET {C}/duties": listed(
        DUTY, f"{C}/duties", f"{C}/duties?filter=done", f"{C}/duties?share=main"
    ),
    f"GET {C}/duties.jsonl": listed(DUTY, f"{C}/duties.jsonl"),
    f"GET {C}/duties/{{duty}}": record("duty.view", f"{C}/duties/{{unknown}}", refused_only=True),
    f"POST {C}/duties/{{duty}}/evidence": record(
        "duty.view",
        f"{C}/duties/{{unknown}}/evidence",
        body={"command_id": "{unknown}", "done_on": "{day}", "note": "做了"},
        refused_only=True,
    ),
    f"GET {C}/duties/{{duty}}/files/{{sha256}}": record(
        "duty.view", f"{C}/duties/{{unknown}}/files/{'0' * 64}", refused_only=True
    ),
    f"GET {C}/duties/{{duty}}/do": record(
        "duty.view", f"{C}/duties/{{unknown}}/do", refused_only=True
    ),
    f"GET {C}/calls": listed(DUTY, f"{C}/calls"),
    f"GET {C}/calls/{{child}}": record("duty.view", f"{C}/calls/{{child}}", refused_only=True),
    f"GET {C}/surveys/{{child}}": record("duty.view", f"{C}/surveys/{{child}}", refused_only=True),
    f"GET {C}/visits/{{child}}": record("duty.view", f"{C}/visits/{{child}}", refused_only=True),
    f"POST {C}/visits/{{child}}/open": record(
        "duty.view",
        f"{C}/visits/{{child}}/open",
        body={"field": "phone", "purpose": "contact", "command_id": "{unknown}"},
        refused_only=True,
    ),
    f"GET {C}/coverage": listed(
        CHARGES,
        f"{C}/coverage",
        f"{C}/coverage?scheme=baobao",
        f"{C}/coverage?scheme=quanyuan&all=true",
    ),
    f"GET {C}/coverage.jsonl": listed(CHARGES, f"{C}/coverage.jsonl?scheme=baobao"),
    f"GET {C}/coverage/assign": record(
        "responsibility.assign",
        f"{C}/coverage/assign?scheme=baobao&tier=teacher_child&target={{child}}",
    ),
    f"GET {C}/coverage/end": record(
        "responsibility.assign",
        f"{C}/coverage/end?scheme=baobao&tier=teacher_child&target={{child}}&holder={{teacher}}",
        refused_only=True,
    ),
    f"POST {C}/coverage/compare": listed(
        ASSIGN, f"{C}/coverage/compare", body={"rows": "x"}, as_json=True, refused_only=True
    ),
    f"GET {C}/coverage/sheet": listed(CHARGES, f"{C}/coverage/sheet?scheme=sibao"),
    f"GET {C}/coverage/sheet.xlsx": listed(
        ("export.create",), f"{C}/coverage/sheet.xlsx?scheme=sibao"
    ),
    f"GET {C}/coverage/year": listed(ASSIGN, f"{C}/coverage/year?scheme=quanyuan"),
    f"GET {C}/children/{{child}}/answers": record(
        "case.view",
        f"{C}/children/{{child}}/answers",
        f"{C}/children/{{child}}/answers?on=2026-10-08",
    ),
    f"GET {C}/held/{{staff}}": caller(f"{C}/held/{{teacher}}"),
    f"GET {C}/held/class/{{klass}}": caller(f"{C}/held/class/{{klass}}"),
    f"GET {C}/handover/{{staff}}": record("responsibility.assign", f"{C}/handover/{{teacher}}"),
    f"GET {C}/bodies": listed(CHARGES, f"{C}/bodies"),
    f"GET {C}/bodies/{{body}}": record(
        "responsibility.view", f"{C}/bodies/{{unknown}}", refused_only=True
    ),
    f"GET {C}/activities": listed(
        DUTY, f"{C}/activities", f"{C}/activities?kind=hold_meeting&unit={{school}}"
    ),
    f"GET {C}/activities/do/{{name}}": record(
        "activity.record", f"{C}/activities/do/submit_self_check?unit={{school}}", at="school"
    ),
    f"GET {C}/targets": listed(CHARGES, f"{C}/targets", f"{C}/targets?year=2026-2027"),
    f"GET {C}/escalated": listed(CASE, f"{C}/escalated"),
    f"GET {C}/escalated/{{case}}": record("case.work", f"{C}/escalated/{{bare}}"),
    f"GET {C}/policy": listed(RULES, f"{C}/policy"),
    f"GET {C}/policy/basis": listed(RULES, f"{C}/policy/basis"),
    f"GET {C}/policy/documents": listed(RULES, f"{C}/policy/documents"),
    f"GET {C}/duty-matrix": listed(RULES, f"{C}/duty-matrix"),
    f"GET {C}/systems": listed(RULES, f"{C}/systems"),
    f"GET {C}/systems/{{code}}": listed(RULES, f"{C}/systems/visit_system"),
    f"GET {C}/progress": listed(RULES, f"{C}/progress"),
    f"GET {C}/progress/{{kind}}": listed(RULES, f"{C}/progress/daily_roll"),
    f"GET {C}/plans": listed(RULES, f"{C}/plans"),
    f"GET {C}/policy/documents/new": record(
        "document.publish", f"{C}/policy/documents/new?unit={{county}}", at="county"
    ),
    f"GET {C}/duty-matrix/new": record(
        "document.publish", f"{C}/duty-matrix/new?unit={{county}}", at="county"
    ),
    f"GET {C}/policy/edit": record(
        "policy.activate", f"{C}/policy/edit?unit={{county}}", at="county"
    ),
    f"POST {C}/policy/edit": record(
        "policy.activate",
        f"{C}/policy/edit",
        at="county",
        body={"unit": "{county}", "content": "format: 2", "do": "check"},
        refused_only=True,
    ),
    f"GET {C}/policy/values": record(
        "policy.activate", f"{C}/policy/values?unit={{county}}", at="county"
    ),
    f"POST {C}/policy/values": record(
        "policy.activate",
        f"{C}/policy/values",
        at="county",
        body={"unit": "{county}", "roll.cut_off": "08:50"},
        refused_only=True,
    ),
    f"POST {C}/whatif": record(
        "policy.view",
        f"{C}/whatif",
        at="county",
        body={"unit": "{county}", "content": "format: 2"},
        refused_only=True,
    ),
    f"GET {C}/classes/{{klass}}/status": record("alert.view", f"{C}/classes/{{klass}}/status"),
}
NOTIFY: dict[str, Declared] = {
    "GET /notify/commands/known": record(
        "roll.view",
        "/notify/commands/known?ledger={county}&command_id={unknown}",
        at="ledger",
    ),
    "GET /notify/inbox": listed(("inbox.view",), "/notify/inbox", "/notify/inbox?page=1"),
    "GET /notify/digests": listed(("inbox.view",), "/notify/digests"),
    "GET /notify/digests/{on}/{part}": listed(
        ("inbox.view",), "/notify/digests/{day}/morning", "/notify/digests/{day}/evening"
    ),
    "GET /notify/preferences": listed(("inbox.view",), "/notify/preferences"),
    "GET /notify/reminded": listed(
        ("remind",), "/notify/reminded", "/notify/reminded?nobody={klass}&on={day}"
    ),
    "GET /notify/today": listed(("inbox.view",), "/notify/today"),
}
A = "/audit"
AUDIT: dict[str, Declared] = {
    f"GET {A}/search": listed(
        ("search",),
        f"{A}/search",
        f"{A}/search?text={{name}}",
        f"{A}/search?text={{surname}}",
        f"{A}/search?text={{words}}",
        f"{A}/search?text={{number}}",
        f"{A}/search?text={{child}}",
        f"{A}/search?text={{surname}}&school={{school}}",
        f"{A}/search?school={{school}}",
        f"{A}/search?child={{child}}",
        f"{A}/search?stream={{case}}",
        f"{A}/search?type=casework.CaseOpened",
    ),
    f"GET {A}/replay": record(
        "replay",
        f"{A}/replay?subject={{child}}",
        f"{A}/replay?subject={{case}}",
        f"{A}/replay?subject={{studentnumber}}",
    ),
    f"GET {A}/children/{{child}}": record("replay", f"{A}/children/{{child}}"),
    f"GET {A}/cases/{{stream}}": record("replay", f"{A}/cases/{{case}}"),
    f"GET {A}/entries/{{service}}/{{ledger}}/{{seq}}": record(
        "replay",
        f"{A}/entries/enrollment/{{county}}/{{childseq}}",
        f"{A}/entries/casework/{{county}}/{{caseseq}}",
    ),
    f"GET {A}/integrity": listed(("integrity.view",), f"{A}/integrity"),
    f"POST {A}/integrity/check": listed(
        ("integrity.view",), f"{A}/integrity/check", body={}, refused_only=True
    ),
    f"POST {A}/fsck": listed(
        ("integrity.view",), f"{A}/fsck?ledger={{county}}", body={}, refused_only=True
    ),
    f"GET {A}/export": record("export.create", f"{A}/export?subject={{child}}", at="replay"),
    f"POST {A}/export": record(
        "export.create",
        f"{A}/export",
        body={"subject": "{case}", "purpose": "x"},
        at="replay",
        refused_only=True,
    ),
    # Origins, sizes and hashes are public; the entries themselves are not.
    "GET /log": anybody("/log"),
    "HEAD /log": anybody("/log"),
    "GET /log/{rest:path}": anybody(
        "/log/{origin}/checkpoint",
        "/log/{origin}/tile/entries/000",
        "/log/{origin}/tile/entries/000.p/5",
        "/log/{origin}/tile/0/000.p/5",
    ),
    "HEAD /log/{rest:path}": anybody("/log/{origin}/tile/entries/000.p/5"),
    f"GET {A}/heads": listed(("integrity.view",), f"{A}/heads"),
    f"GET {A}/today": listed(("integrity.view",), f"{A}/today"),
}
DECLARED: dict[str, dict[str, Declared]] = {
    "enrollment": SHARED | ENROLLMENT,
    "casework": SHARED | CASEWORK,
    "notify": SHARED | NOTIFY,
    "audit": SHARED | AUDIT,
}
