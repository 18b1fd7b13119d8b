//! Tests of what is read beyond gates on registers: files without a version, hardware qubits, delays, resets, what other
//! programs write; and of features that are refused by name.

use super::*;
use crate::openqasm::limits::MAX_WARNINGS;

#[track_caller]
fn warns(text: &str, expected: &[&str], warnings: &[(usize, usize, &str)]) {
    let reading = read(text.as_bytes()).unwrap_or_else(|error| panic!("{text}\n{error}"));
    assert_eq!(listed(&reading), expected, "{text}");
    assert_eq!(reading.warnings.len(), warnings.len(), "{:?}", reading.warnings);
    for (warning, (line, column, part)) in reading.warnings.iter().zip(warnings) {
        assert!(warning.reason.contains(part), "{warning}");
        assert_eq!((warning.line, warning.column), (*line, *column), "{warning}");
    }
}

#[test]
fn the_version_may_be_left_out() {
    reads("include \"stdgates.inc\"; qubit[2] q; h q[0];", &["h 0"]);
    reads("include 'qelib1.inc'; qreg q[2]; u2(0,1) q[1];", &["u2|0.0, 1.0| 1"]);
    reads(
        "qreg q[1]; creg c[1]; U(2^2,0,0) q[0]; measure q -> c;",
        &["U|4.0, 0.0, 0.0| 0"],
    );
    reads("qreg q[1]; ctrl @ gphase(0.5) q[0];", &["p|0.5| 0"]);
    reads("gate g a { U(1, 0, 0) a; } g $1;", &["U|1.0, 0.0, 0.0| 1"]);
    refuses("", 1, 1, "declares no qubits");
    refuses("qreg q[1];\nh q;", 2, 1, "add 'include \"qelib1.inc\";'");
    refuses("qubit q;\nOPENQASM 3;", 2, 1, "must come first");
    refuses("OPENQASM 3.0\nqubit q;", 1, 13, "expected ';'");
}

#[test]
fn hardware_qubits_come_after_registers() {
    reads(
        "OPENQASM 3; include 'stdgates.inc'; bit[2] c; h $0; cx $0, $3; let a = $3 ++ $1; x a; barrier $0, $3; \
         delay[1us] $2; reset $2; c[0] = measure $0; measure $3 -> c[1];",
        &["h 0", "cx 0 3", "x 3", "x 1"],
    );
    let text = "OPENQASM 3; include 'stdgates.inc'; qubit[2] q; x $1; qubit r; cx q[1], $0; ctrl @ x r, $1;";
    reads(text, &["x 4", "cx 1 3", "ctrl(1) x 2 4"]);
    assert_eq!(read(text.as_bytes()).expect("reads").num_qubits, 5);
    refuses_each(
        "OPENQASM 3;\ninclude 'stdgates.inc';\n",
        3,
        &[
            ("x $100000;", 3, "out of range"),
            ("x $99999999999999999999999;", 3, "out of range"),
            ("qubit[60000] q; x $50000;", 19, "at most 100000 together"),
            ("x $50000; qubit[60000] q;", 24, "at most 100000"),
            ("x $0[0];", 5, "no index"),
            ("cx $1, $1;", 8, "twice"),
            ("gate g a { x $0; }", 14, "its head names"),
            ("$0 = 3;", 1, "expected a statement"),
            ("bit c; measure c -> $0;", 16, "not a register of qubits"),
        ],
    );
}

#[test]
fn registers_may_be_empty() {
    two(
        "qreg e[0]; creg f[0]; x e; cx e,q[0]; measure e -> f; barrier e; reset e; h q[3];",
        &["h 3"],
    );
    three(
        "qubit[0] e; bit[0] f; x e; f = measure e; let a = e ++ q[1]; h a; let b = e; cx b, q[0];",
        &["h 1"],
    );
    refuses("OPENQASM 2.0; qreg q[0];", 1, 25, "declares no qubits");
    refuses(
        "OPENQASM 2.0; qreg q[1]; qreg e[0];\nU(0,0,0) e[0];",
        2,
        12,
        "no qubits or bits",
    );
    refuses(
        "OPENQASM 3; qubit[0] e; qubit q;\nbarrier e[0:0];",
        2,
        11,
        "this register has 0 qubits",
    );
}

