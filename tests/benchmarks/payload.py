"""The same bytes in every yardstick: the stored examples, sealed fields included."""

import msgspec

from tests.stored import examples

VISIT, ABSENT = "casework.HomeVisitLogged", "enrollment.StudentAbsent"


def example(type_name: str) -> str:
    """The body of the first stored example of a type."""
    return next(one.body.decode() for one in examples() if one.type == type_name)


def parts(type_name: str) -> tuple[str, str]:
    """Head and tail of a body, as the append composes them around the place."""
    body = example(type_name)
    envelope = msgspec.json.decode(body)
    cut = body.index(',"ledgerseq":')
    data = msgspec.json.encode(envelope["data"]).decode()
    return body[:cut] + ',"ledgerseq":', ',"data":' + data + "}"
