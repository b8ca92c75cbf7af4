"""Rates: how often what happens, per day and pod or node.

Natural rates are those of a badly kept cluster: about one fault per pod in eleven days and one per node in four. Most
clusters see fewer still; a history of days must hold some of each type to judge by. Every rate is multiplied by
--episodes.factor: a factor of 4 puts a month's faults, and a month's look-alikes, into a week to learn from.
"""

from __future__ import annotations

from typing import Final

FAULTS_PER_DAY: Final = {
    "memory_leak": ("pods", 0.0175),
    "cpu_saturation": ("pods", 0.015),
    "volume_filling": ("pods", 0.0125),
    "crash_loop": ("pods", 0.0125),
    "error_latency_storm": ("pods", 0.015),
    "pod_packet_loss": ("pods", 0.00625),
    "disk_filling": ("nodes", 0.0875),
    "node_not_ready": ("nodes", 0.0875),
    "packet_loss": ("nodes", 0.0875),
}
"""Ramped faults, whose signals precede them."""

ABRUPT_PER_DAY: Final = {
    "sudden_crash": ("pods", 0.00375),
    "memory_spike": ("pods", 0.0025),
    "bad_config": ("pods", 0.0025),
    "power_loss": ("nodes", 0.015),
    "cable_pulled": ("nodes", 0.015),
}
"""About one fault in eight: nothing precedes them."""

LOOKALIKES_PER_DAY: Final = {
    "cache_warmup": ("pods", 0.015),
    "gc_sawtooth": ("pods", 0.0075),
    "batch_job": ("pods", 0.01),
    "cron_job": ("pods", 0.0075),
    "rollout": ("pods", 0.0075),
    "noisy_neighbour": ("pods", 0.005),
    "traffic_peak": ("pods", 0.01),
    "scale_up": ("pods", 0.005),
    "scale_down": ("pods", 0.005),
    "counter_reset": ("pods", 0.005),
    "log_growth": ("nodes", 0.075),
    "image_gc": ("nodes", 0.0625),
    "planned_drain": ("nodes", 0.025),
    "node_reboot": ("nodes", 0.0125),
    "new_node": ("nodes", 0.1),
    "scrape_gap": ("nodes", 0.05),
    "target_down": ("nodes", 0.0125),
    "namespace_signal_missing": ("nodes", 0.0125),
}
"""As common as faults. Cron jobs come at the nearest period that a crontab can say."""
