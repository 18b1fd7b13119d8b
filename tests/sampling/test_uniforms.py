import numpy as np

from taizhang.sampling.uniforms import BLOCK, Uniforms


def test_numbers_belong_to_shots_however_they_are_drawn():
    numbers = Uniforms(3, "method")
    at_once = numbers.draw(0, 2 * BLOCK + 100, "bit", 1)
    parts = [numbers.draw(first, count, "bit", 1) for first, count in ((0, 10), (10, BLOCK), (BLOCK + 10, BLOCK + 90))]
    assert np.array_equal(at_once, np.concatenate(parts))


def test_seeds_methods_and_purposes_have_numbers_of_their_own():
    draws = [
        Uniforms(1, "a").draw(0, 5, "x"),
        Uniforms(2, "a").draw(0, 5, "x"),
        Uniforms(1, "b").draw(0, 5, "x"),
        Uniforms(1, "a").draw(0, 5, "y"),
    ]
    assert len({tuple(draw) for draw in draws}) == 4
