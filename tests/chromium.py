"""A headless Chromium or Chrome of this computer. Playwright drives it and downloads no browser."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
REPEATABLE = (
    "--font-render-hinting=none",
    "--disable-lcd-text",
    "--disable-partial-raster",
)  # same picture, same bytes
HOW_TO_INSTALL = "neither Chromium nor Chrome is on the PATH; on Debian: apt-get install chromium"


def find_chromium() -> str | None:
    """Return the path of the first browser on the PATH."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


@contextmanager
def launched(path: str) -> Iterator[Browser]:
    """Start the browser without a window, and end it after the block.

    Args:
        path: The browser.
    """
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*REPEATABLE])
        try:
            yield browser
        finally:
            browser.close()
