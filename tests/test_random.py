from taizhang._random import stream


def test_streams_of_other_names_or_seeds_differ():
    first = [stream(*names).integers(2**62) for names in ((1, "a"), (1, "b"), (2, "a"), (1, "a", 0))]
    assert len(set(first)) == 4
