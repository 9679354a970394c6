"""Prometheus metrics of a service process."""

from prometheus_client import CollectorRegistry, Gauge, Histogram, generate_latest

CONTENT_TYPE = "text/plain; version=0.0.4"


class Metrics:
    """One registry a process; gauges are set when they are scraped."""

    def __init__(self, service: str) -> None:
        self.registry = CollectorRegistry()
        registry = self.registry
        self.append_seconds = Histogram(
            "baoxue_command_seconds", "A command from its arrival to its commit", registry=registry
        )
        self.relay_lag = Gauge(
            "baoxue_relay_lag_events",
            "Appended and not yet published",
            ["service"],
            registry=registry,
        )
        self.consumer_lag = Gauge(
            "baoxue_consumer_lag_events",
            "Below the source's head",
            ["subscription"],
            registry=registry,
        )
        self.parked = Gauge("baoxue_parked_events", "Parked", ["subscription"], registry=registry)
        self.strangers = Gauge(
            "baoxue_strangers",
            "Records that no relay of ours sent",
            ["subscription"],
            registry=registry,
        )
        self.timers_due = Gauge(
            "baoxue_timers_due", "Due and not yet done", ["service"], registry=registry
        )
        self.integrity_findings = Gauge(
            "baoxue_integrity_findings",
            "Places that are not what was sealed, as far as checks have seen",
            registry=registry,
        )
        self.service = service

    def render(self) -> bytes:
        return generate_latest(self.registry)
