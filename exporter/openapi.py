"""OpenAPI: what the API takes and answers, as a document for programs; tests hold the real answers to it.

Source: https://spec.openapis.org/oas/v3.1.0
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any, Final

from exporter.api import FILTERS
from predictor.entities import KINDS, LABELS, Kind

_TEXT: Final = {"type": "string"}
_NUMBER: Final = {"type": "number"}
_MAYBE: Final = {"type": ["number", "null"]}
_SHARE: Final = {"type": "number", "minimum": 0, "maximum": 1}
_FLAG: Final = {"type": "boolean"}
_KIND: Final = {"type": "string", "enum": list(KINDS)}
_FLAGS: Final = {"type": "object", "additionalProperties": _FLAG}
_MEANINGS: Final = {
    "kind": ("one of node, pod and service", _KIND),
    "namespace": ("the namespace of pods and services", _TEXT),
    "issue": ("the issue, for example pod_failure", _TEXT),
    "min_probability": ("the lowest probability to list", _SHARE),
}


def document() -> dict[str, Any]:
    """The whole document, as JSON has it."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Kubernetes issue predictor",
            "version": version("kubernetes-issue-predictor"),
            "description": "Calibrated probabilities that a node, pod or service has an issue within a horizon. "
            "Answers have the shape of Prometheus' own API; times are Unix seconds.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "../..", "description": "this exporter"}],
        "paths": {
            "/api/v1/predictions": {"get": _predictions()},
            **{_entity_path(kind): {"get": _entity(kind)} for kind in KINDS},
            "/api/v1/openapi.json": {"get": _plain("openapi", "This document.", "application/json", {})},
            "/metrics": {
                "get": _plain("metrics", "All predictions for Prometheus, as text or OpenMetrics.", "text/plain", _TEXT)
            },
            "/-/healthy": {"get": _plain("healthy", "Whether the process answers.", "text/plain", _TEXT)},
            "/-/ready": {
                "get": _plain("ready", "Whether there are fresh predictions.", "text/plain", _TEXT, (503, "None yet."))
            },
            "/-/reload": {"post": _reload()},
        },
        "components": {"schemas": _schemas()},
    }


def _predictions() -> dict[str, Any]:
    return {
        "operationId": "predictions",
        "summary": "All published probabilities that pass the filters, highest first.",
        "parameters": [
            {"name": name, "in": "query", "description": _MEANINGS[name][0], "schema": _MEANINGS[name][1]}
            for name in FILTERS
        ],
        "responses": {
            "200": _answer("The probabilities.", "Predictions"),
            "400": _answer("A parameter is unknown or has a wrong value.", "Error"),
            "503": _answer("There is nothing fresh.", "Error"),
        },
    }


def _entity_path(kind: Kind) -> str:
    return "/".join([f"/api/v1/predictions/{kind}", *(f"{{{label}}}" for label in LABELS[kind])])


def _entity(kind: Kind) -> dict[str, Any]:
    return {
        "operationId": kind,
        "summary": f"Everything about one {kind}, also when it is not published singly.",
        "description": "Its probabilities, what each signal adds to them, and the window of its signals.",
        "parameters": [
            {
                "name": label,
                "in": "path",
                "required": True,
                "description": f"the {label}, percent-encoded",
                "schema": _TEXT,
            }
            for label in LABELS[kind]
        ],
        "responses": {
            "200": _answer("The entity.", "Entity"),
            "404": _answer("There is no such entity.", "Error"),
            "503": _answer("There is nothing fresh.", "Error"),
        },
    }


def _reload() -> dict[str, Any]:
    return {
        "operationId": "reload",
        "summary": "Read the model directory anew; only with --web.enable-lifecycle.",
        "responses": {
            "200": {"description": "The model on disk is in use."},
            "403": {"description": "Reloading over HTTP is off."},
            "500": {"description": "The model in use stays; the answer is one line that says why."},
        },
    }


