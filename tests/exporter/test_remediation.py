"""What to do: in the right order, for every issue, as one command that no label value can break out of."""

from __future__ import annotations

import shlex
from typing import Any, Final

import pytest
import yaml

from exporter import remediation
from predictor import catalogue
from predictor.entities import KINDS, LABELS, Entity, Kind
from tests.deploy import shipped

READING: Final = {"describe", "get", "logs", "top", "events"}
CHANGING: Final = {"annotate", "cordon", "delete", "drain", "patch", "scale", "set", "uncordon"}
ROLLOUT: Final = {"history": False, "status": False, "undo": True, "restart": True}
DEBUG_CHANGES: Final = ("crictl rmi", "--vacuum-size", "sysctl -w")
EXAMPLES: Final[dict[Kind, Entity]] = {
    "node": ("node-1",),
    "pod": ("shop", "cart-7c9d8b6f5d-x2x9q"),
    "service": ("shop", "cart"),
}
ENTRIES: Final = remediation.entries()


def changes(command: str) -> bool:
    """Whether a kubectl command changes anything. AssertionError for one that is not known."""
    program, *words = shlex.split(command)
    assert program == "kubectl"
    if words[0] == "-n":
        words = words[2:]
    if words[0] == "rollout":
        return ROLLOUT[words[1]]
    if words[0] in ("debug", "exec"):
        return any(part in command for part in DEBUG_CHANGES)
    assert words[0] in READING | CHANGING, command
    return words[0] in CHANGING


def runbooks() -> dict[str, str]:
    """The text of every runbook by the name of its alert."""
    return {path.stem: path.read_text(encoding="utf-8") for path in (shipped.ROOT / "docs" / "runbooks").glob("*.md")}


def commands(kind: Kind, entity: Entity, issue: str, *leading: str) -> list[str]:
    return [step.command for step in remediation.steps(kind, entity, issue, leading)]


@pytest.mark.parametrize(
    ("kind", "entity", "issue", "leading", "expected"),
    [
        (
            "pod",
            ("shop", "cart-7c9d8b6f5d-x2x9q"),
            "resource_exhaustion",
            ("pod_memory_of_limit",),
            "kubectl -n shop set resources deployment/cart --containers=CONTAINER --limits=memory=LIMIT",
        ),
        (
            "pod",
            ("shop", "db-0"),
            "pod_failure",
            ("pod_age", "pod_memory_of_limit"),
            "kubectl -n shop rollout undo statefulset/db",
        ),
        (
            "pod",
            ("kube-system", "fluentd-x2x9q"),
            "resource_exhaustion",
            ("pod_throttled",),
            "kubectl -n kube-system set resources daemonset/fluentd --containers=CONTAINER --limits=cpu=LIMIT",
        ),
        (
            "pod",
            ("shop", "db-0"),
            "resource_exhaustion",
            ("pod_volume_used",),
            """kubectl -n shop patch pvc CLAIM --patch '{"spec":{"resources":{"requests":{"storage":"SIZE"}}}}'""",
        ),
        (
            "node",
            ("node-1",),
            "resource_exhaustion",
            ("node_filesystem_used",),
            "kubectl debug node/node-1 -it --image=busybox:1.37 -- chroot /host crictl rmi --prune",
        ),
        ("node", ("node-1",), "network_issue", ("node_network_faulty",), "kubectl cordon node-1"),
        (
            "node",
            ("node-1",),
            "node_failure",
            ("node_relist_latency",),
            "kubectl debug node/node-1 -it --image=busybox:1.37 -- chroot /host journalctl -u containerd -n 100",
        ),
        (
            "service",
            ("shop", "cart"),
            "service_disruption",
            ("service_ready_backends",),
            "kubectl -n shop describe endpointslices -l kubernetes.io/service-name=cart",
        ),
        (
            "service",
            ("shop", "cart"),
            "service_disruption",
            ("service_errors",),
            "kubectl -n shop rollout undo WORKLOAD",
        ),
    ],
)
def test_the_leading_signal_chooses_the_commands(
    kind: Kind, entity: Entity, issue: str, leading: tuple[str, ...], expected: str
) -> None:
    assert expected in commands(kind, entity, issue, *leading)


def test_the_strongest_signal_that_an_entry_names_decides() -> None:
    pod = EXAMPLES["pod"]
    memory = commands("pod", pod, "resource_exhaustion", "pod_memory_of_limit")
    assert commands("pod", pod, "resource_exhaustion", "unheard_of", "pod_memory", "pod_throttled") == memory
    assert commands("pod", pod, "resource_exhaustion", "pod_throttled", "pod_memory") != memory


