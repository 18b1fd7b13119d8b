//! Maps from small numbers, which need no more than a multiplication for a hash.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

/// A map from numbers of qubits.
pub type SmallMap<V> = HashMap<u32, V, BuildHasherDefault<SmallHasher>>;
/// A set of numbers of operations.
pub type SmallSet = HashSet<u32, BuildHasherDefault<SmallHasher>>;

/// Hashes numbers by a multiplication (Knuth, The Art of Computer Programming, volume 3, 6.4).
#[derive(Clone, Copy, Debug, Default)]
pub struct SmallHasher(u64);

impl Hasher for SmallHasher {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&byte| self.write_u32(u32::from(byte)));
    }

    fn write_u32(&mut self, number: u32) {
        self.0 = (self.0.rotate_left(5) ^ u64::from(number)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn finish(&self) -> u64 {
        self.0.rotate_left(26)
    }
}
