"""Too few clips of a class are said before anything is learned."""

import numpy as np
import pytest

from dalbook.learners.class_counts import check_classes


def test_classes_with_too_few_clips_are_named():
    labels = np.array([0] * 5 + [1] * 5 + [2] * 2 + [-1] * 4)
    check_classes(labels, ["a", "b"], np.arange(10))
    with pytest.raises(ValueError, match=r"training folds: b \(2\), c \(none\); each class needs at least 3: .*leave"):
        check_classes(labels, ["a", "b", "c"], np.arange(7))
    check_classes(labels, ["a", "b", "c"], np.arange(16), minimum=2)
