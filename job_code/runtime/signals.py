"""End the process promptly on SIGTERM, SIGINT and SIGHUP (a closed terminal).

Python runs a signal handler only between two of its own instructions. One call into LightGBM could therefore delay it
for minutes. Besides, SIGTERM does not stop process 1 of a container if the process has no handler. A thread that
waits for the signals avoids both problems.
"""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable

STOPPING_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def stop_promptly(clean_up: Callable[[str], None]) -> None:
    """End the process on a stopping signal, even while other threads are busy.

    Call this before any other thread starts, because threads inherit the blocked signals.

    Args:
        clean_up: Called with the signal's name before the process ends; removes partial results.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING_SIGNALS)

    def wait() -> None:
        number = signal.sigwait(STOPPING_SIGNALS)
        children = multiprocessing.active_children()
        for child in children:
            if child.pid is not None:
                os.kill(child.pid, signal.SIGSTOP)  # or it would continue to write files during the clean-up
        try:
            clean_up(signal.Signals(number).name)
        finally:
            for child in children:
                child.kill()
            os._exit(128 + number)

    threading.Thread(target=wait, name="stop", daemon=True).start()
