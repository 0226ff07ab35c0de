"""Ends the process promptly when it is told to stop.

Python runs a signal handler only between two of its own instructions, so one call into LightGBM could hold it up
for minutes; and as process 1 of a container, a process without a handler is not stopped by SIGTERM at all. A thread
that waits for the signals has neither problem.
"""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable

STOPPING_SIGNALS = (signal.SIGTERM, signal.SIGINT)


def stop_promptly(clean_up: Callable[[str], None]) -> None:
    """Ends the process on SIGTERM and SIGINT, whatever its other threads are doing.

    Call it before any other thread is started: threads inherit which signals are left to the one that waits.

    Args:
        clean_up: Called with the signal's name before the process ends; removes what is half done.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING_SIGNALS)

    def wait() -> None:
        number = signal.sigwait(STOPPING_SIGNALS)
        children = multiprocessing.active_children()
        for child in children:
            if child.pid is not None:
                os.kill(child.pid, signal.SIGSTOP)  # it would go on writing what is being removed
        try:
            clean_up(signal.Signals(number).name)
        finally:
            for child in children:
                child.kill()
            os._exit(128 + number)

    threading.Thread(target=wait, name="stop", daemon=True).start()
