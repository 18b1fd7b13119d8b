//! Tests of inputs: angles without a value, and what may be made of them.

use super::*;

const HEAD: &str = "OPENQASM 3.0;\ninclude \"stdgates.inc\";\ninput float[64] gamma; input angle[32] beta; input float x; input angle b;\nqubit[2] q;\n";

#[track_caller]
fn gives(body: &str, expected: &[&str]) {
    reads(&format!("{HEAD}{body}"), expected);
}

#[test]
fn inputs_are_kept_in_angles() {
    let reading = read(format!("{HEAD}rx(b) q[0]; rx(gamma) q[1];").as_bytes()).expect("reads");
    assert_eq!(reading.inputs, ["gamma", "beta", "x", "b"]);
    gives(
        "rx(gamma) q[0]; rz(2*gamma) q;",
        &["rx|1.0 gamma| 0", "rz|2.0 gamma| 0", "rz|2.0 gamma| 1"],
    );
    gives("rx(-beta + 1) q[0];", &["rx|-1.0 beta + 1.0| 0"]);
    gives(
        "rx(gamma/2 - beta*4 + 0.5) q[0];",
        &["rx|0.5 gamma + -4.0 beta + 0.5| 0"],
    );
    gives(
        "rx(2*(gamma + 3*(beta - gamma)) + gamma) q[0];",
        &["rx|-3.0 gamma + 6.0 beta| 0"],
    );
    gives(
        "rx(gamma - gamma + 0.25) q[0]; rx(0*gamma) q[0];",
        &["rx|0.25| 0", "rx|0.0| 0"],
    );
    gives("U(gamma, 0.5, +b) q[1];", &["U|1.0 gamma, 0.5, 1.0 b| 1"]);
    // A name of an input may be that of a gate, too.
    gives("x q[0]; rx(x) q[0];", &["x 0", "rx|1.0 x| 0"]);
}

#[test]
fn inputs_go_through_variables_casts_and_loops() {
    gives(
        "float t = gamma/4; t += beta; t *= 2; rx(t) q[0];",
        &["rx|0.5 gamma + 2.0 beta| 0"],
    );
    gives("angle t = float(gamma); rx(angle(t)) q[0];", &["rx|1.0 gamma| 0"]);
    gives(
        "for int i in [0:2] { rx(i*gamma) q[0]; }",
        &["rx|0.0| 0", "rx|1.0 gamma| 0", "rx|2.0 gamma| 0"],
    );
    gives(
        "for float t in {gamma, 2*beta} rx(t) q[0];",
        &["rx|1.0 gamma| 0", "rx|2.0 beta| 0"],
    );
}

#[test]
fn inputs_go_through_definitions_and_modifiers() {
    gives(
        "gate zz(t) a, b { cx a,b; rz(2*t) b; cx a,b; } zz(gamma/2) q[0], q[1]; inv @ zz(beta + 1) q[0], q[1];",
        &[
            "cx 0 1",
            "rz|1.0 gamma| 1",
            "cx 0 1",
            "cx^-1 0 1",
            "rz|-2.0 beta + -2.0| 1",
            "cx^-1 0 1",
        ],
    );
    gives("ctrl @ rx(gamma) q[0], q[1];", &["ctrl(1) rx|1.0 gamma| 0 1"]);
    gives(
        "pow(2) @ rx(gamma + 1) q[0]; pow(0.5) @ rz(gamma) q[0];",
        &["rx|2.0 gamma + 2.0| 0", "rz|0.5 gamma| 0"],
    );
    gives("pow(0) @ rx(gamma) q[0];", &[]);
    gives("inv @ U(gamma, 0, 0) q[0];", &["U|1.0 gamma, 0.0, 0.0|^-1 0"]);
    gives(
        "gate g(t) a { rx(t) a; rz(-t) a; } pow(2) @ g(b) q[0];",
        &["rx|1.0 b| 0", "rz|-1.0 b| 0", "rx|1.0 b| 0", "rz|-1.0 b| 0"],
    );
}

