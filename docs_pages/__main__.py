"""Write or check the generated pages, or measure the prose."""

import argparse
import sys

from docs_pages import avoided_words, readability
from docs_pages.generated import ROOT, stale_pages, write_pages

COMMAND = "python -m docs_pages"


def main() -> int:
    """Do what the option asks for; return 1 if a check fails."""
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__)
    action = parser.add_mutually_exclusive_group()
    action.add_argument("--check", action="store_true", help="fail if a generated page is stale; write nothing")
    action.add_argument("--readability", action="store_true", help="print the Flesch reading ease and hard sentences")
    action.add_argument("--words", action="store_true", help="count the words that the repository avoids")
    options = parser.parse_args()
    if options.check:
        return _check()
    if options.readability:
        return _readability()
    if options.words:
        return _words()
    for name in write_pages(ROOT):
        print(f"{name}: written")
    return 0


def _check() -> int:
    stale = stale_pages(ROOT)
    for name in stale:
        print(f"{name} differs from the code. Run {COMMAND} and commit the page.", file=sys.stderr)
    return 1 if stale else 0


def _readability() -> int:
    eases = {name: readability.reading_ease((ROOT / name).read_text(encoding="utf-8")) for name in readability.MEASURED}
    for name, ease in eases.items():
        print(f"{ease:5.1f}  {name} (at least {readability.MIN_READING_EASE:.0f})")
        for sentence in readability.hardest((ROOT / name).read_text(encoding="utf-8"), count=5):
            print(f"       {sentence.ease:5.1f}  {sentence.text}")
    return 1 if min(eases.values()) < readability.MIN_READING_EASE else 0


def _words() -> int:
    for word, count in avoided_words.counts(ROOT).items():
        print(f"{count:5d}  {word}")
    places = list(avoided_words.occurrences(ROOT))
    for place, word in places:
        print(f"{place}: {word}", file=sys.stderr)
    return 1 if places else 0


if __name__ == "__main__":
    sys.exit(main())
