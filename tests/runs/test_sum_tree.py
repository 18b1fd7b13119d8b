import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from taizhang.runs.partial_sum import ZERO_EXPONENT, PartialSum
from taizhang.runs.piece_set import PieceSet, ranges_between
from taizhang.runs.sum_tree import SumTree, top_level


def leaf(number):
    if number % 5 == 3:
        return PartialSum(mantissas=np.zeros((1, 2), dtype=complex), exponents=np.array([ZERO_EXPONENT]))
    mantissas = np.array([[1 / (number + 1) + 0.3j, -number / 7]])
    return PartialSum(mantissas=mantissas, exponents=np.array([(number * 37) % 90 - 4000]))


def total(order, count):
    tree = SumTree(lambda group: count)
    for number in order:
        last = tree.insert(0, number, leaf(number))
    assert (last.added.level, last.added.number) == (top_level(count), 0)
    assert not tree.nodes
    return last.sum.to_bytes()


@given(st.data())
def test_the_sum_has_the_same_bits_in_any_order(data):
    count = data.draw(st.integers(1, 40))
    order = data.draw(st.permutations(range(count)))
    assert total(order, count) == total(range(count), count)


@given(st.data())
def test_the_waiting_nodes_cover_the_pieces_done(data):
    count = data.draw(st.integers(2, 64))
    done = data.draw(st.sets(st.integers(0, count - 1), max_size=count - 1))
    tree = SumTree(lambda group: count)
    for number in done:
        tree.insert(0, number, leaf(number))
    covered = [part for node in tree.nodes for part in node.parts(count)]
    assert sorted(covered) == sorted(done)


def test_in_order_no_more_waits_than_there_are_binary_digits():
    tree = SumTree(lambda group: 1000)
    for number in range(1000):
        tree.insert(0, number, leaf(number))
        assert len(tree.nodes) <= 10


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 30))))
def test_a_piece_set_is_a_set(operations):
    pieces, model = PieceSet([range(3, 9)]), set(range(3, 9))
    for put, number in operations:
        if put:
            pieces.add(number)
            model.add(number)
        else:
            assert pieces.remove(number) == (number in model)
            model.discard(number)
        assert len(pieces) == len(model)
        assert [n for entry in pieces.ranges() for n in entry] == sorted(model)
    assert [n for entry in ranges_between(pieces.ranges(), 31) for n in entry] == sorted(set(range(31)) - model)
    assert pieces.take(4) == sorted(model)[:4]


@given(st.lists(st.tuples(st.floats(-1, 1), st.floats(-1, 1), st.integers(-2000, 2000)), min_size=2, max_size=2))
def test_sums_of_one_number_and_of_many_have_the_same_bits(pair):
    def of(re, im, exponent, count):
        mantissas = np.full((1, count), complex(re, im))
        return PartialSum(mantissas=mantissas, exponents=np.array([exponent]))

    single = of(*pair[0], 1).plus(of(*pair[1], 1))
    many = of(*pair[0], 2).plus(of(*pair[1], 2))
    assert single.mantissas.tobytes() == many.mantissas[:, :1].tobytes()
    assert single.exponents.tobytes() == many.exponents.tobytes()
