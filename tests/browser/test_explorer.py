"""The explorer from file:// without a network: tabs, SQL to the last digit, hostile text, accessibility, a story."""

import io
import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from playwright.sync_api import Browser, expect

from orchestration.outputs.explorer.page import write_explorer
from orchestration.query.run import write_result
from orchestration.store.publication_file import PublicationFile
from tests.support.browser import serious_violations
from tests.support.explorer import TABS, Explorer, exploring
from tests.support.shell import Done, Shell

pytestmark = pytest.mark.slow

WIDTHS = {"desktop": 1440, "phone": 390}
HOSTILE = "<img src=x onerror=alert(1)>'\"; drop table countries; -- </script>"
QUERIES = [
    "select 1 as one",
    "select null as nothing, '' as empty, 'NULL' as text",
    "select 9223372036854775807 as largest, -9223372036854775808 as smallest",
    "select 170141183460469231731687303715884105727::hugeint as huge",
    "select 0.1 + 0.2 as decimal_sum, 0.1::double + 0.2::double as double_sum",
    "select 1e300::double as large, 1e-300::double as small, 1e16::double as plain, 'nan'::double as nan",
    "select 12345678901234567890.123456789::decimal(38, 9) as exact",
    "select date '1816-01-01' as first, date '2024-12-31' as last, null::date as unknown",
    "select timestamp '1945-05-08 23:01:00' as ended",
    "select 'Côte d''Ivoire, 日本, Ελλάς, 🕊' as unicode",
    "select 'a,b' as comma, 'a\"b' as quote, 'a' || chr(10) || 'b' as two_lines",
    "select true as yes, false as no, null::boolean as unknown",
    "from countries",
    "from country_years where year = 1960",
    "from country_years where state_abbreviation = 'CHL' order by year",
    "select * from alliance_entries order by all limit 300",
    "select count(*) as n, count(infant_mortality_rate) as observed from country_years",
    "select year, avg(infant_mortality_rate) as mean from country_years group by year order by year",
    "select region, stddev(cinc) as spread, median(gdp_per_capita) as middle from country_years group by all"
    " order by region",
    "select cow_code, sum(cinc) over (partition by cow_code order by year) as total from country_years order by all",
    "select cow_code, year, lag(polity2) over (partition by cow_code order by year) as before from country_years"
    " where region = 'Europe' order by all",
    "select sqrt(total_population_thousands) as root from country_years where year = 1990 order by 1",
    "select year // 10 * 10 as decade, count(*) filter (forms_defense_alliance) as n from country_years"
    " group by decade order by decade",
    "from coefficients order by all",
    "from models order by model, rule",
    "from dose_response order by bin_order",
    "select * from meta.publication",
    "select source, file, sha256, size_bytes, loaded_at from meta.sources order by all",
    "from columns where table_name = 'country_years' order by position",
    "describe select year + 1 as next, cinc / 2 as half, state_name || '!' as name from country_years",
    "with late as (select * from country_years where year > 2000) select count(*) as n, min(cinc) as least from late; ",
]
COVERED = "[...document.querySelectorAll('#panels section:not([hidden]) figcaption')].map(caption => caption.innerText)"


@pytest.fixture(scope="module")
def page_of_sample(sample_warehouse: tuple[Shell, Done], tmp_path_factory: pytest.TempPathFactory) -> Path:
    shell, _ = sample_warehouse
    output = tmp_path_factory.mktemp("explorer") / "explorer.html"
    done = shell("explore", "--output", str(output))
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(str(output))
    return output


@pytest.fixture(scope="module")
def explorer(chromium: Browser, page_of_sample: Path) -> Iterator[Explorer]:
    """The sample's page, opened once; its console must be clean when the last test of this module is done."""
    with exploring(chromium, page_of_sample) as opened:
        yield opened


def test_every_tab_names_publication_and_synthetic_data(
    explorer: Explorer, sample_warehouse: tuple[Shell, Done]
) -> None:
    publication_id = sample_warehouse[0].sql("select publication_id from meta.publication")
    for tab in TABS:
        explorer.show(tab)
        assert explorer.page.get_by_text("SYNTHETIC: invented data that say nothing").first.is_visible()
        captions = explorer.page.evaluate(COVERED)
        assert captions
        for caption in captions:
            assert publication_id in caption
            assert "SYNTHETIC" in caption
        explorer.screenshot(f"sample_{tab}_desktop")


def test_it_fits_a_phone(chromium: Browser, page_of_sample: Path) -> None:
    with exploring(chromium, page_of_sample, WIDTHS["phone"]) as phone:
        for tab in TABS:
            phone.show(tab)
            phone.screenshot(f"sample_{tab}_phone")
            assert phone.page.evaluate("document.documentElement.scrollWidth") == WIDTHS["phone"], tab


def test_answers_equal_those_of_the_warehouse(explorer: Explorer, sample_warehouse: tuple[Shell, Done]) -> None:
    explorer.show("sql")
    for query in QUERIES:
        out = io.BytesIO()
        write_result(PublicationFile(sample_warehouse[0].published), query.strip().removesuffix(";"), "csv", out)
        assert explorer.answer(query) == out.getvalue().decode(), query


def test_a_mistake_is_answered_with_the_message_of_duckdb(explorer: Explorer) -> None:
    explorer.show("sql")
    explorer.ask("select infant_mortality from country_years")
    assert "infant_mortality_rate" in explorer.page.locator("#result [role=alert]").inner_text()
    explorer.ask("create table mine as select 1")
    assert explorer.page.locator("#result [role=alert]").is_visible()
    explorer.ask("select 42 as answer")
    assert explorer.page.locator("#result td").inner_text() == "42"


