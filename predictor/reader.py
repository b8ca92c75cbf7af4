"""Reader: the one way in which samples come from Prometheus, for a tick, a start-up and a training run alike."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Annotated, Final, Protocol
from urllib.parse import urlsplit

import numpy as np
import requests
from prometheus_api_client import PrometheusConnect
from prometheus_api_client.exceptions import PrometheusApiClientException
from pydantic import AfterValidator
from urllib3.util.retry import Retry

from predictor.catalogue import Catalogue
from predictor.panel import FloatArray
from predictor.series import PrometheusGarbled, ReadError, Reading, Series, decoded, reading

# Prometheus refuses more than 11,000 points a series; fewer keep a long read's answers small.
MAX_POINTS: Final = 2_000
# Two kept-alive connections read 1.3 times as fast as one; four are slower again (measured on 2 cores).
CONNECTIONS: Final = 2


class PrometheusUnavailable(ReadError):
    """Nobody listens, or the connection broke."""

    reason = "unavailable"


class PrometheusTimeout(ReadError):
    """No answer in time."""

    reason = "timeout"


class PrometheusRefused(ReadError):
    """An answer with a status other than 200."""

    reason = "status"


class PrometheusOverloaded(PrometheusRefused):
    """503: its own limit for a query is over, or it is not ready yet. Another time it may answer."""


class NoData(ReadError):
    """Every query was answered, and none with a series of an entity."""

    reason = "no_data"


class Reader(Protocol):
    """Where panels come from; tests put another in Prometheus' place."""

    def read(self, catalogue: Catalogue, start: float, end: float, step_seconds: float) -> Reading:
        """All signals and rules at start, start + step, … end. Raises ReadError; nothing there is no error."""
        ...


class PrometheusReader:
    """Reads from one Prometheus, or from anything that speaks its query API."""

    def __init__(self, url: str, timeout_seconds: float) -> None:
        self.url = shown_url(url)
        # The next tick is the retry; a read that retries by itself would overlap it. read=False lets a timeout through
        # as a timeout instead of as a broken connection.
        self._client = PrometheusConnect(
            checked_url(url),
            headers={"Accept-Encoding": "identity"} if on_this_machine(url) else None,
            retry=Retry(total=0, read=False),
            timeout=timeout_seconds,
        )
        self._timeout_seconds = timeout_seconds

    def read(self, catalogue: Catalogue, start: float, end: float, step_seconds: float) -> Reading:
        """All signals and rules at start, start + step, … end, which are multiples of the step.

        Raises ReadError when any query fails: a read is whole or it is not. A time before Prometheus began is empty.
        """
        times = np.arange(start, end + step_seconds / 2, step_seconds)
        chunks = [times[i : i + MAX_POINTS] for i in range(0, len(times), MAX_POINTS)]
        templates = {f"signal {s.name}": s.promql for s in catalogue.signals}
        templates |= {f"rule {r.issue} of {r.kind}": r.promql for r in catalogue.rules}
        jobs = [(name, catalogue.promql(text), chunk) for name, text in templates.items() for chunk in chunks]

        def ask(job: tuple[str, str, FloatArray]) -> list[Series]:
            return self._query(*job, step_seconds)

        pool, stopped = ThreadPoolExecutor(CONNECTIONS), False
        try:
            answers = list(pool.map(ask, jobs))
        except KeyboardInterrupt:
            stopped = True
            raise
        finally:
            pool.shutdown(wait=not stopped, cancel_futures=stopped)  # who stops the program waits for no Prometheus
        starts = [i * MAX_POINTS for i in range(len(chunks))]
        per_query = [answers[i : i + len(chunks)] for i in range(0, len(answers), len(chunks))]
        placed = [
            [(start, one) for start, part in zip(starts, parts, strict=True) for one in part] for parts in per_query
        ]
        return reading(catalogue, times, placed)

    def _query(self, name: str, promql: str, times: FloatArray, step_seconds: float) -> list[Series]:
        first, last = (datetime.fromtimestamp(float(t), UTC) for t in (times[0], times[-1]))
        try:
            result = self._client.custom_query_range(promql, first, last, f"{step_seconds:g}")
        except requests.Timeout as error:
            raise PrometheusTimeout(f"{self.url} gave no answer within {self._timeout_seconds:g} s ({name})") from error
        except (requests.JSONDecodeError, RecursionError) as error:
            raise PrometheusGarbled(
                f"{self.url} answered {name} with something that is not JSON; is it a Prometheus?"
            ) from error
        except requests.RequestException as error:
            raise PrometheusUnavailable(f"cannot reach {self.url}: {_cause(error)}") from error
        except PrometheusApiClientException as error:
            refused = PrometheusOverloaded if str(error).startswith("HTTP Status Code 503") else PrometheusRefused
            raise refused(f"{self.url} refused {name}: {str(error)[:300]}") from error
        except (KeyError, TypeError, IndexError, ValueError) as error:
            raise PrometheusGarbled(f"{self.url} answered {name} without data.result; is it a Prometheus?") from error
        try:
            return [decoded(series, times, step_seconds) for series in result]
        except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError) as error:
            raise PrometheusGarbled(f"{self.url} answered {name} with samples nobody can read: {error}") from error


def checked_url(text: str) -> str:
    """The base URL of a Prometheus, without a slash at its end. Raises ValueError when it is none."""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        shown = text.rpartition("@")[2]  # never the password, not even of a wrong URL
        raise ValueError(f"{shown!r} is not a Prometheus URL; write for example http://127.0.0.1:9090")
    return text.rstrip("/")


def shown_url(text: str) -> str:
    """The URL for messages, which reach logs and pages: without user and password."""
    parts = urlsplit(checked_url(text))
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def on_this_machine(url: str) -> bool:
    """Whether the host is a loopback one.

    There packing answers is a fifth of a read's time and saves nothing, unless it is the near end of a tunnel.
    """
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def with_data(reading: Reading) -> Reading:
    """The same reading. Raises NoData when it is empty, which for a tick or a first read is a failure."""
    if reading.empty:
        raise NoData("Prometheus answered every query with no series; check its targets and the catalogue's variables")
    return reading


PrometheusUrl = Annotated[str, AfterValidator(checked_url)]
"""A setting that names a Prometheus."""


def last_grid_point(now: float, step_seconds: float, delay_seconds: float) -> float:
    """The newest multiple of the step whose samples have arrived by now."""
    return math.floor((now - delay_seconds) / step_seconds) * step_seconds


def _cause(error: BaseException) -> str:
    """The innermost reason of a chain of wrapped connection errors, which is the one a person can use."""
    inner: BaseException = error
    while inner.__cause__ or inner.__context__:
        inner = inner.__cause__ or inner.__context__ or inner
    return str(inner).strip() or type(inner).__name__
