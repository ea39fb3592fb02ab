import numpy as np
from numpy.testing import assert_array_equal

from dalbook.learners.masks import mask_key, mask_words, stream, unpack

WORD = (1 << 64) - 1


def splitmix(key: int, counter: int) -> int:
    """SplitMix64's finalizer in plain Python integers."""
    z = (key + (counter + 1) * 0x9E3779B97F4A7C15) & WORD
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & WORD
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & WORD
    return z ^ (z >> 31)


def test_words_are_splitmix64_of_a_counter():
    key = mask_key(3, "train", 7)
    words = mask_words(key, 4, 130)
    assert_array_equal(words.ravel(), [splitmix(int(key), i) for i in range(12)])


def test_bit_j_of_a_mask_is_bit_j_mod_64_of_word_j_div_64():
    words = mask_words(np.uint64(9), 2, 100)
    masks = unpack(words, 100)
    assert masks.shape == (2, 100)
    assert masks[1, 70] == bool((int(words[1, 1]) >> 6) & 1)
    assert [masks[0, j] for j in range(64)] == [bool((int(words[0, 0]) >> j) & 1) for j in range(64)]


def test_half_of_the_inputs_are_kept_independently():
    masks = unpack(mask_words(mask_key(0, "scan"), 2000, 512), 512).astype(float)
    assert abs(masks.mean() - 0.5) < 0.002
    # correlations between columns, and between a mask and the next: 2000 draws have a standard deviation of 0.022
    assert np.abs(np.corrcoef(masks[:, :64].T)[np.triu_indices(64, 1)]).max() < 0.12
    assert abs(np.corrcoef(masks[:-1].ravel(), masks[1:].ravel())[0, 1]) < 0.005


def test_streams_differ_by_seed_purpose_and_step():
    keys = {
        int(mask_key(seed, purpose, step))
        for seed in range(3)
        for purpose in ("train", "scan", "predict")
        for step in range(3)
    }
    assert len(keys) == 27
    assert_array_equal(stream(1, "train", 2).generate_state(4), stream(1, "train", 2).generate_state(4))
