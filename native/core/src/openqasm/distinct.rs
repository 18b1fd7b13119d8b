//! The distinct gates, by name, parameters, powers and controls: each is kept once, and operations refer to it by number.
//!
//! An open-addressing table over one flat list of words; the standard hash protects it from crafted collisions.

use std::hash::{BuildHasher, Hasher, RandomState};

use super::affine::Angle;
use super::error::{fault, Outcome};
use super::limits::{MAX_DISTINCT_GATES, MAX_POWERED_GATES};

/// What a gate is before powers and controls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Root {
    /// A place in `library::STANDARD`.
    Standard(usize),
    /// A place among the products.
    Product(usize),
}

/// Gates with fewer controls have a place in `plain`.
const PLAIN_CONTROLS: usize = 8;

/// The distinct gates so far.
#[derive(Default)]
pub(crate) struct DistinctGates {
    /// For each gate: root and controls, number of powers, powers, parameters.
    words: Vec<u64>,
    /// Where each gate begins in `words`; one more at the end.
    starts: Vec<usize>,
    /// Numbers of gates plus one, by hash; 0 where free. The length is a power of two.
    slots: Vec<u32>,
    /// Numbers plus one of gates without parameters and powers, by place and controls: most calls find theirs here.
    plain: Vec<u32>,
    hasher: RandomState,
    /// Gates with a power.
    powered: usize,
}

impl DistinctGates {
    /// The number of a gate; a new one is added.
    pub fn number_of(
        &mut self,
        root: Root,
        controls: usize,
        powers: &[f64],
        parameters: &[Angle],
        offset: usize,
    ) -> Outcome<u32> {
        if let (Root::Standard(place), [], [], 0..PLAIN_CONTROLS) = (root, powers, parameters, controls) {
            let place = place * PLAIN_CONTROLS + controls;
            if self.plain.len() <= place {
                self.plain.resize(place + 1, 0);
            }
            if self.plain[place] == 0 {
                self.plain[place] = 1 + self.look_up(root, controls, powers, parameters, offset)?;
            }
            return Ok(self.plain[place] - 1);
        }
        self.look_up(root, controls, powers, parameters, offset)
    }

    /// Looks a gate up in the hash table; adds it if it is new.
    fn look_up(
        &mut self,
        root: Root,
        controls: usize,
        powers: &[f64],
        parameters: &[Angle],
        offset: usize,
    ) -> Outcome<u32> {
        if self.starts.is_empty() {
            self.starts.push(0);
        }
        // Stage 1: append the gate to `words`; if it is known, take it off again.
        let code = match root {
            Root::Standard(place) => place as u64,
            Root::Product(place) => 1 << 31 | place as u64,
        };
        let start = self.words.len();
        self.words.push(code << 32 | controls as u64);
        self.words.push(powers.len() as u64);
        self.words.extend(powers.iter().map(|power| power.to_bits()));
        self.words.extend(parameters.iter().map(|angle| angle.to_bits()));
        let (count, slot) = (self.len(), self.find(start));
        if self.slots[slot] != 0 {
            self.words.truncate(start);
            return Ok(self.slots[slot] - 1);
        }
        // Stage 2: a new gate: check the limits.
        if count >= MAX_DISTINCT_GATES {
            return Err(fault!(
                offset,
                "the circuit has more than {MAX_DISTINCT_GATES} gates that differ in name or parameters; make it smaller"
            ));
        }
        // Inverses are looked up; other powers are computed from matrices.
        self.powered += usize::from(!matches!(powers, [] | [-1.0]));
        if self.powered > MAX_POWERED_GATES {
            return Err(fault!(
                offset,
                "the circuit has more than {MAX_POWERED_GATES} different powers of gates other than rotations; use fewer"
            ));
        }
        // Stage 3: add it.
        self.starts.push(self.words.len());
        self.slots[slot] = count as u32 + 1;
        Ok(count as u32)
    }

    /// The slot of the gate in `words[start..]`: its own, or a free one.
    fn find(&mut self, start: usize) -> usize {
        if self.slots.len() < 2 * (self.len() + 1) {
            self.grow();
        }
        let mask = self.slots.len() - 1;
        let mut slot = self.hash(&self.words[start..]) as usize & mask;
        loop {
            match self.slots[slot] {
                0 => return slot,
                number if self.gate(number as usize - 1) == &self.words[start..] => return slot,
                _ => slot = (slot + 1) & mask,
            }
        }
    }

    fn grow(&mut self) {
        let size = (4 * self.slots.len()).max(64);
        self.slots = vec![0; size];
        for number in 0..self.len() {
            let mut slot = self.hash(self.gate(number)) as usize & (size - 1);
            while self.slots[slot] != 0 {
                slot = (slot + 1) & (size - 1);
            }
            self.slots[slot] = number as u32 + 1;
        }
    }

    fn hash(&self, words: &[u64]) -> u64 {
        let mut hasher = self.hasher.build_hasher();
        words.iter().for_each(|&word| hasher.write_u64(word));
        hasher.finish()
    }

    fn gate(&self, number: usize) -> &[u64] {
        &self.words[self.starts[number]..self.starts[number + 1]]
    }

    /// Number of distinct gates.
    pub fn len(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// Root, controls, powers and parameters of a gate.
    pub fn parts(&self, number: usize) -> (Root, usize, Vec<f64>, Vec<Angle>) {
        let words = self.gate(number);
        let (code, controls) = ((words[0] >> 32) as usize, words[0] as u32 as usize);
        let root = if code >> 31 == 1 {
            Root::Product(code & 0x7FFF_FFFF)
        } else {
            Root::Standard(code)
        };
        let (powers, parameters) = words[2..].split_at(words[1] as usize);
        let powers = powers.iter().map(|&word| f64::from_bits(word)).collect();
        let parameters = parameters.iter().map(|&word| Angle::from_bits(word)).collect();
        (root, controls, powers, parameters)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_gates_have_equal_numbers() {
        let mut gates = DistinctGates::default();
        for round in 0..2 {
            for k in 0..1000_u32 {
                let angle = Angle::Number(f64::from(k) * 0.1);
                assert_eq!(
                    gates.number_of(Root::Standard(3), 1, &[0.5], &[angle], 0),
                    Ok(2 * k),
                    "{round}"
                );
                assert_eq!(
                    gates.number_of(Root::Product(3), 1, &[], &[Angle::Number(0.5), angle], 0),
                    Ok(2 * k + 1),
                    "{round}"
                );
            }
        }
        assert_eq!(
            gates.parts(1),
            (
                Root::Product(3),
                1,
                vec![],
                vec![Angle::Number(0.5), Angle::Number(0.0)]
            )
        );
        assert_eq!(
            gates.parts(20),
            (Root::Standard(3), 1, vec![0.5], vec![Angle::Number(1.0)])
        );
    }
}
