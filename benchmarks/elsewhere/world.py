"""The cluster as a whole: one step of everything, in the order in which one thing causes the next."""

import numpy as np

from benchmarks.elsewhere import machines, pods, traffic
from benchmarks.elsewhere.lifecycle import Lifecycle, Replacement
from benchmarks.elsewhere.state import Levers, Services
from benchmarks.elsewhere.workloads import NODES, WORKLOADS, FloatArray, IntArray


class World:
    """The cluster. A step opens with `turn`; events then pull `levers` and change `life`; `step` does the rest."""

    def __init__(self, seed: int, start: float) -> None:
        self.rng = np.random.default_rng(seed)
        self.life = Lifecycle(self.rng, start)
        self.pods, self.machines = self.life.pods, self.life.machines
        self.services, self.levers = Services(), Levers()
        self.services.usual_errors[:] = np.exp(self.rng.uniform(np.log(0.0003), np.log(0.01), len(WORKLOADS)))
        self._replacements: list[Replacement] = []
        self.now = self._start = start
        self._disk_a_day = self.rng.uniform(-0.002, 0.006, len(NODES))

    def turn(self, now: float) -> None:
        """The step that ends now begins, with every lever released."""
        self.now = now
        self.levers.release()

    def step(self) -> None:
        """Everything that happens in the step."""
        now = self.now
        for one in self._replacements:
            one.advance(now)
        self._replacements = [one for one in self._replacements if not one.done]
        self.life.tend(self.levers, now)
        rates = traffic.shared(self.pods, traffic.arrivals(self.services, self.levers, self.rng, now), self.rng)
        cores = pods.use_cpu(self.pods, rates, self.levers, self.rng, now)
        self._serve(rates)
        packets = pods.use_network(self.pods, rates, self.levers, self.rng)
        pods.use_volumes(self.pods, rates, self.rng)
        drift = self._disk_a_day * (now - self._start) / 86400.0
        machines.advance(self.pods, self.machines, self.levers, cores, packets, drift, self.rng)
        pods.use_memory(self.pods, self.machines, rates, self.levers, self.rng, now)

    def _serve(self, rates: FloatArray) -> None:
        latency = traffic.latencies(self.pods, self.machines, self.services, self.levers, self.rng)
        errors = traffic.failures(self.pods, self.services, self.levers)
        traffic.count(self.pods, rates, latency, errors, self.rng)
        traffic.summarise(self.services, rates, latency, errors)

    def replace(self, seats: IntArray) -> Replacement:
        """Let the pods in these seats be replaced one by one, without an outage."""
        replacement = Replacement(self.life, seats)
        self._replacements.append(replacement)
        return replacement

    def headroom(self, workload: int) -> float:
        """How many times its present load the busiest pod of a workload could carry; below 1 it carries too much."""
        taken = self.life.seats(workload)
        load = float(np.max(self.pods.load[taken], initial=0.1))
        return 0.72 / max(load, 0.05)
