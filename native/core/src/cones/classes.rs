//! The networks of many products: each built once, equal ones found, and those of one shape together.
//!
//! Two networks are taken for equal only if their codes are, so never by a hash alone.

use super::circuit::Circuit;
use super::conjugate::{conjugate, Conjugated};
use super::labelling::{label, Code, Labelling};
use super::network::{build, Cone, Side, Source, Tensor};
use rayon::prelude::*;
use std::collections::HashMap;

/// Products whose networks are held at once.
const CHUNK: usize = 1024;

/// What the expectation value of a product is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// 0, for all values of the parameters.
    Zero,
    /// 1 or, if negative, -1.
    One(bool),
    /// The value of a class, or the opposite.
    Class(u32, bool),
}

/// Products with equal networks.
#[derive(Clone, Debug)]
pub struct Class {
    /// Number of its shape.
    pub shape: u32,
    /// For each tensor of the shape where its elements come from.
    pub sources: Vec<Source>,
    /// For one of the products: the letters, after gates have been moved through it.
    pub letters: Vec<(u32, u8)>,
    /// For the same product: the gates of the cone, the latest first.
    pub gates: Vec<u32>,
    /// Number of qubits in the cone.
    pub num_qubits: usize,
    /// Number of products in the class.
    pub count: usize,
}

/// A network without elements; all indices have size 2.
#[derive(Clone, Debug)]
pub struct Shape {
    /// The variables of each tensor.
    pub inputs: Vec<Vec<u32>>,
    /// Number of variables.
    pub num_variables: usize,
}

/// The networks of a list of products.
#[derive(Clone, Debug, Default)]
pub struct Classes {
    /// The value of each product.
    pub values: Vec<Value>,
    /// The different networks.
    pub classes: Vec<Class>,
    /// Their shapes.
    pub shapes: Vec<Shape>,
}

/// How networks are built and compared.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Whether Clifford gates are moved through the products.
    pub moving: bool,
    /// Whether equal networks are found.
    pub sharing: bool,
}

/// A network with its two numberings: by what its tensors are, and the numbers of its shape alone.
struct Built {
    product: Conjugated,
    cone: Cone,
    labelling: Labelling,
}

/// Builds the networks of products, each a list of qubits with letters; `Err` says why there are no threads.
pub fn classify(
    circuit: &Circuit,
    products: &[Vec<(u32, u8)>],
    options: Options,
    threads: usize,
) -> Result<Classes, String> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.max(1)).build();
    let pool = pool.map_err(|error| error.to_string())?;
    Ok(pool.install(|| classify_here(circuit, products, options)))
}

fn classify_here(circuit: &Circuit, products: &[Vec<(u32, u8)>], options: Options) -> Classes {
    let mut result = Classes::default();
    let mut known = Known::default();
    let mut representatives: Vec<Built> = Vec::new();
    for chunk in products.chunks(CHUNK) {
        let built: Vec<Result<Built, Value>> = chunk
            .par_iter()
            .map(|product| build_one(circuit, product, options.moving))
            .collect();
        for one in built {
            let built = match one {
                Ok(built) => built,
                Err(value) => {
                    result.values.push(value);
                    continue;
                }
            };
            let fresh = representatives.len() as u32;
            let number = if options.sharing {
                known.find_or_insert(&built, fresh, &representatives)
            } else {
                fresh
            };
            result.values.push(Value::Class(number, built.product.negative));
            if number == fresh {
                representatives.push(built);
                result.classes.push(Class {
                    shape: 0,
                    sources: Vec::new(),
                    letters: Vec::new(),
                    gates: Vec::new(),
                    num_qubits: 0,
                    count: 0,
                });
            }
            result.classes[number as usize].count += 1;
        }
    }
    find_shapes(&mut result, representatives);
    result
}

fn build_one(circuit: &Circuit, product: &[(u32, u8)], moving: bool) -> Result<Built, Value> {
    let product = conjugate(circuit, product, moving);
    if product.vanishes {
        return Err(Value::Zero);
    }
    let cone = build(circuit, &product);
    if cone.tensors.is_empty() {
        return Err(Value::One(product.negative));
    }
    let labelling = label(&cone, &source_word, false);
    Ok(Built {
        product,
        cone,
        labelling,
    })
}

