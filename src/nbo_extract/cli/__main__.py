"""``python -m nbo_extract.cli``."""

from nbo_extract.cli import main

if __name__ == "__main__":
    main()
