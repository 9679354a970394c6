"""The dashboard shows figures that the processes really give."""

import json
import re

from prometheus_client.parser import text_string_to_metric_families

from shared.metrics import Metrics
from tests.deploy.compose import PARTS

DASHBOARD = PARTS / "grafana" / "dashboards" / "baoxue.json"
NAME = re.compile(r"\bbaoxue_\w+")


def shown() -> list[tuple[str, str]]:
    """Expression and legend of every line of every panel."""
    panels = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    return [(one["expr"], one["legendFormat"]) for panel in panels for one in panel["targets"]]


def served() -> dict[str, set[str]]:
    """Series name → label names, as a process with one subscription serves them."""
    metrics = Metrics("casework")
    for gauge in (metrics.relay_lag, metrics.timers_due):
        gauge.labels("casework").set(0)
    for gauge in (metrics.consumer_lag, metrics.parked, metrics.strangers):
        gauge.labels("casework.directory").set(0)
    families = text_string_to_metric_families(metrics.render().decode())
    return {sample.name: set(sample.labels) for family in families for sample in family.samples}


def test_every_figure_shown_is_served() -> None:
    names = {name for expr, _ in shown() for name in NAME.findall(expr)}
    assert names
    assert names <= set(served())


def test_every_figure_served_is_shown() -> None:
    names = {name for expr, _ in shown() for name in NAME.findall(expr)}
    left_out = {name for name in served() if not name.endswith(("_created", "_sum", "_bucket"))}
    assert left_out <= names


def test_every_label_shown_exists() -> None:
    series = served()
    for expr, legend in shown():
        labels = set().union(*(series[name] for name in NAME.findall(expr)), {"instance", "job"})
        assert set(re.findall(r"\{\{(\w+)\}\}", legend)) <= labels, expr