/// A source as one word.
fn source_word(tensor: &Tensor) -> u64 {
    let Source { recipe, tensor, side } = tensor.source;
    let side = match side {
        Side::Both => 0,
        Side::Ket => 1,
        Side::Bra => 2,
    };
    (u64::from(recipe) << 20) | (u64::from(tensor) << 2) | side
}

/// What the shape of a tensor is; all its indices have size 2.
fn shape_word(tensor: &Tensor) -> u64 {
    tensor.axes.len() as u64
}

/// The networks found so far, by their codes.
#[derive(Default)]
struct Known {
    by_code: HashMap<Code, u32>,
    by_thorough_code: HashMap<Code, u32>,
    /// Those with the same invariant, and how many of them are in `by_thorough_code`.
    by_invariant: HashMap<u64, (Vec<u32>, usize)>,
}

impl Known {
    fn find_or_insert(&mut self, built: &Built, fresh: u32, representatives: &[Built]) -> u32 {
        if let Some(&number) = self.by_code.get(&built.labelling.code) {
            return number;
        }
        let (alike, numbered) = self.by_invariant.entry(built.labelling.invariant).or_default();
        let mut number = fresh;
        if !alike.is_empty() {
            for &other in &alike[*numbered..] {
                let code = label(&representatives[other as usize].cone, &source_word, true).code;
                self.by_thorough_code.entry(code).or_insert(other);
            }
            *numbered = alike.len();
            let code = label(&built.cone, &source_word, true).code;
            number = *self.by_thorough_code.entry(code).or_insert(fresh);
        }
        if number == fresh {
            if !alike.is_empty() {
                *numbered += 1;
            }
            alike.push(fresh);
        }
        self.by_code.insert(built.labelling.code.clone(), number);
        number
    }
}

/// Fills in the classes: their shapes, and the source of each tensor of these.
fn find_shapes(result: &mut Classes, representatives: Vec<Built>) {
    // Stage 1: number each network by its shape alone; where networks look alike, thoroughly.
    let mut labellings: Vec<Labelling> = representatives
        .par_iter()
        .map(|built| label(&built.cone, &shape_word, false))
        .collect();
    let mut codes_of: HashMap<u64, Vec<&Code>> = HashMap::new();
    for labelling in &labellings {
        let codes = codes_of.entry(labelling.invariant).or_default();
        if !codes.contains(&&labelling.code) {
            codes.push(&labelling.code);
        }
    }
    let thorough: Vec<bool> = labellings
        .iter()
        .map(|labelling| codes_of[&labelling.invariant].len() > 1)
        .collect();
    drop(codes_of);
    labellings
        .par_iter_mut()
        .zip(&representatives)
        .zip(thorough)
        .filter(|(_, thorough)| *thorough)
        .for_each(|((labelling, built), _)| *labelling = label(&built.cone, &shape_word, true));

    // Stage 2: equal codes are one shape.
    let mut shape_of: HashMap<Code, u32> = HashMap::new();
    for ((labelling, built), class) in labellings.into_iter().zip(representatives).zip(&mut result.classes) {
        class.sources = labelling
            .order
            .iter()
            .map(|&tensor| built.cone.tensors[tensor as usize].source)
            .collect();
        class.num_qubits = built.cone.qubits.len();
        class.letters = built.product.letters;
        class.gates = built.cone.gates;
        let shapes = &mut result.shapes;
        class.shape = *shape_of.entry(labelling.code).or_insert_with_key(|code| {
            shapes.push(read_shape(code));
            shapes.len() as u32 - 1
        });
    }
}

