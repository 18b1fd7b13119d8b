"""A decoder for sinter, the sampling tool of Stim: `sinter.collect(…, custom_decoders=sinter_decoders())`."""

from __future__ import annotations

from typing import Any

import numpy as np
import sinter

from taizhang.api.decoding import Decoder
from taizhang.settings import Settings


class SinterDecoder(sinter.Decoder):  # type: ignore[misc]
    """Exact maximum-likelihood decoding for sinter.

    Args:
        options: Options of `taizhang.Decoder`, such as `memory` and `threads` (1 by default, since sinter has a process
            for each worker).

    Raises:
        UsageError: An option is not one.
    """

    def __init__(self, **options: Any) -> None:
        self._options = {"threads": 1, **options}
        Settings.checked(**{name: value for name, value in self._options.items() if name != "method"})

    def compile_decoder_for_dem(self, *, dem: Any) -> CompiledSinterDecoder:
        """Makes a decoder for a model."""
        return CompiledSinterDecoder(Decoder(dem, **self._options))


class CompiledSinterDecoder(sinter.CompiledDecoder):  # type: ignore[misc]
    """A decoder of one model; a second batch of shots searches no plan."""

    def __init__(self, decoder: Decoder) -> None:
        self._decoder = decoder

    def decode_shots_bit_packed(self, *, bit_packed_detection_event_data: np.ndarray[Any, Any]) -> Any:
        """Decodes shots, eight detectors to a byte, the first the lowest bit."""
        count = self._decoder.num_detectors
        shots = np.unpackbits(bit_packed_detection_event_data, axis=1, count=count, bitorder="little")
        return np.packbits(self._decoder.decode(shots), axis=1, bitorder="little")


def sinter_decoders(**options: Any) -> dict[str, SinterDecoder]:
    """The decoder by the name "taizhang", for `custom_decoders`.

    Args:
        options: Options of `taizhang.Decoder`.

    Example:
        >>> list(sinter_decoders())
        ['taizhang']
    """
    return {"taizhang": SinterDecoder(**options)}
