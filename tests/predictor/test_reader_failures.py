"""The reader where reading fails: every failure has a name, one line, and no password in it."""

from __future__ import annotations

import math
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from predictor.reader import (
    PrometheusOverloaded,
    PrometheusReader,
    PrometheusRefused,
    PrometheusTimeout,
    PrometheusUnavailable,
    checked_url,
    shown_url,
)
from predictor.series import DuplicateSeries, PrometheusGarbled, ReadError
from tests.exporter.fake_prometheus import Answer, FakePrometheus, success
from tests.exporter.models import CATALOGUE, POD_MEMORY
from tests.predictor.reads import END, START, STEP, WEB


def with_password(url: str) -> str:
    """The same URL for a user who logs in."""
    return url.replace("://", "://reader:s3cret@")


@contextmanager
def breaking_off(said: bytes, received: list[str]) -> Iterator[str]:
    """A server that reads a request into `received`, says this much and hangs up; gives its URL."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                received.append(connection.recv(65536).decode())
                connection.sendall(said)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def body(result: object) -> Answer:
    """A good answer with this result."""
    return 200, "application/json", success(result)


def json_of(text: bytes) -> Answer:
    """An answer of status 200 that says it is JSON."""
    return 200, "application/json", text


WRONG: dict[str, tuple[Answer, type[ReadError], str]] = {
    "400": ((400, "application/json", b'{"status":"error","error":"parse\\nerror"}'), PrometheusRefused, "refused "),
    "401": ((401, "text/plain", b"who are you"), PrometheusRefused, "HTTP Status Code 401"),
    "500 in several lines": ((500, "text/plain", b"oops\n" * 500), PrometheusRefused, "HTTP Status Code 500"),
    "503": ((503, "text/html", b"<html>"), PrometheusOverloaded, "HTTP Status Code 503"),
    "204": ((204, "text/plain", b""), PrometheusRefused, "HTTP Status Code 204"),
    "HTML": ((200, "text/html", b"<!DOCTYPE html>"), PrometheusGarbled, "is not JSON; is it a Prometheus?"),
    "nothing": (json_of(b""), PrometheusGarbled, "is not JSON"),
    "bytes of no text": (json_of(b"\xff\xfe\x00\x80" * 9), PrometheusGarbled, "is not JSON"),
    "cut short": (json_of(success([])[:-3]), PrometheusGarbled, "is not JSON"),
    "JSON of another kind": (json_of(b'{"status":"ok"}'), PrometheusGarbled, "without data.result"),
    "a list": (json_of(b"[]"), PrometheusGarbled, "without data.result"),
    "null": (json_of(b"null"), PrometheusGarbled, "without data.result"),
    "data is null": (json_of(b'{"data":null}'), PrometheusGarbled, "without data.result"),
    "a whole number of 400 digits": (
        body([{"metric": WEB, "values": [[START, 10**400]]}]),
        PrometheusGarbled,
        "samples nobody can read",
    ),
    "a moment of 400 digits": (
        body([{"metric": WEB, "values": [[10**400, "1"]]}]),
        PrometheusGarbled,
        "samples nobody can read",
    ),
    "result is null": (body(None), PrometheusGarbled, "samples nobody can read"),
    "result is a number": (body(7), PrometheusGarbled, "samples nobody can read"),
    "result is a table": (body({"a": 1}), PrometheusGarbled, "samples nobody can read"),
    "an instant vector": (body([{"metric": WEB, "value": [START, "1"]}]), PrometheusGarbled, "nobody can read"),
    "no labels": (body([{"values": [[START, "1"]]}]), PrometheusGarbled, "nobody can read"),
    "null labels": (body([{"metric": None, "values": []}]), PrometheusGarbled, "nobody can read"),
    "a word as sample": (body([{"metric": WEB, "values": [[START, "many"]]}]), PrometheusGarbled, "nobody can read"),
    "a word as time": (body([{"metric": WEB, "values": [["now", "1"]]}]), PrometheusGarbled, "nobody can read"),
    "no time": (body([{"metric": WEB, "values": [[math.nan, "1"]]}]), PrometheusGarbled, "nobody can read"),
    "off the grid": (body([{"metric": WEB, "values": [[START + 1, "1"]]}]), PrometheusGarbled, "not asked for"),
    "another day": (body([{"metric": WEB, "values": [[START + 86400, "1"]]}]), PrometheusGarbled, "not asked for"),
    "brackets without end": (json_of(b"[" * 200_000), PrometheusGarbled, "is not JSON"),
    "a number without end": (json_of(b"[" + b"1" * 5_000 + b"]"), PrometheusGarbled, ""),
    "two series": (body([{"metric": WEB | {"uid": u}, "values": [[START, "1"]]} for u in "ab"]), DuplicateSeries, ""),
}


@pytest.mark.parametrize(("answer", "error", "part"), WRONG.values(), ids=WRONG)
def test_every_wrong_answer_has_its_name_one_line_and_no_password(
    fake: FakePrometheus, answer: Answer, error: type[ReadError], part: str
) -> None:
    fake.misbehave = lambda query: answer if query == POD_MEMORY else None
    with pytest.raises(ReadError) as refused:
        PrometheusReader(with_password(fake.url), 5.0).read(CATALOGUE, START, END, STEP)
    assert type(refused.value) is error
    message = str(refused.value)
    assert part in message
    assert "\n" not in message
    assert len(message) < 500
    assert "pod_memory" in message
    assert "s3cret" not in message
    if error is not DuplicateSeries:
        assert message.startswith(fake.url)


def test_reasons_are_few_and_each_error_has_its_own() -> None:
    errors = (PrometheusUnavailable, PrometheusTimeout, PrometheusRefused, PrometheusGarbled, DuplicateSeries)
    assert [e.reason for e in errors] == ["unavailable", "timeout", "status", "garbled", "duplicate_series"]


def test_no_answer_in_time_names_the_time_and_the_query(fake: FakePrometheus) -> None:
    fake.hang = True
    with pytest.raises(PrometheusTimeout) as refused:
        PrometheusReader(with_password(fake.url), 0.2).read(CATALOGUE, START, END, STEP)
    assert str(refused.value).startswith(f"{fake.url} gave no answer within 0.2 s (signal ")
    assert "s3cret" not in str(refused.value)


def test_nobody_listening_is_unavailable_and_says_why() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    with pytest.raises(PrometheusUnavailable) as refused:
        PrometheusReader(with_password(url), 5.0).read(CATALOGUE, START, END, STEP)
    assert str(refused.value).startswith(f"cannot reach {url}: ")
    assert "Connection refused" in str(refused.value)
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize(
    "said",
    [b"", b"SSH-2.0-OpenSSH_9.2\r\n", b'HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n{"status":'],
    ids=["at once", "another protocol", "in the body"],
)
def test_a_connection_that_breaks_is_unavailable(said: bytes) -> None:
    with breaking_off(said, []) as url, pytest.raises(PrometheusUnavailable) as refused:
        PrometheusReader(with_password(url), 5.0).read(CATALOGUE, START, END, STEP)
    assert str(refused.value).startswith(f"cannot reach {url}: ")
    assert "\n" not in str(refused.value)
    assert "s3cret" not in str(refused.value)


def test_user_and_password_of_the_url_are_sent_to_prometheus() -> None:
    received: list[str] = []
    with breaking_off(b"", received) as url, pytest.raises(PrometheusUnavailable):
        PrometheusReader(with_password(url), 5.0).read(CATALOGUE, START, END, STEP)
    assert "Authorization: Basic cmVhZGVyOnMzY3JldA==\r\n" in received[0]


@pytest.mark.parametrize("text", ["localhost:9090", "ftp://reader:s3cret@host", "http://", "", "http//host", "/path"])
def test_what_is_no_url_is_refused_without_its_password(text: str) -> None:
    with pytest.raises(ValueError, match="is not a Prometheus URL; write for example") as refused:
        checked_url(text)
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize("text", ["http://[::1", "http://host:99999", "http://host:port", "http://@"])
def test_a_url_that_no_client_can_use_ends_in_a_named_error(text: str) -> None:
    with pytest.raises((ValueError, PrometheusUnavailable)) as refused:
        PrometheusReader(text, 5.0).read(CATALOGUE, START, END, STEP)
    assert "\n" not in str(refused.value)


def test_a_url_is_shown_without_user_and_password() -> None:
    assert shown_url("https://reader:s3cret@prom.example:9090/base/") == "https://prom.example:9090/base"
    assert shown_url("http://127.0.0.1:9090") == "http://127.0.0.1:9090"
