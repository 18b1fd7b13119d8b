//! Contraction-tree search: cost, greedy start, joint annealing of tree and slices.
