//! The inner loop of annealing, compiled for what the processor has: counting bits is most of its work.
//!
//! All levels do the same arithmetic in the same order, so they give the same trees.

use super::anneal::{sweep_by_words, Heat};
use super::network::Network;
use super::rng::Rng;
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
    {
        if is_x86_feature_detected!("avx512vpopcntdq") && is_x86_feature_detected!("avx512vl") && has_bmi() {
            // SAFETY: the features that the function is compiled for were detected just now.
            return unsafe { sweep_avx512(network, tree, costly, rng, heat, proposals) };
        }
        if is_x86_feature_detected!("avx2") && has_bmi() {
            // SAFETY: the features that the function is compiled for were detected just now.
            return unsafe { sweep_avx2(network, tree, costly, rng, heat, proposals) };
        }
    }
    sweep_by_words(network, tree, costly, rng, heat, proposals)
}

#[cfg(target_arch = "x86_64")]
fn has_bmi() -> bool {
    is_x86_feature_detected!("popcnt") && is_x86_feature_detected!("bmi1") && is_x86_feature_detected!("bmi2")
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
    sweep_by_words(network, tree, costly, rng, heat, proposals)
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
    sweep_by_words(network, tree, costly, rng, heat, proposals)
}
