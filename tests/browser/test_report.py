"""The report in a real browser: on a desktop and on a phone, light and dark."""

import re
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import DEVICES, HOSTILE, Opened
from tests.demand import Finished

Open = Callable[..., Opened]
WIDTH = {name: device["viewport"]["width"] for name, device in DEVICES.items()}

# The lowest contrast of the page's texts: WCAG's ratio of a text's color to the nearest opaque background.
LOWEST_CONTRAST = """() => {
  const numbers = (color) => color.match(/[\\d.]+/g).map(Number);
  const luminance = (color) => {
    const [r, g, b] = numbers(color).map((v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const background = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const parts = numbers(getComputedStyle(at).backgroundColor);
      if (parts.length === 3 || parts[3] === 1) return getComputedStyle(at).backgroundColor;
    }
  };
  return [...document.body.querySelectorAll("*")]
    .filter((e) => e.checkVisibility() && [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))
    .map((e) => {
      const [low, high] = [luminance(getComputedStyle(e).color), luminance(background(e))].sort((a, b) => a - b);
      return [(high + 0.05) / (low + 0.05), e.textContent.trim().slice(0, 40)];
    })
    .sort((a, b) => a[0] - b[0])[0];
}"""


def brightness(page: Page) -> float:
    color = page.evaluate("getComputedStyle(document.body).backgroundColor")
    return sum(map(int, re.findall(r"\d+", color)[:3])) / 3 / 255


def total_plot(page: Page) -> Locator:
    return page.locator("#total .plot")


def point_at(plot: Locator, share: float) -> tuple[float, float]:
    """Return the point of the window at a share of the plot's width."""
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    assert box is not None
    return box["x"] + share * box["width"], box["y"] + box["height"] / 2


def assert_fits(page: Page, device: str) -> None:
    """Check that the page does not scroll sideways. A phone would also zoom out, and the window would be wider."""
    assert page.evaluate("[window.innerWidth, document.documentElement.scrollWidth]") == [WIDTH[device]] * 2


def numbers_of(text: str) -> list[float]:
    return [float(each.replace(",", "")) for each in re.findall(r"-?[\d,]*\.?\d+", text)]


def forecast_of(finished: Finished, key: str) -> list[tuple[str, list[float]]]:
    rows = finished.of(key).sort("ds").with_columns(pl.col("ds").dt.strftime("%Y-%m-%d"))
    return [(row["ds"], [row["mean"], row["q10"], row["q90"]]) for row in rows.iter_rows(named=True)]


def chosen_rows(page: Page) -> list[tuple[str, list[float]]]:
    rows = page.locator("#chosen-numbers tbody tr").all()
    return [(row.locator("th").inner_text(), numbers_of(" ".join(row.locator("td").all_inner_texts()))) for row in rows]


def assert_chosen(page: Page, finished: Finished, key: str) -> None:
    expect(page.locator("#chosen-name")).to_have_text(key)
    shown, expected = chosen_rows(page), forecast_of(finished, key)
    assert [day for day, _ in shown] == [day for day, _ in expected]
    for (_, numbers), (_, stored) in zip(shown, expected, strict=True):
        assert numbers == pytest.approx(stored, rel=1e-3)


