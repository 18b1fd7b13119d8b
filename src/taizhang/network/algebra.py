"""Networks as values: joining, renaming, fixing, opening, merging and summing indices, sums and multiples.

Indices go by their names. Those of the output are *open*; all others are summed over, and their names matter to nobody
but the network, so that they are renamed where two networks are put together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from numbers import Number
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from taizhang._checks import describe
from taizhang._lazy import lazy_module
from taizhang.errors import NetworkError, UsageError

if TYPE_CHECKING:
    from typing_extensions import Self

    from taizhang.network.network import NetworkShape

# What computes lies above this layer.
taizhang: Any = lazy_module("taizhang")

Array: TypeAlias = npt.NDArray[Any]
Tensors: TypeAlias = list[tuple[Array, tuple[str, ...]]]


class NetworkAlgebra:
    """The methods of a network that make new networks of it; it is itself never changed."""

    __slots__ = ()

    shape: NetworkShape
    arrays: tuple[Any, ...]
    exponent: int

    @property
    def open_indices(self) -> tuple[str, ...]:
        """Names of the open indices, in the order of the axes of the value."""
        return tuple(self.shape.index_names[index] for index in self.shape.output)

    @property
    def tensors(self) -> tuple[tuple[Array, tuple[str, ...]], ...]:
        """Each tensor: its array, and the names of its axes."""
        names = self.shape.index_names
        return tuple(
            (array, tuple(names[index] for index in term))
            for array, term in zip(self.arrays, self.shape.inputs, strict=True)
        )

    def rename(self, names: Mapping[str, str]) -> Self:
        """Gives indices other names.

        Args:
            names: The new name for each old one.

        Raises:
            NetworkError: There is no such index, or two would have the same name; `merge` makes one of several.

        Example:
            >>> from taizhang.network.network import TensorNetwork
            >>> TensorNetwork([(np.eye(2), "ab")], "ab").rename({"a": "c"}).open_indices
            ('c', 'b')
        """
        self._check_names(names)
        new = [names.get(name, name) for name in self._used_names()]
        if len(set(new)) != len(new):
            twice = next(name for name in new if new.count(name) > 1)
            raise NetworkError(f"two indices would be called '{twice:.40}'; use merge to make one of several")
        return self._with(self._renamed(names), [names.get(name, name) for name in self.open_indices])

    def conj(self) -> Self:
        """The network of the complex conjugate."""
        return self._with([(np.conj(array), names) for array, names in self.tensors], self.open_indices)

    def fix(self, values: Mapping[str, int]) -> Self:
        """Fixes indices at values: they are gone, and of a sum one term is left.

        Args:
            values: A value for each index, from 0.

        Raises:
            NetworkError: There is no such index, or it does not have that value.

        Example:
            >>> from taizhang.network.network import TensorNetwork
            >>> TensorNetwork([(np.eye(2), "ab")], "ab").fix({"a": 1}).arrays[0].tolist()
            [0.0, 1.0]
        """
        self._check_names(values)
        sizes = dict(zip(self.shape.index_names, self.shape.sizes, strict=True))
        for name, value in values.items():
            if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or not 0 <= value < sizes[name]:
                raise NetworkError(f"index '{name:.40}' has values from 0 to {sizes[name] - 1}, got {value!r:.20}")
        tensors = [
            (
                np.asarray(array[tuple(values.get(name, slice(None)) for name in names)]),
                tuple(name for name in names if name not in values),
            )
            for array, names in self.tensors
        ]
        return self._with(tensors, [name for name in self.open_indices if name not in values])

    def open(self, *names: str) -> Self:
        """Opens indices that were summed over: they become the last axes of the value.

        Raises:
            NetworkError: There is no such index, or it is open.
        """
        self._check_names(names)
        already = next((name for name in names if name in self.open_indices), None)
        if already is not None:
            raise NetworkError(f"index '{already:.40}' is open already")
        return self._with(list(self.tensors), [*self.open_indices, *names])

    def sum(self, *names: str) -> Self:
        """Sums over open indices.

        Raises:
            NetworkError: An index is not open.
        """
        missing = next((name for name in names if name not in self.open_indices), None)
        if missing is not None:
            raise NetworkError(
                f"index '{missing:.40}' is not open; open are {', '.join(self.open_indices)[:80] or 'none'}"
            )
        return self._with(list(self.tensors), [name for name in self.open_indices if name not in names])

    def merge(self, *names: str, into: str | None = None) -> Self:
        """Makes one index of several: only terms in which they have the same value are left.

        Args:
            names: The indices, of one size. The result is open where one of them is.
            into: Its name; by default the first one's.

        Raises:
            NetworkError: There is no such index, their sizes differ, or the name is taken.

        Example:
            >>> from taizhang.network.network import TensorNetwork
            >>> trace = TensorNetwork([(np.eye(3), "ab")], "ab").merge("a", "b").sum("a")
            >>> trace.shape.inputs, trace.open_indices
            (((0, 0),), ())
        """
        if len(names) < 2:
            raise NetworkError("merge makes one index of several; name at least two")
        self._check_names(names)
        sizes = dict(zip(self.shape.index_names, self.shape.sizes, strict=True))
        if len({sizes[name] for name in names}) > 1:
            raise NetworkError(f"the indices {', '.join(names)[:60]} have different sizes; only equal ones are merged")
        name = names[0] if into is None else into
        if name not in names and name in self._used_names():
            raise NetworkError(f"an index '{name:.40}' is there already; give another name")
        mapping = dict.fromkeys(names, name)
        opened = dict.fromkeys(mapping.get(each, each) for each in self.open_indices)
        return self._with(self._renamed(mapping), list(opened))

    def join(self, other: NetworkAlgebra, *, keep: Iterable[str] = ()) -> Self:
        """Puts two networks together: open indices of the same name are one, and summed over.

        Args:
            other: The other network.
            keep: Names of common open indices that stay open.

        Returns:
            A network whose open indices are those of this one, then those of the other, without those summed over.

        Raises:
            NetworkError: A common index has two sizes.

        Example:
            >>> from taizhang.network.network import TensorNetwork
            >>> first, second = (TensorNetwork([(np.eye(2), names)], names) for names in ("ab", "bc"))
            >>> first.join(second).open_indices, (first | second) == first.join(second)
            (('a', 'c'), True)
        """
        self._check_network(other)
        common = [name for name in self.open_indices if name in other.open_indices]
        kept = set(keep)
        wrong = next((name for name in kept if name not in common), None)
        if wrong is not None:
            raise NetworkError(f"index '{wrong:.40}' is not open in both networks")
        apart = other._apart_from(self, common)
        opened = dict.fromkeys((*self.open_indices, *apart.open_indices))
        return self._with(
            [*self.tensors, *apart.tensors],
            [name for name in opened if name not in common or name in kept],
            exponent=self.exponent + apart.exponent,
        )

    def __or__(self, other: Any) -> Self:
        if not isinstance(other, NetworkAlgebra):
            return NotImplemented
        return self.join(other)

    def __mul__(self, factor: Any) -> Self:
        if not isinstance(factor, (Number, np.number)) or isinstance(factor, bool):
            return NotImplemented
        return self._with([*self.tensors, (np.asarray(factor), ())], self.open_indices)

    __rmul__ = __mul__

    def __truediv__(self, divisor: Any) -> Self:
        if not isinstance(divisor, (Number, np.number)) or isinstance(divisor, bool):
            return NotImplemented
        return self._with([*self.tensors, (np.asarray(1 / complex(divisor)), ())], self.open_indices)  # type: ignore[arg-type]

    def __neg__(self) -> Self:
        return self * -1

    def __add__(self, other: Any) -> Self:
        """The sum of two networks with the same open indices, as a network.

        An index of size 2 chooses between them: where it chooses the other one, each tensor of the first is 1 for one
        value of the indices that are summed over, and 0 for all others.
        """
        if not isinstance(other, NetworkAlgebra):
            return NotImplemented
        self._check_network(other)
        if set(self.open_indices) != set(other.open_indices):
            told = " and ".join(", ".join(each.open_indices)[:40] or "none" for each in (self, other))
            raise NetworkError(f"networks that are added have the same open indices, got {told}")
        apart = other._apart_from(self, self.open_indices)
        taken = {*self._used_names(), *apart._used_names()}
        chosen = _new_name("+", taken)
        mine = (self * 2.0**self.exponent if self.exponent else self)._choosing(chosen, 0)
        theirs = (apart * 2.0**apart.exponent if apart.exponent else apart)._choosing(chosen, 1)
        return self._with([*mine, *theirs], self.open_indices, exponent=0)

    def __sub__(self, other: Any) -> Self:
        return NotImplemented if not isinstance(other, NetworkAlgebra) else self + (-other)

    def subnetwork(self, numbers: Iterable[int]) -> Self:
        """The network of some tensors: indices that others have too, or that are open, are open.

        Args:
            numbers: Numbers of the tensors, in order.

        Raises:
            NetworkError: There is no such tensor, or one is named twice.
        """
        chosen = self._check_numbers(numbers)
        return self._with([self.tensors[number] for number in chosen], self._outer(chosen), exponent=0)

    def contract_tensors(self, numbers: Iterable[int], **options: Any) -> Self:
        """Contracts some tensors to one, which comes last.

        Args:
            numbers: Their numbers.
            options: Options of `taizhang.contract`.

        Raises:
            NetworkError: There is no such tensor, or one is named twice.
        """
        chosen = self._check_numbers(numbers)
        outer = self._outer(chosen)
        array = np.asarray(taizhang.contract(self.subnetwork(chosen), **options))
        rest = [tensor for number, tensor in enumerate(self.tensors) if number not in chosen]
        return self._with([*rest, (array, tuple(outer))], self.open_indices)

    def norm(self, **options: Any) -> float:
        """The square root of ⟨network|network⟩.

        Args:
            options: Options of `taizhang.contract`.

        Example:
            >>> from taizhang.network.network import TensorNetwork
            >>> round(TensorNetwork([(np.array([3.0, 4.0]), "a")], "a").norm(), 6)
            5.0
        """
        return float(np.sqrt(max(taizhang.inner(self, self, **options).real, 0.0)))

    def fidelity(self, other: NetworkAlgebra, **options: Any) -> float:
        """|⟨a|b⟩|² / (⟨a|a⟩ ⟨b|b⟩).

        Args:
            other: A network with the same open indices.
            options: Options of `taizhang.contract`.
        """
        overlap = abs(taizhang.inner(self, other, **options)) ** 2
        return float(overlap / (taizhang.inner(self, self, **options) * taizhang.inner(other, other, **options)).real)

    # Helpers

    def _with(
        self, tensors: Sequence[tuple[Array, Sequence[str]]], output: Sequence[str], *, exponent: int | None = None
    ) -> Self:
        made = type(self)(tensors, output)  # type: ignore[call-arg]
        object.__setattr__(made, "exponent", self.exponent if exponent is None else exponent)
        return made

    def _used_names(self) -> list[str]:
        return list(dict.fromkeys(name for _, names in self.tensors for name in names))

    def _renamed(self, mapping: Mapping[str, str]) -> Tensors:
        return [(array, tuple(mapping.get(name, name) for name in names)) for array, names in self.tensors]

    def _apart_from(self, other: NetworkAlgebra, common: Sequence[str]) -> NetworkAlgebra:
        """This network with its names changed that the other has, but for the common ones."""
        taken = set(other._used_names())
        mapping: dict[str, str] = {}
        used = self._used_names()
        for name in used:
            if name in taken and name not in common:
                if name in self.open_indices:
                    raise NetworkError(
                        f"the open index '{name:.40}' of one network is summed over in the other; rename it"
                    )
                mapping[name] = _new_name(name, {*taken, *used, *mapping.values()})
        clash = next(
            (name for name in other.open_indices if name in used and name not in common and name not in mapping), None
        )
        if clash is not None:
            raise NetworkError(f"the open index '{clash:.40}' of one network is summed over in the other; rename it")
        return self.rename(mapping) if mapping else self

    def _choosing(self, chosen: str, value: int) -> Tensors:
        """The tensors with an index that chooses them where it is `value`; else they make 1."""
        opened = set(self.open_indices)
        made: Tensors = []
        for array, names in self.tensors or ((np.ones(()), ()),):
            neutral = np.zeros(array.shape)
            neutral[tuple(slice(None) if name in opened else 0 for name in names)] = 1
            both = (array, neutral) if value == 0 else (neutral, array)
            made.append((np.stack(both), (chosen, *names)))
        return made

    def _outer(self, chosen: Sequence[int]) -> list[str]:
        inside = dict.fromkeys(name for number in chosen for name in self.tensors[number][1])
        others = {name for number, (_, names) in enumerate(self.tensors) if number not in chosen for name in names}
        return [name for name in inside if name in others or name in self.open_indices]

    def _check_numbers(self, numbers: Iterable[int]) -> list[int]:
        chosen = list(numbers)
        if len(set(chosen)) != len(chosen) or not chosen:
            raise NetworkError("tensors are named by different numbers, at least one")
        if any(not isinstance(each, (int, np.integer)) or not 0 <= each < len(self.arrays) for each in chosen):
            raise NetworkError(f"the network has tensors 0 to {len(self.arrays) - 1}, got {chosen!r:.60}")
        return chosen

    def _check_names(self, names: Iterable[str]) -> None:
        used = set(self._used_names())
        missing = next((name for name in names if name not in used), None)
        if missing is not None:
            raise NetworkError(f"the network has no index '{missing!s:.40}'")

    def _check_network(self, other: Any) -> None:
        if not isinstance(other, NetworkAlgebra):
            raise UsageError(f"a network is joined to or added to another network, got {describe(other)}")
        if self.shape.row_indices or other.shape.row_indices:
            raise NetworkError("networks with rows are not put together; leave the row indices open")


def _new_name(name: str, taken: Iterable[str]) -> str:
    used, number = set(taken), 1
    while f"{name}'{number}" in used:
        number += 1
    return f"{name}'{number}"