#[test]
fn phases_of_inputs_are_gathered() {
    gives(
        "gphase(gamma); gphase(2*beta + 0.5); gphase(-gamma);",
        &["phase 2.0 beta", "phase 0.500000"],
    );
    gives("ctrl @ gphase(2*gamma) q[0];", &["p|2.0 gamma| 0"]);
    gives(
        "gate g(t) a { gphase(t/2); rz(t) a; } g(gamma) q[0];",
        &["rz|1.0 gamma| 0", "phase 0.5 gamma"],
    );
}

#[test]
fn what_inputs_cannot_do_is_refused() {
    refuses_each(
        HEAD,
        5,
        &[
            ("rx(sin(gamma)) q[0];", 4, "the function sin of an input"),
            ("rx(pow(gamma, 2)) q[0];", 4, "the function pow of an input"),
            ("rx(mod(2, gamma)) q[0];", 4, "the function mod of an input"),
            ("rx(gamma*beta) q[0];", 9, "sums of inputs times numbers only"),
            ("rx(1/gamma) q[0];", 5, "sums of inputs times numbers only"),
            ("rx(gamma**2) q[0];", 9, "sums of inputs times numbers only"),
            ("rx(gamma/0) q[0];", 9, "divided by zero"),
            ("rx(1e300*gamma*1e300) q[0];", 15, "too large"),
            ("rx(1/2*gamma) q[0];", 5, "leaves a remainder"),
            ("rx(int(gamma)) q[0];", 4, "no value that could be of the type int[64]"),
            ("bool t = gamma;", 10, "no value that could be of the type bool"),
            ("bool t = gamma < 1;", 16, "sums of inputs times numbers only"),
            (
                "int n = 0; n += gamma;",
                12,
                "no value that could be of the type int[64]",
            ),
            (
                "rx(0.5) q[gamma];",
                11,
                "expected an integer, got an input without a value",
            ),
            (
                "for int i in [0:gamma] x q[0];",
                17,
                "expected an integer, got an input",
            ),
            (
                "for int i in {gamma} x q[0];",
                15,
                "no value that could be of the type int[64]",
            ),
            ("if (gamma > 0) { x q[0]; }", 11, "sums of inputs times numbers only"),
            ("qubit[gamma] r;", 7, "must be constant"),
            ("const float c = gamma;", 17, "depends on a variable"),
            (
                "pow(gamma) @ x q[0];",
                5,
                "expected a number, got an input without a value",
            ),
            ("pow(2) @ U(gamma, 0, 0) q[0];", 1, "this power of it is no sum"),
            (
                "gate g(t) a { rx(t) a; } pow(0.5) @ g(gamma) q[0];",
                26,
                "this power of it is no sum",
            ),
            ("gate g a { rx(gamma) a; }", 15, "make it a parameter of the gate"),
            ("gamma = 0.5;", 1, "is an input and cannot be assigned"),
            ("delay[gamma] q[0];", 7, "expected a duration"),
            ("input int n;", 7, "an input of the type 'int' is not supported"),
            ("input bit c;", 7, "an input of the type 'bit' is not supported"),
            ("input bool c;", 7, "an input of the type 'bool' is not supported"),
            ("input float[64] gamma;", 17, "declared twice"),
            ("input float[0] t;", 7, "is not supported"),
            ("input float pi;", 13, "a word of the language"),
            ("input float t = 3;", 14, "expected ';'"),
            ("input float;", 12, "the name of an input"),
            ("for int i in [0:1] { input float t; }", 22, "not allowed in a loop"),
        ],
    );
    refuses(
        format!("{HEAD}input float {};", "a".repeat(257)),
        5,
        13,
        "more than 256 characters",
    );
}

#[test]
fn expressions_of_many_inputs_are_bounded() {
    let mut text = HEAD.to_owned();
    let names: Vec<String> = (0..3000).map(|k| format!("t{k}")).collect();
    names.iter().for_each(|name| text += &format!("input float {name};"));
    // A sum of 3000 inputs takes 4.5 million terms on the way.
    let sum = names.join("+");
    refuses(
        format!("{text}\nrx({sum}) q[0];"),
        6,
        4 + sum.rfind("+t2826").expect("a term"),
        "terms in them",
    );
}
