//! Tests of reading: what files become, what is refused and where, and that no input panics.

mod beyond_gates;
mod inputs;

use super::{read, read_with, Affine, Angle, Base, Event, ReadCondition, Reading};

fn compare(bits: &[u32], comparison: &'static str, value: u32) -> ReadCondition {
    ReadCondition::Compare {
        bits: bits.to_vec(),
        comparison,
        value: value.to_string(),
    }
}

fn all(parts: Vec<ReadCondition>, negated: bool) -> ReadCondition {
    ReadCondition::All { parts, negated }
}

fn measure(qubit: u32, bit: Option<u32>) -> Event {
    Event::Measure { qubit, bit }
}

/// The operations, as in `ctrl(1) rz(0.5)^-1 0 2`, and the global phase if there is one.
fn listed(reading: &Reading) -> Vec<String> {
    let mut rest = reading.sequence.qubits.as_slice();
    let mut lines = Vec::new();
    for &number in &reading.sequence.operations {
        let gate = &reading.gates[number as usize];
        let (qubits, after) = rest.split_at(gate.num_qubits);
        rest = after;
        let mut line = match gate.num_controls {
            0 => String::new(),
            count => format!("ctrl({count}) "),
        };
        match gate.base {
            Base::Named(name) => line += name,
            Base::Product(place) => line += &format!("product{place}"),
        }
        if !gate.parameters.is_empty() {
            let parameters: Vec<String> = gate.parameters.iter().map(|&angle| shown(reading, angle)).collect();
            line += &format!("|{}|", parameters.join(", "));
        }
        gate.powers.iter().for_each(|power| line += &format!("^{power}"));
        qubits.iter().for_each(|qubit| line += &format!(" {qubit}"));
        lines.push(line);
    }
    if !reading.phase_terms.is_empty() {
        lines.push(format!("phase {}", sum_of(reading, &reading.phase_terms)));
    }
    if reading.sequence.phase != 0.0 {
        lines.push(format!("phase {:.6}", reading.sequence.phase));
    }
    lines
}

fn shown(reading: &Reading, angle: Angle) -> String {
    match angle {
        Angle::Number(number) => format!("{number:?}"),
        Angle::Affine(place) => {
            let Affine { terms, constant } = &reading.expressions[place as usize];
            match *constant {
                0.0 => sum_of(reading, terms),
                constant => format!("{} + {constant:?}", sum_of(reading, terms)),
            }
        }
    }
}

/// Whether a parameter is finite, and refers to what there is.
fn is_right(reading: &Reading, angle: Angle) -> bool {
    match angle {
        Angle::Number(number) => number.is_finite(),
        Angle::Affine(place) => {
            let Affine { terms, constant } = &reading.expressions[place as usize];
            let known = |&(input, factor): &(u32, f64)| (input as usize) < reading.inputs.len() && factor.is_finite();
            constant.is_finite() && !terms.is_empty() && terms.iter().all(known)
        }
    }
}

fn sum_of(reading: &Reading, terms: &[(u32, f64)]) -> String {
    let terms: Vec<String> = terms
        .iter()
        .map(|&(input, factor)| format!("{factor:?} {}", reading.inputs[input as usize]))
        .collect();
    terms.join(" + ")
}

#[track_caller]
fn reads(text: &str, expected: &[&str]) {
    match read(text.as_bytes()) {
        Ok(reading) => assert_eq!(listed(&reading), expected, "{text}"),
        Err(error) => panic!("{text}\n{error}"),
    }
}

#[track_caller]
fn two(body: &str, expected: &[&str]) {
    reads(
        &format!("OPENQASM 2.0;\ninclude \"qelib1.inc\";\nqreg q[4];\ncreg c[4];\n{body}"),
        expected,
    );
}

#[track_caller]
fn three(body: &str, expected: &[&str]) {
    reads(
        &format!("OPENQASM 3.0;\ninclude \"stdgates.inc\";\nqubit[4] q;\nbit[4] c;\n{body}"),
        expected,
    );
}

/// How the refusal of a text differs from what is expected, if it does.
fn complaint(text: &[u8], line: usize, column: usize, part: &str) -> Option<String> {
    let shown = String::from_utf8_lossy(&text[text.len().saturating_sub(80)..]);
    match read(text) {
        Ok(reading) => Some(format!(
            "{shown:?} was read, {} gates",
            reading.sequence.operations.len()
        )),
        Err(error) => {
            let right = error.reason.contains(part) && (error.line, error.column) == (line, column);
            (!right || error.reason.len() > 400)
                .then(|| format!("{shown:?}: expected line {line}, column {column}: {part}; got {error}"))
        }
    }
}

#[track_caller]
fn refuses(text: impl AsRef<[u8]>, line: usize, column: usize, part: &str) {
    if let Some(complaint) = complaint(text.as_ref(), line, column, part) {
        panic!("{complaint}");
    }
}

