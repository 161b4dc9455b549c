"""The report in a browser without a network: complete and readable on a desktop, on a phone and on paper."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.support.browser import SCREENSHOTS, serious_violations
from tests.support.shell import Shell

pytestmark = pytest.mark.slow

WIDTHS = {"desktop": 1280, "phone": 375, "small_phone": 320}
CONTRAST = """() => {
    const light = color => color.match(/[\\d.]+/g).slice(0, 3).map(Number).map(value => value / 255)
        .map(value => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4)
        .reduce((sum, value, place) => sum + value * [0.2126, 0.7152, 0.0722][place], 0);
    const behind = element => {
        for (let at = element; at; at = at.parentElement) {
            const color = getComputedStyle(at).backgroundColor;
            if (!/, 0\\)$/.test(color)) return color;
        }
        return "rgb(255, 255, 255)";
    };
    const texts = [...document.querySelectorAll("body *")].filter(element =>
        [...element.childNodes].some(node => node.nodeType === 3 && node.textContent.trim()));
    return Math.min(...texts.map(element => {
        const [high, low] = [light(getComputedStyle(element).color), light(behind(element))].sort((a, b) => b - a);
        return (high + 0.05) / (low + 0.05);
    }));
}"""


@pytest.fixture(scope="module", params=["sample", "real"])
def report(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of the sample, and of the real files if they are available."""
    found = request.getfixturevalue(f"{request.param}_warehouse")
    shell: Shell = found if isinstance(found, Shell) else found[0]
    output = tmp_path_factory.mktemp("report") / f"{request.param}.html"
    done = shell("report", "--output", str(output))
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(str(output))
    return output


@pytest.mark.parametrize("device", WIDTHS)
def test_the_page_is_self_contained_and_fits(chromium: Browser, report: Path, device: str) -> None:
    context = chromium.new_context(viewport={"width": WIDTHS[device], "height": 800}, offline=True)
    tab = context.new_page()
    errors, requests = [], []
    tab.on("console", lambda message: errors.append(message.text))
    tab.on("pageerror", lambda error: errors.append(str(error)))
    tab.on("requestfailed", lambda request: errors.append(request.url[:80]))
    tab.on("request", lambda request: requests.append(request.url))
    tab.goto(report.as_uri(), wait_until="load")
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    tab.screenshot(path=SCREENSHOTS / f"report_{report.stem}_{device}.png", full_page=True)
    assert tab.locator("img >> visible=true").count() >= 3
    assert tab.locator("table >> visible=true").count() == 1, "tables but that of the verdict open on demand"
    tab.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
    assert errors == []
    assert [url for url in requests if not url.startswith("data:")] == [report.as_uri()]
    images = tab.locator("img").all()
    assert len(images) >= 6
    for image in images:
        assert image.is_visible()
        assert image.evaluate("image => image.complete && image.naturalWidth > 0 && image.naturalHeight > 0")
        assert image.bounding_box()["width"] <= WIDTHS[device]
    assert tab.evaluate("document.documentElement.scrollWidth") == WIDTHS[device], "the page scrolls sideways"
    assert tab.evaluate(CONTRAST) >= 4.5
    tab.emulate_media(color_scheme="dark")
    assert tab.evaluate(CONTRAST) >= 4.5
    context.close()


@pytest.mark.parametrize(("scheme", "rules"), [("light", "wcag2a,wcag2aa"), ("dark", "color-contrast")])
def test_axe_finds_no_serious_violation(chromium: Browser, report: Path, axe: str, scheme: str, rules: str) -> None:
    tab = chromium.new_page(offline=True, color_scheme=scheme)
    tab.goto(report.as_uri())
    tab.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
    tab.evaluate(axe)
    assert serious_violations(tab, rules) == []
    tab.close()


def test_a_link_opens_the_part_to_which_it_leads(chromium: Browser, report: Path) -> None:
    tab = chromium.new_page(offline=True)
    tab.goto(f"{report.as_uri()}#robust")
    assert tab.locator("#robust").is_visible()
    assert not tab.locator("#limits").is_visible()
    tab.close()


def test_a_phone_gets_narrow_figures(chromium: Browser, report: Path) -> None:
    widths = {}
    for device in ("desktop", "phone"):
        tab = chromium.new_page(viewport={"width": WIDTHS[device], "height": 800}, offline=True)
        tab.goto(report.as_uri())
        widths[device] = tab.locator("img").first.evaluate("image => image.naturalWidth")
        tab.close()
    assert widths["phone"] < 0.8 * widths["desktop"]


def test_it_prints(chromium: Browser, report: Path) -> None:
    tab = chromium.new_page(offline=True)
    tab.goto(report.as_uri())
    printed = tab.pdf(format="A4", prefer_css_page_size=True)
    tab.close()
    (SCREENSHOTS / f"report_{report.stem}.pdf").write_bytes(printed)
    assert printed.startswith(b"%PDF")
    assert 5 <= printed.count(b"/Type /Page\n") <= 40


def test_the_first_tab_skips_the_header(chromium: Browser, report: Path) -> None:
    tab = chromium.new_page(offline=True)
    tab.goto(report.as_uri())
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.getAttribute('href')") == "#answer"
    assert tab.evaluate("document.activeElement.getBoundingClientRect().left") >= 0
    tab.close()