#[test]
fn what_takes_time_only_changes_no_state() {
    three(
        "h q[0]; delay[100ns] q[0]; delay[2 dt] q; delay[1.5us] q[1:2], q[0]; delay[3ms]; delay[.5s] q; nop q[0]; nop;",
        &["h 0"],
    );
    three("delay[1µs] q[0]; delay[1μs] q[1]; delay[0ns];", &[]);
    three(
        "const duration d = 100ns; const duration e = 2 * d + 3dt; stretch s; delay[d] q[0]; delay[-e / 2 - s] q; x q[1];",
        &["x 1"],
    );
    three(
        "for int i in [0:2] { delay[i * 20ns] q[i]; x q[i]; }",
        &["x 0", "x 1", "x 2"],
    );
    three(
        "box { h q[0]; box[20ns] { int k = 1; x q[k]; } barrier q; } measure q[2] -> c[2]; delay[1s] q[2];",
        &["h 0", "x 1"],
    );
    three(
        "gate g a { delay[10ns] a; x a; barrier a; } g[100ns] q[0]; rx(0.5)[2us] q[1];",
        &["x 0", "rx|0.5| 1"],
    );
    warns(
        "OPENQASM 2.0;\nopaque delay(t) a;\nopaque delay_17(t) a;\nqreg q[1];\ndelay(100.0) q[0]; delay_17(2) q[0];",
        &[],
        &[(5, 1, "as a delay"), (5, 20, "as a delay")],
    );
    two(
        "delay(20) q[0]; x q[0]; gate g a { delay(2) a; x a; } g q[1];",
        &["x 0", "x 1"],
    );
}

#[test]
fn fresh_qubits_may_be_reset() {
    two(
        "reset q; h q[0]; reset q[1]; barrier q; reset q[2]; cx q[0],q[1];",
        &["h 0", "cx 0 1"],
    );
    three(
        "for int i in [0:3] { reset q[i]; h q[i]; }",
        &["h 0", "h 1", "h 2", "h 3"],
    );
    // Qiskit's `initialize`: resets, and complex numbers and labels that nothing depends on.
    two(
        "gate prep(a,b) x { h x; } gate initialize(a,b) x { reset x; prep(0.6,0.8j) x; } initialize(0.6,-0.8+0.1j) q[2]; \
         gate lab(a,b) x,y { reset x; reset y; prep(1,+) y; } lab(r,-) q[0],q[1]; gate pauli(a) x { z x; } pauli(XIZ) q[3];",
        &["h 2", "h 1", "z 3"],
    );
    let head = "OPENQASM 2.0;\ninclude \"qelib1.inc\";\nqreg q[2];\ncreg c[2];\ngate i a,b { reset b; x a; x b; }\n";
    refuses_each(
        head,
        6,
        &[
            ("gate k a { x a; reset a; }", 17, "'reset' comes after a gate"),
            ("gate k a,b { x a; i b,a; }", 19, "'reset' comes after a gate"),
            (
                "gate k(t) a { rx(t) a; } k(0.8j) q[0];",
                28,
                "the complex number '0.8j'",
            ),
            ("gate k(t) a { x a; } k(nosuch) q[0];", 24, "'nosuch' is not known"),
            ("gate k(t) a { x a; } k(1,+) q[0];", 22, "2 were given"),
            ("gate k(t) a { x a; } k(+;", 25, "a number, a name"),
        ],
    );
    two("h q[1]; gate i a,b { reset b; x a; } i q[1],q[0];", &["h 1", "x 1"]);
    refuses(
        "OPENQASM 3;\ngate g a { reset a; } qubit[2] q;\nctrl @ g q[0], q[1];",
        3,
        1,
        "no inverse, powers or controls",
    );
}

#[test]
fn what_other_programs_write_is_read_with_a_warning() {
    warns(
        "OPENQASM 3.0;\ninclude \"stdgates.inc\";\nqubit[3] q;\nsxdg q[0]; sxdg q[1];\nrzz(0.5) q[0], q[1]; inv @ csx q[0], q[2];",
        &["sxdg 0", "sxdg 1", "rzz|0.5| 0 1", "csx^-1 0 2"],
        &[(4, 1, "'sxdg' is not part of stdgates.inc"), (5, 1, "'rzz'"), (5, 28, "'csx'")],
    );
    warns(
        "OPENQASM 2.0;\ninclude \"qelib1.inc\";\nqreg q[2];\ngphase(0.25);\nglobal_phase(0.5);\ngphase(0.125) q[0],q[1];\nphase(1) q[0];",
        &["phase|1.0| 0", "phase 0.875000"],
        &[(4, 1, "the global phase exp(iθ)"), (5, 1, "'global_phase'"), (7, 1, "not part of qelib1.inc")],
    );
    warns(
        "OPENQASM 3.0;\ngate global_phase(p0) {\n}\nqubit[1] q;\nglobal_phase(0.7) ; ctrl @ global_phase(0.5) q[0];",
        &["p|0.5| 0", "phase 0.700000"],
        &[(2, 6, "it is read as 'gphase'")],
    );
    reads(
        "OPENQASM 3.0; gate f(t) { gphase(2*t); } qubit q; f(0.25); pow(2) @ f(1);",
        &["phase 4.500000"],
    );
    warns(
        "OPENQASM 3;\ninclude \"qelib1.inc\";\nqubit q;\nphase(1) q;",
        &["phase|1.0| 0"],
        &[(4, 1, "not part of qelib1.inc; it is read as that of stdgates.inc")],
    );
    two("gate gphase(t) a { rz(t) a; } gphase(0.5) q[1];", &["rz|0.5| 1"]);
    // A gate that the file defines itself gives no warning.
    warns(
        "OPENQASM 3.0; include \"stdgates.inc\"; gate sxdg a { inv @ sx a; } qubit q; sxdg q;",
        &["sx^-1 0"],
        &[],
    );
    refuses("OPENQASM 3.0;\nqubit q;\nsxdg q;", 3, 1, "not part of stdgates.inc");
    refuses(
        "OPENQASM 3;\ngate f(t) { gphase(t); } qubit q;\npow(0.5) @ f(1);",
        3,
        1,
        "on no qubits",
    );
}

