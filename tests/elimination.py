"""A slow and obvious way to contract a network: sum one index after the other, the cheapest first."""

import numpy as np

from taizhang.network.einsum import einsum


def eliminated_value(network):
    """The value of a network, with its exponent applied."""
    output = set(network.shape.output)
    tensors = list(zip(network.shape.inputs, network.arrays, strict=True))
    while left := {index for indices, _ in tensors for index in indices} - output:
        index = min(left, key=lambda index: _cost(tensors, index))
        touched = [tensor for tensor in tensors if index in tensor[0]]
        tensors = [tensor for tensor in tensors if index not in tensor[0]]
        tensors.append(_product(touched, index))
    indices, array = _product(tensors, None) if tensors else ((), np.ones(()))
    return einsum([(array, indices)], network.shape.output) * 2.0**network.exponent


def _cost(tensors, index):
    return len({other for indices, _ in tensors if index in indices for other in indices})


def _product(tensors, summed):
    indices, array = (), np.ones(())
    for others, more in sorted(tensors, key=lambda tensor: len(tensor[0])):
        union = tuple(dict.fromkeys(indices + others))
        indices, array = union, einsum([(array, indices), (more, others)], union)
    kept = tuple(index for index in indices if index != summed)
    return kept, einsum([(array, indices)], kept)
