"""The report in a real browser, in light and dark schemes, on wide and narrow screens."""

import pytest
from tests.browser import Browser

from taizhang.errors import RunStoppedError
from taizhang.runs.report import page as report_page
from taizhang.runs.report.report import report_of
from taizhang.runs.run import continue_run

BITSTRING = "010011100"


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with Browser(tmp_path_factory.mktemp("profile")) as browser:
        yield browser


@pytest.fixture
def pages(make_folder, workforce, tmp_path):
    """The report of a run half done, and of the complete one; the folder has an unfriendly name."""
    folder = make_folder(slices_per_piece=1, name="<img src=x onerror=alert(1)> & 'run'")
    written = []
    for times in (4, 9999):
        calls = iter([False] * times + [True] * 9999)
        try:
            continue_run(folder, workforce, stop=lambda calls=calls: next(calls))
        except RunStoppedError:
            assert times == 4
        written.append(tmp_path / f"{times}.html")
        written[-1].write_text(report_of(folder), encoding="utf-8")
    return written


def overflow(browser):
    """Pixels by which the page is wider than the window."""
    return browser.value("document.documentElement.scrollWidth - window.innerWidth")


def test_a_report_shows_in_both_schemes_at_any_width_without_complaint(browser, pages):
    browser.complaints.clear()
    for page in pages:
        shots = {}
        for scheme in ("light", "dark"):
            for width in (320, 400, 1000, 1600):
                browser.open(page, width=width, scheme=scheme)
                assert overflow(browser) <= 0, (scheme, width)
                shots[scheme, width] = browser.screenshot()
            paper = browser.value("getComputedStyle(document.body).backgroundColor")
            picture = browser.value("getComputedStyle(document.querySelector('.wide svg > rect')).fill")
            assert paper == picture == {"light": "rgb(255, 255, 255)", "dark": "rgb(22, 25, 30)"}[scheme]
        assert shots["light", 1000] != shots["dark", 1000]
        assert browser.value("document.querySelectorAll('img').length") == 0
    assert browser.complaints == []


def test_pictures_fit_their_screens(browser, pages):
    for width, shown, hidden in ((400, ".narrow", ".wide"), (1000, ".wide", ".narrow")):
        browser.open(pages[1], width=width)
        assert browser.value(f"[...document.querySelectorAll('{hidden}')].every(e => e.offsetWidth === 0)")
        smallest = browser.value(
            f"Math.min(...[...document.querySelectorAll('{shown} text')].map(e => e.getBoundingClientRect().height))"
        )
        assert smallest > 9  # letters that can be read
        outside = browser.value(
            f"[...document.querySelectorAll('{shown} text')].filter(e => {{ const t = e.getBoundingClientRect(), "
            "s = e.ownerSVGElement.getBoundingClientRect(); return t.left < s.left - 1 || t.right > s.right + 1; })"
            ".map(e => e.textContent)"
        )
        assert outside == []


def test_copy_buttons_copy_the_text_beside_them(browser, pages):
    browser.call("Browser.grantPermissions", permissions=["clipboardReadWrite", "clipboardSanitizedWrite"])
    browser.complaints.clear()
    browser.open(pages[1])
    assert browser.value("document.querySelectorAll('[data-copy] + button').length") >= 8
    browser.click("[data-copy] + button")
    browser.value("new Promise(done => setTimeout(done, 100))")
    assert browser.value("document.querySelector('[data-copy] + button').textContent") == "Copied"
    assert browser.value("navigator.clipboard.readText()") == BITSTRING
    assert browser.complaints == []


def test_copying_works_where_the_browser_offers_no_clipboard(browser, pages):
    browser.open(pages[1])
    browser.value("Object.defineProperty(navigator, 'clipboard', {value: undefined, configurable: true}) && 0")
    browser.click("[data-copy] + button")
    assert browser.value("document.querySelector('[data-copy] + button').textContent") == "Copied"
    assert browser.value("getSelection().toString()") == BITSTRING


def test_a_page_reloads_itself_until_the_run_is_complete(browser, pages, monkeypatch, make_folder, tmp_path):
    assert 'data-reload="30"' in pages[0].read_text(encoding="utf-8")
    page = tmp_path / "page.html"
    page.write_text(report_page.page("before", ["<p>before</p>"], reload_seconds=1), encoding="utf-8")
    browser.open(page)
    assert browser.value("document.title") == "before"
    browser._events.clear()
    page.write_text(report_page.page("after", ["<p>after</p>"]), encoding="utf-8")
    browser.wait_for("Page.loadEventFired")
    assert browser.value("document.title") == "after"
    browser._events.clear()
    browser.value("new Promise(done => setTimeout(done, 1500))")
    assert "Page.loadEventFired" not in browser._events


def test_only_the_script_of_the_page_runs(browser, tmp_path):
    page = tmp_path / "page.html"
    page.write_text(report_page.page("x", ["<p>x</p><script>document.title = 'hacked'</script>"]), encoding="utf-8")
    browser.complaints.clear()
    browser.open(page)
    assert browser.value("document.title") == "x"
    assert any("Content Security Policy" in complaint for complaint in browser.complaints)
