//! Executes what depends on measured bits: conditions, loops, cases, subroutines, assignments of bits.

use super::error::{counted, fault, shown, Outcome};
use super::events::{Event, ReadCondition};
use super::expression::Expression;
use super::limits::MAX_JOINED;
use super::machine::{Machine, WORK_OF_STATEMENT};
use super::syntax::{Argument, BitsAssigned, BitsValue, Chooser, Condition, Formal, Known, Operand, Statement};
use super::value::{Type, Value};

impl Machine {
    /// Executes what is under a condition, and the other branch where it does not hold.
    pub(super) fn branch(
        &mut self,
        condition: &Condition,
        then: &[Statement],
        otherwise: &[Statement],
        known: Known<'_>,
    ) -> Outcome<()> {
        // Stage 1: a condition that does not depend on measurements.
        if let Condition::Static(value) = condition {
            let chosen = if self.truth(value)? { then } else { otherwise };
            return self.run_all(chosen, known);
        }
        // Stage 2: both branches.
        let condition = self.read_condition(condition)?;
        self.begin(condition);
        self.run_all(then, known)?;
        if !otherwise.is_empty() {
            self.event(Event::Else);
            self.run_all(otherwise, known)?;
        }
        self.end(1);
        Ok(())
    }

    /// Writes a loop out, each turn under the condition before it.
    pub(super) fn while_loop(
        &mut self,
        condition: &Condition,
        body: &[Statement],
        known: Known<'_>,
        offset: usize,
    ) -> Outcome<()> {
        if let Condition::Static(value) = condition {
            while self.truth(value)? {
                self.spend(WORK_OF_STATEMENT * (1 + body.len() as u64), offset)?;
                self.run_all(body, known)?;
            }
            return Ok(());
        }
        for _ in 0..self.max_turns {
            self.spend(WORK_OF_STATEMENT * (1 + body.len() as u64), offset)?;
            let condition = self.read_condition(condition)?;
            self.begin(condition);
            self.run_all(body, known)?;
        }
        let condition = self.read_condition(condition)?;
        self.event(Event::Unfinished { condition });
        self.end(self.max_turns);
        Ok(())
    }

    /// Executes the case of a value: each under a condition, where those before it do not hold.
    pub(super) fn switch(
        &mut self,
        chooser: &Chooser,
        cases: &[(Vec<Expression>, Vec<Statement>)],
        otherwise: &[Statement],
        known: Known<'_>,
        offset: usize,
    ) -> Outcome<()> {
        // Stage 1: the values of the cases.
        let mut all = Vec::with_capacity(cases.len());
        let mut seen = std::collections::HashSet::new();
        for (values, _) in cases {
            let mut numbers = Vec::with_capacity(values.len());
            for value in values {
                self.spend(WORK_OF_STATEMENT + value.work(), value.offset)?;
                let number = value.integer(self.names())?;
                if !seen.insert(number) {
                    return Err(fault!(
                        value.offset,
                        "the value {number} is in two cases; give each value once"
                    ));
                }
                numbers.push(number);
            }
            all.push(numbers);
        }
        // Stage 2: a value that does not depend on measurements.
        let (bits, room) = match chooser {
            Chooser::Static(value) => {
                self.spend(WORK_OF_STATEMENT + value.work(), value.offset)?;
                let given = value.integer(self.names())?;
                let found = all.iter().position(|numbers| numbers.contains(&given));
                let chosen = found.map_or(otherwise, |place| cases[place].1.as_slice());
                return self.run_all(chosen, known);
            }
            Chooser::Bits { bits, room } => (bits, *room),
        };
        // Stage 3: bits.
        let bits = self.bits_within(bits, room)?;
        self.spend((cases.len() * bits.len()) as u64, offset)?;
        for (numbers, (_, body)) in all.iter().zip(cases) {
            let others = numbers
                .iter()
                .filter(|&&number| number >= 0)
                .map(|number| ReadCondition::Compare {
                    bits: bits.clone(),
                    comparison: "!=",
                    value: number.to_string(),
                });
            self.begin(ReadCondition::All {
                parts: others.collect(),
                negated: true,
            });
            self.run_all(body, known)?;
            self.event(Event::Else);
        }
        self.run_all(otherwise, known)?;
        self.end(cases.len());
        Ok(())
    }

