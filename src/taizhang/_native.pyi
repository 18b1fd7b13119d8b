"""What the compiled core offers to Python; `tests/test_native_stub.py` holds this file against the binary."""
