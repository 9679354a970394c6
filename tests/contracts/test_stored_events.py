"""Whatever was ever stored is read by contracts and domains, and written back byte by byte."""

import importlib
import pkgutil
from types import ModuleType

import msgspec
import pytest

import services
from shared.contracts import access
from shared.contracts.decode import EVENTS, SERVICES, decode
from shared.contracts.entry import entry_of
from tests.stored import Example, digest, examples, recorded_digests

EXAMPLES = examples()
ENVELOPE = [
    "specversion",
    "id",
    "type",
    "dataversion",
    "source",
    "subject",
    "occurredat",
    "stream",
    "unitpath",
    "actorid",
    "actorrole",
    "actorunit",
    "onbehalfof",
    "via",
    "policyversion",
    "correlationid",
    "causationid",
    "traceparent",
    "commandid",
    "occurredprecision",
    "settlesat",
    "ledgerseq",
    "time",
    "streamversion",
    "clockbehindms",
    "data",
]
NAMES = [f"{number}-{example.type}" for number, example in enumerate(EXAMPLES)]


def domain_classes() -> dict[str, type]:
    """The event classes of every domain module that exports them, by stored type."""
    found: dict[str, type] = {}
    for service in SERVICES:
        for module in _domain_modules(service):
            events: dict[str, type] = getattr(module, "EVENTS", {})
            found |= {f"{service}.{cls.__name__}": cls for cls in events.values()}
    return found


def _domain_modules(service: str) -> list[ModuleType]:
    try:
        package = importlib.import_module(f"{services.__name__}.{service}.domain")
    except ModuleNotFoundError:
        return []
    names = [f"{package.__name__}.{info.name}" for info in pkgutil.iter_modules(package.__path__)]
    return [importlib.import_module(name) for name in names]


DOMAIN = domain_classes()


def test_every_type_of_every_contract_has_an_example() -> None:
    reads = {f"{service}.{name}" for service in SERVICES for name in access.EVENTS}
    shown = {example.type for example in EXAMPLES}
    assert EVENTS.keys() - reads <= shown
    assert {f"enrollment.{name}" for name in access.EVENTS} <= shown


def test_no_stored_example_ever_changes() -> None:
    """New examples go to the end, with their digest; a changed digest is an edited past."""
    assert [digest(example) for example in EXAMPLES] == recorded_digests()


@pytest.mark.parametrize("example", EXAMPLES, ids=NAMES)
def test_an_envelope_keeps_its_order(example: Example) -> None:
    keys = list(msgspec.json.decode(example.body))
    assert keys == [key for key in ENVELOPE if key in keys]


@pytest.mark.parametrize("example", EXAMPLES, ids=NAMES)
def test_the_contract_reads_and_writes_the_same_bytes(example: Example) -> None:
    data = decode(example.type, example.dataversion, example.data)
    assert type(data) is EVENTS[example.type]
    assert msgspec.json.encode(data) == example.data


@pytest.mark.parametrize("example", EXAMPLES, ids=NAMES)
def test_a_body_is_read_as_an_entry(example: Example) -> None:
    entry = entry_of(example.body)
    assert (entry.type, entry.stream) == (example.type, example.stream)
    assert entry.ref[:2] in {
        (service, ledger) for service in SERVICES for ledger in ("990101", "990101-access")
    }


OWNED = [example for example in EXAMPLES if example.type in DOMAIN]


@pytest.mark.parametrize("example", OWNED, ids=[e.type for e in OWNED])
def test_the_domain_reads_and_writes_the_same_bytes(example: Example) -> None:
    event = msgspec.json.decode(example.data, type=DOMAIN[example.type])
    assert msgspec.json.encode(event) == example.data


def test_casework_and_notify_own_a_class_for_each_of_their_contracts() -> None:
    published = {name for name in EVENTS if name.startswith(("casework.", "notify."))}
    reads = {f"{service}.{name}" for service in SERVICES for name in access.EVENTS}
    assert published - reads == {
        name for name in DOMAIN if name.startswith(("casework.", "notify."))
    }