    /// Executes a subroutine on what it is given.
    pub(super) fn subroutine(
        &mut self,
        place: usize,
        arguments: &[Argument],
        target: Option<&Operand>,
        known: Known<'_>,
        offset: usize,
    ) -> Outcome<()> {
        let called = &known.subroutines[place];
        self.spend(WORK_OF_STATEMENT * (1 + called.body.len() as u64), offset)?;
        // Stage 1: its names get their meanings; all are looked up before the first is changed.
        let mut qubits = Vec::new();
        for (formal, argument) in called.formals.iter().zip(arguments) {
            match (formal, argument) {
                (Formal::Qubits { alias, length }, Argument::Qubits(operand)) => {
                    let selection = self.select(operand)?;
                    if selection.len() != *length {
                        return Err(wrong_length(&called.name, operand, *length, selection.len(), "qubit"));
                    }
                    qubits.push((*alias, selection));
                }
                (Formal::Bits { own, length }, Argument::Bits(operand)) => {
                    let given = self.bits(operand)?;
                    if given.len() != *length {
                        return Err(wrong_length(&called.name, operand, *length, given.len(), "bit"));
                    }
                    let own = self.bits(own)?;
                    for (bit, from) in own.into_iter().zip(given) {
                        self.set_bit(bit, is_one(from));
                    }
                }
                (Formal::Value { slot, kind }, Argument::Value(value)) => {
                    self.spend(1 + value.work(), value.offset)?;
                    self.variables[*slot] = Some(value.assigned_to(*kind, self.names())?);
                }
                _ => {
                    return Err(fault!(
                        offset,
                        "an argument is of another kind than the subroutine takes; correct it"
                    ))
                }
            }
        }
        for (alias, selection) in qubits {
            self.aliases[alias] = Some(selection);
        }
        // Stage 2: its statements, then its result.
        let conditions = std::mem::take(&mut self.conditions);
        self.run_all(&called.body, known)?;
        self.conditions = conditions;
        if let (Some(target), Some(result)) = (target, &called.result) {
            let (bits, from) = (self.bits(target)?, self.bits(result)?);
            if bits.len() != from.len() {
                return Err(wrong_length(&called.name, target, from.len(), bits.len(), "bit"));
            }
            for (bit, from) in bits.into_iter().zip(from) {
                self.set_bit(bit, is_one(from));
            }
        }
        Ok(())
    }

    /// Assigns bits what is computed from bits.
    pub(super) fn set_bits(&mut self, target: &Operand, value: &BitsAssigned, offset: usize) -> Outcome<()> {
        let bits = self.bits(target)?;
        let values = match value {
            BitsAssigned::Zeros => bits.iter().map(|_| always(false)).collect(),
            BitsAssigned::Text(digits) => {
                if digits.len() != bits.len() {
                    return Err(fault!(
                        offset,
                        "{} are assigned text of {}; write one digit for each bit",
                        counted(bits.len(), "bit"),
                        counted(digits.len(), "digit")
                    ));
                }
                let digit = |place: usize| digits.bytes().rev().nth(place) == Some(b'1');
                (0..bits.len()).map(|place| always(digit(place))).collect()
            }
            BitsAssigned::Condition(condition) if bits.len() == 1 => vec![self.read_condition(condition)?],
            BitsAssigned::Condition(condition) => self.values_of(condition, bits.len())?,
        };
        // They are assigned one after another: none may be read after it was changed.
        for (place, bit) in bits.iter().enumerate() {
            if values[place + 1..].iter().any(|later| reads(later, *bit)) {
                return Err(fault!(
                    offset,
                    "bits are assigned from others among them at other places; assign by way of another register"
                ));
            }
        }
        for (bit, value) in bits.into_iter().zip(values) {
            self.set_bit(bit, value);
        }
        Ok(())
    }

    fn set_bit(&mut self, bit: u32, value: ReadCondition) {
        // A constant alone leaves a circuit one of gates.
        self.dynamic |= !matches!(&value, ReadCondition::All { parts, .. } if parts.is_empty());
        self.event(Event::Assign { bit, value });
    }