@pytest.mark.parametrize("device", ["desktop", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_opens_without_errors_and_fits_the_screen(
    open_report: Open, report: Path, device: str, scheme: str
) -> None:
    opened = open_report(device, scheme)
    page = opened.page
    assert brightness(page) > 0.9 if scheme == "light" else brightness(page) < 0.15
    for details in page.locator("details:visible").all():
        details.locator("summary").click()
    assert page.locator("details table").count() >= 8
    assert_fits(page, device)
    scrolls = "[...document.querySelectorAll('body *')].filter((e) => e.scrollWidth > e.clientWidth + 1 &&"
    scrolls += " ['auto', 'scroll'].includes(getComputedStyle(e).overflowX)).map((e) => e.textContent.slice(0, 40))"
    assert page.evaluate(scrolls) == []
    contrast, text = page.evaluate(LOWEST_CONTRAST)
    assert contrast >= 4.5, text
    assert opened.logged == []
    assert opened.requested == [report.as_uri()]
    assert report.stat().st_size < 2_000_000


def test_the_pointer_shows_the_values_of_its_period(open_report: Open, finished: Finished) -> None:
    page = open_report().page
    total = finished.manifest["total"]
    plot = total_plot(page)
    count = int(plot.get_attribute("aria-valuemax") or 0) + 1
    for ahead, (day, value) in enumerate(reversed(total.items())):
        page.mouse.move(*point_at(plot, (count - ahead - 0.5) / count))
        lines = plot.locator(".tip").inner_text().splitlines()
        assert lines[0] == day
        assert numbers_of(lines[lines.index("forecast") + 1]) == pytest.approx([value], rel=1e-3)
    page.mouse.move(*point_at(plot, (count - len(total) - 0.5) / count))
    assert "published run" in plot.locator(".tip").inner_text()
    assert "demand" in plot.locator(".tip").inner_text()
    page.mouse.move(0, 0)
    expect(plot.locator(".tip")).to_have_count(0)


def test_a_finger_shows_the_values_within_the_screen(open_report: Open, finished: Finished) -> None:
    page = open_report("phone").page
    plot = page.locator("#chosen-plot .plot")
    for share in (0.01, 0.5, 0.998):
        page.touchscreen.tap(*point_at(plot, share))
        box = plot.locator(".tip").bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= WIDTH["phone"]
    lines = plot.locator(".tip").inner_text().splitlines()
    day, (mean, low, high) = forecast_of(finished, HOSTILE)[-1]
    assert lines[0] == day
    assert numbers_of(lines[lines.index("forecast") + 1]) == pytest.approx([mean], rel=1e-3)
    assert numbers_of(lines[lines.index("q10 to q90") + 1]) == pytest.approx([low, high], rel=1e-3)
    assert_fits(page, "phone")
    page.touchscreen.tap(5, 5)
    expect(page.locator(".tip")).to_have_count(0)


def test_arrow_keys_show_the_values_and_name_them_for_screen_readers(open_report: Open, finished: Finished) -> None:
    page = open_report().page
    plot = total_plot(page)
    page.locator("nav a").last.focus()
    page.keyboard.press("Tab")
    expect(plot).to_be_focused()
    days = [*finished.manifest["total"]]
    assert (plot.get_attribute("aria-valuetext") or "").startswith(f"{days[0]}, ")
    page.keyboard.press("ArrowRight")
    text = plot.get_attribute("aria-valuetext") or ""
    assert text.startswith(f"{days[1]}, ")
    assert numbers_of(text.split("forecast ")[1])[0] == pytest.approx(finished.manifest["total"][days[1]], rel=1e-3)
    page.keyboard.press("End")
    assert (plot.get_attribute("aria-valuetext") or "").startswith(f"{days[-1]}, ")
    page.keyboard.press("Escape")
    expect(page.locator(".tip")).to_have_count(0)


@pytest.mark.parametrize("device", ["desktop", "phone"])
def test_a_typed_key_selects_a_series_with_its_numbers(open_report: Open, finished: Finished, device: str) -> None:
    page = open_report(device).page
    search, buttons = page.get_by_label("Find a series by its key"), page.locator("#choices button")
    search.fill("a017")
    assert_chosen(page, finished, "A017")
    search.fill("A02")
    expect(page.locator("#matches")).to_have_text("10 series match.")
    expect(buttons).to_have_count(10)
    assert_chosen(page, finished, "A017")
    (buttons.nth(4).tap if device == "phone" else buttons.nth(4).click)()
    assert_chosen(page, finished, "A024")
    expect(buttons.nth(4)).to_have_attribute("aria-pressed", "true")
    search.press("Enter")
    assert_chosen(page, finished, "A020")
    search.fill("nothing like it")
    expect(page.locator("#matches")).to_have_text("0 series match.")
    expect(buttons).to_have_count(0)
    search.press("Enter")
    assert_chosen(page, finished, "A020")


def test_a_selected_series_shows_its_chart(open_report: Open, finished: Finished) -> None:
    page = open_report().page
    page.get_by_label("Find a series by its key").fill("A033")
    plot = page.locator("#chosen-plot .plot")
    expect(plot).to_have_attribute("aria-label", "Demand and forecast of A033")
    page.mouse.move(*point_at(plot, 0.999))
    day, (mean, _, _) = forecast_of(finished, "A033")[-1]
    lines = plot.locator(".tip").inner_text().splitlines()
    assert lines[0] == day
    assert numbers_of(lines[lines.index("forecast") + 1]) == pytest.approx([mean], rel=1e-3)
    dot, line = plot.locator(".dot").bounding_box(), plot.locator("path.line.forecast").bounding_box()
    assert dot is not None
    assert line is not None
    assert dot["x"] + dot["width"] / 2 == pytest.approx(line["x"] + line["width"], abs=2)


def test_hostile_keys_are_inert(open_report: Open) -> None:
    opened = open_report()
    page = opened.page
    page.get_by_label("Find a series by its key").fill(HOSTILE)
    expect(page.locator("#chosen-name")).to_have_text(HOSTILE)
    page.mouse.move(*point_at(page.locator("#chosen-plot .plot"), 0.5))
    assert page.locator("img").count() == 0
    assert page.locator("script").count() == 2
    assert page.evaluate("window.hacked") is None
    assert opened.logged == []


def test_the_page_runs_no_script_but_its_own(open_report: Open) -> None:
    opened = open_report()
    opened.page.evaluate(
        "document.body.append(Object.assign(document.createElement('script'), {text: 'window.hacked = 1'}))"
    )
    assert opened.page.evaluate("window.hacked") is None
    assert any("Content Security Policy" in text for text in opened.logged)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_switch_changes_between_light_and_dark(open_report: Open, scheme: str) -> None:
    page = open_report(scheme=scheme).page
    before, other = brightness(page), "Dark" if scheme == "light" else "Light"
    page.get_by_role("button", name=other).click()
    assert abs(brightness(page) - before) > 0.5
    page.get_by_role("button", name=scheme.capitalize()).click()
    assert brightness(page) == before


@pytest.mark.parametrize("device", ["desktop", "phone"])
def test_the_page_without_scripts_has_charts_and_tables(open_report: Open, finished: Finished, device: str) -> None:
    page = open_report(device, scripts=False).page
    expect(page.locator("#series .figures .plot")).to_have_count(page.locator("#series figure.card").count())
    assert page.locator("#series .figures path.line.forecast:visible").count() >= 4
    expect(page.locator("#accuracy table").first).to_contain_text(
        f"{finished.manifest['metrics']['forecast']['wape']:.1%}"
    )
    expect(page.locator("#lookup")).to_be_hidden()
    expect(page.locator("#theme")).to_be_hidden()
    assert (
        page.locator("figure.card").evaluate_all("all => Math.max(...all.map((e) => e.getBoundingClientRect().right))")
        <= WIDTH[device]
    )


def test_the_printed_page_is_light_and_has_no_controls(open_report: Open) -> None:
    page = open_report(scheme="dark").page
    page.get_by_role("button", name="Light").click()
    page.get_by_role("button", name="Dark").click()
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light"
    expect(page.locator("nav")).to_be_hidden()
    expect(page.locator("#lookup")).to_be_hidden()
    expect(total_plot(page)).to_be_visible()
    expect(page.locator("#accuracy table").first).to_be_visible()
