//! Reader for OpenQASM 2.0 and the gate-level part of OpenQASM 3.
