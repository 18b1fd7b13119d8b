//! Reads the statements about registers: declarations, aliases, measurements and barriers.

use super::error::{counted, fault, shown, Outcome};
use super::lexer::{Kind, Version};
use super::limits::MAX_QUBITS;
use super::parser::Parser;
use super::scope::Symbol;
use super::syntax::{Base, Operand, Statement};

impl<'a> Parser<'a> {
    /// `qreg q[2];` or `creg c[2];`
    pub(crate) fn register(&mut self, of_qubits: bool) -> Outcome<Statement> {
        self.only_outside("a declaration of a register")?;
        self.advance()?;
        let (name, offset) = self.name("the name of a register")?;
        let mut length = None;
        if self.lexer.version == Version::Two || self.token.kind == Kind::LeftBracket {
            length = Some(self.length_in_brackets()?);
        }
        self.warn_of_working_bits(of_qubits, name, offset);
        let base = self.allot(of_qubits, name, length, offset)?;
        self.scope.declare(
            name,
            if of_qubits {
                Symbol::Qubits(base)
            } else {
                Symbol::Bits(base)
            },
            offset,
        )?;
        self.end_of_statement()
    }

    /// `qubit[2] q;`, `bit[2] c;` or `bit[2] c = measure q;`
    pub(crate) fn typed_register(&mut self, of_qubits: bool) -> Outcome<Statement> {
        // Stage 1: the length, if any, and the name. Bits of a loop or subroutine are no result of the circuit.
        let inside = self.scope.depth() > 0;
        if of_qubits {
            self.only_outside("a declaration of a register")?;
        }
        self.advance()?;
        let mut length = None;
        if self.token.kind == Kind::LeftBracket {
            length = Some(self.length_in_brackets()?);
        }
        let (name, offset) = self.name("the name of a register")?;
        if self.token.kind == Kind::LeftBracket && length.is_none() {
            let word = if of_qubits { "qubit" } else { "bit" };
            return Err(fault!(
                self.token.start,
                "the length of a register comes after its type in OpenQASM 3; write it there, as in '{word}[2] {name};'",
                name = shown(name).trim_matches('\'')
            ));
        }
        // Stage 2: declare it.
        let base = if inside {
            self.own_bits(name, length, offset)?.base
        } else {
            self.warn_of_working_bits(of_qubits, name, offset);
            self.allot(of_qubits, name, length, offset)?
        };
        self.scope.declare(
            name,
            if of_qubits {
                Symbol::Qubits(base)
            } else {
                Symbol::Bits(base)
            },
            offset,
        )?;
        let target = Operand {
            offset,
            base,
            indices: Vec::new(),
        };
        if of_qubits || self.token.kind != Kind::Equal {
            self.end_of_statement()?;
            return Ok(if inside {
                Self::zeros(target, offset)
            } else {
                Statement::Nothing
            });
        }
        // Stage 3: the first value of bits.
        self.advance()?;
        if self.is_word("measure") {
            return self.measurement_into(target);
        }
        self.bits_assigned(target, offset)
    }

    pub(crate) fn length_in_brackets(&mut self) -> Outcome<usize> {
        self.expect(Kind::LeftBracket, "'[' and the length of the register")?;
        let offset = self.token.start;
        let length = self.constant_integer("the length of the register")?;
        self.expect(Kind::RightBracket, "']' after the length of the register")?;
        match usize::try_from(length) {
            Ok(length) if length <= MAX_QUBITS => Ok(length),
            _ => Err(fault!(
                offset,
                "the length of a register must be between 0 and {MAX_QUBITS}, got {length}; change it"
            )),
        }
    }

    /// Warns of a register that is taken for one of working bits; `circuit.blocks` in Python writes two of them.
    fn warn_of_working_bits(&mut self, of_qubits: bool, name: &str, offset: usize) {
        if !of_qubits && name.starts_with('_') && !matches!(name, "_if" | "_unfinished") {
            self.warn(offset, || {
                format!(
                    "the register {} begins with an underscore, which marks working bits that are in no result; rename it to have it there",
                    shown(name)
                )
            });
        }
    }

    pub(crate) fn allot(&mut self, of_qubits: bool, name: &str, length: Option<usize>, offset: usize) -> Outcome<Base> {
        if !of_qubits {
            self.registers.push((name.to_owned(), length.unwrap_or(1)));
        }
        let (used, what) = if of_qubits {
            (&mut self.num_qubits, "qubits")
        } else {
            (&mut self.num_bits, "bits")
        };
        let start = *used;
        *used += length.unwrap_or(1);
        if *used + self.num_hardware_qubits > MAX_QUBITS {
            return Err(fault!(
                offset,
                "the file declares {used} {what}, but at most {MAX_QUBITS} are allowed; declare fewer"
            ));
        }
        Ok(Base::Register {
            start,
            length: length.unwrap_or(1),
            single: length.is_none(),
        })
    }

    /// `measure q -> c;` or `measure q;`
    pub(crate) fn arrow_measurement(&mut self) -> Outcome<Statement> {
        let offset = self.token.start;
        self.advance()?;
        let source = self.operand_of(true)?;
        let mut target = None;
        if self.lexer.version == Version::Two || self.token.kind == Kind::Arrow {
            self.expect(Kind::Arrow, "'->' and the bits to measure into")?;
            target = Some(self.operand_of(false)?);
        }
        self.end_of_statement()?;
        Ok(Statement::Measure { offset, source, target })
    }

    /// `measure q;` after `c =`
    pub(crate) fn measurement_into(&mut self, target: Operand) -> Outcome<Statement> {
        let offset = self.token.start;
        self.advance()?;
        let source = self.operand_of(true)?;
        self.end_of_statement()?;
        Ok(Statement::Measure {
            offset,
            source,
            target: Some(target),
        })
    }

    pub(crate) fn barrier(&mut self) -> Outcome<Statement> {
        self.advance()?;
        if self.token.kind == Kind::Semicolon {
            return self.end_of_statement();
        }
        let operands = self.operands()?;
        self.end_of_list("',' or ';'")?;
        Ok(Statement::Idle {
            duration: None,
            operands,
        })
    }

    /// `reset q;`
    pub(crate) fn reset(&mut self) -> Outcome<Statement> {
        let offset = self.token.start;
        self.advance()?;
        let operands = vec![self.operand_of(true)?];
        self.end_of_statement()?;
        Ok(Statement::Reset { offset, operands })
    }

    /// `let name = q[0:2] ++ r;`, of qubits or of bits
    pub(crate) fn alias(&mut self) -> Outcome<Statement> {
        self.advance()?;
        let (name, offset) = self.name("the name of an alias")?;
        self.expect(Kind::Equal, "'=' after the name of an alias")?;
        let first = self.scope.find(self.lexer.text_of(self.token));
        let of_qubits = !matches!(first, Some(Symbol::Bits(_)));
        let mut parts = vec![self.operand_of(of_qubits)?];
        while self.accept(Kind::Concatenate)? {
            parts.push(self.operand_of(of_qubits)?);
        }
        self.end_of_statement()?;
        let slot = self.num_aliases;
        self.num_aliases += 1;
        let base = Base::Alias(slot);
        let symbol = if of_qubits {
            Symbol::Qubits(base)
        } else {
            Symbol::Bits(base)
        };
        self.scope.declare(name, symbol, offset)?;
        Ok(Statement::Alias { slot, parts })
    }
}

/// `3 qubits into 2 bits`, for errors.
pub(crate) fn sizes(qubits: usize, bits: usize) -> String {
    format!("{} into {}", counted(qubits, "qubit"), counted(bits, "bit"))
}