    /// The value of each bit of a register that is computed bit by bit.
    fn values_of(&mut self, condition: &Condition, length: usize) -> Outcome<Vec<ReadCondition>> {
        match condition {
            Condition::Bits(operand) => {
                let bits = self.bits(operand)?;
                if bits.len() != length {
                    return Err(fault!(
                        operand.offset,
                        "{} are assigned {}; their numbers must be equal",
                        counted(length, "bit"),
                        bits.len()
                    ));
                }
                Ok(bits.into_iter().map(is_one).collect())
            }
            Condition::Not { inner, bitwise: true } => {
                Ok(self.values_of(inner, length)?.into_iter().map(not).collect())
            }
            Condition::Odd(parts) | Condition::All { parts, bitwise: true } => {
                let odd = matches!(condition, Condition::Odd(_));
                let mut columns = vec![Vec::with_capacity(parts.len()); length];
                for part in parts {
                    for (column, value) in columns.iter_mut().zip(self.values_of(part, length)?) {
                        column.push(value);
                    }
                }
                let offset = self.offset_of(condition);
                let joined = |parts| if odd { parity(parts, offset) } else { Ok(all(parts)) };
                columns.into_iter().map(joined).collect()
            }
            _ => Err(fault!(
                self.offset_of(condition),
                "{length} bits are assigned one truth; assign bit by bit, or registers joined by ~, &, | and ^"
            )),
        }
    }

    fn offset_of(&self, condition: &Condition) -> usize {
        match condition {
            Condition::Compare { bits, .. } | Condition::Bits(bits) | Condition::Same(bits, _) => bits.offset,
            Condition::Odd(parts) | Condition::All { parts, .. } => {
                parts.first().map_or(0, |part| self.offset_of(part))
            }
            Condition::Not { inner, .. } | Condition::Holds { inner, .. } => self.offset_of(inner),
            Condition::Static(value) => value.offset,
        }
    }

    fn run_all(&mut self, body: &[Statement], known: Known<'_>) -> Outcome<()> {
        body.iter().try_for_each(|statement| self.run(statement, known))
    }

    fn begin(&mut self, condition: ReadCondition) {
        self.dynamic = true;
        self.conditions += 1;
        self.event(Event::If { condition });
    }

    fn end(&mut self, count: usize) {
        self.conditions -= count;
        for _ in 0..count {
            self.event(Event::EndIf);
        }
    }

    fn truth(&mut self, value: &Expression) -> Outcome<bool> {
        self.spend(WORK_OF_STATEMENT + value.work(), value.offset)?;
        Ok(Type::Truth.convert(value.evaluate(self.names())?.value, value.offset)? == Value::Truth(true))
    }

    /// The bits of a number of a type that has room for so many.
    fn bits_within(&mut self, operand: &Operand, room: usize) -> Outcome<Vec<u32>> {
        let bits = self.bits(operand)?;
        if bits.len() > room {
            return Err(fault!(
                operand.offset,
                "{} are read as a number of a type that has room for {room} and a sign or for {room}; make it wider",
                counted(bits.len(), "bit")
            ));
        }
        Ok(bits)
    }

    fn read_condition(&mut self, condition: &Condition) -> Outcome<ReadCondition> {
        Ok(match condition {
            Condition::Compare {
                bits,
                room,
                comparison,
                value,
            } => {
                let value = self.digits_of(value)?;
                ReadCondition::Compare {
                    bits: self.bits_within(bits, *room)?,
                    comparison,
                    value,
                }
            }
            Condition::Bits(operand) => ReadCondition::Compare {
                bits: self.bits(operand)?,
                comparison: "!=",
                value: "0".to_owned(),
            },
            Condition::Same(left, right) => {
                let (first, second) = (self.bits(left)?, self.bits(right)?);
                if first.len() != second.len() {
                    return Err(fault!(
                        left.offset,
                        "registers of {} and {} bits are compared; they must be of one length",
                        first.len(),
                        second.len()
                    ));
                }
                let pairs = first.into_iter().zip(second);
                all(pairs
                    .map(|(a, b)| not(ReadCondition::Odd { bits: vec![a, b] }))
                    .collect())
            }
            Condition::Odd(parts) => parity(self.single_bits(parts, true)?, self.offset_of(condition))?,
            Condition::Not { inner, bitwise } => {
                let read = self.single_bits(std::slice::from_ref(inner.as_ref()), *bitwise)?;
                ReadCondition::All {
                    parts: read,
                    negated: true,
                }
            }
            Condition::All { parts, bitwise } => all(self.single_bits(parts, *bitwise)?),
            Condition::Holds {
                inner,
                comparison,
                value,
            } => {
                if let Condition::Bits(bits) = inner.as_ref() {
                    let (bits, value) = (self.bits(bits)?, self.digits_of(value)?);
                    return Ok(ReadCondition::Compare {
                        bits,
                        comparison,
                        value,
                    });
                }
                let inner = self.read_condition(inner)?;
                let number = self.digits_of(value)?.parse::<u64>().unwrap_or(u64::MAX);
                let holds = |truth: u64| match *comparison {
                    "==" => truth == number,
                    "!=" => truth != number,
                    "<" => truth < number,
                    "<=" => truth <= number,
                    ">" => truth > number,
                    _ => truth >= number,
                };
                match (holds(0), holds(1)) {
                    (false, true) => inner,
                    (true, false) => not(inner),
                    (both, _) => always(both),
                }
            }
            Condition::Static(value) => always(self.truth(value)?),
        })
    }

