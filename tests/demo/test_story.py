"""The story on hand-made ticks and notifications: what was predicted, who was told, what then began."""

from __future__ import annotations

from typing import Any

from demo.story import WAKE_SECONDS, Event, Key, Story, key_of

DISK = Key("node", "", "worker-1", "disk_full")
MEMORY = Key("pod", "shop", "cart-0", "memory_exhausted")


def row(key: Key, probability: float, active: bool = False, horizon: str = "15m") -> dict[str, Any]:
    """One prediction as the exporter's API gives it; its alert threshold is 0.5."""
    entity = {"kind": key.kind, "namespace": key.namespace, "name": key.name, "issue": key.issue}
    return {**entity, "horizon": horizon, "probability": probability, "threshold": 0.5, "active": active}


def notification(number: int, at: float, key: Key, status: str = "firing", state: str = "predicted") -> dict[str, Any]:
    """What the sink hands over for one alert about this issue."""
    labels = {"alertname": "KipIssuePredicted", "severity": "critical", "state": state, "issue": key.issue}
    entity = {"kind": key.kind, key.kind: key.name} | ({"namespace": key.namespace} if key.namespace else {})
    alert = {"status": status, "labels": labels | entity, "annotations": {"summary": "soon"}}
    return {"number": number, "received_at": at, "alerts": [alert]}


def said(events: list[Event]) -> list[tuple[str, str]]:
    return [(event.what, event.detail) for event in events]


def test_predicted_then_notified_then_begun_is_foretold_with_its_lead() -> None:
    story = Story()
    assert said(story.look(0, [row(DISK, 0.1)])) == []
    assert said(story.look(30, [row(DISK, 0.7), row(DISK, 0.9, horizon="1h")])) == [
        ("predicted", "70% within 15m, 90% within 1h")
    ]
    assert said(story.look(60, [row(DISK, 0.8)])) == []
    assert said(story.hear([notification(1, 65, DISK)])) == [("notified", "KipIssuePredicted (critical): soon")]
    assert said(story.look(270, [row(DISK, 0.9, active=True)])) == [("began", "4:00 min after it was predicted")]
    assert story.foretold[DISK].foretold
    assert story.foretold[DISK].lead_seconds == 240
    assert story.unforeseen == []


def test_what_begins_without_a_prediction_is_unforeseen() -> None:
    story = Story()
    story.look(0, [row(DISK, 0.1)])
    assert said(story.look(30, [row(DISK, 0.4, active=True)])) == [("began", "not predicted")]
    assert story.unforeseen == [DISK]
    assert story.foretold == {}


def test_a_prediction_of_which_nobody_was_told_is_not_foretold() -> None:
    story = Story()
    story.look(0, [row(DISK, 0.1)])
    story.look(30, [row(DISK, 0.7)])
    story.look(90, [row(DISK, 0.7, active=True)])
    story.hear([notification(1, 95, DISK, state="active")])
    assert story.foretold[DISK].lead_seconds == 60
    assert not story.foretold[DISK].foretold


def test_what_recovers_is_over_and_can_be_predicted_again() -> None:
    story = Story()
    story.look(0, [row(MEMORY, 0.7)])
    story.look(30, [row(MEMORY, 0.7, active=True)])
    assert said(story.look(60, [row(MEMORY, 0.1)])) == [("over", "recovered")]
    later = 60 + WAKE_SECONDS
    assert said(story.look(later, [row(MEMORY, 0.6)])) == [("predicted", "60% within 15m")]


def test_in_the_wake_nothing_is_predicted_and_what_comes_back_counts_neither_way() -> None:
    story = Story()
    story.look(0, [])
    story.look(30, [row(MEMORY, 1.0, active=True)])
    story.look(60, [row(MEMORY, 0.1)])
    assert said(story.look(60 + WAKE_SECONDS - 1, [row(MEMORY, 0.9)])) == []
    assert said(story.look(60 + WAKE_SECONDS - 0.5, [row(MEMORY, 1.0, active=True)])) == [
        ("began", "again, so soon that no prediction was due")
    ]
    assert (list(story.foretold), story.unforeseen) == ([], [MEMORY]), "the first one only"
    story.look(1_000, [row(MEMORY, 0.1)])
    assert [what for what, _ in said(story.look(1_000 + WAKE_SECONDS, [row(MEMORY, 0.9)]))] == ["predicted"]


def test_an_entity_that_is_gone_is_over_too() -> None:
    story = Story()
    story.look(0, [row(MEMORY, 0.1)])
    story.look(30, [row(MEMORY, 0.1, active=True)])
    assert said(story.look(60, [])) == [("over", "recovered")]


def test_a_prediction_is_forgotten_after_more_than_ten_quiet_minutes() -> None:
    for quiet_until, outcome in ((600, "10:30 min after it was predicted"), (601, "not predicted")):
        story = Story()
        story.look(0, [row(DISK, 0.7)])
        story.look(quiet_until, [row(DISK, 0.1)])
        assert said(story.look(630, [row(DISK, 0.1, active=True)])) == [("began", outcome)]


def test_what_is_active_at_the_first_look_counts_neither_way() -> None:
    story = Story()
    assert said(story.look(0, [row(DISK, 0.9, active=True)])) == []
    assert said(story.look(30, [row(DISK, 0.9, active=True)])) == []
    assert (story.foretold, story.unforeseen) == ({}, [])


def test_a_notification_is_heard_once_however_often_the_sink_hands_it_over() -> None:
    story = Story()
    first, second = notification(1, 10, DISK), notification(2, 20, DISK, status="resolved")
    assert [event.what for event in story.hear([first])] == ["notified"]
    assert [event.what for event in story.hear([first, second])] == ["resolved"]
    assert story.hear([first, second]) == []
    assert story.last_number == 2


def test_the_story_hears_on_when_the_sink_has_dropped_old_notifications() -> None:
    story = Story()
    story.hear([notification(number, 10, DISK) for number in range(1, 1001)])
    kept = [notification(number, 20, MEMORY) for number in range(2, 1002)]
    assert [event.key for event in story.hear(kept)] == [MEMORY]


def test_key_of_reads_nodes_pods_and_services_and_no_alert_about_the_exporter() -> None:
    assert key_of({"kind": "node", "node": "worker-1", "issue": "disk_full", "namespace": "monitoring"}) == DISK
    assert key_of({"kind": "pod", "namespace": "shop", "pod": "cart-0", "issue": "memory_exhausted"}) == MEMORY
    service = {"kind": "service", "namespace": "shop", "service": "cart", "issue": "errors"}
    assert key_of(service) == Key("service", "shop", "cart", "errors")
    assert key_of({"alertname": "KipExporterDown", "job": "kip-exporter"}) is None
    assert key_of({"kind": "pod", "namespace": "shop", "issue": "memory_exhausted"}) is None


def test_a_key_reads_as_a_person_would_say_it() -> None:
    assert [str(DISK), str(MEMORY)] == ["disk full of node worker-1", "memory exhausted of pod shop/cart-0"]


def test_a_prediction_says_what_raised_it_most() -> None:
    told = row(MEMORY, 0.7) | {"reasons": ["memory working set 91 % of its limit", "3 restarts within an hour"]}
    story = Story()
    assert said(story.look(0, [told])) == [("predicted", "70% within 15m; memory working set 91 % of its limit")]