/// The shape that a code describes.
fn read_shape(code: &Code) -> Shape {
    let mut axes: Vec<Vec<u64>> = Vec::new();
    let mut words = code.words.iter();
    while let (Some(_), Some(&len)) = (words.next(), words.next()) {
        axes.push(words.by_ref().take(len as usize).copied().collect());
    }
    let mut variables: Vec<u64> = axes.iter().flatten().copied().collect();
    variables.sort_unstable();
    variables.dedup();
    let number = |word: &u64| variables.partition_point(|other| other < word) as u32;
    Shape {
        inputs: axes.iter().map(|axes| axes.iter().map(number).collect()).collect(),
        num_variables: variables.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::circuit::samples::{circuit, layers, CNOT, HADAMARD};
    use super::super::conjugate::{X, Z};
    use super::*;

    const ALL: Options = Options {
        moving: true,
        sharing: true,
    };

    fn ring(num_qubits: u32) -> Vec<(u32, u32)> {
        (0..num_qubits).map(|qubit| (qubit, (qubit + 1) % num_qubits)).collect()
    }

    fn pairs_of_z(pairs: &[(u32, u32)]) -> Vec<Vec<(u32, u8)>> {
        pairs.iter().map(|&(one, other)| vec![(one, Z), (other, Z)]).collect()
    }

    #[test]
    fn the_same_cone_at_other_qubits_is_one_class() {
        let circuit = layers(2000, &ring(2000));
        // More products than are held at once.
        let found = classify(&circuit, &pairs_of_z(&ring(2000)), ALL, 2).unwrap();
        assert_eq!(found.classes.len(), 1);
        assert_eq!(found.shapes.len(), 1);
        assert_eq!((found.classes[0].count, found.classes[0].num_qubits), (2000, 4));
        assert!(found.values.iter().all(|value| *value == Value::Class(0, false)));
    }

    #[test]
    fn without_sharing_every_product_is_a_class_but_shapes_are_found() {
        let options = Options { sharing: false, ..ALL };
        let found = classify(&layers(9, &ring(9)), &pairs_of_z(&ring(9)), options, 1).unwrap();
        assert_eq!((found.classes.len(), found.shapes.len()), (9, 1));
        assert!(found.classes.iter().all(|class| class.count == 1));
    }

    #[test]
    fn different_cones_are_different_classes() {
        // In a triangle, two qubits share their neighbour.
        let edges = [(0, 1), (1, 2), (2, 0), (3, 4), (4, 5), (5, 6)];
        let products = pairs_of_z(&[(0, 1), (2, 1), (4, 5), (3, 4), (6, 5)]);
        let found = classify(&layers(7, &edges), &products, ALL, 1).unwrap();
        let class_of: Vec<u32> = found
            .values
            .iter()
            .map(|value| match value {
                Value::Class(number, false) => *number,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(class_of, [0, 0, 1, 2, 2]);
    }

    #[test]
    fn known_values_have_no_class() {
        let bell = circuit(3, &[(HADAMARD, &[0]), (CNOT, &[0, 1])]);
        let products = [vec![(0, X), (1, X)], vec![(0, 2), (1, 2)], vec![(0, Z)], vec![(2, Z)]];
        let found = classify(&bell, &products, ALL, 1).unwrap();
        assert_eq!(
            found.values,
            [Value::One(false), Value::One(true), Value::Zero, Value::One(false)]
        );
        assert!(found.classes.is_empty() && found.shapes.is_empty());
    }

    #[test]
    fn threads_do_not_change_the_result() {
        let edges: Vec<(u32, u32)> = (0..40).map(|number| (number % 13, (5 * number + 1) % 13)).collect();
        let edges: Vec<(u32, u32)> = edges.into_iter().filter(|(one, other)| one != other).collect();
        let circuit = layers(13, &edges);
        let one = classify(&circuit, &pairs_of_z(&edges), ALL, 1).unwrap();
        let three = classify(&circuit, &pairs_of_z(&edges), ALL, 3).unwrap();
        assert_eq!(one.values, three.values);
        for (a, b) in one.classes.iter().zip(&three.classes) {
            assert_eq!((a.shape, &a.sources, &a.gates), (b.shape, &b.sources, &b.gates));
        }
    }
}
