"""The departments' circuits as Prometheus metrics."""

from collections.abc import Callable, Iterable, Mapping

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

_LEVELS = {"closed": 0, "half-open": 1, "open": 2}


class CircuitCollector(Collector):
    """`circuits`: department to state, as it is when somebody scrapes."""

    def __init__(self, circuits: Callable[[], Mapping[str, str]]) -> None:
        self._circuits = circuits

    def collect(self) -> Iterable[Metric]:
        gauge = GaugeMetricFamily(
            "liandong_department_circuit",
            "Line to a department's system: 0 closed (well), 1 half-open (trying), 2 open (outage)",
            labels=["department"],
        )
        for department, state in self._circuits().items():
            gauge.add_metric([department], _LEVELS[state])
        yield gauge
