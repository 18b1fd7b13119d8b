//! Execution of compiled contraction programs.
