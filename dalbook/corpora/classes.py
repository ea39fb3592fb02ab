"""The names of the classes that clips are labeled with."""

from __future__ import annotations

from collections.abc import Sequence


def class_names(classes: Sequence[str]) -> tuple[str, ...]:
    """The class names as a tuple.

    Raises
    ------
    ValueError
        If there is none, if one comes twice, is blank or not a string.

    Examples
    --------
    >>> class_names(["wren", "robin"])
    ('wren', 'robin')
    """
    if isinstance(classes, str):
        raise ValueError(f"classes must be a list of names, such as [{classes!r}, 'other'], not one string")
    classes = tuple(classes)
    if not classes:
        raise ValueError("classes is empty; name at least one class")
    for name in classes:
        if not isinstance(name, str) or not name.strip():
            raise ValueError(f"a class name must be a string that is not blank, not {name!r}")
        if classes.count(name) > 1:
            raise ValueError(f"class {name!r} comes twice; class names must be unique")
    return classes
