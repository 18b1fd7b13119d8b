//! Random tensors and modes, the same on every machine.

use taizhang_core::number::{Complex, Real};
use taizhang_core::program::modes::Mode;

/// Xorshift*: the same numbers on every machine.
pub struct Random(pub u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    pub fn below(&mut self, limit: usize) -> usize {
        ((self.next() >> 33) % limit as u64) as usize
    }

    pub fn chance(&mut self, one_in: usize) -> bool {
        self.below(one_in) == 0
    }

    pub fn tensor<T: Real>(&mut self, len: usize) -> Vec<Complex<T>> {
        let mut part = || T::from_f64((self.next() >> 40) as f64 / (1u64 << 23) as f64 - 1.0);
        (0..len).map(|_| Complex::new(part(), part())).collect()
    }
}

/// Which tensors have a mode: bit 0 the first operand, bit 1 the second, bit 2 the output.
pub const BATCH: u8 = 0b111;
pub const M: u8 = 0b101;
pub const N: u8 = 0b110;
pub const K: u8 = 0b011;

/// Modes of the given groups in a random order in each tensor, sometimes with gaps between them.
pub fn random_modes(random: &mut Random, groups: &[(u8, usize)]) -> Vec<Mode> {
    // Stage 1: the modes and their sizes, mostly 2.
    let mut modes: Vec<(u8, Mode)> = Vec::new();
    for (group, count) in groups {
        for _ in 0..*count {
            modes.push((
                *group,
                Mode {
                    size: 2,
                    a: 0,
                    b: 0,
                    out: 0,
                },
            ));
        }
    }
    for (_, mode) in &mut modes {
        if random.chance(12) {
            mode.size = [1, 3, 4, 5, 7][random.below(5)];
        }
    }
    // Stage 2: strides in each tensor, in an order of its own.
    let ordered = random.chance(3);
    for tensor in 0..3 {
        let mut order: Vec<usize> = (0..modes.len())
            .filter(|index| modes[*index].0 >> tensor & 1 == 1)
            .collect();
        let len = order.len();
        for index in 0..len {
            // Nearly ordered in one case of three: long contiguous runs.
            if !ordered || random.chance(8) {
                order.swap(index, random.below(len));
            }
        }
        let mut stride = if random.chance(10) { 3 } else { 1 };
        for index in order {
            let mode = &mut modes[index].1;
            *[&mut mode.a, &mut mode.b, &mut mode.out][tensor] = stride;
            stride *= mode.size;
            if random.chance(25) {
                stride *= 2;
            }
        }
    }
    modes.into_iter().map(|(_, mode)| mode).collect()
}