def test_every_issue_of_the_default_catalogue_has_steps_and_a_runbook() -> None:
    rules = {(rule.issue, rule.kind) for rule in catalogue.default().rules}
    assert {(one.issue, one.kind) for one in ENTRIES} == rules
    for issue, kind in rules:
        for active in (False, True):
            found = remediation.steps(kind, EXAMPLES[kind], issue, (), active=active)
            assert len(found) >= 3
            assert (shipped.ROOT / remediation.runbook(issue, active)).is_file()
    assert remediation.steps("node", ("node-1",), "pod_failure", ()) == ()


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda one: f"{one.issue}-{one.kind}-{(*one.leading, 'any')[0]}")
def test_every_entry_looks_before_it_changes_anything(entry: Any) -> None:
    found = commands(entry.kind, EXAMPLES[entry.kind], entry.issue, *entry.leading[:1])
    order = [changes(command) for command in found]
    assert order == sorted(order)
    assert (order[0], order[-1]) == (False, True)
    assert len(set(found)) == len(found)


@pytest.mark.parametrize("kind", KINDS)
def test_signals_that_lead_an_issue_are_named_once_each(kind: Kind) -> None:
    for issue in {one.issue for one in ENTRIES if one.kind == kind}:
        named = [name for one in ENTRIES if (one.issue, one.kind) == (issue, kind) for name in one.leading]
        assert len(set(named)) == len(named)
        assert set(named) <= {signal.name for signal in catalogue.default().signals_of(kind)}


@pytest.mark.parametrize("value", ["a;rm -rf ~", "$(id)", "a b", "x'y\"z", "`id`", "a|b&c>d", "*", "~", "#"])
@pytest.mark.parametrize("entry", ENTRIES, ids=lambda one: f"{one.issue}-{one.kind}-{(*one.leading, 'any')[0]}")
def test_whatever_a_label_holds_stays_one_word(entry: Any, value: str) -> None:
    usual = commands(entry.kind, ("shop", "x")[-len(LABELS[entry.kind]) :], entry.issue, *entry.leading[:1])
    hostile = tuple(value for _ in LABELS[entry.kind])
    for plain, command in zip(usual, commands(entry.kind, hostile, entry.issue, *entry.leading[:1]), strict=True):
        assert len(shlex.split(command, comments=True)) == len(shlex.split(plain))


@pytest.mark.parametrize("value", ["-o=x", "--kubeconfig=/tmp/x", "a\nb", "\x1b[2J", ""])
def test_what_kubectl_would_take_for_a_flag_or_nobody_can_read_stays_a_capital(value: str) -> None:
    assert commands("node", (value,), "node_failure")[0] == "kubectl describe node NODE"


@pytest.mark.parametrize(
    ("pod", "found"),
    [
        ("cart-7c9d8b6f5d-x2x9q", ("deployment", "cart")),
        ("shop-cart-v2-7c9d8b6f5d-x2x9q", ("deployment", "shop-cart-v2")),
        ("db-12", ("statefulset", "db")),
        ("fluentd-x2x9q", ("daemonset", "fluentd")),
        ("backup-28412345-x2x9q", ("job", "backup-28412345")),
        ("backup-29442567-x2x9q", ("job", "backup-29442567")),  # every digit one that a ReplicaSet's hash may have
        ("backup-29442567-0-x2x9q", ("job", "backup-29442567")),  # an indexed job
        ("lonely", ("pod", "lonely")),
        ("etcd-node-1", ("statefulset", "etcd-node")),
    ],
)
def test_the_name_of_a_pod_tells_its_controller(pod: str, found: tuple[str, str]) -> None:
    assert remediation.controller(pod) == found


@pytest.mark.parametrize(
    ("pod", "found"),
    [
        ("etcd-node-1", ("pod", "etcd-node-1")),
        ("kube-apiserver-ip-10-0-0-7.ec2.internal", ("pod", "kube-apiserver-ip-10-0-0-7.ec2.internal")),
        ("db-1", ("statefulset", "db")),
        ("node-1", ("statefulset", "node")),  # a static pod has a name before that of its node
        ("cart-7c9d8b6f5d-x2x9q", ("deployment", "cart")),
    ],
)
def test_a_pod_whose_name_ends_in_its_nodes_is_static(pod: str, found: tuple[str, str]) -> None:
    assert remediation.controller(pod, {"node-1", "ip-10-0-0-7.ec2.internal", ""}) == found


