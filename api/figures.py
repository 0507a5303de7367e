"""The office's figures as Prometheus metrics, counted when somebody scrapes."""

from collections.abc import Iterable
from datetime import datetime

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from domain.office_figures import OfficeFigures


class FigureCollector(Collector):
    def __init__(self, figures: OfficeFigures, now: datetime) -> None:
        self._figures = figures
        self._now = now

    def collect(self) -> Iterable[Metric]:
        figures, oldest = self._figures, self._figures.oldest_message_at
        open_cases = GaugeMetricFamily("liandong_cases_open", "Cases that are not closed, by stage", labels=["stage"])
        for stage, number in figures.open_cases.items():
            open_cases.add_metric([stage.value], number)
        yield open_cases
        gauges = {
            "cases_overdue": ("Cases in which something owed is past its due instant", figures.overdue_cases),
            "cases_awaiting_decision": ("Cases that wait for their duty leader", figures.awaiting_decision),
            "launches_waiting": ("Launches ordered and not yet with the engine", figures.launches_waiting),
            "messages_waiting": ("Departments' messages not yet in their cases", figures.messages_waiting),
            "messages_oldest_waiting_seconds": (
                "Age of the oldest of these",
                (self._now - oldest).total_seconds() if oldest else 0,
            ),
            "messages_quarantined": ("Messages that a person must look at", figures.messages_quarantined),
        }
        for name, (meaning, value) in gauges.items():
            yield GaugeMetricFamily(f"liandong_{name}", meaning, value=float(value))
