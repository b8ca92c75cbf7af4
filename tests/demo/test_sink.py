"""The notification sink over HTTP: what it takes, what it refuses, and how its notifications are read."""

from __future__ import annotations

import http.client
import json
from typing import Any

import pytest

from demo.sink import KEPT, MAX_BODY_BYTES, Sink

ALERT = {"status": "firing", "labels": {"alertname": "KipIssuePredicted"}, "annotations": {"summary": "soon"}}
BODY = json.dumps({"alerts": [ALERT]}).encode()


def ask(sink: Sink, method: str, path: str, body: bytes | None = None, length: str = "") -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", sink.server_address[1], timeout=10)
    try:
        connection.request(method, path, body, {"Content-Length": length} if length else {})
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def notifications(sink: Sink, query: str = "") -> list[dict[str, Any]]:
    status, text = ask(sink, "GET", f"/notifications{query}")
    assert status == 200
    return list(json.loads(text))


def test_a_notification_is_taken_numbered_dated_and_printed(sink: Sink, capsys: pytest.CaptureFixture[str]) -> None:
    assert ask(sink, "POST", "/", BODY) == (200, "")
    [taken] = notifications(sink)
    assert (taken["number"], taken["alerts"]) == (1, [ALERT])
    assert taken["received_at"] > 0
    assert capsys.readouterr().out == "firing   KipIssuePredicted: soon\n"


def test_after_gives_only_what_came_after_that_number(sink: Sink) -> None:
    for _ in range(3):
        sink.take(BODY)
    assert [one["number"] for one in notifications(sink)] == [1, 2, 3]
    assert [one["number"] for one in notifications(sink, "?after=1")] == [2, 3]
    assert notifications(sink, "?after=3") == []


def test_numbers_go_on_where_old_notifications_were_dropped(sink: Sink) -> None:
    for _ in range(KEPT + 2):
        sink.take(BODY)
    kept = notifications(sink)
    assert (len(kept), kept[0]["number"], kept[-1]["number"]) == (KEPT, 3, KEPT + 2)
    assert [one["number"] for one in notifications(sink, f"?after={KEPT}")] == [KEPT + 1, KEPT + 2]


def test_a_sender_cannot_choose_the_number_or_the_time(sink: Sink) -> None:
    sink.take(json.dumps({"alerts": [], "number": 99, "received_at": 0}).encode())
    [taken] = notifications(sink)
    assert taken["number"] == 1
    assert taken["received_at"] > 0


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"3", b"\xff", b"{}", b'{"alerts": null}', b'{"alerts": ["fire"]}'], ids=repr
)
def test_what_is_no_notification_is_refused_and_not_kept(sink: Sink, body: bytes) -> None:
    status, text = ask(sink, "POST", "/", body)
    assert (status, bool(text)) == (400, True)
    assert notifications(sink) == []


@pytest.mark.parametrize(
    ("length", "status"), [(str(MAX_BODY_BYTES + 1), 413), ("9" * 30, 413), ("-1", 400), ("many", 400)]
)
def test_a_body_of_unbelievable_length_is_refused_before_it_is_read(sink: Sink, length: str, status: int) -> None:
    assert ask(sink, "POST", "/", length=length)[0] == status
    assert ask(sink, "GET", "/-/healthy") == (200, "ok\n")


def test_an_after_that_is_no_number_is_refused(sink: Sink) -> None:
    assert ask(sink, "GET", "/notifications?after=now") == (400, "after must be a whole number, not 'now'\n")


def test_an_unknown_path_says_which_ones_there_are(sink: Sink) -> None:
    status, text = ask(sink, "GET", "/elsewhere")
    assert status == 404
    assert "/notifications" in text
