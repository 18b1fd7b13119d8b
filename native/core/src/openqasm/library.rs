//! The gates that a file need not define: those of the language, of `qelib1.inc` and of `stdgates.inc`.
//!
//! They are kept by name, not by their definitions; the meaning of each name is Qiskit's. No file is opened.

use super::lexer::Version;

/// The language or included file that has a gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Home {
    Language2,
    Language3,
    Qelib1,
    Stdgates,
    Both,
}

/// A gate known by name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Standard {
    pub name: &'static str,
    pub parameters: usize,
    pub qubits: usize,
    home: Home,
}

impl Standard {
    /// Whether a power of the gate is the gate with its one angle multiplied.
    pub fn is_rotation(&self) -> bool {
        self.parameters == 1 && self.name != "u0"
    }
}

const fn gate(name: &'static str, parameters: usize, qubits: usize, home: Home) -> Standard {
    Standard {
        name,
        parameters,
        qubits,
        home,
    }
}

/// All known gates. `U` and `CX` of the language come first.
pub(crate) static STANDARD: [Standard; 48] = [
    gate("U", 3, 1, Home::Language3),
    gate("U", 3, 1, Home::Language2),
    gate("CX", 0, 2, Home::Language2),
    gate("CX", 0, 2, Home::Stdgates),
    gate("phase", 1, 1, Home::Stdgates),
    gate("cphase", 1, 2, Home::Stdgates),
    gate("id", 0, 1, Home::Both),
    gate("u1", 1, 1, Home::Both),
    gate("u2", 2, 1, Home::Both),
    gate("u3", 3, 1, Home::Both),
    gate("p", 1, 1, Home::Both),
    gate("x", 0, 1, Home::Both),
    gate("y", 0, 1, Home::Both),
    gate("z", 0, 1, Home::Both),
    gate("h", 0, 1, Home::Both),
    gate("s", 0, 1, Home::Both),
    gate("sdg", 0, 1, Home::Both),
    gate("t", 0, 1, Home::Both),
    gate("tdg", 0, 1, Home::Both),
    gate("sx", 0, 1, Home::Both),
    gate("rx", 1, 1, Home::Both),
    gate("ry", 1, 1, Home::Both),
    gate("rz", 1, 1, Home::Both),
    gate("cx", 0, 2, Home::Both),
    gate("cy", 0, 2, Home::Both),
    gate("cz", 0, 2, Home::Both),
    gate("cp", 1, 2, Home::Both),
    gate("crx", 1, 2, Home::Both),
    gate("cry", 1, 2, Home::Both),
    gate("crz", 1, 2, Home::Both),
    gate("ch", 0, 2, Home::Both),
    gate("swap", 0, 2, Home::Both),
    gate("ccx", 0, 3, Home::Both),
    gate("cswap", 0, 3, Home::Both),
    gate("cu", 4, 2, Home::Both),
    gate("u0", 1, 1, Home::Qelib1),
    gate("u", 3, 1, Home::Qelib1),
    gate("sxdg", 0, 1, Home::Qelib1),
    gate("cu1", 1, 2, Home::Qelib1),
    gate("cu3", 3, 2, Home::Qelib1),
    gate("csx", 0, 2, Home::Qelib1),
    gate("rxx", 1, 2, Home::Qelib1),
    gate("rzz", 1, 2, Home::Qelib1),
    gate("rccx", 0, 3, Home::Qelib1),
    gate("rc3x", 0, 4, Home::Qelib1),
    gate("c3x", 0, 4, Home::Qelib1),
    gate("c3sqrtx", 0, 4, Home::Qelib1),
    gate("c4x", 0, 5, Home::Qelib1),
];

/// Names of the two files that may be included.
pub(crate) const QELIB1: &str = "qelib1.inc";
pub(crate) const STDGATES: &str = "stdgates.inc";

fn places(selected: impl Fn(Home) -> bool) -> impl Iterator<Item = usize> {
    STANDARD
        .iter()
        .enumerate()
        .filter(move |(_, gate)| selected(gate.home))
        .map(|(place, _)| place)
}

/// Places in `STANDARD` of the gates that a language has without any include.
pub(crate) fn of_language(version: Version) -> impl Iterator<Item = usize> {
    places(move |home| {
        home == if version == Version::Two {
            Home::Language2
        } else {
            Home::Language3
        }
    })
}

/// Places in `STANDARD` of the gates of an included file; None where the file is not one of the two.
pub(crate) fn of_include(file: &str) -> Option<impl Iterator<Item = usize>> {
    let own = match file {
        QELIB1 => Home::Qelib1,
        STDGATES => Home::Stdgates,
        _ => return None,
    };
    Some(places(move |home| home == own || home == Home::Both))
}

/// The place in `STANDARD` of a gate by name, whether included or not.
pub(crate) fn place_of(name: &str) -> Option<usize> {
    STANDARD.iter().position(|gate| gate.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_include_names_a_gate_twice() {
        for file in [QELIB1, STDGATES] {
            let mut names: Vec<_> = of_include(file)
                .expect("known")
                .map(|place| STANDARD[place].name)
                .collect();
            let count = names.len();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), count);
        }
        assert!(of_include("/etc/passwd").is_none());
    }
}
