//! The shape of a network as the search sees it: sets of indices as bits, sizes as log2.
//!
//! Indices of the same size share words, so that the log2 size of a set is a sum over words of the number of bits times the
//! word's weight: exact for any sizes, a bare count of bits where all are 2. Indices of size 1 cost nothing and are left out.

use crate::simd::level::SimdLevel;

/// Word counts for which the inner loops are compiled; beyond the last they take any number.
pub const WORD_CLASSES: [usize; 9] = [1, 2, 3, 4, 6, 8, 12, 16, 24];

/// A network as it comes from outside.
#[derive(Clone, Debug, Default)]
pub struct NetworkShape {
    /// For each tensor its indices; repeats do no harm.
    pub inputs: Vec<Vec<u32>>,
    /// Indices of the result.
    pub output: Vec<u32>,
    /// Size of each index, at least 1.
    pub sizes: Vec<u64>,
    /// Indices of the result, listed in `output` too, of whose joint values only `num_rows` are computed.
    pub row_indices: Vec<u32>,
    /// Number of joint values of the row indices that are computed; ignored where there are no row indices.
    pub num_rows: u64,
}

impl NetworkShape {
    /// Sorts each tensor's indices and leaves out repeats and indices of size 1.
    pub fn tidy(mut self) -> Self {
        let sizes = &self.sizes;
        let terms = self.inputs.iter_mut();
        for term in terms.chain([&mut self.output, &mut self.row_indices]) {
            term.retain(|&i| sizes[i as usize] > 1);
            term.sort_unstable();
            term.dedup();
        }
        self
    }

    /// The sum of log2 sizes of a set, its row indices together counted for at most the number of rows.
    pub fn row_limit(&self) -> RowLimit {
        let mut is_row = vec![false; self.sizes.len()];
        self.row_indices.iter().for_each(|&index| is_row[index as usize] = true);
        RowLimit {
            is_row,
            log2: self.sizes.iter().map(|&size| (size as f32).log2()).collect(),
            log2_rows: log2_rows(self),
        }
    }
}

/// log2 of the number of rows; infinite where there are no row indices.
fn log2_rows(shape: &NetworkShape) -> f32 {
    if shape.row_indices.is_empty() {
        f32::INFINITY
    } else {
        (shape.num_rows.max(1) as f64).log2() as f32
    }
}

/// Sizes of sets listed index by index.
#[derive(Clone, Debug)]
pub struct RowLimit {
    is_row: Vec<bool>,
    log2: Vec<f32>,
    log2_rows: f32,
}

impl RowLimit {
    /// log2 of the number of elements over a set.
    pub fn log2_size(&self, set: &[u32]) -> f32 {
        let (mut plain, mut rows) = (0.0, 0.0);
        for &index in set {
            *if self.is_row[index as usize] {
                &mut rows
            } else {
                &mut plain
            } += self.log2[index as usize];
        }
        plain + self.log2_rows.min(rows)
    }

    /// log2 of the size of one index.
    pub fn of(&self, index: u32) -> f32 {
        self.log2[index as usize]
    }
}

/// A tidied network in bits.
#[derive(Clone, Debug)]
pub struct Network {
    /// Number of tensors.
    pub num_tensors: usize,
    /// Words of a set.
    pub words: usize,
    /// Index set of each tensor, `words` words each.
    pub leaf_bits: Vec<u64>,
    /// Index set of the result.
    pub output_bits: Vec<u64>,
    /// log2 of the size of the indices in each word.
    pub word_log2: Vec<f32>,
    /// Whether all sizes are 2.
    pub all_two: bool,
    /// The index at each bit that is used.
    pub index_of_bit: Vec<Option<u32>>,
    /// The tensors that have the index at each bit.
    pub holders: Vec<Vec<u32>>,
    /// The row indices: every intermediate has at most as many joint values of these as there are rows.
    pub row_bits: Vec<u64>,
    /// log2 of the number of rows; infinite where there are no row indices.
    pub log2_rows: f32,
    /// The SIMD level of operations on sets; the plan found does not depend on it.
    pub level: SimdLevel,
}

