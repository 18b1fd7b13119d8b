import copy
import inspect

from taizhang import errors


def test_every_error_is_in_the_drawn_tree():
    classes = [c for _, c in inspect.getmembers(errors, inspect.isclass) if c.__module__ == errors.__name__]
    assert classes
    for error in classes:
        assert issubclass(error, (errors.TaizhangError, Warning))
        assert error.__name__ in errors.__doc__


def test_a_circuit_file_error_says_where():
    error = errors.CircuitFileError("gate 'foo' is not known", line=3, column=7, source="a.qasm")
    assert str(error) == "a.qasm, line 3, column 7: gate 'foo' is not known"
    assert (error.line, error.column, error.source) == (3, 7, "a.qasm")


def test_a_circuit_file_error_shows_the_line_below_its_sentence():
    error = errors.CircuitFileError("no", line=2, column=5, source="a.qasm", excerpt="foo q;\n    ^")
    assert str(error) == "a.qasm, line 2, column 5: no\n  foo q;\n      ^"
    assert error.sentence == "a.qasm, line 2, column 5: no"
    again = copy.copy(error)
    assert (str(again), vars(again)) == (str(error), vars(error))
    warning = errors.CircuitFileWarning("odd", line=2, column=5, excerpt="foo q;\n    ^")
    assert str(warning) == warning.sentence == "line 2, column 5: odd"