#[test]
fn annotations_and_pragmas_are_left_out_with_a_warning() {
    warns(
        "OPENQASM 3.0;\nqubit[2] q;\n@verbatim box { ;\npragma some text ; here\n#pragma braket result state_vector\nU(1, 0, 0) q[0];",
        &["U|1.0, 0.0, 0.0| 0"],
        &[(3, 1, "'@verbatim box { ;'"), (4, 1, "some text"), (5, 1, "braket result")],
    );
    reads(
        "OPENQASM 3.0; qubit[2] q; for int i in [0:1]\n@one\n@two x\nU(i, 0, 0) q[i];",
        &["U|0.0, 0.0, 0.0| 0", "U|1.0, 0.0, 0.0| 1"],
    );
    refuses(
        "OPENQASM 3.0;\nqubit q;\n#pragma braket noise bit_flip(0.1) q",
        3,
        1,
        "changes the circuit",
    );
    refuses(
        "OPENQASM 3.0;\nqubit q;\npragma braket unitary([[1,0],[0,1]]) q",
        3,
        1,
        "changes the circuit",
    );
    refuses("OPENQASM 3.0;\nqubit q;\n@end", 3, 1, "followed by nothing");
    refuses("OPENQASM 3.0;\nqubit q;\n# pragma x", 3, 1, "only allowed in '#pragma'");
    let many = format!("OPENQASM 3.0; qubit q;\n{}U(0, 0, 0) q;", "@note\n".repeat(100_000));
    assert_eq!(read(many.as_bytes()).expect("reads").warnings.len(), MAX_WARNINGS);
}

#[test]
fn what_is_missing_is_reported_where_it_is_missing() {
    // The whole message, with its excerpt.
    let error = |text: &str| read(text.as_bytes()).expect_err("is refused");
    let missing = error("OPENQASM 2.0;\ninclude \"qelib1.inc\";\nqreg q[2];\nh q[0]   // why\n\ncx q[0],q[1];");
    assert_eq!((missing.line, missing.column), (4, 7));
    assert!(missing.reason.starts_with("expected ',' or ';'") && missing.reason.contains("'cx' follows"));
    assert_eq!(missing.excerpt, "h q[0]   // why\n      ^");
    // Separators and values that are missing at the end of a line.
    for (text, line, column, part) in [
        ("OPENQASM 2.0\nqreg q[2];", 1, 13, "expected ';'"),
        ("OPENQASM 2.0;\nqreg q[2]\ncreg c[2];", 2, 10, "expected ';'"),
        (
            "OPENQASM 2.0;\nqreg q[2];\ncreg c[2];\nmeasure q -> c",
            4,
            15,
            "the end of the file follows",
        ),
        ("OPENQASM 2.0;\nqreg q[2];\nU(1,2,3 q[0];\n", 3, 9, "')' or ','"),
        ("OPENQASM 2.0;\nqreg q[2];\nU(1,2,(3+\n4) q[0];\n", 4, 4, "')' or ','"),
        ("OPENQASM 2.0;\nqreg q[2];\nU(1,2,\n", 3, 7, "a number, a name"),
        ("OPENQASM 2.0;\nqreg q[2\ncreg c[2];", 2, 9, "']' after the length"),
        ("OPENQASM 2.0;\nqreg q[2];\nCX q[0] q[1];", 3, 8, "expected ',' or ';'"),
        (
            "OPENQASM 3;\nqubit q;\nreset\nU(0,0,0) q;",
            3,
            6,
            "expected a register of qubits",
        ),
        ("OPENQASM 3;\nconst int n =\nqubit[2] q;", 2, 14, "a number, a name"),
        ("OPENQASM 3;\nqubit q;\nU(0, 1,\nU(0,0,0) q;", 3, 8, "a number, a name"),
        (
            "OPENQASM 2.0;\nqreg q[1]; creg c[1];\nmeasure q ->\nbarrier q;",
            3,
            13,
            "expected a register of bits",
        ),
        ("OPENQASM 3;\nqubit[2] q\nbit[2] c;", 2, 11, "expected ';'"),
        ("OPENQASM 3;\nqubit q;\nint n = 3\nU(0,0,0) q;", 3, 10, "expected ';'"),
        (
            "OPENQASM 3;\nqubit q;\nfor int i in [0:3\n{ U(0,0,0) q; }",
            3,
            18,
            "']' after a range",
        ),
        (
            "OPENQASM 3;\nqubit q;\ndelay[10ns] q\nU(0,0,0) q;",
            3,
            14,
            "expected ',' or ';'",
        ),
    ] {
        refuses(text, line, column, part);
    }
}

