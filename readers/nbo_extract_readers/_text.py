"""Text that XML can carry."""

from __future__ import annotations

import re

from nbo_extract import values

#: A run of characters that XML does not allow.
ILLEGAL = re.compile(f"{values.ILLEGAL.pattern}+")


def clean(text: str) -> str:
    """Leave out the characters that XML does not allow."""
    return text if text.isprintable() else ILLEGAL.sub("", text)
