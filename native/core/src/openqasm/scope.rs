//! Names of registers, constants and variables, and their scopes.

use std::collections::HashMap;

use super::error::{fault, shown, Outcome};
use super::expression::Evaluated;
use super::limits::MAX_DECLARATIONS;
use super::syntax::Base;
use super::value::Type;

/// What a name other than that of a gate stands for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Symbol {
    Qubits(Base),
    Bits(Base),
    Constant(Evaluated),
    /// A variable: its place, its type, and whether it must keep its value.
    Variable {
        slot: usize,
        kind: Type,
        fixed: bool,
    },
    /// An input: its place among the variables.
    Input(usize),
}

/// A symbol, and in how many loops it was declared.
type Declared = (Symbol, usize);

/// The names known at a place of the program: those of the file, and those of the loops around it.
#[derive(Debug, Default)]
pub(crate) struct Scope<'a> {
    known: HashMap<&'a str, Declared>,
    /// For each enclosing loop: its names, and the symbols that they hide.
    hidden: Vec<Vec<(&'a str, Option<Declared>)>>,
    declared: usize,
}

impl<'a> Scope<'a> {
    pub fn depth(&self) -> usize {
        self.hidden.len()
    }

    pub fn enter(&mut self) {
        self.hidden.push(Vec::new());
    }

    pub fn leave(&mut self) {
        for (name, before) in self.hidden.pop().unwrap_or_default().into_iter().rev() {
            match before {
                Some(symbol) => self.known.insert(name, symbol),
                None => self.known.remove(name),
            };
        }
    }

    pub fn find(&self, name: &str) -> Option<Symbol> {
        self.known.get(name).map(|&(symbol, _)| symbol)
    }

    /// In how many loops, blocks and subroutines a name was declared.
    pub fn depth_of(&self, name: &str) -> usize {
        self.known.get(name).map_or(0, |&(_, depth)| depth)
    }

    /// Gives a name that was declared in this scope, or is new in it, another meaning; `anywhere` also one that was
    /// declared in a scope around this one.
    pub fn replace(&mut self, name: &'a str, symbol: Symbol, anywhere: bool, offset: usize) -> Outcome<()> {
        let depth = self.depth();
        match self.known.get_mut(name) {
            Some((before, at)) if anywhere || *at == depth => *before = symbol,
            Some(_) => {
                return Err(fault!(
                    offset,
                    "{} is assigned bits in a loop or block, but was declared and given another value outside of it; declare it here",
                    shown(name)
                ))
            }
            None => return self.declare(name, symbol, offset),
        }
        Ok(())
    }

    pub fn declare(&mut self, name: &'a str, symbol: Symbol, offset: usize) -> Outcome<()> {
        let depth = self.depth();
        if self.known.get(name).is_some_and(|&(_, at)| at == depth) {
            return Err(fault!(
                offset,
                "the name {} is declared twice; choose another name",
                shown(name)
            ));
        }
        self.declared += 1;
        if self.declared > MAX_DECLARATIONS {
            return Err(fault!(
                offset,
                "the file declares more than {MAX_DECLARATIONS} registers, aliases and variables; declare longer registers instead"
            ));
        }
        let before = self.known.insert(name, (symbol, depth));
        if let Some(names) = self.hidden.last_mut() {
            names.push((name, before));
        }
        Ok(())
    }
}
