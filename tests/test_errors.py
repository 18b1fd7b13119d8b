import inspect

from taizhang import errors


def test_every_error_is_in_the_drawn_tree():
    classes = [c for _, c in inspect.getmembers(errors, inspect.isclass) if c.__module__ == errors.__name__]
    assert classes
    for error in classes:
        assert issubclass(error, (errors.TaizhangError, UserWarning))
        assert error.__name__ in errors.__doc__


def test_a_circuit_file_error_says_where():
    error = errors.CircuitFileError("gate 'foo' is not known", line=3, column=7, source="a.qasm")
    assert str(error) == "a.qasm, line 3, column 7: gate 'foo' is not known"
    assert (error.line, error.column, error.source) == (3, 7, "a.qasm")
