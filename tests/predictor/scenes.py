"""Scenes: clusters of other shapes than the emitter's, and what the catalogue's expressions must make of them."""

from __future__ import annotations

from typing import Final

from predictor import catalogue
from tests.predictor.scene import Scene, twice
from tests.predictor.siblings import SIBLINGS

POD: Final = 'namespace="shop",pod="cart-0"'
CART: Final = f'{POD},container="app"'
WORKING_SET: Final = {f"container_memory_working_set_bytes{{{CART}}}": "90x60"}
CPU: Final = {f"container_cpu_usage_seconds_total{{{CART}}}": "0+7.5x60"}  # a quarter of a core
REQUESTS: Final = {f'http_requests_total{{{POD},service="cart",code="200"}}': "0+60x60"}
MEMORY_LIMIT: Final = {f'kube_pod_container_resource_limits{{{CART},uid="a",resource="memory"}}': "100x60"}
CPU_LIMIT: Final = {f'kube_pod_container_resource_limits{{{CART},uid="a",resource="cpu"}}': "0.5x60"}
RESTARTS: Final = {f'kube_pod_container_status_restarts_total{{{CART},uid="a"}}': "0x19 2x40"}
LAST_ERROR: Final = {
    f'kube_pod_container_status_last_terminated_reason{{{CART},uid="a",reason="Error"}}': "_x20 1x40",
}
ROOT: Final = 'instance="node-a:9100",device="/dev/sda1",fstype="ext4",mountpoint="/"'
MEDIUM: Final = 'instance="node-a:9100",device="/dev/sr0",fstype="udf",mountpoint="/media"'
FULL_MEDIUM: Final = {
    f"node_filesystem_avail_bytes{{{ROOT}}}": "60x60",
    f"node_filesystem_size_bytes{{{ROOT}}}": "100x60",
    f"node_filesystem_files_free{{{ROOT}}}": "60x60",
    f"node_filesystem_files{{{ROOT}}}": "100x60",
    f"node_filesystem_avail_bytes{{{MEDIUM}}}": "0x60",
    f"node_filesystem_size_bytes{{{MEDIUM}}}": "100x60",
    f"node_filesystem_files_free{{{MEDIUM}}}": "0x60",
    f"node_filesystem_files{{{MEDIUM}}}": "100x60",
}
GONE: Final = {
    **WORKING_SET,
    **CPU,
    **REQUESTS,
    **MEMORY_LIMIT,
    **CPU_LIMIT,
    f'kube_pod_container_status_restarts_total{{{CART},uid="a"}}': "0x60",
    f'kube_pod_status_ready{{{POD},uid="a",condition="true"}}': "1x60",
    f'kube_pod_created{{{POD},uid="a"}}': "0x60",
    f'kube_pod_info{{{POD},uid="a",node="node-a"}}': "1x60",
    'kube_node_status_condition{node="node-a",condition="Ready",status="true"}': "1x60",
    'kube_node_created{node="node-a"}': "0x60",
    'kubelet_running_pods{node="node-a"}': "3x60",
    'node_memory_MemAvailable_bytes{instance="node-a:9100"}': "80x60",
    'node_memory_MemTotal_bytes{instance="node-a:9100"}': "100x60",
    'node_network_receive_bytes_total{instance="node-a:9100",device="eth0"}': "0+300x60",
}
CLAIM: Final = "kube_pod_spec_volumes_persistentvolumeclaims_info"
WAITING: Final = "kube_pod_container_status_waiting_reason"
OLD_AND_NEW: Final = {  # a pod of a StatefulSet, created anew under its name on another node, both still seen
    f'kube_pod_info{{{POD},uid="a",node="node-a"}}': "1x60",
    f'kube_pod_info{{{POD},uid="b",node="node-b"}}': "1x60",
    f'kube_pod_created{{{POD},uid="a"}}': "0x60",
    f'kube_pod_created{{{POD},uid="b"}}': "300x60",
    f'kube_pod_container_resource_limits{{{CART},uid="b",resource="memory"}}': "100x60",
    f'kube_pod_container_resource_limits{{{CART},uid="b",resource="cpu"}}': "0.5x60",
    f'{CLAIM}{{{POD},uid="a",volume="d",persistentvolumeclaim="d-0"}}': "1x60",
    f'{CLAIM}{{{POD},uid="b",volume="d",persistentvolumeclaim="d-0"}}': "1x60",
    'kubelet_volume_stats_used_bytes{namespace="shop",persistentvolumeclaim="d-0",instance="a"}': "50x60",
    'kubelet_volume_stats_capacity_bytes{namespace="shop",persistentvolumeclaim="d-0",instance="a"}': "100x60",
    'kubelet_volume_stats_used_bytes{namespace="shop",persistentvolumeclaim="d-0",instance="b"}': "50x60",
    'kubelet_volume_stats_capacity_bytes{namespace="shop",persistentvolumeclaim="d-0",instance="b"}': "100x60",
    'node_memory_MemAvailable_bytes{instance="node-a:9100"}': "80x60",
    'node_memory_MemTotal_bytes{instance="node-a:9100"}': "100x60",
    'node_memory_MemAvailable_bytes{instance="node-b:9100"}': "60x60",
    'node_memory_MemTotal_bytes{instance="node-b:9100"}': "100x60",
}
CART_POD: Final = f"{{{POD}}}"
CART_SERVICE: Final = '{namespace="shop",service="cart"}'
NINE_TENTHS: Final = {
    "pod_memory_of_limit": {CART_POD: 0.9},
    "service_backend_memory": {CART_SERVICE: 0.9},
    "resource_exhaustion/pod": {},
}

