"""Layout of Google's Sycamore: sites of the qubits, pairs coupled by each layer, and qubits of the patches.

Qubits form a square grid rotated by 45 degrees; 53 of 54 worked. They are numbered row by row. A layer couples every
second pair along one direction: A to D alternate like a chessboard and fill the layout evenly; E to H alternate by
lines, which makes circuits that are easier to simulate.

Source: Arute et al., Nature 574, 505 (2019), supplement; the qubits of the patches are those of the circuits published
with it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from taizhang.errors import UsageError

Site = tuple[int, int]

MIN_QUBITS = 12
MAX_QUBITS = 53

_CENTRE = [(row, column) for row in (3, 4, 5) for column in (3, 4, 5, 6)]

# Sites that each larger patch adds. Patches of 12, 14, 18, 20, 22, 24, 28, 30, 34, 38, 43, 48 and 53 qubits are those
# published; the order between them is our choice.
_ADDED: tuple[tuple[Site, ...], ...] = (
    ((2, 4), (2, 5)),
    ((6, 3), (6, 4), (2, 6), (6, 5)),
    ((3, 7), (4, 7)),
    ((4, 2), (5, 2)),
    ((2, 7), (6, 2)),
    ((1, 5), (1, 6), (7, 3), (7, 4)),
    ((1, 7), (7, 2)),
    ((2, 8), (3, 8), (5, 1), (6, 1)),
    ((4, 1), (3, 2), (1, 4), (0, 5)),
    ((0, 6), (5, 7), (6, 6), (7, 5), (8, 3)),
    ((4, 8), (3, 9), (6, 7), (7, 6), (8, 4)),
    ((4, 9), (5, 8), (8, 5), (9, 4), (5, 0)),
)
_IN_ORDER_OF_GROWTH: tuple[Site, ...] = (*_CENTRE, *(site for group in _ADDED for site in group))


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A layer: the pairs that are coupled at once.

    Attributes:
        step: From the first site of a pair to the second.
        first: Whether a site is the first of a pair.
    """

    step: Site
    first: Callable[[Site], bool]


_DOWN, _RIGHT = (1, 0), (0, 1)

LAYERS: dict[str, Layer] = {
    "A": Layer(step=_DOWN, first=lambda site: sum(site) % 2 == 0),
    "B": Layer(step=_DOWN, first=lambda site: sum(site) % 2 == 1),
    "C": Layer(step=_RIGHT, first=lambda site: sum(site) % 2 == 1),
    "D": Layer(step=_RIGHT, first=lambda site: sum(site) % 2 == 0),
    "E": Layer(step=_RIGHT, first=lambda site: site[1] % 2 == 0),
    "F": Layer(step=_RIGHT, first=lambda site: site[1] % 2 == 1),
    "G": Layer(step=_DOWN, first=lambda site: site[0] % 2 == 0),
    "H": Layer(step=_DOWN, first=lambda site: site[0] % 2 == 1),
}


def sites_of(num_qubits: int) -> tuple[Site, ...]:
    """Returns row and column of each qubit of the patch of this size, in the order of qubit numbers.

    Args:
        num_qubits: From 12 to 53.

    Returns:
        Sites, row by row.

    Raises:
        UsageError: There is no patch of this size.

    Example:
        >>> sites_of(12)[:5]
        ((3, 3), (3, 4), (3, 5), (3, 6), (4, 3))
    """
    if not MIN_QUBITS <= num_qubits <= MAX_QUBITS:
        raise UsageError(f"a Sycamore circuit must have {MIN_QUBITS} to {MAX_QUBITS} qubits, got {num_qubits}")
    return tuple(sorted(_IN_ORDER_OF_GROWTH[:num_qubits]))


def pairs_of(sites: tuple[Site, ...], letter: str) -> tuple[tuple[int, int], ...]:
    """Returns the qubit pairs that a layer couples, ascending.

    Args:
        sites: Site of each qubit.
        letter: Name of the layer, `A` to `H`.

    Raises:
        UsageError: There is no layer of this name.

    Example:
        >>> pairs_of(sites_of(12), "E")
        ((1, 2), (5, 6), (9, 10))
    """
    layer = LAYERS.get(letter)
    if layer is None:
        raise UsageError(f"'{letter}' is not a layer of couplers; name layers by the letters {''.join(LAYERS)}")
    number = {site: qubit for qubit, site in enumerate(sites)}
    down, right = layer.step
    pairs = (
        (qubit, number.get((site[0] + down, site[1] + right))) for qubit, site in enumerate(sites) if layer.first(site)
    )
    return tuple((qubit, other) for qubit, other in pairs if other is not None)