GENERAL: Final = "{issue: node_failure, kind: node, steps: [{do: Look., command: kubectl get nodes}]}"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[{issue: toothache, kind: node, steps: []}]", "0.issue: Input should be 'pod_failure'"),
        (f"[{GENERAL[:-1]}, sleep: 8}}]", "0.sleep: Extra inputs are not permitted"),
        (f"[{GENERAL[:-1]}, leading: [pod_cpu]}}]", "0: 'pod_cpu' is no signal of a node"),
        (f"[{GENERAL.replace('kubectl get', 'helm get')}]", "0.steps.0.command: String should match pattern"),
        (f"[{GENERAL.replace('nodes', 'nodes; reboot')}]", "has ';', which a shell would act upon"),
        (f"[{GENERAL}, {GENERAL}]", "node_failure of a node needs one entry without leading, its last"),
        (
            f"[{GENERAL[:-1]}, leading: [node_age]}}]",
            "node_failure of a node needs one entry without leading, its last",
        ),
    ],
)
def test_what_is_wrong_in_the_file_is_one_clear_line(text: str, line: str) -> None:
    with pytest.raises(remediation.RemediationError) as caught:
        remediation.parsed(yaml.safe_load(text))
    assert line in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("command", "line"),
    [
        ("kubectl get {pod}", "{pod} is unknown of a node; known are {node}"),
        ("kubectl get '{node}'", "quotes a placeholder; its value comes quoted"),
    ],
)
def test_placeholders_are_those_of_the_kind_and_unquoted(command: str, line: str) -> None:
    entry = {"issue": "node_failure", "kind": "node", "steps": [{"do": "Look.", "command": command}]}
    with pytest.raises(remediation.RemediationError) as caught:
        remediation.parsed([entry])
    assert line in str(caught.value)


def test_a_limit_is_set_for_the_container_that_needs_it_and_no_other() -> None:
    """Without --containers kubectl sets it for every one, sidecars too."""
    told = [[step.command for step in entry.steps] for entry in ENTRIES]
    told += [text.splitlines() for text in runbooks().values()]
    found = [(lines[:i], line) for lines in told for i, line in enumerate(lines) if "set resources" in line]
    assert len(found) >= 8
    for before, line in found:
        assert "--containers=CONTAINER" in line
        assert any(" top pod " in one and " --containers" in one for one in before), "which shows that container"


POD_ENTRIES: Final = [(one.issue, (*one.leading, "any")[0]) for one in ENTRIES if one.kind == "pod"]


@pytest.mark.parametrize("pod", ["backup-28412345-x2x9q", "backup-29442567-x2x9q", "solo", "etcd-node-1"])
@pytest.mark.parametrize(("issue", "leading"), POD_ENTRIES)
def test_nothing_is_rolled_out_or_scaled_of_a_pod_that_no_controller_keeps(pod: str, issue: str, leading: str) -> None:
    found = remediation.steps("pod", ("shop", pod), issue, [leading], nodes={"node-1"})
    said = [step.command for step in found]
    assert len(said) >= 2
    assert not [one for one in said if any(word in one for word in ("rollout", "scale", "set resources"))]


@pytest.mark.parametrize(("issue", "leading"), POD_ENTRIES)
def test_only_a_pod_that_comes_back_is_deleted(issue: str, leading: str) -> None:
    deleted = {
        pod: any("delete pod" in one for one in commands("pod", ("shop", pod), issue, leading))
        for pod in ("cart-7c9d8b6f5d-x2x9q", "backup-28412345-x2x9q", "solo")
    }
    assert deleted["backup-28412345-x2x9q"] == deleted["cart-7c9d8b6f5d-x2x9q"]  # its job starts it anew
    assert not deleted["solo"]


def test_the_workload_behind_a_service_is_looked_for_before_anything_is_done_to_it() -> None:
    told = [[step.command for step in entry.steps] for entry in ENTRIES if entry.kind == "service"]
    told += [text.splitlines() for name, text in runbooks().items() if name.startswith("KipServiceDisruption")]
    for lines in told:
        first = next(i for i, line in enumerate(lines) if " WORKLOAD" in line)
        assert any(" describe endpointslices -l kubernetes.io/service-name=" in line for line in lines[:first])


def test_nobody_is_told_that_what_keeps_a_pod_is_a_deployment() -> None:
    told = [step.command for entry in ENTRIES for step in entry.steps]
    told += [line for text in runbooks().values() for line in text.splitlines() if "kubectl" in line]
    assert not [line for line in told if "deployment" in line]