SCENES: Final = (
    Scene(
        "two replicas of kube-state-metrics count once",
        WORKING_SET
        | CPU
        | REQUESTS
        | twice(
            MEMORY_LIMIT
            | CPU_LIMIT
            | RESTARTS
            | LAST_ERROR
            | {
                f'kube_pod_info{{{POD},uid="a",node="node-a"}}': "1x60",
                'kube_endpoint_address{namespace="shop",endpoint="cart",ip="10.1.0.1",ready="true"}': "1x60",
                'kube_endpoint_address{namespace="shop",endpoint="cart",ip="10.1.0.2",ready="false"}': "1x60",
            }
        )
        | {
            'node_memory_MemAvailable_bytes{instance="node-a:9100"}': "80x60",
            'node_memory_MemTotal_bytes{instance="node-a:9100"}': "100x60",
        },
        NINE_TENTHS
        | {
            "pod_cpu_of_limit": {CART_POD: 0.5},
            "service_backend_cpu": {CART_SERVICE: 0.5},
            "pod_node_memory_used": {CART_POD: 0.2},
            "service_ready_backends": {'{namespace="shop",service="cart",endpoint="cart"}': 0.5},
            "pod_restarts": {CART_POD: 2},
            "service_backend_restarts": {CART_SERVICE: 2},
            "pod_failure/pod": {CART_POD: 2},
        },
    ),
    Scene(
        "a cluster whose cAdvisor shows no limits takes those of kube-state-metrics",
        WORKING_SET | REQUESTS | MEMORY_LIMIT,
        NINE_TENTHS,
    ),
    Scene(
        "a cluster without kube-state-metrics takes the limits of cAdvisor, where 0 is none",
        WORKING_SET
        | REQUESTS
        | {
            f"container_spec_memory_limit_bytes{{{CART}}}": "100x60",
            f'container_memory_working_set_bytes{{{POD},container="proxy"}}': "500x60",
            f'container_spec_memory_limit_bytes{{{POD},container="proxy"}}': "0x60",
        },
        NINE_TENTHS,
    ),
    Scene(
        "a container at its limit is exhausted, whoever says so",
        {f"container_memory_working_set_bytes{{{CART}}}": "98x60"} | twice(MEMORY_LIMIT),
        {"resource_exhaustion/pod": {CART_POD: 0.98}},
    ),
    Scene(
        "ports and brackets are cut off the names and addresses of nodes",
        {
            f'node_memory_{metric}_bytes{{instance="{instance}"}}': values
            for metric, values in {"MemAvailable": "75x60", "MemTotal": "100x60"}.items()
            for instance in ("10.0.0.5:9100", "[fd00::1]:9100", "fd00::2", "node-a.example", "node-b:9100")
        },
        {
            "node_memory_used": {
                f'{{node="{node}"}}': 0.25 for node in ("10.0.0.5", "fd00::1", "fd00::2", "node-a.example", "node-b")
            }
        },
    ),
    Scene(
        "a container that ends with 143 while a sidecar drains is no failure",
        {
            f'kube_pod_container_status_terminated_reason{{{CART},uid="a",reason="Error"}}': "1x60",
            f'kube_pod_container_status_restarts_total{{{CART},uid="a"}}': "0x60",
            f'kube_pod_status_phase{{{POD},uid="a",phase="Running"}}': "1x60",
            f'kube_pod_status_phase{{{POD},uid="a",phase="Failed"}}': "0x60",
        },
        {"pod_failure/pod": {}},
    ),
    Scene(
        "a container that failed and restarted, waits in a failed state, or a failed pod is a failure",
        twice({f'kube_pod_container_status_restarts_total{{{CART},uid="a"}}': "0x15 1x40"} | LAST_ERROR)
        | {
            f'{WAITING}{{namespace="shop",pod="p",container="c",reason="ErrImagePull"}}': "1x60",
            'kube_pod_status_phase{namespace="shop",pod="q",phase="Failed"}': "1x60",
            'kube_pod_container_status_restarts_total{namespace="shop",pod="tidy",container="c",uid="t"}': "0+1x60",
            'kube_pod_container_status_last_terminated_reason{namespace="shop",pod="tidy",container="c",uid="t",'
            'reason="Completed"}': "1x60",
        },
        {"pod_failure/pod": {CART_POD: 1, '{namespace="shop",pod="p"}': 1, '{namespace="shop",pod="q"}': 1}},
    ),
    Scene(
        "a full read-only filesystem is neither used space nor exhaustion",
        FULL_MEDIUM | {f"node_filesystem_readonly{{{ROOT}}}": "0x60", f"node_filesystem_readonly{{{MEDIUM}}}": "1x60"},
        {
            "node_filesystem_used": {'{node="node-a"}': 0.4},
            "node_inodes_used": {'{node="node-a"}': 0.4},
            "resource_exhaustion/node": {},
        },
    ),
    Scene(
        "where nothing says what is read-only every filesystem counts",
        FULL_MEDIUM,
        {"node_filesystem_used": {'{node="node-a"}': 1}, "resource_exhaustion/node": {'{node="node-a"}': 0}},
    ),
    Scene(
        "the old and the new uid of a pod are one pod, as old as the new one",
        WORKING_SET | CPU | MEMORY_LIMIT | CPU_LIMIT | OLD_AND_NEW,
        {
            "pod_memory_of_limit": {CART_POD: 0.9},
            "pod_cpu_of_limit": {CART_POD: 0.5},
            "pod_age": {CART_POD: 300},
            "pod_node_memory_used": {CART_POD: 0.4},
            "pod_volume_used": {CART_POD: 0.5},
        },
    ),
    SIBLINGS,
    Scene(
        "pods that have succeeded are no entities",
        {
            f'kube_pod_status_phase{{{POD},phase="Succeeded"}}': "1x60",
            f'kube_pod_status_ready{{{POD},condition="true"}}': "0x60",
            f"kube_pod_created{{{POD}}}": "0x60",
            f"kube_pod_container_status_restarts_total{{{CART}}}": "0x60",
        },
        {"pod_not_ready": {}, "pod_age": {}, "pod_restarts": {}},
    ),
    Scene(
        "pods and nodes that are gone are no entities, however far back an expression looks",
        {text: values.replace("x60", "x8 stale") for text, values in GONE.items()},
        {s.name: {} for s in catalogue.default().signals},
    ),
    Scene(
        "while they are there",
        GONE,
        {
            "pod_restarts": {CART_POD: 0},
            "pod_not_ready": {CART_POD: 0},
            "node_not_ready": {'{node="node-a"}': 0},
            "node_others_not_ready": {'{node="node-a"}': 0},
            "pod_memory_of_limit": {CART_POD: 0.9},
        },
    ),
    Scene(
        "kube-state-metrics has moved, and what it counted before still counts",
        {
            f'kube_pod_container_status_restarts_total{{{CART},uid="a",instance="old"}}': "0x5 3x9 stale",
            f'kube_pod_container_status_restarts_total{{{CART},uid="a",instance="new"}}': "_x15 3x45",
            'kube_node_status_condition{node="node-a",condition="Ready",status="true",instance="old"}': "0x14 stale",
            'kube_node_status_condition{node="node-a",condition="Ready",status="true",instance="new"}': "_x15 1x45",
        },
        {"pod_restarts": {CART_POD: 3.1}, "node_not_ready": {'{node="node-a"}': 1}},
    ),
    Scene(
        "the others that are not ready are counted once, however many say so",
        twice(
            {
                f'kube_node_status_condition{{node="{node}",condition="Ready",status="true"}}': f"{ready}x60"
                for node, ready in (("a", 0), ("b", 1), ("c", 1))
            }
        ),
        {"node_others_not_ready": {'{node="a"}': 0, '{node="b"}': 1, '{node="c"}': 1}},
    ),
    Scene(
        "a kubelet that lists nothing any more does not move what is usual",
        {
            f'kubelet_pleg_relist_duration_seconds_bucket{{node="{node}",le="{le}"}}': f"0+{per_step}x60"
            for node, per_step in (("a", 0), ("b", 10), ("c", 10))
            for le in ("0.1", "+Inf")
        },
        {"node_relist_latency_of_all": {'{node="b"}': 1, '{node="c"}': 1}},
    ),
    Scene(
        "only physical interfaces are summed",
        {
            f'node_network_receive_bytes_total{{instance="node-a:9100",device="{device}"}}': "0+300x60"
            for device in ("eth0", "ens5", "lo", "veth12", "cali12", "lxc12", "eni12", "cni0", "br-12", "kube-ipvs0")
        },
        {"node_network_receive": {'{node="node-a"}': 20}},
    ),
)
