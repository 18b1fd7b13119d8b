"""Plans that are kept for networks of the same shape: a sweep over angles searches once.

Circuits that differ in angles alone mostly have networks of one shape. Within `keep_plans()`, a plan that was searched
with the same options serves every further network of its shape.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from taizhang.plan.plan import Plan

# Plans kept at most; the oldest is forgotten first.
_MOST = 4096


@dataclass(slots=True)
class KeptPlans:
    """Plans by the shapes of their networks and the options of their search.

    Attributes:
        searches: How many searches were needed.
    """

    plans: dict[Hashable, Plan] = field(default_factory=dict)
    searches: int = 0

    def find(self, key: Hashable, allowed: int | None) -> Plan | None:
        """The plan, if there is one that needs no more than these bytes."""
        found = self.plans.get(key)
        return found if found is not None and (allowed is None or found.cost.peak_bytes <= allowed) else None

    def keep(self, key: Hashable, plan: Plan) -> None:
        """Keeps a plan that was just searched."""
        self.searches += 1
        if len(self.plans) >= _MOST:
            del self.plans[next(iter(self.plans))]
        self.plans[key] = plan


_CURRENT: ContextVar[KeptPlans | None] = ContextVar("taizhang_kept_plans", default=None)


def kept_plans() -> KeptPlans | None:
    """The plans that are kept now, or None."""
    return _CURRENT.get()


@contextmanager
def keep_plans(kept: KeptPlans | None = None) -> Iterator[KeptPlans]:
    """Keeps plans until the end of the block.

    Args:
        kept: Those of an earlier block, to go on with.

    Example:
        >>> import taizhang as tz
        >>> with keep_plans() as kept:
        ...     values = [tz.amplitude(tz.Circuit(2).rx(0, 0.1 * k).cx(0, 1).ry(1, 0.3), "11") for k in range(1, 5)]
        >>> kept.searches
        1
    """
    chosen = KeptPlans() if kept is None else kept
    token = _CURRENT.set(chosen)
    try:
        yield chosen
    finally:
        _CURRENT.reset(token)