impl Network {
    /// Converts tidied terms to bits.
    pub fn new(shape: &NetworkShape) -> Self {
        // Assign bits to the indices, sorted by size; each size begins a new word, so that a word has one weight.
        let mut used: Vec<u32> = shape.inputs.iter().flatten().copied().collect();
        used.sort_unstable();
        used.dedup();
        used.sort_by_key(|&i| shape.sizes[i as usize]);
        let mut bit_of_index = vec![u32::MAX; shape.sizes.len()];
        let mut index_of_bit: Vec<Option<u32>> = Vec::new();
        let mut word_log2: Vec<f32> = Vec::new();
        let mut last_size = 0;
        for &index in &used {
            let size = shape.sizes[index as usize];
            if size != last_size {
                index_of_bit.resize(index_of_bit.len().div_ceil(64) * 64, None);
            }
            last_size = size;
            if index_of_bit.len().is_multiple_of(64) {
                word_log2.push((size as f64).log2() as f32);
            }
            bit_of_index[index as usize] = index_of_bit.len() as u32;
            index_of_bit.push(Some(index));
        }
        // Round the number of words up to one for which the inner loops are compiled.
        let needed = word_log2.len().max(1);
        let words = WORD_CLASSES
            .into_iter()
            .find(|&class| class >= needed)
            .unwrap_or(needed.next_multiple_of(8));
        word_log2.resize(words, 1.0);
        index_of_bit.resize(words * 64, None);

        // Index sets of the tensors, of the result and of the rows.
        let num_tensors = shape.inputs.len();
        let mut holders = vec![Vec::new(); words * 64];
        let mut leaf_bits = vec![0; num_tensors * words];
        for (tensor, term) in shape.inputs.iter().enumerate() {
            for &index in term {
                let bit = bit_of_index[index as usize] as usize;
                leaf_bits[tensor * words + bit / 64] |= 1 << (bit % 64);
                holders[bit].push(tensor as u32);
            }
        }
        let mut output_bits = vec![0; words];
        for &index in &shape.output {
            let bit = bit_of_index[index as usize] as usize;
            output_bits[bit / 64] |= 1 << (bit % 64);
        }
        let mut row_bits = vec![0; words];
        for &index in &shape.row_indices {
            let bit = bit_of_index[index as usize] as usize;
            row_bits[bit / 64] |= 1 << (bit % 64);
        }
        let all_two = word_log2.iter().all(|&weight| weight == 1.0);
        Network {
            level: SimdLevel::detect(),
            num_tensors,
            words,
            leaf_bits,
            output_bits,
            word_log2,
            all_two,
            index_of_bit,
            holders,
            row_bits,
            log2_rows: log2_rows(shape),
        }
    }

    /// Whether some indices are row indices.
    pub fn has_rows(&self) -> bool {
        self.log2_rows < f32::INFINITY
    }

    /// log2 of the number of elements of one tensor over the indices of a mask: tensors have all values of row indices.
    pub fn log2_leaf_size(&self, tensor: usize, mask: &[u64]) -> f32 {
        let masked = self.leaf(tensor).iter().zip(mask).map(|(set, mask)| set & mask);
        let weighted = masked.zip(&self.word_log2);
        weighted.map(|(word, &weight)| word.count_ones() as f32 * weight).sum()
    }

    /// Index set of one tensor.
    pub fn leaf(&self, tensor: usize) -> &[u64] {
        &self.leaf_bits[tensor * self.words..][..self.words]
    }

    /// log2 of the number of elements over a set, row indices together counted for at most the number of rows.
    pub fn log2_size(&self, set: impl Iterator<Item = u64>) -> f32 {
        if !self.has_rows() {
            let weighted = set.zip(&self.word_log2);
            return weighted.map(|(word, &weight)| word.count_ones() as f32 * weight).sum();
        }
        let (mut plain, mut rows) = (0.0, 0.0);
        for ((word, &weight), row_bits) in set.zip(&self.word_log2).zip(&self.row_bits) {
            plain += (word & !row_bits).count_ones() as f32 * weight;
            rows += (word & row_bits).count_ones() as f32 * weight;
        }
        plain + self.log2_rows.min(rows)
    }

    /// log2 of the size of the index at a bit.
    pub fn bit_log2(&self, bit: u32) -> f32 {
        self.word_log2[bit as usize / 64]
    }

    /// The bits that are used.
    pub fn used_bits(&self) -> impl Iterator<Item = u32> + '_ {
        (0..self.index_of_bit.len() as u32).filter(|&bit| self.index_of_bit[bit as usize].is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn row_indices_count_for_no_more_than_the_rows() {
        let shape = NetworkShape {
            inputs: vec![vec![0, 1, 2], vec![2, 3, 4]],
            output: vec![0, 1, 3],
            sizes: vec![2; 5],
            row_indices: vec![0, 1, 3],
            num_rows: 5,
        }
        .tidy();
        let network = Network::new(&shape);
        let bits = |set: &[u32]| {
            let places = (0..64).filter(|&bit| network.index_of_bit[bit].is_some_and(|index| set.contains(&index)));
            places.fold(0u64, |word, bit| word | 1 << bit)
        };
        for (set, size) in [(vec![0, 1, 2], 8.0f32), (vec![0, 1, 3], 5.0), (vec![0, 1, 2, 3], 10.0)] {
            assert!((network.log2_size([bits(&set)].into_iter()) - size.log2()).abs() < 1e-6);
            assert!((shape.row_limit().log2_size(&set) - size.log2()).abs() < 1e-6);
        }
    }

    #[test]
    fn sizes_are_exact_for_any_mix() {
        let shape = NetworkShape {
            inputs: vec![vec![0, 1, 1, 3], vec![1, 2], vec![2, 4]],
            output: vec![0],
            sizes: vec![2, 3, 2, 1, 3],
            ..NetworkShape::default()
        }
        .tidy();
        let network = Network::new(&shape);
        let size = |t: usize| network.log2_size(network.leaf(t).iter().copied());
        assert!((size(0) - 6f32.log2()).abs() < 1e-6);
        assert!((size(1) - 6f32.log2()).abs() < 1e-6);
        assert_eq!(network.words, 2);
        assert!(!network.all_two);
        assert_eq!(network.used_bits().count(), 4);
    }
}
