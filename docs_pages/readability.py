"""Measure how easy the prose of a page is to read: the Flesch reading ease, by textstat.

textstat counts words and sentences. It looks up syllables in the CMU Pronouncing Dictionary, which is installed with
it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import textstat

# Pages that operators and newcomers read first. 50 and above is "fairly difficult" prose or easier.
MEASURED = ("README.md", "docs/runbook.md")
MIN_READING_EASE = 50.0

# Code blocks, comments, rows of tables, and headings.
NOT_PROSE = re.compile(r"^(```|~~~).*?^\1[^\n]*$|<!--.*?-->|^\|[^\n]*$|^#[^\n]*$", re.MULTILINE | re.DOTALL)
TAG = re.compile(r"</?\w[^>]*>")
LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
CODE = re.compile(r"`([^`]*)`")
ITEM = re.compile(r"^\s*([-*]|\d+\.)\s+", re.MULTILINE)
SENTENCE = re.compile(r"(?<=[.!?])\s+")


@dataclass(frozen=True)
class Sentence:
    """A sentence with its own reading ease.

    Attributes:
        ease: Flesch reading ease.
        text: The sentence.
    """

    ease: float
    text: str


def reading_ease(markdown: str) -> float:
    """Return the Flesch reading ease of a page's prose: about 60 for plain English, less for harder prose."""
    return float(textstat.flesch_reading_ease("\n".join(sentences(markdown))))


def hardest(markdown: str, count: int) -> list[Sentence]:
    """Return the sentences with the lowest reading ease, the hardest first."""
    rated = [Sentence(float(textstat.flesch_reading_ease(text)), text) for text in sentences(markdown)]
    return sorted(rated, key=lambda each: each.ease)[:count]


def sentences(markdown: str) -> Iterator[str]:
    """Yield the sentences of a page: no code blocks, tables, headings, pictures and link targets.

    A name in code counts as the words that a reader sees: `max_runtime_minutes` has three.
    """
    text = ITEM.sub("\n\n", LINK.sub(r"\1", NOT_PROSE.sub("", markdown)))
    text = TAG.sub("", CODE.sub(lambda span: " ".join(re.findall(r"[A-Za-z][a-z]*|\d+", span[1])), text))
    for paragraph in re.split(r"\n\s*\n", text):
        for sentence in SENTENCE.split(" ".join(paragraph.replace("*", "").split())):
            # textstat ends a sentence at every full stop, also at the one in 0.5.
            if words := re.sub(r"(?<=\d)[.,](?=\d)", "", sentence).strip(" .:;!?"):
                yield f"{words}."
