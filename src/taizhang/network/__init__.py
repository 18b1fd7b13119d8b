"""Networks: from a circuit to a small tensor network of its amplitudes."""
