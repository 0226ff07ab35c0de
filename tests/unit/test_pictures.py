"""The architecture pictures match their source. All pictures are small, and SVGs use no network."""

import re
from pathlib import Path

import pytest

PICTURES = Path(__file__).parents[2] / "docs/pictures"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_architecture_has_the_nodes_and_edges_of_its_source(scheme: str) -> None:
    source = (PICTURES / "architecture.dot").read_text(encoding="utf-8")
    drawn = (PICTURES / f"architecture-{scheme}.svg").read_text(encoding="utf-8")
    titles = [title.replace("&#45;", "-").replace("&gt;", ">") for title in re.findall(r"<title>(.*?)</title>", drawn)]
    nodes = re.findall(r"(?m)^    (\w+) \[label=", source)
    edges = ["->".join(edge) for edge in re.findall(r"(?m)^    (\w+) -> (\w+)", source)]
    assert len(nodes) == 10
    assert sorted(titles) == sorted(["architecture", *nodes, *edges])
    labels = [
        text
        for line in re.findall(r"label=(\"[^\"]*\"|<.*?>[,\]])", source)
        for text in re.split(r"\\n|<[^>]*>|[\"<>,\]]", line)
    ]
    shown = " ".join(re.findall(r"<text[^>]*>(.*?)</text>", drawn))
    assert [label for label in labels if label.strip() and label.strip() not in shown] == []


@pytest.mark.parametrize("picture", ["report-light.png", "report-dark.png", "make-run-light.svg", "make-run-dark.svg"])
def test_pictures_are_small(picture: str) -> None:
    assert 10_000 < (PICTURES / picture).stat().st_size < 300_000


@pytest.mark.parametrize("picture", ["make-run-light.svg", "make-run-dark.svg"])
def test_vector_pictures_use_no_network(picture: str) -> None:
    content = (PICTURES / picture).read_bytes()
    assert b"https://" not in content.replace(b"https://www.textualize.io", b"")
    assert b"url(http" not in content
