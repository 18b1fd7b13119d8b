//! Packing of lanes that share cache lines with something else: registers are read whole, then exchange their items.
//!
//! The lowest bits of a tensor are often a mixture: some are lanes of the vectors to be packed, others (*foreign* ones)
//! distinguish several vectors. Reading each element alone would cost a gather. Instead as many registers are read as
//! it takes to fill one vector for each value of the foreign bits, and pairs of registers exchange halves, once for
//! each foreign bit, as in the transposition of a matrix by recursive halving (Eklundh, 1972). What remains is to put
//! the lanes in order while real and imaginary parts are separated.

use crate::kernels::copy_list::Move;
use crate::simd::vector::{Order, MAX_LANES};

/// How to read vectors by whole registers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lines {
    /// Element offset of each register from the first one.
    pub offsets: Vec<i64>,
    /// The bits of the place in a register that are foreign, lowest first: `2^len` vectors are packed at once.
    pub foreign: Vec<u32>,
    /// Where lanes are after the exchanges.
    pub order: Order,
}

impl Lines {
    /// Finds the registers for `lanes`, such that each of them is used whole by a group of `moves`; `None` if there is
    /// no such way.
    pub(crate) fn find(moves: &[Move], lanes: &[i64]) -> Option<Self> {
        let items = lanes.len() / 2;
        if items < 2 || !items.is_power_of_two() {
            return None;
        }
        let (own, foreign): (Vec<u32>, Vec<u32>) = (0..items.ilog2()).partition(|bit| lanes.contains(&(1i64 << bit)));
        let place_in_line = |lane: i64| lane & (items as i64 - 1);
        let mask: i64 = own.iter().map(|bit| 1 << bit).sum();
        if lanes.iter().any(|lane| place_in_line(*lane) & !mask != 0) {
            return None;
        }
        let mut offsets: Vec<i64> = lanes.iter().map(|lane| lane - place_in_line(*lane)).collect();
        offsets.sort_unstable();
        offsets.dedup();
        let group = 1 << foreign.len();
        if offsets.len() != 2 * group || !in_groups(moves, &foreign) {
            return None;
        }
        let mut order = Order {
            re: [0; MAX_LANES],
            im: [0; MAX_LANES],
        };
        for (lane, offset) in lanes.iter().enumerate() {
            let line = offsets.binary_search(&(offset - place_in_line(*offset))).ok()?;
            let exchanged = foreign
                .iter()
                .enumerate()
                .map(|(stage, bit)| (line >> stage & 1) << bit);
            let place = place_in_line(*offset) as usize + exchanged.sum::<usize>();
            let item = place + items * (line >> foreign.len());
            (order.re[lane], order.im[lane]) = (2 * item as u32, 2 * item as u32 + 1);
        }
        Some(Self {
            offsets,
            foreign,
            order,
        })
    }
}

/// Whether the moves come in groups that read all values of the foreign bits from the same place.
fn in_groups(moves: &[Move], foreign: &[u32]) -> bool {
    let group = 1 << foreign.len();
    let offset = |number: usize| -> u32 {
        let bits = foreign.iter().enumerate();
        bits.map(|(place, bit)| (number as u32 >> place & 1) << bit).sum()
    };
    moves.len().is_multiple_of(group)
        && moves
            .chunks_exact(group)
            .all(|moves| (0..group).all(|number| moves[number].from == moves[0].from + offset(number)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moves(from: &[u32]) -> Vec<Move> {
        from.iter().map(|from| Move { from: *from, to: 0 }).collect()
    }

    #[test]
    fn a_foreign_bit_between_lanes_makes_pairs() {
        let lines = Lines::find(&moves(&[0, 2, 64, 66]), &[0, 1, 4, 5, 8, 9, 12, 13]).unwrap();
        assert_eq!(lines.foreign, [1]);
        assert_eq!(lines.offsets, [0, 4, 8, 12]);
        // After the exchange the second line's items are at places 2 and 3 of the first register.
        assert_eq!(lines.order.re[..8], [0, 2, 4, 6, 8, 10, 12, 14]);
    }

    #[test]
    fn registers_may_lie_apart() {
        let lines = Lines::find(&moves(&[0, 4]), &[0, 1, 2, 3, 32, 33, 34, 35]).unwrap();
        assert!(lines.foreign.is_empty());
        assert_eq!(lines.offsets, [0, 32]);
    }

    #[test]
    fn without_its_neighbours_a_vector_is_not_read_by_lines() {
        assert_eq!(Lines::find(&moves(&[0, 4, 8]), &[0, 2, 16, 18, 32, 34, 48, 50]), None);
        assert_eq!(Lines::find(&moves(&[0, 1]), &[0, 3, 6, 9, 12, 15, 18, 21]), None);
    }
}
