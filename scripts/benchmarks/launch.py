"""Run one command and tell how long it took, the most memory that a process of it needed, and how it ended.

    python -I -S launch.py INPUT COMMAND...

It imports next to nothing: what getrusage says of a command includes what the process that started it had in memory.
"""

import os
import sys
import time


def main() -> None:
    """Command line; INPUT is a file for standard input, or empty."""
    given, command = sys.argv[1], sys.argv[2:]
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, given or os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
    ]
    begun = time.perf_counter()
    process = os.posix_spawnp(command[0], command, os.environ, file_actions=actions)
    _, status, usage = os.wait4(process, 0)
    seconds = time.perf_counter() - begun
    print(seconds, usage.ru_maxrss * 1024, os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    main()