def _plain(name: str, summary: str, media: str, schema: Mapping[str, Any], *others: tuple[int, str]) -> dict[str, Any]:
    return {
        "operationId": name,
        "summary": summary,
        "responses": {
            "200": {"description": "It.", "content": {media: {"schema": dict(schema)}}},
            **{str(status): {"description": text} for status, text in others},
        },
    }


def _answer(description: str, schema: str) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    return {"description": description, "content": content}


def _object(properties: Mapping[str, Any]) -> dict[str, Any]:
    """An object with these properties and no other."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


def _list(of: Any) -> dict[str, Any]:
    return {"type": "array", "items": of}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _success(properties: Mapping[str, Any]) -> dict[str, Any]:
    heading = {"time": _NUMBER, "model": _ref("Model")}
    return _object({"status": {"const": "success"}, "data": _object({**heading, **properties})})


def _schemas() -> dict[str, Any]:
    reasons = {"type": "array", "items": _TEXT, "description": "in words, of a probability above its threshold"}
    labels = {"kind": _KIND, "namespace": {**_TEXT, "description": "empty for nodes"}, "name": _TEXT}
    return {
        "Predictions": _success({"predictions": _list(_ref("Prediction"))}),
        "Entity": _success(
            {
                **labels,
                "published": {**_FLAG, "description": "whether it has series of its own in /metrics"},
                "active": {**_FLAGS, "description": "which issues are present now"},
                "predictions": _list(_ref("Prediction")),
                "anomaly_score": {**_MAYBE, "description": "share of a quiet life that looks less odd"},
                "explanations": _list(_ref("Explanation")),
                "remediation": _list(_ref("Remediation")),
                "window": _ref("Window"),
            }
        ),
        "Prediction": _object(
            {
                **labels,
                "issue": _TEXT,
                "horizon": {**_TEXT, "examples": ["15m"]},
                "probability": _SHARE,
                "active": {**_FLAG, "description": "the issue is present; its probability is then 1"},
                "threshold": {**_SHARE, "description": "the probability from which an alert is due"},
                "reasons": reasons,
            }
        ),
        "Explanation": _object(
            {
                "issue": _TEXT,
                "horizon": _TEXT,
                "base": {**_NUMBER, "description": "the output for a row of a usual life"},
                "output": {**_NUMBER, "description": "base and all contributions, before calibration"},
                "signals": _list(_ref("Reason")),
            }
        ),
        "Reason": _object(
            {
                "signal": _TEXT,
                "words": _TEXT,
                "unit": _TEXT,
                "value": _MAYBE,
                "per_minute": _MAYBE,
                "seconds_to_limit": _MAYBE,
                "usual_low": _MAYBE,
                "usual_high": _MAYBE,
                "limit": _MAYBE,
                "contribution": _NUMBER,
                "share": _SHARE,
                "direction": {"enum": ["raises", "lowers"]},
            }
        ),
        "Remediation": _object(
            {
                "issue": _TEXT,
                "horizon": {
                    "type": ["string", "null"],
                    "description": "the nearest it is likely within, or null",
                },
                "steps": _list(_object({"do": _TEXT, "command": _TEXT})),
                "runbook": {**_TEXT, "description": "the page with the rest, as a path in the repository"},
                "runbook_url": {
                    "type": ["string", "null"],
                    "description": "the same page under --runbooks.url, null without it",
                },
            }
        ),
        "Window": _object(
            {
                "times": _list(_NUMBER),
                "signals": _list(_object({"name": _TEXT, "unit": _TEXT, "values": _list(_MAYBE)})),
                "active": {"type": "object", "additionalProperties": _list(_FLAG)},
            }
        ),
        "Model": _object(
            {"fingerprint": _TEXT, "estimator": _TEXT, "trained_at": _NUMBER, "step_seconds": _NUMBER},
        ),
        "Error": _object({"status": {"const": "error"}, "errorType": _TEXT, "error": _TEXT}),
    }
