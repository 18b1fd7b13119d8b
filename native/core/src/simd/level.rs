//! Which instructions to use, chosen when the program runs: one table of levels serves the engine and the search.

use super::instructions::{Instructions, Kernel, VectorReal, WordKernel};
use super::vector::Simd;
use crate::number::Real;
use std::str::FromStr;

/// Makes [`SimdLevel`] and all code that depends on the level from a table: meaning, variant, name, instructions.
macro_rules! levels {
    ($($(#[doc = $meaning:literal])+ $(#[cfg($condition:meta)])? $level:ident = $name:literal, $instructions:ty;)+) => {
        /// A set of vector instructions of this processor family. Later variants are wider.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum SimdLevel {
            $($(#[doc = $meaning])+ $(#[cfg($condition)])? $level,)+
        }

        impl SimdLevel {
            /// Every level, narrowest first.
            const ALL: &[Self] = &[$($(#[cfg($condition)])? Self::$level,)+];

            /// The name that `TAIZHANG_SIMD` takes.
            pub fn name(self) -> &'static str {
                match self {
                    $($(#[cfg($condition)])? Self::$level => $name,)+
                }
            }

            /// Whether the machine has its vectors.
            fn is_available(self) -> bool {
                match self {
                    $($(#[cfg($condition)])? Self::$level => <$instructions>::available(),)+
                }
            }

            /// Whether the machine has its sets of bits.
            fn has_words(self) -> bool {
                match self {
                    $($(#[cfg($condition)])? Self::$level => <$instructions>::has_words(),)+
                }
            }
        }

        /// Runs a kernel with the instructions of `level`, lowered to what the machine has.
        pub fn dispatch<T: VectorReal, K: Kernel<T>>(level: SimdLevel, kernel: K) -> K::Output {
            match level.min(SimdLevel::widest()) {
                // SAFETY: `widest` has found the instructions, and those of the levels below.
                $($(#[cfg($condition)])? SimdLevel::$level => unsafe { <$instructions>::enter(kernel) },)+
            }
        }

        /// Runs a kernel over sets of bits with the instructions of `level`, lowered to what the machine has.
        pub fn dispatch_words<K: WordKernel>(level: SimdLevel, kernel: K) -> K::Output {
            match level.min(SimdLevel::widest_words()) {
                // SAFETY: `widest_words` has found the instructions, and those of the levels below.
                $($(#[cfg($condition)])? SimdLevel::$level => unsafe { <$instructions>::enter_words(kernel) },)+
            }
        }
    };
}

levels! {
    /// Plain Rust, compiled for the baseline instructions.
    Portable = "portable", super::portable::Portable;
    /// 256-bit vectors with fused multiply-add (x86-64-v3).
    #[cfg(target_arch = "x86_64")]
    Avx2 = "avx2", super::avx2::Avx2;
    /// 512-bit vectors (x86-64-v4).
    #[cfg(target_arch = "x86_64")]
    Avx512 = "avx512", super::avx512::Avx512;
    /// 128-bit vectors of 64-bit Arm.
    #[cfg(target_arch = "aarch64")]
    Neon = "neon", super::neon::Neon;
}

impl SimdLevel {
    /// The widest level of this machine, or a lower one named by the environment variable `TAIZHANG_SIMD`.
    ///
    /// A level the machine does not have is lowered to the widest one it has; an unknown name is ignored.
    pub fn detect() -> Self {
        let widest = Self::widest();
        match std::env::var("TAIZHANG_SIMD")
            .ok()
            .and_then(|name| name.parse::<Self>().ok())
        {
            Some(named) => named.min(widest),
            None => widest,
        }
    }

    /// The widest level of this machine.
    #[inline]
    pub fn widest() -> Self {
        Self::widest_where(Self::is_available)
    }

    /// The widest level of this machine for sets of bits: they may need more than vectors do.
    #[inline]
    fn widest_words() -> Self {
        Self::widest_where(Self::has_words)
    }

    /// The last level before the first one that the machine lacks.
    #[inline]
    fn widest_where(has: fn(Self) -> bool) -> Self {
        let all = Self::ALL.iter().copied();
        all.take_while(|level| has(*level)).last().unwrap_or(Self::Portable)
    }

    /// Every level of this machine, narrowest first.
    pub fn available() -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(|level| *level <= Self::widest())
    }
}

impl FromStr for SimdLevel {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        Self::ALL.iter().copied().find(|level| level.name() == name).ok_or(())
    }
}

/// A kernel that returns the sizes of a level's vectors.
struct Sizes;

impl<T: Real> Kernel<T> for Sizes {
    type Output = (usize, usize);

    #[inline(always)]
    unsafe fn run<S: Simd<Real = T>>(self) -> (usize, usize) {
        (S::LANES, S::PANEL_VECTORS)
    }
}

/// Lanes of a vector at a level.
pub fn lanes<T: VectorReal>(level: SimdLevel) -> usize {
    dispatch::<T, _>(level, Sizes).0
}

/// Vectors of a full panel at a level.
pub fn panel_vectors<T: VectorReal>(level: SimdLevel) -> usize {
    dispatch::<T, _>(level, Sizes).1
}

#[cfg(test)]
mod tests {
    use super::super::words::Words;
    use super::*;

    #[test]
    fn every_level_is_found_by_its_name() {
        for level in SimdLevel::available() {
            assert_eq!(level.name().parse(), Ok(level));
        }
        assert_eq!("sse9".parse::<SimdLevel>(), Err(()));
    }

    #[test]
    fn portable_is_always_there() {
        assert_eq!(SimdLevel::available().next(), Some(SimdLevel::Portable));
    }

    #[test]
    fn later_levels_do_not_have_narrower_vectors() {
        let sizes: Vec<usize> = SimdLevel::available().map(lanes::<f32>).collect();
        assert!(sizes.windows(2).all(|pair| pair[0] <= pair[1]), "{sizes:?}");
    }

    /// Counts and sums over a few random sets.
    struct Probe<'a> {
        sets: &'a [Vec<u64>; 5],
    }

    impl WordKernel for Probe<'_> {
        type Output = ([i32; 3], [i32; 3], Vec<f32>);

        #[inline(always)]
        fn run<W: Words>(self, words: W) -> Self::Output {
            let sets = self.sets.each_ref().map(Vec::as_slice);
            let mut sums = vec![0.5; 64];
            for (place, word) in self.sets[0].iter().enumerate() {
                words.add(*word, 0.1 + place as f32, &mut sums);
            }
            let fixed = sets.map(|set| &set[..2]);
            (words.count::<0>(sets), words.count::<2>(fixed), sums)
        }
    }

    #[test]
    fn sets_of_bits_are_the_same_at_every_level() {
        let mut state = 1u64;
        let mut random = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            state ^ state >> 31
        };
        for len in 2..30 {
            let sets = [(); 5].map(|()| (0..len).map(|_| random()).collect::<Vec<u64>>());
            let plain = dispatch_words(SimdLevel::Portable, Probe { sets: &sets });
            let inner = sets[0].iter().zip(&sets[2]).zip(&sets[4]);
            assert_eq!(
                plain.0[0],
                inner
                    .map(|((a, c), mask)| ((a | c) & mask).count_ones() as i32)
                    .sum::<i32>()
            );
            for level in SimdLevel::available() {
                assert_eq!(
                    dispatch_words(level, Probe { sets: &sets }),
                    plain,
                    "{level:?}, {len} words"
                );
            }
        }
    }
}
