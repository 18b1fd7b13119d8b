"""Offsets of tensors in the arena."""

from hypothesis import given
from hypothesis import strategies as st

from taizhang.program.buffers import ALIGNMENT, Lifetime, assign_offsets, round_up

lifetimes = st.lists(
    st.builds(
        lambda first, length, size: Lifetime(first, first + length, size),
        st.integers(0, 20),
        st.integers(0, 10),
        st.sampled_from([1, 17, 64, 300, 512, 1000, 4096]),
    ),
    max_size=40,
)


@given(lifetimes)
def test_tensors_alive_at_once_do_not_overlap(lives):
    assert_apart(lives, *assign_offsets(lives))


@given(lifetimes, st.data())
def test_nothing_is_placed_over_tensors_at_the_bottom_while_they_are_alive(lives, data):
    bottom = data.draw(st.lists(st.sampled_from(range(len(lives))), unique=True)) if lives else []
    lives = [life._replace(last=30) if number in bottom else life for number, life in enumerate(lives)]
    offsets, length = assign_offsets(lives, bottom=bottom)
    assert_apart(lives, offsets, length)


def assert_apart(lives, offsets, length):
    for k, (one, start) in enumerate(zip(lives, offsets, strict=True)):
        assert start % ALIGNMENT == 0
        assert start + one.num_elements <= length
        for other, other_start in zip(lives[:k], offsets[:k], strict=True):
            if one.first <= other.last and other.first <= one.last:
                assert start + one.num_elements <= other_start or other_start + other.num_elements <= start


@given(lifetimes)
def test_the_arena_is_never_longer_than_all_tensors_together(lives):
    assert assign_offsets(lives)[1] <= sum(round_up(life.num_elements) for life in lives)


def test_a_chain_needs_two_buffers():
    lives = [Lifetime(step, step + 1, 1024) for step in range(50)]
    assert assign_offsets(lives)[1] == 2 * 1024


def test_tensors_for_the_bottom_are_stacked_from_the_start():
    offsets, _ = assign_offsets([Lifetime(0, 9, 64), Lifetime(3, 9, 16), Lifetime(1, 9, 32)], bottom=[1, 2])
    assert offsets == [48, 0, 16]
