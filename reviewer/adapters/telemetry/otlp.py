"""Sends spans to a collector over OTLP, where the operator names one.

The SDK is an optional part (the extra ``telemetry``) and is imported when it is asked for. Its own
variables (``OTEL_EXPORTER_OTLP_HEADERS`` for a collector that wants a key, ``OTEL_TRACES_SAMPLER``)
hold as documented: https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from opentelemetry import trace
from typing_extensions import override

from reviewer import __version__
from reviewer.adapters.telemetry.opentelemetry_spans import (
    LONGEST_ATTRIBUTE,
    OpenTelemetrySpans,
    wanted_trace_id,
)
from reviewer.errors import UserError

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter

#: https://opentelemetry.io/docs/specs/otlp/#otlphttp-request
_TRACES_PATH = "/v1/traces"
#: Spans that wait for the collector; what is too much is dropped by the SDK, and no run waits.
_MOST_WAITING = 2_048
_MOST_ATTRIBUTES = 64
_EXPORT_SECONDS = 10.0


class SpanExport:
    """Spans of this process on their way to a collector; close it at the end.

    Args:
        provider: Of the SDK.
        secrets: Values that no attribute shows.
    """

    def __init__(self, provider: TracerProvider, secrets: Sequence[str]) -> None:
        self._provider = provider
        tracer = provider.get_tracer("reviewer", __version__)
        #: Opens spans of calls to others: models, the code host, the database.
        self.calls = OpenTelemetrySpans(tracer, secrets=secrets)
        #: Opens spans of work inside this process: a delivery, a run.
        self.work = OpenTelemetrySpans(tracer, inside=True, secrets=secrets)

    def use_everywhere(self) -> None:
        """Let every tracer of this process send its spans here; can be done once a process."""
        trace.set_tracer_provider(self._provider)

    def close(self) -> None:
        """Send what waits, and stop; takes seconds where the collector is silent."""
        self._provider.shutdown()


def export_spans(
    endpoint: str,
    *,
    secrets: Sequence[str] = (),
    exporter: SpanExporter | None = None,
    patience_seconds: float = _EXPORT_SECONDS,
) -> SpanExport:
    """Begin to send spans.

    Args:
        endpoint: The collector's address (``http://collector:4318``), with or without the path.
        secrets: Values that no attribute shows, in any form.
        exporter: What sends them at once instead; for tests.
        patience_seconds: How long the collector may take for one portion, tries included.

    Raises:
        UserError: The SDK is not installed.
    """
    try:
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 - an optional part
        from opentelemetry.sdk.trace import SpanLimits, TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import (  # noqa: PLC0415
            BatchSpanProcessor,
            SimpleSpanProcessor,
        )
        from opentelemetry.sdk.trace.id_generator import RandomIdGenerator  # noqa: PLC0415
    except ImportError as error:
        raise UserError(
            "spans cannot be sent: OpenTelemetry's SDK is not installed",
            hint='Install it with pip install "persona-reviewer[telemetry]", or set no endpoint.',
        ) from error

    class Ids(RandomIdGenerator):
        """Gives traces of known work the ids that follow from it."""

        @override
        def generate_trace_id(self) -> int:
            return wanted_trace_id() or super().generate_trace_id()

    provider = TracerProvider(
        id_generator=Ids(),
        resource=Resource.create(
            {"service.name": "persona-reviewer", "service.version": __version__}
        ),
        span_limits=SpanLimits(
            max_span_attributes=_MOST_ATTRIBUTES, max_span_attribute_length=LONGEST_ATTRIBUTE
        ),
        # Whoever began it ends it, in the service's own order of stopping.
        shutdown_on_exit=False,
    )
    provider.add_span_processor(
        BatchSpanProcessor(_otlp_exporter(endpoint, patience_seconds), max_queue_size=_MOST_WAITING)
        if exporter is None
        else SimpleSpanProcessor(exporter)
    )
    return SpanExport(provider, secrets)


def traces_address(endpoint: str) -> str:
    """Return where spans are sent to, from the collector's address with or without the path."""
    address = endpoint.rstrip("/")
    return address if address.endswith(_TRACES_PATH) else f"{address}{_TRACES_PATH}"


def _otlp_exporter(endpoint: str, patience_seconds: float) -> SpanExporter:
    import requests  # noqa: PLC0415 - what the exporter sends with
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
        OTLPSpanExporter,
    )

    session = requests.Session()
    # Spans go where the operator said and nowhere else (security.md S14).
    session.max_redirects = 0
    return OTLPSpanExporter(
        endpoint=traces_address(endpoint), timeout=patience_seconds, session=session
    )
