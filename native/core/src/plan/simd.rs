//! The inner loop of annealing, compiled for what the processor has: counting bits is most of its work.
//!
//! All levels do the same arithmetic in the same order, so they give the same trees.

use super::anneal::{sweep_by_words, Count, Heat, Words};
use super::network::Network;
use super::rng::Rng;
use super::slicing::{Bits, Slicer};
use super::tree::Tree;

/// One sweep at the best level there is.
pub fn sweep_at_best_level(
    network: &Network,
    tree: &mut Tree,
    costly: &[u32],
    rng: &mut Rng,
    heat: Heat,
    proposals: usize,
) -> usize {
    #[cfg(target_arch = "x86_64")]
    match level() {
        // SAFETY: the features that the functions are compiled for were detected.
        Level::Avx512 => return unsafe { sweep_avx512(network, tree, costly, rng, heat, proposals) },
        // SAFETY: as above.
        Level::Avx2 => return unsafe { sweep_avx2(network, tree, costly, rng, heat, proposals) },
        Level::None => {}
    }
    sweep_by_words::<Words>(network, tree, costly, rng, heat, proposals)
}

/// `Slicer::weigh` at the best level there is.
pub fn weigh_at_best_level(slicer: &mut Slicer, network: &Network, tree: &Tree, width: f32) -> (f32, f32) {
    #[cfg(target_arch = "x86_64")]
    if let Level::Avx512 = level() {
        // SAFETY: the features that the function is compiled for were detected.
        return unsafe { weigh_avx512(slicer, network, tree, width) };
    }
    slicer.weigh::<Words>(network, tree, width)
}

#[cfg(target_arch = "x86_64")]
enum Level {
    Avx512,
    Avx2,
    None,
}

#[cfg(target_arch = "x86_64")]
fn level() -> Level {
    let has_bmi =
        is_x86_feature_detected!("popcnt") && is_x86_feature_detected!("bmi1") && is_x86_feature_detected!("bmi2");
    if has_bmi && is_x86_feature_detected!("avx512vpopcntdq") && is_x86_feature_detected!("avx512vl") {
        Level::Avx512
    } else if has_bmi && is_x86_feature_detected!("avx2") {
        Level::Avx2
    } else {
        Level::None
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl,avx512vpopcntdq,avx2,popcnt,bmi1,bmi2")]
fn sweep_avx512(
    network: &Network,
    tree: &mut Tree,
    costly: &[u32],
    rng: &mut Rng,
    heat: Heat,
    proposals: usize,
) -> usize {
    sweep_by_words::<Vectors>(network, tree, costly, rng, heat, proposals)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl,avx512vpopcntdq,avx2,popcnt,bmi1,bmi2")]
fn weigh_avx512(slicer: &mut Slicer, network: &Network, tree: &Tree, width: f32) -> (f32, f32) {
    slicer.weigh::<Vectors>(network, tree, width)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,popcnt,bmi1,bmi2")]
fn sweep_avx2(
    network: &Network,
    tree: &mut Tree,
    costly: &[u32],
    rng: &mut Rng,
    heat: Heat,
    proposals: usize,
) -> usize {
    sweep_by_words::<Words>(network, tree, costly, rng, heat, proposals)
}

/// Eight words at once.
#[cfg(target_arch = "x86_64")]
struct Vectors;

#[cfg(target_arch = "x86_64")]
impl Count for Vectors {
    #[inline(always)]
    fn count<const W: usize>(sets: [&[u64]; 5]) -> [i32; 3] {
        let words = if W == 0 { sets[4].len() } else { W };
        assert!(sets.iter().all(|set| set.len() == words));
        // SAFETY: only `sweep_avx512` counts so, and it is called where its features were detected; the lengths are right.
        unsafe { count_avx512(sets, words) }
    }
}

#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx512f,avx512vl,avx512vpopcntdq,avx2,popcnt,bmi1,bmi2")]
unsafe fn count_avx512(sets: [&[u64]; 5], words: usize) -> [i32; 3] {
    use std::arch::x86_64::*;
    let mut counts = [_mm512_setzero_si512(); 3];
    for first in (0..words).step_by(8) {
        let lanes = if words - first >= 8 {
            0xFF
        } else {
            (1u8 << (words - first)) - 1
        };
        // SAFETY: each set has `words` words, and only lanes below that are read.
        let [a, b, c, p, mask] =
            sets.map(|set| unsafe { _mm512_maskz_loadu_epi64(lanes, set.as_ptr().add(first).cast()) });
        let inner = _mm512_and_si512(_mm512_or_si512(a, c), mask);
        let made = _mm512_and_si512(inner, _mm512_or_si512(b, p));
        let outer = _mm512_or_si512(made, _mm512_and_si512(b, mask));
        for (count, set) in counts.iter_mut().zip([inner, made, outer]) {
            *count = _mm512_add_epi64(*count, _mm512_popcnt_epi64(set));
        }
    }
    counts.map(|count| _mm512_reduce_add_epi64(count) as i32)
}

#[cfg(target_arch = "x86_64")]
impl Bits for Vectors {
    #[inline(always)]
    fn add(word: u64, number: f32, sums: &mut [f32]) {
        if word != 0 {
            // SAFETY: only `weigh_avx512` adds so, and it is called where its features were detected.
            unsafe { add_avx512(word, number, sums) }
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx512f,avx512vl,avx512vpopcntdq,avx2,popcnt,bmi1,bmi2")]
fn add_avx512(word: u64, number: f32, sums: &mut [f32]) {
    use std::arch::x86_64::*;
    let numbers = _mm512_set1_ps(number);
    for (part, lanes) in sums.chunks_exact_mut(16).enumerate() {
        let mask = (word >> (16 * part)) as u16;
        // SAFETY: there are 16 lanes.
        unsafe {
            let old = _mm512_loadu_ps(lanes.as_ptr());
            _mm512_storeu_ps(lanes.as_mut_ptr(), _mm512_mask_add_ps(old, mask, old, numbers));
        }
    }
}
