"""Rates: how often what happens, per day and pod or node.

Natural rates are those of a restless cluster: about one fault per pod in three days and one per node a day. Most
clusters see ten to a hundred times fewer; a history of days must hold enough of each type to judge by. Every rate is
multiplied by --episodes.factor.
"""

from __future__ import annotations

from typing import Final

FAULTS_PER_DAY: Final = {
    "memory_leak": ("pods", 0.07),
    "cpu_saturation": ("pods", 0.06),
    "volume_filling": ("pods", 0.05),
    "crash_loop": ("pods", 0.05),
    "error_latency_storm": ("pods", 0.06),
    "pod_packet_loss": ("pods", 0.025),
    "disk_filling": ("nodes", 0.35),
    "node_not_ready": ("nodes", 0.35),
    "packet_loss": ("nodes", 0.35),
}
"""Ramped faults, whose signals precede them."""

ABRUPT_PER_DAY: Final = {
    "sudden_crash": ("pods", 0.015),
    "memory_spike": ("pods", 0.01),
    "bad_config": ("pods", 0.01),
    "power_loss": ("nodes", 0.06),
    "cable_pulled": ("nodes", 0.06),
}
"""About one fault in eight: nothing precedes them."""

LOOKALIKES_PER_DAY: Final = {
    "cache_warmup": ("pods", 0.06),
    "gc_sawtooth": ("pods", 0.03),
    "batch_job": ("pods", 0.04),
    "cron_job": ("pods", 0.03),
    "rollout": ("pods", 0.03),
    "traffic_peak": ("pods", 0.04),
    "scale_up": ("pods", 0.02),
    "scale_down": ("pods", 0.02),
    "counter_reset": ("pods", 0.02),
    "log_growth": ("nodes", 0.3),
    "image_gc": ("nodes", 0.25),
    "planned_drain": ("nodes", 0.1),
    "node_reboot": ("nodes", 0.05),
    "scrape_gap": ("nodes", 0.2),
    "target_down": ("nodes", 0.05),
    "namespace_signal_missing": ("nodes", 0.05),
}
"""As common as faults."""
