//! The gates that a file may call without defining them, and those that other programs call nevertheless.

use std::collections::hash_map::Entry;

use super::error::{fault, shown, Fault, Outcome};
use super::lexer::{Kind, Version};
use super::library;
use super::limits::MAX_WARNINGS;
use super::parser::Parser;
use super::syntax::{Statement, Target};

/// A gate name of the file: its target, whether the file itself defined it, and what its use warns about.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KnownGate {
    pub target: Target,
    pub by_file: bool,
    pub leniency: Option<Leniency>,
}

/// Why a gate is known although the language does not say so: other programs write it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Leniency {
    /// It is part of the other language's standard gates.
    OtherInclude,
    /// `gphase` in OpenQASM 2, `global_phase` in both.
    Phase,
    /// An opaque gate whose name is `delay`, with a number perhaps.
    Delay,
}

impl Parser<'_> {
    /// Makes the gates of the language known.
    pub(crate) fn know_language(&mut self) {
        for place in library::of_language(self.lexer.version) {
            self.know_standard(place, None);
        }
        let three = self.lexer.version == Version::Three;
        for (name, leniency) in [
            ("gphase", (!three).then_some(Leniency::Phase)),
            ("global_phase", Some(Leniency::Phase)),
        ] {
            self.gates.insert(
                name,
                KnownGate {
                    target: Target::Phase,
                    by_file: false,
                    leniency,
                },
            );
        }
    }

    /// Makes a gate of the library known, unless the file has defined one of that name.
    fn know_standard(&mut self, place: usize, leniency: Option<Leniency>) {
        let name = library::STANDARD[place].name;
        let gate = KnownGate {
            target: Target::Standard(place),
            by_file: false,
            leniency,
        };
        match self.gates.entry(name) {
            Entry::Vacant(entry) => {
                entry.insert(gate);
            }
            Entry::Occupied(mut entry) if entry.get().leniency == Some(Leniency::OtherInclude) => {
                entry.insert(gate);
            }
            Entry::Occupied(_) => {}
        }
    }

    /// Adds a warning about a file that is read nevertheless.
    pub fn warn(&mut self, offset: usize, reason: impl FnOnce() -> String) {
        if self.warnings.len() < MAX_WARNINGS {
            self.warnings.push(Fault {
                offset,
                reason: reason(),
            });
        }
    }

    /// The gate of that name, if it is known; adds a warning where the language does not have it.
    pub fn use_gate(&mut self, name: &str, offset: usize) -> Option<Target> {
        let gate = self.gates.get_mut(name)?;
        let target = gate.target;
        let Some(leniency) = gate.leniency.take() else {
            return Some(target);
        };
        let three = self.lexer.version == Version::Three;
        let reason = match leniency {
            Leniency::OtherInclude => {
                let in_qelib1 = library::of_include(library::QELIB1)
                    .is_some_and(|mut gates| gates.any(|at| library::STANDARD[at].name == name));
                let (own, other) = match in_qelib1 {
                    true => (library::STDGATES, library::QELIB1),
                    false => (library::QELIB1, library::STDGATES),
                };
                format!("the gate {} is not part of {own}; it is read as that of {other}", shown(name))
            }
            Leniency::Phase => format!(
                "the gate {} is not part of OpenQASM {}; it is read as the global phase exp(iθ), which 'gphase(θ);' is in OpenQASM 3",
                shown(name),
                if three { 3 } else { 2 },
            ),
            Leniency::Delay => format!(
                "the opaque gate {} is read as a delay, which changes no state, as Qiskit writes delays",
                shown(name)
            ),
        };
        self.warn(offset, || reason);
        Some(target)
    }

    /// `include "stdgates.inc";`
    pub(crate) fn include(&mut self) -> Outcome<Statement> {
        self.only_outside("include")?;
        self.advance()?;
        let token = self.expect(Kind::Text, "the name of a file in quotes")?;
        let file = self.lexer.text_of(token).trim_matches(['"', '\'']);
        let Some(places) = library::of_include(file) else {
            return Err(fault!(
                token.start,
                "the file {} is not opened: only the standard {} and {} may be included; copy its gate definitions into this file",
                shown(file),
                library::QELIB1,
                library::STDGATES
            ));
        };
        for place in places {
            self.know_standard(place, None);
        }
        // Other programs write gates that only the other file has.
        for place in [library::QELIB1, library::STDGATES]
            .into_iter()
            .filter_map(library::of_include)
            .flatten()
        {
            self.know_standard(place, Some(Leniency::OtherInclude));
        }
        self.end_of_statement()
    }
}
