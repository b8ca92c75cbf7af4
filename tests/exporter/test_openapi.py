"""The OpenAPI document is valid, and the real answers are what it says."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from exporter.openapi import document
from tests.exporter.conftest import START, STEP, Bench
from tests.exporter.models import POD_RESTARTS


def matches(name: str, answer: Any) -> None:
    """Hold an answer to a schema of the document."""
    whole = document()
    schema = {"$ref": f"#/components/schemas/{name}", "components": whole["components"]}
    Draft202012Validator(schema).validate(answer)


def test_the_document_is_served_and_valid(bench: Bench) -> None:
    answer = bench.client.get("/api/v1/openapi.json")
    assert answer.headers["Content-Type"] == "application/json"
    validate(answer.json())
    assert answer.json() == document()


def test_every_path_of_it_is_one_the_exporter_has(bench: Bench) -> None:
    bench.warm()
    entities = {"{node}": "worker-1", "{namespace}": "shop", "{pod}": "web-1", "{service}": "web"}
    for path, methods in document()["paths"].items():
        url = path
        for name, value in entities.items():
            url = url.replace(name, value)
        for method, described in methods.items():
            status = bench.client.request(method, url).status_code
            assert str(status) in described["responses"], (method, path)
            assert status in (200, 500), (method, path)  # 500: there is no model on disk to reload


@pytest.mark.parametrize("query", ["", "?kind=pod", "?min_probability=0.999"])
def test_predictions_are_as_described(bench: Bench, query: str) -> None:
    bench.warm()
    matches("Predictions", bench.client.get(f"/api/v1/predictions{query}").json())


@pytest.mark.parametrize("path", ["pod/shop/web-1", "pod/shop/web-2", "node/worker-1", "service/shop/web"])
def test_an_entity_is_as_described_with_gaps_too(bench: Bench, path: str) -> None:
    bench.fake.table[POD_RESTARTS] = [
        ({"namespace": "shop", "pod": "web-2"}, lambda t: 2 if t < START - 3 * STEP else None)
    ]
    bench.warm()
    matches("Entity", bench.client.get(f"/api/v1/predictions/{path}").json())


def test_errors_are_as_described(bench: Bench) -> None:
    matches("Error", bench.client.get("/api/v1/predictions").json())
    bench.warm()
    for path in ("predictions?kind=volume", "predictions/pod/shop/none", "predictions/pod", "nothing"):
        matches("Error", bench.client.get(f"/api/v1/{path}").json())


def test_the_page_for_people_names_every_path_and_parameter(bench: Bench) -> None:
    html = bench.client.get("/api").text
    for path, methods in document()["paths"].items():
        for method, described in methods.items():
            assert f"<code>{method.upper()} {path}</code>" in html
            assert described["summary"] in html.replace("&#39;", "'")
    for parameter in ("kind", "namespace", "issue", "min_probability"):
        assert f"<code>{parameter}</code> (optional)" in html
    assert 'href="api/v1/openapi.json"' in html