def test_columns_complete_with_their_units_and_sort(explorer: Explorer) -> None:
    explorer.show("sql")
    explorer.page.locator("#panel-sql .cm-content").fill("select ")
    explorer.page.keyboard.type("military_pers")
    suggestion = explorer.page.locator(".cm-tooltip-autocomplete [aria-selected]")
    suggestion.wait_for()
    assert suggestion.inner_text().startswith("military_personnel_thousands")
    assert "thousand" in suggestion.locator(".cm-completionDetail").inner_text()
    explorer.page.keyboard.press("Escape")
    explorer.ask("select unnest([10, 9, null, 100]) as number")
    cells = explorer.page.locator("#result td")
    expect(cells).to_have_text(["10", "9", "NULL", "100"])
    head = explorer.page.get_by_role("button", name="number")
    head.click()
    expect(cells).to_have_text(["9", "10", "100", "NULL"])
    assert explorer.page.locator("th[aria-sort=ascending]").inner_text().startswith("number")
    head.click()
    expect(cells).to_have_text(["100", "10", "9", "NULL"])


def test_a_link_carries_the_query_and_the_keyboard_moves(
    chromium: Browser, explorer: Explorer, page_of_sample: Path
) -> None:
    explorer.show("sql")
    explorer.ask("select 'è & + #' as carried")
    explorer.page.get_by_role("button", name="Make a link").click()
    address = explorer.page.evaluate("location.hash")
    with exploring(chromium, page_of_sample, address=address) as second:
        second.page.get_by_role("cell", name="è & + #").wait_for()
        second.page.locator("#tab-sql").focus()
        second.page.keyboard.press("ArrowRight")
        assert second.page.locator("#panel-codebook").is_visible()
        assert second.page.evaluate("document.activeElement.id") == "tab-codebook"


def test_the_codebook_leads_from_a_column_to_the_hash_of_its_file(
    explorer: Explorer, sample_warehouse: tuple[Shell, Done]
) -> None:
    explorer.show("codebook")
    explorer.page.get_by_label("Search").fill("country_years cinc")
    explorer.page.locator("#panel-codebook").get_by_role("button", name="cinc", exact=True).first.click()
    explorer.page.get_by_role("heading", name="marts.country_years.cinc").wait_for()
    hashes = sample_warehouse[0].sql("select sha256 from meta.sources where source = 'cow_nmc'").split()
    assert explorer.page.locator("#lineage code").all_inner_texts() == hashes


def test_hostile_text_stays_text(
    chromium: Browser, sample_warehouse: tuple[Shell, Done], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("hostile")
    copy = shutil.copy(sample_warehouse[0].published, folder / "warehouse.duckdb")
    with duckdb.connect(str(copy)) as connection:
        for table in ("countries", "country_years"):
            connection.execute(f"update marts.{table} set state_name = ? where cow_code = 155", [HOSTILE])
        connection.execute("update meta.publication set note = ?", [HOSTILE])
    output = folder / "explorer.html"
    write_explorer(PublicationFile(Path(copy)), output)
    with exploring(chromium, output) as explorer:
        for tab in TABS:
            explorer.show(tab)
            assert explorer.page.locator("img").count() == 0, tab
        explorer.show("series")
        assert explorer.page.get_by_role("button", name=f"Remove {HOSTILE}").is_visible()
        explorer.show("sql")
        explorer.ask("select state_name from countries where cow_code = 155")
        assert explorer.page.locator("#result td").inner_text() == HOSTILE
        assert explorer.page.locator("header .synthetic").inner_text() == HOSTILE


@pytest.mark.parametrize(("scheme", "rules"), [("light", "wcag2a,wcag2aa"), ("dark", "color-contrast")])
def test_axe_finds_no_serious_violation(
    chromium: Browser, page_of_sample: Path, axe: str, scheme: str, rules: str
) -> None:
    with exploring(chromium, page_of_sample, scheme=scheme) as explorer:
        explorer.page.evaluate(axe)
        for tab in TABS:
            explorer.show(tab)
            if tab == "codebook":  # all its 300 rows are alike
                explorer.page.get_by_label("Search").fill("infant mortality rate")
            assert serious_violations(explorer.page, rules) == [], tab


def test_the_story_of_chile(chromium: Browser, real_warehouse: Shell, tmp_path: Path) -> None:
    """When did Chile's infant mortality fall, and which treaties did it join?"""
    output = tmp_path / "explorer.html"
    write_explorer(PublicationFile(real_warehouse.published), output)
    with exploring(chromium, output) as explorer:
        for tab in TABS:
            explorer.show(tab)
            explorer.screenshot(f"real_{tab}_desktop")
        explorer.show("series")
        for other in ("United Kingdom", "Japan"):
            explorer.page.get_by_role("button", name=f"Remove {other}").click()
        explorer.page.locator("#series summary").click()
        rates = {}
        for row in explorer.page.locator("#series tbody tr").all_inner_texts():
            state, year, rate, _ = row.split("\t")
            assert state == "Chile"
            rates[int(year)] = float(rate)
        fall = {decade: rates[decade] - rates[decade + 10] for decade in range(1900, 2000, 10)}
        assert max(fall, key=fall.get) == 1940
        assert (rates[1900], rates[1940], rates[1950], rates[1990]) == (261, 217, 139, 16)
        explorer.show("alliances")
        explorer.page.get_by_role("combobox", name="State", exact=True).select_option(label="Chile")
        joined = explorer.page.locator("#treaties tbody td:nth-child(3)")
        expect(joined).to_have_text([f"ATOP {number}" for number in (1260, 2550, 3010, 3075, 3150, 3965, 3755)])
