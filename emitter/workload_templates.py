"""The workloads that a pretend cluster draws from, in the order in which they come; `holdout` has its own."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Template:
    """One workload as teams write it; how large it really is, is drawn around it."""

    namespace: str
    name: str
    kind: str
    http: bool
    cpu_limit: float
    """Cores; NaN without a limit."""
    memory_mib: float
    latency_seconds: float
    volume_gib: float = 0.0


NO_LIMIT: Final = math.nan
TEMPLATES: Final = (
    Template("shop", "frontend", "Deployment", True, 0.5, 384, 0.030),
    Template("shop", "checkout", "Deployment", True, 0.5, 512, 0.055),
    Template("data", "postgres", "StatefulSet", False, 1.0, 2048, 0.010, 40),
    Template("shop", "cart", "Deployment", True, 0.4, 256, 0.025),
    Template("platform", "auth", "Deployment", True, 0.3, 256, 0.020),
    Template("data", "orders-db", "StatefulSet", False, 0.8, 1536, 0.010, 24),
    Template("shop", "catalog", "Deployment", True, 0.5, 768, 0.040),
    Template("batch", "report-worker", "Deployment", False, NO_LIMIT, 1024, 0.0),
    Template("platform", "search", "StatefulSet", True, 0.8, 2048, 0.060, 60),
    Template("shop", "payments", "Deployment", True, 0.4, 384, 0.070),
    Template("platform", "notifications", "Deployment", True, 0.25, 256, 0.045),
    Template("shop", "recommendations", "Deployment", True, 0.7, 1024, 0.065),
    Template("data", "events", "StatefulSet", False, 0.8, 1536, 0.010, 50),
    Template("batch", "image-resizer", "Deployment", False, 0.6, 768, 0.0),
    Template("platform", "gateway", "Deployment", True, 0.6, 512, 0.015),
    Template("platform", "sessions", "StatefulSet", False, 0.4, 1024, 0.005, 16),
)

HOLDOUT_TEMPLATES: Final = (
    Template("media", "player-api", "Deployment", True, 0.6, 640, 0.045),
    Template("media", "thumbnails", "Deployment", True, 0.35, 448, 0.035),
    Template("store", "ledger-db", "StatefulSet", False, 0.9, 3072, 0.010, 32),
    Template("bank", "transfers", "Deployment", True, 0.8, 896, 0.080),
    Template("bank", "fraud-check", "Deployment", True, 1.2, 1536, 0.050),
    Template("store", "kv", "StatefulSet", False, 0.5, 1280, 0.004, 12),
    Template("media", "transcoder", "Deployment", False, 1.5, 2560, 0.0),
    Template("edge", "router", "Deployment", True, 0.45, 320, 0.012),
    Template("edge", "waf", "Deployment", True, 0.3, 192, 0.018),
    Template("store", "timeline", "StatefulSet", True, 0.7, 1792, 0.055, 80),
    Template("bank", "statements", "Deployment", True, 0.25, 512, 0.075),
    Template("analytics", "ingest", "Deployment", False, NO_LIMIT, 1152, 0.0),
)
"""Of `holdout` alone."""
