"""What the parts of a pack say of each other: duties, schemes, bodies and systems fit together."""

from collections.abc import Iterator, Mapping

from shared.policy.duty_schema import DutyKind, Scheme
from shared.policy.schema import PackFile
from shared.policy.yaml_lines import PackInvalid, line_of
from shared.roles import ROLES

# Whom a duty or a step of its escalation may name; "holder" is whoever has the duty.
HOLDING = frozenset(("holder", *ROLES))

Fault = tuple[str, str]


def check_mechanisms(file: PackFile, lines: Mapping[str, int]) -> None:
    """Raises PackInvalid with the line of the first reference that leads nowhere."""
    for path, reason in _faults(file):
        raise PackInvalid(path, line_of(f"$.{path}", dict(lines)), reason)


def _faults(file: PackFile) -> Iterator[Fault]:
    for code, duty in file.duties.items():
        yield from ((f"duties.{code}{where}", why) for where, why in _duty(duty, file))
    for code, scheme in file.schemes.items():
        yield from ((f"schemes.{code}{where}", why) for where, why in _scheme(scheme))
    for part in ("duties", "schemes", "bodies", "systems"):
        for code, one in getattr(file, part).items():
            if any(source not in file.sources for source in one.basis):
                yield f"{part}.{code}.basis", "依据不在 sources 里"
    for code, body in file.bodies.items():
        if not file.duties.keys() >= set(body.receives):
            yield f"bodies.{code}.receives", "不是 duties 里的任务"
    for code, system in file.systems.items():
        if system.document not in {entry.code for entry in file.codes.documents}:
            yield f"systems.{code}.document", "不是 codes.documents 里的代码"


def _duty(duty: DutyKind, file: PackFile) -> Iterator[Fault]:
    if (duty.arm.event is None) == (duty.arm.every is None):
        yield ".arm", "event 和 every 要写一个，也只写一个"
    if len(duty.due.given) != 1:
        yield ".due", "期限要写一种，也只写一种"
    if duty.arm.every == "year" and duty.due.date is None:
        yield ".due", "每年一次的要写日期（date）"
    if duty.due.field is not None and duty.arm.event is None:
        yield ".due.field", "按日期字段计算的，arm 要写 event"
    if not {entry.code for entry in file.codes.groups}.issuperset(duty.arm.groups):
        yield ".arm.groups", "不是 codes.groups 里的代码"
    yield from _holder(duty, file)
    for step, climb in enumerate(duty.climb):
        if climb.to not in HOLDING:
            yield f".climb[{step}].to", "不认识的职务"


def _holder(duty: DutyKind, file: PackFile) -> Iterator[Fault]:
    holder = duty.holder
    if holder.role is not None:
        if holder.scheme is not None or holder.tier is not None:
            yield ".holder", "role 和 scheme 只写一种"
        if holder.role not in HOLDING:
            yield ".holder.role", "不认识的职务"
        return
    scheme = file.schemes.get(holder.scheme or "")
    if scheme is None:
        yield ".holder", "没有写由谁负责，或没有这个责任制"
    elif scheme.tier(holder.tier or "") is None:
        yield ".holder.tier", "这个责任制没有这一层"


def _scheme(scheme: Scheme) -> Iterator[Fault]:
    seen: set[str] = set()
    for position, tier in enumerate(scheme.tiers):
        if tier.code in seen:
            yield f".tiers[{position}].code", f"代码 {tier.code} 重复"
        seen.add(tier.code)