#[test]
fn features_of_the_language_are_refused_by_name() {
    // Features of OpenQASM 3.
    let head = "OPENQASM 3.0;\ninclude \"stdgates.inc\";\nqubit[4] q;\nbit[4] c;\nint k = 1; duration d = 1ns;\n";
    refuses_each(
        head,
        6,
        &[
            ("else { x q[0]; }", 1, "'else' is not supported"),
            ("extern f(int) -> int;", 1, "'extern' is not supported"),
            ("defcalgrammar \"openpulse\";", 1, "'defcalgrammar' is not supported"),
            ("defcal x $0 { play(drive($0)); }", 1, "'defcal' is not supported"),
            ("cal { }", 1, "'cal' is not supported"),
            ("output bit r;", 1, "'output' is not supported"),
            ("array[int[8], 16] a;", 1, "'array' is not supported"),
            ("complex[float] z = 2im;", 1, "'complex' is not supported"),
            ("delay[durationof({x $0;})] $1;", 7, "'durationof' is not supported"),
            ("int n = sizeof(c);", 9, "'sizeof' is not supported"),
            ("int n = popcount(c);", 9, "'popcount' is not supported"),
            ("int n = rotl(c, 1);", 9, "'rotl' is not supported"),
            ("rx(real(2)) q[0];", 4, "'real' is not supported"),
            ("rx(2im) q[0];", 4, "the complex number '2im'"),
            ("int n = k[0];", 10, "an index into a number"),
            ("k[0] = 1;", 2, "an index into a number"),
            ("k[0] = measure q[0];", 2, "an index into a number"),
            ("c |= \"0101\";", 6, "expected a number"),
            ("bit[4] e = bit[4](k);", 12, "a value of the type 'bit'"),
            (
                "for bit b in c { x q[0]; }",
                5,
                "'bit' is not a supported type of a loop variable",
            ),
            ("int n = int(c);", 13, "no value before the circuit runs"),
            ("delay[k] q;", 7, "expected a duration, got 1;"),
            ("delay[100] q;", 7, "expected a duration, got 100;"),
            ("delay[2 * d / d] q;", 13, "between two durations"),
            ("delay[d * d] q;", 9, "between two durations"),
            ("bool b = d < 2ns;", 12, "between two durations"),
            ("rx(d) q[0];", 4, "got a duration"),
            ("int n = d;", 9, "a duration does not fit the type int"),
            ("duration e = 3;", 14, "3 does not fit the type duration"),
            ("x q[d];", 5, "got a duration"),
            ("stretch s = 3ns;", 11, "settled later"),
            ("qubit r[2];", 8, "write it there, as in 'qubit[2] r;'"),
            ("bit r[2];", 6, "write it there, as in 'bit[2] r;'"),
            (
                "gate g a { for int i in [0:1] { x a; } }",
                12,
                "'for' is not supported here",
            ),
            ("gate g a { if (true) { x a; } }", 12, "'if'"),
            ("end;", 1, "'end' is not supported"),
            ("box { x q[0];", 14, "the file ends within a box"),
            ("box { qubit r; }", 7, "before the loop or box"),
        ],
    );
    // Features of OpenQASM 3 in OpenQASM 2, and boxes nested too deeply.
    refuses("OPENQASM 2.0;\nqubit[2] q;", 2, 1, "'qubit' belongs to OpenQASM 3");
    refuses(
        "OPENQASM 2.0;\nqreg q[1];\nctrl @ U(0,0,0) q[0];",
        3,
        1,
        "'ctrl' belongs to OpenQASM 3",
    );
    let nested = format!("{head}{}", "box { ".repeat(100));
    refuses(nested, 6, 1 + 6 * 64, "nested more than 64");
}

#[test]
fn aliases_of_bits_and_names_of_gates_are_measured_into() {
    three("let a = c[0:1] ++ c[3]; a[1] = measure q[0]; measure q[1:3] -> a; bit[2] x; x[0] = measure q[0]; let b = q[0]; delay[1ns] b;", &[]);
}
