"""Types shared by all layers."""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

ComplexArray: TypeAlias = npt.NDArray[np.complexfloating]
DtypeName: TypeAlias = Literal["complex64", "complex128"]
