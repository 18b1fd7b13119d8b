//! Which vector instructions to use, chosen when the program runs: one binary serves every machine.

use std::str::FromStr;

/// A set of vector instructions. Later variants are wider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SimdLevel {
    /// Plain Rust, whatever the compiler makes of it.
    Portable,
    /// 256-bit vectors with fused multiply-add (x86-64-v3).
    Avx2,
    /// 512-bit vectors (x86-64-v4).
    Avx512,
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
            Some(wanted) => wanted.min(widest),
            None => widest,
        }
    }

    /// The widest level of this machine.
    #[cfg(target_arch = "x86_64")]
    pub fn widest() -> Self {
        let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
        let avx512 = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512bw");
        match (avx2, avx512) {
            (true, true) => Self::Avx512,
            (true, false) => Self::Avx2,
            (false, _) => Self::Portable,
        }
    }

    /// The widest level of this machine.
    #[cfg(not(target_arch = "x86_64"))]
    pub fn widest() -> Self {
        Self::Portable
    }

    /// Every level of this machine, narrowest first.
    pub fn available() -> impl Iterator<Item = Self> {
        [Self::Portable, Self::Avx2, Self::Avx512]
            .into_iter()
            .filter(|level| *level <= Self::widest())
    }

    /// The name that `TAIZHANG_SIMD` takes.
    pub fn name(self) -> &'static str {
        match self {
            Self::Portable => "portable",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
        }
    }
}

impl FromStr for SimdLevel {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        [Self::Portable, Self::Avx2, Self::Avx512]
            .into_iter()
            .find(|level| level.name() == name)
            .ok_or(())
    }
}

#[cfg(test)]
mod tests {
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
}
