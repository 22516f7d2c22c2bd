"""Text that XML can carry."""

from __future__ import annotations

_ILLEGAL = dict.fromkeys([*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF, *range(0xD800, 0xE000)])


def clean(text: str) -> str:
    """Leave out the characters that XML does not allow."""
    return text if text.isprintable() else text.translate(_ILLEGAL)
