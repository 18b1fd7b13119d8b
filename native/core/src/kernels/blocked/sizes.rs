//! How large blocks and panels are: what is to stay in which cache.

/// Columns of a full panel of the microkernel.
pub(super) const PANEL_COLUMNS: usize = 4;

/// Bytes of a packed block of the first operand: two of them stay in the second-level cache.
pub(super) const BLOCK_A: usize = 1 << 19;

/// Bytes of a packed block of the second operand: it stays there, too.
pub(super) const BLOCK_B: usize = 1 << 21;

/// Most terms of a block: with more of them, blocks of the first operand would be read in runs too short for memory.
pub(super) const MOST_TERMS: usize = 512;

/// Terms summed in registers at a time: a panel of the first operand of this length stays in the first-level cache.
pub(super) const PART_TERMS: usize = 128;

/// Most vectors of m in a block: longer does not help memory any more.
pub(super) const BLOCK_M_VECTORS: usize = 64;

/// Most columns in a block.
pub(super) const BLOCK_N: usize = 512;