    /// Reads conditions; where bits are joined one by one, each is a single bit.
    fn single_bits(&mut self, parts: &[Condition], bitwise: bool) -> Outcome<Vec<ReadCondition>> {
        let mut read = Vec::with_capacity(parts.len());
        for part in parts {
            if let (true, Condition::Bits(operand)) = (bitwise, part) {
                let count = self.bits(operand)?.len();
                if count != 1 {
                    return Err(fault!(
                        operand.offset,
                        "~, &, | and ^ in a condition are about single bits, and this register has {count}; assign it to a register first, or name a bit"
                    ));
                }
            }
            read.push(self.read_condition(part)?);
        }
        Ok(read)
    }

    fn digits_of(&mut self, value: &BitsValue) -> Outcome<String> {
        match value {
            BitsValue::Digits(digits) => Ok(digits.clone()),
            BitsValue::Small(value) => match value.integer(self.names())? {
                number @ 0.. => Ok(number.to_string()),
                number => Err(fault!(
                    value.offset,
                    "bits are compared with {number}, but a register is a number from 0; give such"
                )),
            },
        }
    }
}

fn wrong_length(name: &str, operand: &Operand, wanted: usize, given: usize, what: &str) -> super::error::Problem {
    fault!(
        operand.offset,
        "the subroutine {} takes or returns {} here, but {given} were given; give as many",
        shown(name),
        counted(wanted, what)
    )
}

fn is_one(bit: u32) -> ReadCondition {
    ReadCondition::Odd { bits: vec![bit] }
}

fn always(holds: bool) -> ReadCondition {
    ReadCondition::All {
        parts: Vec::new(),
        negated: !holds,
    }
}

fn all(parts: Vec<ReadCondition>) -> ReadCondition {
    ReadCondition::All { parts, negated: false }
}

fn not(inner: ReadCondition) -> ReadCondition {
    ReadCondition::All {
        parts: vec![inner],
        negated: true,
    }
}

/// An odd number of conditions holds.
fn parity(parts: Vec<ReadCondition>, offset: usize) -> Outcome<ReadCondition> {
    // Stage 1: bits alone.
    let bit_of = |part: &ReadCondition| match part {
        ReadCondition::Compare {
            bits,
            comparison,
            value,
        } if bits.len() == 1 => ((*comparison, value.as_str()) == ("!=", "0")
            || (*comparison, value.as_str()) == ("==", "1"))
            .then(|| bits.clone()),
        ReadCondition::Odd { bits } => Some(bits.clone()),
        _ => None,
    };
    if let Some(bits) = parts.iter().map(bit_of).collect::<Option<Vec<_>>>() {
        return Ok(ReadCondition::Odd { bits: bits.concat() });
    }
    if parts.len() > MAX_JOINED {
        return Err(fault!(
            offset,
            "more than {MAX_JOINED} conditions that are not bits are joined by '^'; assign some to bits first"
        ));
    }
    // Stage 2: two at a time: one holds, and not both.
    let mut parts = parts.into_iter();
    let first = parts.next().unwrap_or_else(|| always(false));
    Ok(parts.fold(first, |left, right| {
        let one = not(all(vec![not(left.clone()), not(right.clone())]));
        all(vec![one, not(all(vec![left, right]))])
    }))
}

fn reads(condition: &ReadCondition, bit: u32) -> bool {
    match condition {
        ReadCondition::Compare { bits, .. } | ReadCondition::Odd { bits } => bits.contains(&bit),
        ReadCondition::All { parts, .. } => parts.iter().any(|part| reads(part, bit)),
    }
}
