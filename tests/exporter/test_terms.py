"""Terms: what the exporter judges its own predictions by is what the rules and the trainer go by."""

from __future__ import annotations

from exporter.terms import Terms
from predictor.issues import Outcome


def test_an_alert_waits_as_long_as_the_rule_of_its_issue_and_horizon_does() -> None:
    outcomes = tuple(Outcome(issue, h) for issue in ("pod_failure", "service_disruption") for h in (900.0, 3600.0))
    terms = Terms(outcomes, ("pod_failure", "service_disruption"), 30.0)
    assert terms.pending.tolist() == [2, 8, 4, 8]
