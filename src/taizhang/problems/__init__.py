"""Problems of combinatorial optimisation, their costs as observables, and circuits for them."""
