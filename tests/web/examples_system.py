"""What the system page shows: all well, and a process away with something parked."""

from shared.web.models.system import ParkedRow, ProcessRow, SystemPage
from tests.web import examples as ex

WHAT = (
    ("enrollment", "学籍与考勤"),
    ("casework", "个案"),
    ("notify", "消息"),
    ("audit", "检索与回放"),
    ("sealer", "封签"),
)


def system(*, trouble: bool = False) -> SystemPage:
    return SystemPage(
        title="系统",
        verdict="1 个进程不能服务" if trouble else "都能服务，没有搁置的事件",
        about="网关、四个服务和封签；这里没有任何人的资料。",
        processes=tuple(_process(name, what, trouble=trouble) for name, what in WHAT),
        parked=(_parked(),) if trouble else (),
        action="/system/redrive",
        said="处理了 2 件。" if trouble else "",
    )


def _process(name: str, what: str, *, trouble: bool) -> ProcessRow:
    bad = trouble and name == "notify"
    return ProcessRow(
        name=name,
        what=what,
        ready=not bad,
        unpublished=None if name == "sealer" else 0,
        lag=41_000 if bad else 0,
        parked=2 if trouble and name == "casework" else 0,
        problems=("database: could not connect to 127.0.0.1:8800",) if bad else (),
    )


def _parked() -> ParkedRow:
    return ParkedRow(
        subscription="casework.absence_to_risk",
        subject="01a22dba-b12e-77c3-be3f-5fdd59b5ac6c",
        entries=2,
        since=ex.at(8, 41),
        reason="ValueError: no such class of the child 01a22dba-b12e-77c3-be3f-5fdd59b5ac6c",
    )
