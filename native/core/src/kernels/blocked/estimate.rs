//! A rough count of cycles, by which layouts are compared.

use super::groups::{cut_lanes, Choice, Groups};
use super::sizes::{BLOCK_N, MOST_TERMS};
use crate::kernels::lanes::{lanes_at, Lanes};
use crate::program::loops::table;
use crate::program::modes::{volume, Mode};

/// A rough count of the cycles a layout takes when all is in cache: only the order of candidates matters.
pub(crate) fn estimated_cycles(modes: &[Mode], choice: Choice, lanes: usize, panel_vectors: usize) -> f64 {
    let mut groups = Groups::new(modes, choice.swapped);
    let uncut = Groups::new(modes, choice.swapped);
    let (m, n) = (volume(&uncut.m) as f64, volume(&uncut.n) as f64);
    let (k, batch) = (volume(&uncut.k) as f64, volume(&uncut.batch) as f64);
    let width = lanes as f64;
    let (pack_a, write, fill, vector_b, vectors);
    match cut_lanes(&mut groups, choice, lanes) {
        Some(inner) => {
            let contiguous = |stride: fn(&Mode) -> usize| lanes_at(table(&inner, stride)) == Lanes::Contiguous;
            pack_a = if contiguous(|mode| mode.a) { 4.0 / width } else { 0.6 };
            write = if contiguous(|mode| mode.out) { 6.0 / width } else { 2.0 };
            vector_b = inner.iter().any(|mode| mode.b != 0);
            fill = 1.0;
            vectors = volume(&groups.m);
        }
        None => {
            (pack_a, write, vector_b) = (2.0, 3.0, false);
            fill = (m / width).ceil() * width / m;
            vectors = m as usize / lanes;
        }
    }
    // A lone vector leaves the multipliers waiting for loads of b, and so do vectors of b.
    let hunger = if vectors >= panel_vectors { 1.0 } else { 1.3 } * if vector_b { 1.2 } else { 1.0 };
    let columns_at_once = BLOCK_N as f64;
    let multiply = batch * m * n * k * 2.0 / width * fill * hunger;
    let packing_a = batch * m * k * pack_a * (n / columns_at_once).ceil();
    let rows_b = if vector_b {
        width / inner_batch_lanes(&uncut, &groups)
    } else {
        1.0
    };
    let packing_b = batch * n * k * 2.0 * rows_b;
    let writing = batch * m * n * write * (k / MOST_TERMS as f64).ceil();
    multiply + packing_a + packing_b + writing
}

/// How many lanes come from batch loops.
fn inner_batch_lanes(whole: &Groups, rest: &Groups) -> f64 {
    volume(&whole.batch) as f64 / volume(&rest.batch) as f64
}
