"""``python -m nbo_extract``."""

from __future__ import annotations

from nbo_extract.cli import main

if __name__ == "__main__":
    main()
