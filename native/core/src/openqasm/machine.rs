//! Executes statements: runs loops, assigns variables, broadcasts gates over registers and expands them.

use super::affine::Angle;
use super::cost::Cost;
use super::error::{counted, fault, Outcome};
use super::events::Event;
use super::expansion::{combine_modifiers, Application, Expansion};
use super::expression::{join, Expression, Names, NO_NAMES};
use super::limits::MAX_QUBITS;
use super::power::Powers;
use super::qubits::{count_of_range, select, Selection};
use super::register_parser::sizes;
use super::syntax::{Base, Call, Definition, Index, Known, Operand, Statement, Target, Values};
use super::value::{Binary, Type, Value};

/// Steps that executing a statement of a loop counts for, besides the gates that it expands to.
pub(super) const WORK_OF_STATEMENT: u64 = 4;

/// The state of the program.
#[derive(Default)]
pub(crate) struct Machine {
    pub(super) variables: Vec<Option<Value>>,
    pub(super) aliases: Vec<Option<Selection>>,
    measured: Vec<bool>,
    /// For each qubit the number of the last operation that touched it, to find a qubit given twice.
    touched: Vec<u32>,
    operation: u32,
    spent: Cost,
    pub expansion: Expansion,
    /// What happens beside gates, each with the number of gates before it.
    pub events: Vec<(usize, Event)>,
    /// Whether there is more than gates and measurements at the end.
    pub dynamic: bool,
    /// Conditions around the statement that is executed.
    pub(super) conditions: usize,
    /// Turns up to which loops that depend on measured bits are written out.
    pub(super) max_turns: usize,
    // Buffers, kept between calls to reuse their memory.
    selections: Vec<Selection>,
    parameters: Vec<Angle>,
    qubits: Vec<u32>,
}

impl Machine {
    /// A machine that writes loops that depend on measured bits out to so many turns.
    pub fn with_turns(max_turns: usize) -> Self {
        Machine {
            max_turns,
            ..Machine::default()
        }
    }

    /// Makes room for what the parser has declared.
    pub fn make_room(&mut self, qubits: usize, variables: usize, aliases: usize) {
        if self.variables.len() < variables {
            self.variables.resize(variables, None);
        }
        if self.aliases.len() < aliases {
            self.aliases.resize(aliases, None);
        }
        if self.measured.len() < qubits {
            self.measured.resize(qubits, false);
            self.touched.resize(qubits, 0);
        }
    }

    /// Executes one statement.
    pub fn run(&mut self, statement: &Statement, known: Known<'_>) -> Outcome<()> {
        match statement {
            Statement::Nothing => Ok(()),
            Statement::Call(call) => self.call(call, known.definitions),
            Statement::Idle { duration, operands } => {
                if let Some(duration) = duration {
                    self.spend(duration.work(), duration.offset)?;
                    duration.duration(self.names())?;
                }
                operands.iter().try_for_each(|operand| self.select(operand).map(|_| ()))
            }
            Statement::Reset { offset, operands } => {
                operands.iter().try_for_each(|operand| self.reset(operand, *offset))
            }
            Statement::Block(body) => body.iter().try_for_each(|statement| self.run(statement, known)),
            Statement::Measure { offset, source, target } => self.measure(*offset, source, target.as_ref()),
            Statement::If {
                condition,
                then,
                otherwise,
            } => self.branch(condition, then, otherwise, known),
            Statement::Assign {
                slot,
                kind,
                operator,
                value,
                offset,
            } => self.assign(*slot, *kind, *operator, value, *offset),
            Statement::While {
                condition,
                body,
                offset,
            } => self.while_loop(condition, body, known, *offset),
            Statement::Switch {
                chooser,
                cases,
                otherwise,
                offset,
            } => self.switch(chooser, cases, otherwise, known, *offset),
            Statement::Subroutine {
                place,
                arguments,
                target,
                offset,
            } => self.subroutine(*place, arguments, target.as_ref(), known, *offset),
            Statement::SetBits { target, value, offset } => self.set_bits(target, value, *offset),
            Statement::Input { slot, number, offset } => {
                let value = self.expansion.affine.borrow_mut().input(*number, *offset)?;
                self.variables[*slot] = Some(value);
                Ok(())
            }
            Statement::Alias { slot, parts } => self.alias(*slot, parts),
            Statement::For {
                slot,
                kind,
                values,
                body,
                offset,
            } => self.repeat(*slot, *kind, values, body, known, *offset),
        }
    }

