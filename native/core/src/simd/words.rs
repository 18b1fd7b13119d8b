//! Sets of bits in words of 64, as the search for plans keeps sets of indices: counting bits is most of its work.
//!
//! All levels do the same arithmetic in the same order, so they give the same plans.

/// Operations on sets of bits. A value exists only where the machine has the instructions.
pub trait Words: Copy {
    /// Counts the indices that a rotation of a tree is judged by: of the sets `[a, b, c, p, mask]`, each as long as the
    /// last, how many bits are in `inner = (a | c) & mask`, in `made = inner & (b | p)`, and in `made | (b & mask)`.
    /// `W` is the number of words, or 0 for any.
    #[inline(always)]
    fn count<const W: usize>(self, [a, b, c, p, mask]: [&[u64]; 5]) -> [i32; 3] {
        let mut counts = [0; 3];
        for w in 0..mask.len() {
            let inner = (a[w] | c[w]) & mask[w];
            let made = inner & (b[w] | p[w]);
            let outer = made | (b[w] & mask[w]);
            for (count, set) in counts.iter_mut().zip([inner, made, outer]) {
                *count += set.count_ones() as i32;
            }
        }
        counts
    }

    /// Adds a number to those of 64 sums that belong to the bits of a word.
    #[inline(always)]
    fn add(self, word: u64, number: f32, sums: &mut [f32]) {
        for_each_bit(word, |bit| sums[bit] += number);
    }
}

/// Calls `action` with the number of each bit of a word, lowest first.
#[inline(always)]
pub fn for_each_bit(mut word: u64, mut action: impl FnMut(usize)) {
    while word != 0 {
        action(word.trailing_zeros() as usize);
        word &= word - 1;
    }
}
