"""When what happens: as many faults as look-alikes, on targets that nothing else touches, and what became of them."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from benchmarks.elsewhere.events import Event, Timing
from benchmarks.elsewhere.faults import FAULTS, Fault
from benchmarks.elsewhere.issues import Watch, entity
from benchmarks.elsewhere.lookalikes import LOOKALIKES
from benchmarks.elsewhere.ramps import RAMPS
from benchmarks.elsewhere.state import STEP_SECONDS
from benchmarks.elsewhere.world import World

EVENTS_A_DAY: Final = 70 / 4
"""Of each sort, over the whole cluster."""

ABRUPT_RATIO: Final = 1 / 8
COOL_DOWN_SECONDS: Final = 900.0
"""Windows of five minutes and restarts have to be over before the next event on the same target."""

QUIET_SECONDS: Final = 1800.0
"""Nothing happens at first: a predictor's windows have to fill."""


@dataclass
class Happening:
    """An event that has started. onset: the first step its issue was there, if it was."""

    number: int
    event: Event
    entity: dict[str, str]
    touched: frozenset[str]
    finished: bool = False
    onset: float | None = None


class Director:
    """Starts, drives and ends events."""

    def __init__(self, watch: Watch, world: World, seed: int, start: float, end: float) -> None:
        self._watch, self._world, self._end = watch, world, end
        self._rng = np.random.default_rng((seed, 1))
        self.happenings: list[Happening] = []
        self._due = sorted(
            [*self._times(FAULTS, start), *self._times(LOOKALIKES, start)], key=lambda one: (one[0], one[1].type)
        )

    def act(self) -> None:
        """Pull the step's levers; start and end what is due."""
        now = self._world.now
        self._world.machines.shunned[:] = False
        for one in self.happenings:
            if not one.finished and one.event.kind == "node" and one.event.spreads:
                self._world.machines.shunned[one.event.index] = True  # or a look-alike's new pods would suffer there
        self._due = [(time, sort) for time, sort in self._due if time > now or not self._started(sort)]
        for one in self.happenings:
            if not one.finished and now >= one.event.timing.end:
                one.finished = True
                one.event.finish(self._world)
            if not one.finished:
                one.event.act(self._world)

    def observe(self) -> None:
        """Note the onsets of this step."""
        for one in self.happenings:
            event, watched = one.event, not one.finished and one.onset is None
            if watched and isinstance(event, Fault) and self._watch.present[event.kind, event.issue][event.index]:
                one.onset = self._world.now

    def start(self, event: Event) -> Happening:
        """Begin an event; tests call this with their own."""
        touched = event.shadow(self._world) | {event.claim}
        event.begin(self._world)
        whom = entity(self._world, event.kind, event.index)
        happening = Happening(len(self.happenings), event, whom, touched)
        self.happenings.append(happening)
        return happening

    def _times(self, sorts: tuple[type[Event], ...], start: float) -> list[tuple[float, type[Event]]]:
        """Start times, every type as often as the others."""
        count = round((self._end - start) / 86400 * EVENTS_A_DAY)
        times = self._rng.uniform(start + QUIET_SECONDS, max(start + QUIET_SECONDS, self._end - 3600), count)
        order = np.concatenate([self._rng.permutation(len(sorts)) for _ in range(count // len(sorts) + 1)])
        return [(float(time), sorts[i]) for time, i in zip(times, order, strict=False)]

    def _started(self, sort: type[Event]) -> bool:
        """Start one of this sort if there is a free target, and time enough until the end."""
        candidates = sort.candidates(self._world)
        if not candidates:
            return False
        event = sort(int(self._rng.choice(candidates)), self._timing(sort))
        if event.timing.end + COOL_DOWN_SECONDS > self._end or self._collides(event):
            return False
        self.start(event)
        return True

    def _timing(self, sort: type[Event]) -> Timing:
        low, high = sort.ramp_range
        ramp = float(np.exp(self._rng.uniform(np.log(low), np.log(high)))) if low else 0.0
        if issubclass(sort, Fault) and self._rng.random() < ABRUPT_RATIO:
            ramp = 0.0
        shape = str(self._rng.choice(sorted(RAMPS))) if ramp else "abrupt"
        hold = float(self._rng.uniform(*sort.hold_range))
        return Timing(self._world.now, _on_grid(ramp), _on_grid(hold), shape, float(self._rng.random()))

    def _collides(self, event: Event) -> bool:
        """The same target at the same time, a look-alike where a fault is felt, or a target in trouble already."""
        if self._watch.troubled(event.kind, event.index):
            return True
        touched = event.shadow(self._world) | {event.claim}
        for one in self.happenings:
            if self._world.now > one.event.timing.end + COOL_DOWN_SECONDS:
                continue
            faults = isinstance(one.event, Fault), isinstance(event, Fault)
            if one.event.claim == event.claim or (not all(faults) and one.touched & touched):
                return True
        return False

    def truth(self) -> dict[str, list[dict[str, Any]]]:
        """The events of both sorts, as the keys of truth.json."""
        faults, lookalikes = [], []
        for one in self.happenings:
            event, timing = one.event, one.event.timing
            common = {"type": event.type, "kind": event.kind, "entity": one.entity, "start": timing.start}
            if isinstance(event, Fault):
                abrupt = timing.ramp_seconds == 0
                more = {"issue": event.issue, "onset": one.onset, "end": timing.end, "shape": timing.shape}
                more |= {"ramp_seconds": timing.ramp_seconds, "abrupt": abrupt, "predictable": not abrupt}
                faults.append({"id": f"fault-{one.number}", **common, **more})
            else:
                lookalikes.append({"id": f"lookalike-{one.number}", **common, "end": timing.end})
        return {"faults": faults, "lookalikes": lookalikes}


def _on_grid(seconds: float) -> float:
    return float(np.ceil(seconds / STEP_SECONDS) * STEP_SECONDS)


class Simulation:
    """World, director and watch, step by step."""

    def __init__(self, seed: int, start: float, end: float) -> None:
        self.world = World(seed, start)
        self.watch = Watch(self.world)
        self.director = Director(self.watch, self.world, seed, start, end)

    def step(self, now: float) -> None:
        """One step of everything."""
        self.world.turn(now)
        self.director.act()
        self.world.step()
        self.watch.update()
        self.director.observe()