    pub(super) fn names(&self) -> Names<'_> {
        Names {
            parameters: &[],
            variables: &self.variables,
            affine: Some(&self.expansion.affine),
        }
    }

    pub(super) fn spend(&mut self, work: u64, offset: usize) -> Outcome<()> {
        self.spent = self.spent.plus(Cost {
            work,
            ..Cost::default()
        });
        self.spent.check(offset)
    }

    pub(super) fn select(&mut self, operand: &Operand) -> Outcome<Selection> {
        let selection = select(operand, &self.aliases, self.names())?;
        if !operand.indices.is_empty() && !selection.single {
            self.spend(selection.len() as u64, operand.offset)?;
        }
        Ok(selection)
    }

    fn call(&mut self, call: &Call<Operand>, definitions: &[Definition]) -> Outcome<()> {
        // Stage 1: the qubits of each operand; registers must be of one length, single qubits are repeated.
        let mut selections = std::mem::take(&mut self.selections);
        selections.clear();
        let mut count = None;
        for operand in &call.operands {
            let selection = self.select(operand)?;
            if !selection.single {
                let length = selection.len();
                match count {
                    Some(before) if before != length => {
                        return Err(fault!(
                            operand.offset,
                            "a gate is given registers of {before} and {}, but they must be of one length; give equal ones, or single qubits",
                            counted(length, "qubit")
                        ))
                    }
                    _ => count = Some(length),
                }
            }
            selections.push(selection);
        }
        // Stage 2: check the cost before it is spent.
        let (powers, negated) = combine_modifiers(&call.modifiers, self.names())?;
        let count = count.unwrap_or(1);
        self.spent = self
            .spent
            .plus(Cost::of_call(call, &powers, definitions).times(count as u64));
        self.spent.check(call.offset)?;
        // Stage 3: evaluate the parameters.
        let mut parameters = std::mem::take(&mut self.parameters);
        parameters.clear();
        for expression in &call.parameters {
            parameters.push(expression.parameter(self.names())?);
        }
        // Stage 4: expand the gate for each qubit of the registers.
        let mut qubits = std::mem::take(&mut self.qubits);
        for place in 0..count {
            qubits.clear();
            qubits.extend(
                selections
                    .iter()
                    .map(|selection| selection.at(if selection.single { 0 } else { place })),
            );
            if let Target::Defined(definition) = call.target {
                let reset: Vec<u32> = definitions[definition].resets.iter().map(|&at| qubits[at]).collect();
                self.reset_used(&reset);
            }
            self.check_qubits(&qubits, call)?;
            let application = Application {
                offset: call.offset,
                target: call.target,
                parameters: &parameters,
                powers: &powers,
                negated: &negated,
                qubits: &qubits,
            };
            self.expansion.apply(application, definitions)?;
        }
        self.selections = selections;
        self.parameters = parameters;
        self.qubits = qubits;
        Ok(())
    }

    pub(super) fn event(&mut self, event: Event) {
        self.events.push((self.expansion.sequence.operations.len(), event));
    }

    /// Resets qubits; on those that nothing has acted on it is the identity.
    fn reset(&mut self, operand: &Operand, offset: usize) -> Outcome<()> {
        let selection = self.select(operand)?;
        self.spend(selection.len() as u64, offset)?;
        let qubits: Vec<u32> = (0..selection.len()).map(|place| selection.at(place)).collect();
        self.reset_used(&qubits);
        Ok(())
    }

    fn reset_used(&mut self, qubits: &[u32]) {
        for &qubit in qubits {
            if self.touched[qubit as usize] != 0 {
                self.dynamic = true;
                self.event(Event::Reset { qubit });
            }
        }
    }

    /// Refuses a qubit given twice.
    fn check_qubits(&mut self, qubits: &[u32], call: &Call<Operand>) -> Outcome<()> {
        self.operation += 1;
        for (&qubit, operand) in qubits.iter().zip(&call.operands) {
            let touched = &mut self.touched[qubit as usize];
            if *touched == self.operation {
                return Err(fault!(
                    operand.offset,
                    "one qubit is given twice to one gate; its qubits must differ"
                ));
            }
            *touched = self.operation;
            self.dynamic |= self.measured[qubit as usize];
        }
        Ok(())
    }

    pub(super) fn bits(&mut self, operand: &Operand) -> Outcome<Vec<u32>> {
        let selection = self.select(operand)?;
        self.spend(selection.len() as u64, operand.offset)?;
        Ok((0..selection.len()).map(|place| selection.at(place)).collect())
    }

    fn measure(&mut self, offset: usize, source: &Operand, target: Option<&Operand>) -> Outcome<()> {
        let selection = self.select(source)?;
        let mut targets = None;
        if let Some(target) = target {
            let bits = self.select(target)?;
            if bits.len() != selection.len() {
                return Err(fault!(
                    offset,
                    "a measurement goes from {}, but their numbers must be equal; give as many bits as qubits",
                    sizes(selection.len(), bits.len())
                ));
            }
            targets = Some(bits);
        }
        self.spend(selection.len() as u64, offset)?;
        for place in 0..selection.len() {
            let qubit = selection.at(place);
            self.measured[qubit as usize] = true;
            let bit = targets.as_ref().map(|bits| bits.at(place));
            self.event(Event::Measure { qubit, bit });
        }
        Ok(())
    }

    fn assign(
        &mut self,
        slot: usize,
        kind: Type,
        operator: Option<Binary>,
        value: &Expression,
        offset: usize,
    ) -> Outcome<()> {
        self.spend(1 + value.work(), offset)?;
        if self.conditions > 0 {
            return Err(fault!(
                offset,
                "a variable is assigned under a condition on measured bits, which is not supported; use bits"
            ));
        }
        let mut result = value.assigned_to(kind, self.names());
        if let Some(operator) = operator {
            let before = self.variables[slot].ok_or_else(|| {
                fault!(
                    offset,
                    "this variable is changed before it has a value; assign it one first"
                )
            })?;
            let given = value.evaluate(self.names())?.value;
            result =
                join(operator, before, given, self.names(), value.offset).and_then(|value| kind.convert(value, offset));
        }
        self.variables[slot] = Some(result?);
        Ok(())
    }

    fn alias(&mut self, slot: usize, parts: &[Operand]) -> Outcome<()> {
        let mut qubits = Vec::new();
        for part in parts {
            let selection = self.select(part)?;
            if let [_] = parts {
                self.aliases[slot] = Some(selection);
                return Ok(());
            }
            if qubits.len() + selection.len() > MAX_QUBITS {
                return Err(fault!(
                    part.offset,
                    "an alias has more than {MAX_QUBITS} qubits; make it shorter"
                ));
            }
            self.spend(selection.len() as u64, part.offset)?;
            qubits.extend((0..selection.len()).map(|place| selection.at(place)));
        }
        self.aliases[slot] = Some(Selection::of_list(qubits));
        Ok(())
    }

    fn repeat(
        &mut self,
        slot: usize,
        kind: Type,
        values: &Values,
        body: &[Statement],
        known: Known<'_>,
        offset: usize,
    ) -> Outcome<()> {
        match values {
            Values::Set(members) => {
                for member in members {
                    let value = member.assigned_to(kind, self.names())?;
                    self.step(slot, value, body, known, offset)?;
                }
            }
            Values::Range { start, step, stop } => {
                let names = self.names();
                let first = start.integer(names)?;
                let stride = step.as_ref().map_or(Ok(1), |step| step.integer(names))?;
                let count = count_of_range(first, stride, stop.integer(names)?, start.offset)?;
                self.spent
                    .plus(least_cost(body, known.definitions).times(count))
                    .check(offset)?;
                for turn in 0..count as i64 {
                    let value = kind.convert(Value::Integer(first + stride * turn), start.offset)?;
                    self.step(slot, value, body, known, offset)?;
                }
            }
        }
        Ok(())
    }

    /// One iteration of a loop.
    fn step(&mut self, slot: usize, value: Value, body: &[Statement], known: Known<'_>, offset: usize) -> Outcome<()> {
        self.variables[slot] = Some(value);
        self.spend(WORK_OF_STATEMENT * (1 + body.len() as u64), offset)?;
        body.iter().try_for_each(|statement| self.run(statement, known))
    }
}