/// Checks where and why statements, each on one line after a head, are refused.
#[track_caller]
fn refuses_each(head: &str, line: usize, table: &[(&str, usize, &str)]) {
    let complaints: Vec<String> = table
        .iter()
        .filter_map(|(text, column, part)| complaint(format!("{head}{text}").as_bytes(), line, *column, part))
        .collect();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[test]
fn registers_are_gone_through_together() {
    two(
        "qreg r[4]; cx q,r; cx q[1],r; h r;",
        &[
            "cx 0 4", "cx 1 5", "cx 2 6", "cx 3 7", "cx 1 4", "cx 1 5", "cx 1 6", "cx 1 7", "h 4", "h 5", "h 6", "h 7",
        ],
    );
}

#[test]
fn expressions_follow_their_precedence() {
    for (expression, value) in [
        ("1+2*3", 7.0),
        ("-2^2", -4.0),
        ("2^3^2", 512.0),
        ("2^-1", 0.5),
        ("(1+2)*3/2-1", 3.5),
        ("8/2/2", 2.0),
        ("-(-3)", 3.0),
        ("2*-3", -6.0),
        ("sqrt(4)+ln(exp(2))", 4.0),
        ("cos(0)*sin(0)+tan(0)", 0.0),
        ("1++2", 3.0),
        ("1e2", 100.0),
        (".5", 0.5),
    ] {
        two(&format!("rx({expression}) q[0];"), &[&format!("rx|{value:?}| 0")]);
    }
    for (expression, value) in [
        ("2**3**2", 512.0),
        ("-2**2", -4.0),
        ("7%4+6/3", 5.0),
        ("1<<3|1", 9.0),
        ("6^3&2", 4.0),
        ("float(3)/2", 1.5),
        ("mod(7,4)+pow(2,3)", 11.0),
        ("int(2.9)", 2.0),
        ("uint[4](15)+0x10+0b1+0o7", 39.0),
        ("1_000", 1000.0),
        ("ceiling(0.1)+floor(1.9)", 2.0),
    ] {
        three(&format!("rx({expression}) q[0];"), &[&format!("rx|{value:?}| 0")]);
    }
}

#[test]
fn defined_gates_are_written_out() {
    two(
        "gate g(a,b) x,y { rx(a/2) x; barrier x,y; cx x,y; u1(-b) y; } g(1,2) q[0],q[2];",
        &["rx|0.5| 0", "cx 0 2", "u1|-2.0| 2"],
    );
    reads(
        "OPENQASM 2.0; gate h a { U(pi/2,0,pi) a; } gate cx a,b { CX a,b; } qreg q[2]; h q[0]; cx q[0],q[1];",
        &["U|1.5707963267948966, 0.0, 3.141592653589793| 0", "CX 0 1"],
    );
    two("gate e a {} gate f a { e a; e a; } f q;", &[]);
}

#[test]
fn a_definition_of_the_file_wins_over_the_standard_one() {
    two("gate h a { x a; } h q[0];", &["x 0"]);
    reads(
        "OPENQASM 2.0; gate h a { U(0,0,0) a; } include \"qelib1.inc\"; qreg q[1]; h q;",
        &["U|0.0, 0.0, 0.0| 0"],
    );
}

#[test]
fn modifiers_become_powers_and_controls() {
    three(
        "ctrl @ x q[0], q[1]; ctrl(2) @ inv @ s q[0], q[1], q[2];",
        &["ctrl(1) x 0 1", "ctrl(2) s^-1 0 1 2"],
    );
    three("negctrl @ x q[0], q[1];", &["x 0", "ctrl(1) x 0 1", "x 0"]);
    three(
        "pow(2) @ rz(0.5) q[0]; inv @ rx(1) q[0]; pow(0.5) @ x q[0];",
        &["rz|1.0| 0", "rx|-1.0| 0", "x^0.5 0"],
    );
    three("gate g a, b { h a; s b; } inv @ g q[0], q[1];", &["s^-1 1", "h^-1 0"]);
    three(
        "gate g a, b { h a; s b; } pow(-2) @ g q[0], q[1];",
        &["s^-1 1", "h^-1 0", "s^-1 1", "h^-1 0"],
    );
    three(
        "gate g a { h a; gphase(0.25); } ctrl @ g q[1], q[0];",
        &["ctrl(1) h 1 0", "p|0.25| 1"],
    );
    three(
        "gate g a { x a; } negctrl @ ctrl @ g q[2], q[1], q[0];",
        &["x 2", "ctrl(2) x 2 1 0", "x 2"],
    );
    three("gate g a { x a; } pow(0) @ g q[0]; inv @ inv @ h q[1];", &["h 1"]);
}

#[test]
fn fractional_powers_of_defined_gates_are_products() {
    let text = "OPENQASM 3.0; include \"stdgates.inc\"; qubit[2] q; gate g(t) a { rx(t) a; h a; } \
                ctrl @ pow(0.5) @ g(1) q[1], q[0]; pow(0.5) @ g(1) q[0]; pow(0.5) @ g(2) q[0];";
    let reading = read(text.as_bytes()).expect("reads");
    assert_eq!(
        listed(&reading),
        ["ctrl(1) product0^0.5 1 0", "product0^0.5 0", "product1^0.5 0"]
    );
    assert_eq!(reading.products[0].sequence.operations.len(), 2);
}

#[test]
fn phases_are_gathered() {
    three(
        "gphase(0.5); h q[0]; gphase(-0.25); ctrl @ gphase(1) q[0]; ctrl(2) @ gphase(2) q[0], q[1];",
        &["h 0", "p|1.0| 0", "ctrl(1) p|2.0| 0 1", "phase 0.250000"],
    );
}

#[test]
fn loops_variables_and_aliases_run() {
    three(
        "const int n = 3; for uint i in [0:n-1] { cx q[i], q[i+1]; }",
        &["cx 0 1", "cx 1 2", "cx 2 3"],
    );
    three("for int i in {3, 1} h q[i];", &["h 3", "h 1"]);
    three("for int i in [3:-2:0] h q[i];", &["h 3", "h 1"]);
    three(
        "float x = 0.5; for int i in [1:2] { x = x * 2; x += 1; rx(x) q[0]; }",
        &["rx|2.0| 0", "rx|5.0| 0"],
    );
    three(
        "for int i in [0:1] { for int j in [i:1] { cz q[i], q[j+1]; } }",
        &["cz 0 1", "cz 0 2", "cz 1 2"],
    );
    three(
        "let a = q[1:2] ++ q[0]; h a; x a[-1]; let b = a[0:2:2]; y b;",
        &["h 1", "h 2", "h 0", "x 0", "y 1", "y 0"],
    );
    three(
        "h q[{0, 2}]; x q[0:2:3]; y q[2:]; z q[:0]; s q[0:-1][1];",
        &["h 0", "h 2", "x 0", "x 2", "y 2", "y 3", "z 0", "s 1"],
    );
    three(
        "for int i in [2:1] h q[i]; int k = 7 / 2; rx(k) q[0]; bool b = k == 3; int m = int(b); rx(m) q[0];",
        &["rx|3.0| 0", "rx|1.0| 0"],
    );
    three(
        "rx(π) q[0]; angle[32] a = tau; rz(a/2) q[0]; ry(euler) q[0];",
        &[
            "rx|3.141592653589793| 0",
            "rz|3.141592653589793| 0",
            "ry|2.718281828459045| 0",
        ],
    );
}

#[test]
fn final_measurements_and_barriers_are_left_out() {
    two(
        "h q[0]; barrier q; measure q[0] -> c[0]; x q[1]; barrier q[0], q[1]; measure q[0] -> c[1];",
        &["h 0", "x 1"],
    );
    three(
        "h q[0]; c[0] = measure q[0]; measure q[1] -> c[1]; measure q[2]; x q[3]; bit d = measure q[3];",
        &["h 0", "x 3"],
    );
    three("bit[2] d = measure q[0:1]; barrier; bit[4] e = \"0101\"; bit f;", &[]);
}

#[test]
fn what_needs_more_than_conditions_is_refused_at_its_place() {
    // OpenQASM 2.
    let head = "OPENQASM 2.0;\ninclude \"qelib1.inc\";\nqreg q[2];\ncreg c[2];\n";
    refuses(format!("{head}opaque g a; g q[0];"), 5, 13, "opaque");
    refuses(format!("{head}if (c == x) x q[0];"), 5, 10, "not known here");
    refuses(
        format!("{head}if (c == c) x q[0];"),
        5,
        10,
        "has no value before the circuit runs",
    );
    refuses(format!("{head}if c == 1 x q[0];"), 5, 4, "'(' and a condition");
    refuses(
        format!("{head}if (c == -1) x q[0];"),
        5,
        10,
        "bits are compared with a number",
    );
    refuses(format!("{head}if (d == 1) x q[0];"), 5, 5, "not known here");
    // OpenQASM 3.
    let head = "OPENQASM 3.0;\ninclude \"stdgates.inc\";\nqubit[2] q;\nbit[2] c;\n";
    for word in [
        "extern",
        "cal",
        "defcal",
        "defcalgrammar",
        "output",
        "array",
        "complex",
        "break",
        "continue",
        "end",
    ] {
        refuses(
            format!("{head}  {word} x;"),
            5,
            3,
            &format!("'{word}' is not supported"),
        );
    }
    refuses(format!("{head}int i = c[0];"), 5, 9, "no value before the circuit runs");
    refuses(format!("{head}c = 1;"), 5, 5, "assigned one truth");
    refuses(
        format!("{head}int k = 0; if (c[0]) {{ k = 1; }}"),
        5,
        24,
        "a variable is assigned under a condition",
    );
    reads(&format!("{head}int k = 0; if (c[0] && k == 0) x q[0];"), &["x 0"]);
    // Conditions nested deeply.
    for text in ["(".repeat(100_000), "!".repeat(100_000)] {
        refuses(format!("{head}if ({text}c[0]"), 5, 6 + 64, "nested more than 64");
    }
}

#[test]
fn measurements_resets_and_conditions_are_events_between_gates() {
    let events = |text: &str| {
        let reading = read(text.as_bytes()).expect("reads");
        (reading.dynamic, reading.events)
    };
    // Measurements at the end alone.
    let head = "OPENQASM 2.0; include 'qelib1.inc'; qreg q[3]; creg a[1]; creg c[2]; ";
    assert_eq!(
        events(&format!("{head}h q[0]; measure q[0] -> c[1]; x q[1];")),
        (false, vec![(1, measure(0, Some(2)))])
    );
    // Gates after a measurement, resets, and conditions.
    assert_eq!(
        events(&format!(
            "{head}x q; measure q[0] -> a[0]; x q[0]; reset q[0]; reset q[1];"
        )),
        (
            true,
            vec![
                (3, measure(0, Some(0))),
                (4, Event::Reset { qubit: 0 }),
                (4, Event::Reset { qubit: 1 })
            ]
        )
    );
    let condition = compare(&[1, 2], "==", 3);
    assert_eq!(
        events(&format!("{head}if (c == 3) measure q[0] -> a[0]; if(c==3) h q;")),
        (
            true,
            vec![
                (
                    0,
                    Event::If {
                        condition: condition.clone()
                    }
                ),
                (0, measure(0, Some(0))),
                (0, Event::EndIf),
                (0, Event::If { condition }),
                (3, Event::EndIf),
            ]
        )
    );
    let head = "OPENQASM 3; include 'stdgates.inc'; qubit[3] q; bit[2] c; bit d; ";
    let (dynamic, found) = events(&format!(
        "{head}measure $0; if (!(c[1] || d) && c >= 2) {{ x q[0]; }} else z q[1]; if (c[0] ^ d) y q[2]; if (true) x q;"
    ));
    assert!(dynamic);
    let odd = ReadCondition::Odd { bits: vec![0, 2] };
    let none_of = all(
        vec![
            all(vec![compare(&[1], "!=", 0)], true),
            all(vec![compare(&[2], "!=", 0)], true),
        ],
        false,
    );
    let both = all(vec![none_of, compare(&[0, 1], ">=", 2)], false);
    assert_eq!(
        found,
        vec![
            (0, measure(3, None)),
            (0, Event::If { condition: both }),
            (1, Event::Else),
            (2, Event::EndIf),
            (2, Event::If { condition: odd }),
            (3, Event::EndIf),
        ]
    );
    // A loop's variable chooses once for all.
    let (dynamic, found) = events(&format!("{head}for int i in [0:2] {{ if (i == 1) {{ x q[i]; }} }}"));
    assert_eq!((dynamic, found), (false, vec![]));
}

#[test]
fn bits_are_assigned_and_loops_cases_and_subroutines_written_out() {
    let head = "OPENQASM 3; include 'stdgates.inc'; qubit[3] q; bit[2] c; bit d; ";
    let found = |body: &str, turns: usize| {
        read_with(format!("{head}{body}").as_bytes(), turns)
            .expect("reads")
            .events
    };
    let assign = |bit, value| Event::Assign { bit, value };
    let odd = |bits: &[u32]| ReadCondition::Odd { bits: bits.to_vec() };
    let holds = |truth: bool| all(vec![], !truth);
    // Assignments: text has bit 0 last.
    let assigned = [
        ("c = \"01\";", vec![assign(0, holds(true)), assign(1, holds(false))]),
        ("d = c[0] ^ c[1];", vec![assign(2, odd(&[0, 1]))]),
        ("d = c == 2;", vec![assign(2, compare(&[0, 1], "==", 2))]),
        ("d ^= c[1];", vec![assign(2, odd(&[2, 1]))]),
        (
            "d = c[0] & ~c[1];",
            vec![assign(
                2,
                all(
                    vec![compare(&[0], "!=", 0), all(vec![compare(&[1], "!=", 0)], true)],
                    false,
                ),
            )],
        ),
        (
            "bit[2] e = c; c = e ^ c;",
            vec![
                assign(3, odd(&[0])),
                assign(4, odd(&[1])),
                assign(0, odd(&[3, 0])),
                assign(1, odd(&[4, 1])),
            ],
        ),
    ];
    for (text, expected) in assigned {
        let events: Vec<Event> = found(text, 1).into_iter().map(|(_, event)| event).collect();
        assert_eq!(events, expected, "{text}");
    }
    // A loop: each turn under the condition before it; then what is left.
    let condition = compare(&[2], "!=", 0);
    let begin = || Event::If {
        condition: condition.clone(),
    };
    assert_eq!(
        found("while (d) { x q[0]; d = measure q[0]; }", 2),
        vec![
            (0, begin()),
            (1, measure(0, Some(2))),
            (1, begin()),
            (2, measure(0, Some(2))),
            (
                2,
                Event::Unfinished {
                    condition: condition.clone()
                }
            ),
            (2, Event::EndIf),
            (2, Event::EndIf),
        ]
    );
    reads(
        &format!("{head}int k = 0; while (k < 3) {{ x q[k]; k += 1; }}"),
        &["x 0", "x 1", "x 2"],
    );
    // Cases.
    let other = |value| compare(&[0, 1], "!=", value);
    assert_eq!(
        found(
            "switch (c) { case 0, 3 { x q[0]; } case 1: { y q[0]; } default { z q[0]; } }",
            1
        ),
        vec![
            (
                0,
                Event::If {
                    condition: all(vec![other(0), other(3)], true)
                }
            ),
            (1, Event::Else),
            (
                1,
                Event::If {
                    condition: all(vec![other(1)], true)
                }
            ),
            (2, Event::Else),
            (3, Event::EndIf),
            (3, Event::EndIf),
        ]
    );
    assert_eq!(found("int k; k = c; switch (k) { case 2 { x q[0]; } }", 1).len(), 5);
    assert_eq!(
        found("int k; if (d) { k = c; switch (k) { case 2 { x q[0]; } } }", 1).len(),
        7
    );
    reads(
        &format!("{head}const int k = 2; switch (k) {{ case 1 {{ x q[0]; }} case 2 {{ y q[1]; }} }}"),
        &["y 1"],
    );
    // Subroutines.
    assert_eq!(
        found(
            "def f(qubit a, qubit[2] b, float t) -> bit { rx(2 * t) a; cx a, b[1]; bit r; r = measure a; return r; } \
             d = f(q[2], q[0:1], 0.25); f(q[0], q[1:2], 1);",
            1
        )
        .len(),
        7
    );
    reads(
        &format!("{head}def g(qubit a, int n) {{ for int i in [1:n] {{ h a; }} }} def k(qubit a) {{ g(a, 2); x a; }} k(q[1]);"),
        &["h 1", "h 1", "x 1"],
    );
    refuses_each(
        "OPENQASM 3;\ninclude 'stdgates.inc';\nqubit[3] q; bit[2] c; bit d; int k;\n",
        4,
        &[
            ("c[0:0] = \"01\";", 1, "1 bit are assigned text of 2 digits"),
            ("c = d;", 5, "2 bits are assigned 1"),
            ("d = c ^ c;", 5, "about single bits"),
            ("c[0:1] = c[{1, 0}];", 1, "by way of another register"),
            ("def f(qubit a) { return; x a; }", 26, "remove what follows it"),
            ("def f(qubit a) -> bit { x a; }", 1, "returns nothing"),
            ("def f(qubit a) { x a; } d = f(q[0]);", 29, "returns nothing"),
            ("def f(qubit a) { f(a); }", 18, "not known"),
            (
                "def f(qubit[2] a) { x a; } f(q);",
                30,
                "2 qubits here, but 3 were given",
            ),
            ("def f(qubit a) { k = 3; }", 18, "outside of the subroutine"),
            ("def f(float t) -> int { return 1; }", 19, "returns bits or nothing"),
            ("return;", 1, "in a subroutine only"),
            ("switch (c) { case 1 { } case 1 { } }", 30, "in two cases"),
            ("switch (c) { default { } case 1 { } }", 26, "the last case"),
            ("switch (c ^ d) { case 1 { } }", 8, "looks at a bit"),
            ("if (int[2](c) == 1) x q[0];", 12, "has room for 1"),
            ("k = 3; if (d) { k = c; }", 17, "given another value outside of it"),
            ("while (d) { break; }", 13, "'break' is not supported"),
            ("while (true) { }", 1, "steps of loops"),
            ("if (c < c) x q[0];", 9, "by == and != only"),
        ],
    );
}

#[test]
fn mistakes_are_named_at_their_place() {
    // OpenQASM 2.
    let head = "OPENQASM 2.0;\ninclude \"qelib1.inc\";\nqreg q[2];\ncreg c[3];\n";
    refuses_each(
        head,
        5,
        &[
            ("hh q[0];", 1, "the gate 'hh' is not known"),
            ("sxx q[0];", 1, "not known"),
            ("h r[0];", 3, "the register 'r' is not known"),
            ("h c[0];", 3, "not a register of qubits"),
            ("h q[2];", 5, "outside a register of length 2"),
            ("h q[-1];", 5, "number"),
            ("cx q[0];", 1, "acts on 2 qubits, but 1 was given"),
            ("cx q[0], q[0];", 10, "twice"),
            ("cx q, q;", 7, "twice"),
            ("qreg r[3]; cx q, r;", 18, "one length"),
            ("rx q[0];", 1, "takes 1 parameter, but 0 were given"),
            ("rx(1,2) q[0];", 1, "takes 1 parameter, but 2 were given"),
            ("rx(a) q[0];", 4, "'a' is not known here"),
            ("rx(1 2) q[0];", 6, "expected"),
            ("rx(1+) q[0];", 6, "expected"),
            ("rx() q[0];", 1, "0 were given"),
            ("rx((1) q[0];", 8, "')' or ','"),
            ("rx(foo(1)) q[0];", 4, "the function 'foo'"),
            ("rx(sin(1,2)) q[0];", 4, "it takes 1"),
            ("rx(sqrt(-1)) q[0];", 4, "not a real number"),
            ("rx(ln(0)) q[0];", 4, "too large"),
            ("qreg q[1];", 6, "declared twice"),
            ("qreg r[100001];", 8, "between 0 and 100000"),
            ("qreg r[1.5];", 8, "length"),
            ("gate g a { } gate g a { }", 19, "defined twice"),
            ("gate g a, a { }", 11, "used twice"),
            ("gate g(t,t) a { }", 10, "named twice"),
            ("gate g a { x b; }", 14, "not a qubit of the gate"),
            ("gate g a { cx a, a; }", 18, "twice"),
            ("gate g a { rx(t) a; }", 15, "'t' is not known here"),
            ("gate g a { g a; }", 12, "calls itself"),
            ("gate g a { k a; } gate k a { g a; }", 12, "not known"),
            ("gate g a { x a;", 16, "ends within the definition"),
            ("gate g(t) a { rx(1/t) a; } g(0) q[0];", 19, "divides by zero"),
            ("gate pi a { }", 6, "word of the language"),
            ("measure q -> c;", 1, "2 qubits into 3 bits"),
            ("measure q[0];", 13, "'->'"),
            ("include \"/etc/passwd\";", 9, "is not opened"),
            ("h q[0]", 7, "';'"),
            ("3 q;", 1, "expected a statement"),
            ("x q[0]; }", 9, "expected a statement"),
            ("int i = 3;", 1, "belongs to OpenQASM 3"),
            ("rx(2**3) q[0];", 5, "expected"),
        ],
    );
    // OpenQASM 3.
    let head = "OPENQASM 3.0;\ninclude \"stdgates.inc\";\nqubit[2] q;\nbit[3] c;\nint v;\n";
    refuses_each(
        head,
        6,
        &[
            ("rx(1/2) q[0];", 5, "1.0/2"),
            ("const float x = 1/2;", 18, "1.0/2"),
            ("rx(true) q[0];", 4, "got true"),
            ("rx(2.0^3) q[0];", 7, "use ** for powers"),
            ("const int x = v;", 15, "depends on a variable"),
            ("rx(v) q[0];", 4, "before it has a value"),
            ("v += 1;", 1, "before it has a value"),
            ("const int k = 1; k = 2;", 18, "is constant"),
            ("int[8] k = 200;", 12, "does not fit the type int[8]"),
            ("int[65] k;", 1, "1 to 64 bits"),
            ("qubit[v] r;", 7, "depends on a variable"),
            ("qubit[2.5] r;", 7, "got 2.5"),
            ("x q[1.5];", 5, "got 1.5"),
            ("x q[5];", 5, "outside"),
            ("x q[-3];", 5, "outside"),
            ("x q[0:5];", 5, "the range goes from 0 to 5"),
            ("x q[0:0:1];", 5, "the step of a range is 0"),
            ("x q[];", 5, "an index is missing"),
            ("x q[0][0];", 8, "has none"),
            ("x v;", 3, "not a register of qubits"),
            ("k = 3;", 1, "not known"),
            ("q = 3;", 1, "register of qubits"),
            ("int k = measure q[0];", 9, "only be assigned to bits"),
            ("ctrl(0) @ x q[0];", 1, "between 1 and"),
            ("ctrl x q[0], q[1];", 6, "'@'"),
            ("ctrl @ x q[0];", 1, "with 1 control acts on 2 qubits"),
            ("gphase(1) q[0];", 1, "acts on 0 qubits"),
            ("for int i in [0:1] { int i = 2; }", 26, "declared twice"),
            ("for int i in [0:1] { i = 2; }", 22, "is constant"),
            ("for int i in [0:1] { x q[0];", 29, "ends within a loop"),
            ("for int i of [0:1] { }", 11, "'in'"),
            ("for int i in [:1] { }", 14, "first and a last"),
            ("for int i in 3 { }", 14, "a range such as"),
            ("for int i in [0:1] { qubit r; }", 22, "before the loop"),
            ("for int i in [0:1] { gate g a { } }", 22, "before the loop"),
            (
                "gate g(k) a { x a; } gate f(k) a { pow(k) @ g(k) a; }",
                40,
                "depends on a parameter",
            ),
            ("gate g a { rx(v) a; }", 15, "constants only"),
            (
                "gate g a { for int i in [0:1] { x a; } }",
                12,
                "'for' is not supported here",
            ),
            (
                "gate g a,b,c,d,e,f,h1 { x a; } qubit[7] r; pow(0.5) @ g r[0],r[1],r[2],r[3],r[4],r[5],r[6];",
                44,
                "fractional",
            ),
            ("pow(1e300) @ x q[0];", 5, "too large"),
            ("pow(1e10) @ rx(1e305) q[0];", 1, "too large"),
            ("let a = q ++ c;", 14, "not a register of qubits"),
            ("let a = c ++ q;", 14, "not a register of bits"),
        ],
    );
    // Files as a whole.
    refuses("OPENQASM 4.0;", 1, 10, "version");
    refuses("OPENQASM 2.0;", 1, 14, "declares no qubits");
    refuses(
        "OPENQASM 2.0;\nqreg q[1];\nh q[0];",
        3,
        1,
        "add 'include \"qelib1.inc\";'",
    );
    refuses("OPENQASM 3.0;\nqubit q;\nh q;", 3, 1, "add 'include \"stdgates.inc\";'");
}

#[test]
fn hostile_files_are_refused_at_their_place() {
    // Definitions that double, and chains of definitions.
    let head = "OPENQASM 2.0;\ninclude \"qelib1.inc\";\nqreg q[2];\n";
    let mut bomb = head.to_owned() + "gate g0 a { x a; x a; }\n";
    for level in 1..100 {
        bomb += &format!("gate g{level} a {{ g{} a; g{} a; }}\n", level - 1, level - 1);
    }
    refuses(bomb.clone() + "g30 q[0];", 104, 1, "2147483648 gates");
    refuses(bomb.clone() + "g99 q[0];", 104, 1, "more than 10^19 gates");
    refuses(bomb.replace("{ x a; x a; }", "{ }") + "g99 q[0];", 104, 1, "steps");
    let deep: String = (1..1100)
        .map(|k| format!("gate g{k} a {{ g{} a; }}\n", k - 1))
        .collect();
    refuses(
        format!("{head}gate g0 a {{ x a; }}\n{deep}"),
        1004,
        1,
        "more than 1000 definitions",
    );
    // Nested expressions.
    let parentheses = |count: usize| format!("{head}rx({}1{}) q[0];", "(".repeat(count), ")".repeat(count));
    assert!(read(parentheses(900).as_bytes()).is_ok());
    refuses(parentheses(20_000), 4, 1004, "nested more than 1000 levels");
    refuses(format!("{head}rx({}1) q[0];", "-".repeat(20_000)), 4, 1004, "nested");
    refuses(format!("{head}rx({}1) q[0];", "2^".repeat(20_000)), 4, 2005, "nested");
    // Numbers too large, and broken text.
    refuses("OPENQASM 2.0;\nqreg q[2000000000];", 2, 8, "2000000000");
    refuses("OPENQASM 2.0;\nqreg q[99999999999999999999];", 2, 8, "64 bits");
    refuses("OPENQASM 2.0;\nqreg q[60000]; qreg r[60000];", 2, 21, "120000 qubits");
    refuses(format!("{head}rx(1e999) q[0];"), 4, 4, "too large");
    refuses(format!("{head}rx(9^9^9^9) q[0];"), 4, 7, "too large");
    refuses(format!("{head}rx(1/0) q[0];"), 4, 5, "divides by zero");
    refuses(format!("{head}x q[0];\0"), 4, 8, "U+0000");
    refuses(format!("{head}/* x q[0];"), 4, 1, "never ends");
    refuses(format!("{head}include \"x"), 4, 9, "does not end");
    refuses(b"OPENQASM 2.0;\n\xff\xfe", 2, 1, "UTF-8");
    refuses(format!("{head}{} q[0];", "x".repeat(5000)), 4, 1, "5000 bytes");
    // Long loops, nested loops, powers and controls.
    let head = "OPENQASM 3.0;\ninclude \"stdgates.inc\";\nqubit[2] q;\n";
    refuses(
        format!("{head}for int i in [0:99999999999] x q[0];"),
        4,
        1,
        "100000000000 gates",
    );
    refuses(format!("{head}for int i in [0:99999999999] {{ }}"), 4, 1, "steps");
    refuses(
        format!("{head}{}x q[0];", "for int i in [0:9999] ".repeat(5)),
        4,
        1,
        "more than 10^19 gates",
    );
    refuses(
        format!("{head}int k = 1 << 40; for int i in [0:k] {{}}"),
        4,
        18,
        "steps",
    );
    refuses(
        format!("{head}{}", "for int i in [0:1] ".repeat(100)),
        4,
        1 + 19 * 64,
        "nested more than 64",
    );
    refuses(
        format!("{head}gate g a {{ }} pow(1000000000000) @ g q[0];"),
        4,
        14,
        "steps",
    );
    refuses(
        format!("{head}gate g a {{ x a; }} pow(1000000000000) @ g q[0];"),
        4,
        19,
        "gates",
    );
    refuses(format!("{head}rx(9**9**9**9) q[0];"), 4, 8, "64 bits");
    refuses(format!("{head}ctrl(2000000000) @ x q[0];"), 4, 1, "controls");
}

#[test]
fn a_fuzzer_makes_errors_and_never_panics() {
    // Stage 1: valid files, pieces of text to insert, and a generator of random numbers (xorshift).
    let seeds = [
        "OPENQASM 2.0;\ninclude \"qelib1.inc\";\nqreg q[3];\ncreg c[3];\ngate g(a,b) x,y { rx(a*-b^2/3) x; barrier x; \
         cx x,y; }\nopaque o(t) z;\ng(pi,sin(0.5)) q[0],q[1];\nu3(1e-3,.5,2.) q;\nmeasure q -> c;\n",
        "OPENQASM 3.0;\ninclude \"stdgates.inc\";\nconst int n = 3;\nqubit[n] q; bit[n] c;\nlet a = q[0:1] ++ q[{2}];\n\
         gate f(t) x, y { ctrl @ inv @ rz(t/2) x, y; gphase(t); negctrl @ pow(2) @ h x, y; }\nfloat s = 0.5;\n\
         for uint[8] i in [0:2:n-1] { f(s * i) a[i], q[(i + 1) % n]; s += 1.5; }\npow(0.5) @ f(1) q[0], q[1];\n\
         ctrl(2) @ x q[0], q[1], q[-1]; /* end */ c = measure q; // done\n",
    ];
    let pieces: [&[u8]; 50] = [
        b"(",
        b")",
        b"[",
        b"]",
        b"{",
        b"}",
        b";",
        b",",
        b":",
        b"@",
        b"->",
        b"=",
        b"+",
        b"-",
        b"**",
        b"^",
        b"/",
        b"/*",
        b"//",
        b"\"",
        b"0",
        b"9999999999",
        b"1e308",
        b"-1",
        b".5",
        b"pi",
        b"q",
        b"gate g a",
        b"for int i in [0:9]",
        b"ctrl @",
        b"inv @",
        b"pow(0.3) @",
        b"let z =",
        b"measure",
        b"int[3]",
        b"\xff",
        b"\0",
        "π".as_bytes(),
        b"$0",
        b"#",
        b"reset ",
        b"delay[2ns] ",
        b"box {",
        b"\n@a ",
        b"\npragma b\n",
        b"0.5j",
        b"stretch",
        b"opaque",
        b"global_phase(1)",
        b"'",
    ];
    let rounds = std::env::var("TAIZHANG_FUZZ_ROUNDS")
        .ok()
        .and_then(|rounds| rounds.parse().ok())
        .unwrap_or(4_000);
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as usize % below
    };
    let mut read_well = 0;
    for round in 0..rounds {
        // Stage 2: change a file at one to four places.
        let mut text = seeds[round % 2].as_bytes().to_vec();
        for _ in 0..1 + random(4) {
            let at = random(text.len());
            match random(5) {
                0 => drop(text.remove(at)),
                1 => text[at] = random(256) as u8,
                2 => {
                    let end = (at + random(30)).min(text.len());
                    text.drain(at..end);
                }
                3 => {
                    let end = (at + random(60)).min(text.len());
                    let copy = text[at..end].to_vec();
                    let to = random(text.len());
                    text.splice(to..to, copy);
                }
                _ => drop(text.splice(at..at, pieces[random(pieces.len())].iter().copied())),
            }
            if text.is_empty() {
                break;
            }
        }
        // Stage 3: what is read is consistent, what is refused has a place and a short reason.
        match read(&text) {
            Ok(reading) => {
                read_well += 1;
                let used: usize = reading
                    .sequence
                    .operations
                    .iter()
                    .map(|&n| reading.gates[n as usize].num_qubits)
                    .sum();
                assert_eq!(used, reading.sequence.qubits.len());
                assert!(reading
                    .sequence
                    .qubits
                    .iter()
                    .all(|&qubit| (qubit as usize) < reading.num_qubits));
                assert!(reading
                    .gates
                    .iter()
                    .all(|gate| gate.parameters.iter().all(|&angle| is_right(&reading, angle))));
            }
            Err(error) => {
                assert!(error.line >= 1 && error.column >= 1);
                assert!(error.reason.len() < 500, "{error}");
            }
        }
    }
    assert!(read_well > 0);
}