/// A lower bound on the cost of one iteration: its calls of gates without modifiers, on one qubit each, and its loops over
/// constant ranges. Most loops that are too long are refused by this before their first iteration.
fn least_cost(body: &[Statement], definitions: &[Definition]) -> Cost {
    let surely_some = |operand: &Operand| {
        matches!(operand.base, Base::Register { length: 1.., .. })
            && operand.indices.iter().all(|index| matches!(index, Index::At(_)))
    };
    let mut cost = Cost {
        work: WORK_OF_STATEMENT * (1 + body.len() as u64),
        ..Cost::default()
    };
    for statement in body {
        match statement {
            Statement::Call(call) if call.modifiers.is_empty() && call.operands.iter().all(surely_some) => {
                cost = cost.plus(Cost::of_call(call, &Powers::default(), definitions));
            }
            Statement::Block(body) => cost = cost.plus(least_cost(body, definitions)),
            Statement::For { values, body, .. } => {
                cost = cost.plus(least_cost(body, definitions).times(least_count(values)));
            }
            _ => {}
        }
    }
    cost
}

/// Number of iterations of a loop, or 0 where that depends on variables.
fn least_count(values: &Values) -> u64 {
    match values {
        Values::Set(members) => members.len() as u64,
        Values::Range { start, step, stop } => {
            let stride = step.as_ref().map_or(Ok(1), |step| step.integer(NO_NAMES));
            match (start.integer(NO_NAMES), stride, stop.integer(NO_NAMES)) {
                (Ok(start), Ok(stride), Ok(stop)) => count_of_range(start, stride, stop, 0).unwrap_or(0),
                _ => 0,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_only_grows() {
        let mut machine = Machine::default();
        machine.make_room(3, 2, 1);
        machine.make_room(1, 1, 1);
        assert_eq!(
            (machine.measured.len(), machine.variables.len(), machine.aliases.len()),
            (3, 2, 1)
        );
    }
}
