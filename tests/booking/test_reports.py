"""How the studio is doing, held against small studios that can be counted by hand."""

import csv
from datetime import timedelta
from decimal import Decimal
from io import StringIO
from typing import Any
from xml.etree import ElementTree

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from booking.reports_admin import SHEETS
from booking.sheets.sheet import Table
from members.models import Member
from tests.booking.past import (
    PAGE,
    ago,
    booked,
    booked_by_card,
    bought,
    charged,
    class_at,
    figures,
    kind,
    returned,
    wall,
)

WINTER = {"from": "2026-03-02", "to": "2026-03-15"}


def told(desk: Client, status: int = 200, **query: str) -> str:
    """The page: allowed under the strict policy, each of its plots XML with finite numbers and a name of its own."""
    page = desk.get(PAGE, query)
    assert (page.status_code, "unsafe" in page["Content-Security-Policy"]) == (status, False)
    text = page.content.decode()
    assert "style=" not in text
    for plot in plots(text):
        held_to_be_a_plot(plot)
    return text


def plots(text: str) -> list[str]:
    return [f"<svg{part.split('</svg>')[0]}</svg>" for part in text.split("<svg")[1:] if 'class="plot"' in part]


def held_to_be_a_plot(text: str) -> None:
    root = ElementTree.fromstring(text)
    ids = [one.get("id") for one in root.iter() if one.get("id")]
    assert len(ids) == len(set(ids))
    assert set(root.attrib["aria-labelledby"].split()) <= set(ids)
    for one in root.iter():
        for name in ("x", "y", "width", "height", "x1", "x2", "y1", "y2", "fill-opacity"):
            if name in one.attrib:
                assert -1 <= float(one.attrib[name]) <= 10_000


def test_seats_are_told_by_weekday_and_hour(desk: Client) -> None:
    monday = class_at(wall("2026-03-02 18:00"), capacity=4)
    for _ in range(3):
        booked(monday)
    booked(class_at(wall("2026-03-09 18:30"), capacity=4), paid_with="credits")
    booked(class_at(wall("2026-03-10 07:15"), capacity=8))
    assert figures(desk, "fill/fill", **WINTER) == [
        {"weekday": "Mon", "hour": "18:00", "sessions": "2", "seats taken": "4", "seats": "8", "percent": "50.0"},
        {"weekday": "Tue", "hour": "07:00", "sessions": "1", "seats taken": "1", "seats": "8", "percent": "12.5"},
    ]
    text = told(desk, **WINTER)
    assert "5 of 16 seats, 31.2 %." in text
    assert "Mon 18:00: 4 of 8 seats, 2 sessions" in text


def test_only_what_took_place_and_was_paid_for_fills_a_studio(desk: Client) -> None:
    one = class_at(wall("2026-03-02 18:00"), capacity=4)
    booked(one)
    booked(one, "pending")
    booked(one, "freed")
    booked(one, "cancelled")
    class_at(wall("2026-03-03 18:00"), status="cancelled")
    class_at(wall("2026-03-16 00:00"))
    class_at(wall("2026-03-01 23:59"))
    [row] = figures(desk, "fill/fill", **WINTER)
    assert (row["weekday"], row["seats taken"], row["seats"]) == ("Mon", "1", "4")
    coming = class_at(ago(hours=-1))
    booked(coming)
    assert figures(desk, "fill/fill", range="week") == []


def test_an_hour_is_that_of_the_studios_clock_when_it_changes(desk: Client) -> None:
    for day in ("2026-03-28 18:00", "2026-03-29 18:00", "2026-10-24 18:00", "2026-10-25 18:00"):
        class_at(wall(day))
    class_at(wall("2026-10-25 01:30"))
    class_at(wall("2026-10-25 01:30", fold=1))
    rows = figures(desk, "fill/fill", **{"from": "2026-03-28", "to": "2026-10-25"})
    assert [(row["weekday"], row["hour"], row["sessions"]) for row in rows] == [
        ("Sat", "18:00", "2"),
        ("Sun", "01:00", "2"),
        ("Sun", "18:00", "2"),
    ]


@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25"], ids=["23 hours", "25 hours"])
def test_a_day_is_whole_when_the_clocks_change(desk: Client, day: str) -> None:
    first, last = wall(f"{day} 00:00"), wall(f"{day} 23:59")
    for number, at in enumerate((first - timedelta(seconds=1), first, last, last + timedelta(minutes=1))):
        charged(f"booking:{number}", 10**number * 100, at)
        class_at(at)
    [row] = figures(desk, "revenue/revenue", **{"from": day, "to": day})
    assert row["bookings by card"] == "110.00"
    assert sum(int(one["sessions"]) for one in figures(desk, "fill/fill", **{"from": day, "to": day})) == 2


def test_money_is_told_by_currency_and_by_way(desk: Client) -> None:
    one, two = class_at(wall("2026-03-04 18:00")), class_at(wall("2026-03-04 18:00"), currency="jpy")
    booked_by_card(one, 1500, wall("2026-03-02 09:00"))
    gone = booked_by_card(one, 2000, wall("2026-03-02 12:00"), status="cancelled")
    assert gone.payment is not None
    returned(gone.payment, 1999, wall("2026-03-03 10:00"))
    returned(gone.payment, 1, wall("2026-03-03 10:00"), status="failed")
    booked_by_card(two, 2500, wall("2026-03-02 12:00"))
    bought(9000, 10, wall("2026-03-03 12:00"), remaining=10, expires_at=None)
    charged("booking:void", 500, wall("2026-03-03 12:00"), status="void", amount_received=0)
    charged("booking:review", 500, wall("2026-03-03 12:00"), status="review")
    rows = figures(desk, "revenue/revenue", **{"from": "2026-03-02", "to": "2026-03-03"})
    assert [tuple(row.values()) for row in rows] == [
        ("2026-03-02", "2026-03-02", "GBP", "35.00", "0.00", "0.00", "0.00"),
        ("2026-03-03", "2026-03-03", "GBP", "0.00", "90.00", "0.00", "19.99"),
        ("2026-03-02", "2026-03-02", "JPY", "2500", "0", "0", "0"),
        ("2026-03-03", "2026-03-03", "JPY", "0", "0", "0", "0"),
    ]
    text = told(desk, **WINTER)
    assert "GBP: 35.00 bookings by card, 90.00 packs, 19.99 refunds." in text
    assert "JPY: 2500 bookings by card." in text
    assert ("Revenue and refunds in GBP" in text, "Revenue and refunds in JPY" in text) == (True, True)


def test_what_the_desk_takes_and_returns_is_told_for_itself(desk: Client) -> None:
    yoga = kind("Yoga")
    one = class_at(wall("2026-03-04 18:00"), session_type=yoga)
    taken = {"amount": 1200, "paid_at": wall("2026-03-02 12:00")}
    booked(one, "cancelled", "desk", **taken, ended_at=wall("2026-03-03 12:00"), returned_amount=1000)
    booked(one, "cancelled", "desk", **taken, ended_at=wall("2026-03-03 12:00"), returned_amount=0)
    for query in ({}, {"type": str(yoga.pk)}):
        first, second = figures(desk, "revenue/revenue", **{"from": "2026-03-02", "to": "2026-03-03"}, **query)
        assert (first["bookings by card"], first["at the desk"], first["refunds"]) == ("0.00", "24.00", "0.00")
        assert (second["at the desk"], second["refunds"]) == ("0.00", "10.00")


def test_a_kind_of_session_is_told_apart(desk: Client) -> None:
    yoga, spin = kind("Yoga"), kind("Spin & <b>sweat</b>")
    one = class_at(wall("2026-03-02 18:00"), session_type=yoga)
    two = class_at(wall("2026-03-02 18:00"), session_type=spin, capacity=3)
    kept = booked_by_card(one, 1500, wall("2026-03-02 09:00"))
    gone = booked_by_card(two, 700, wall("2026-03-02 09:00"))
    for booking, amount in ((kept, 100), (gone, 30)):
        assert booking.payment is not None
        returned(booking.payment, amount, wall("2026-03-02 19:00"))
    bought(9000, 10, wall("2026-03-03 12:00"), remaining=10, expires_at=None)
    asked = {"from": "2026-03-02", "to": "2026-03-02", "type": str(spin.pk)}
    [row] = figures(desk, "revenue/revenue", **asked)
    assert (row["bookings by card"], row["packs"], row["refunds"]) == ("7.00", "0.00", "0.30")
    [row] = figures(desk, "fill/fill", **asked)
    assert (row["seats taken"], row["seats"]) == ("1", "3")
    text = told(desk, **asked)
    assert "2 March 2026 to 2 March 2026, Spin" in text
    assert ("Spin &amp; &lt;b&gt;sweat" in text, "Packs are of no kind" in text, "<b>sweat" in text) == (
        True,
        True,
        False,
    )


@pytest.mark.parametrize(
    ("days", "rows", "second"),
    [(35, 35, "2026-01-02"), (36, 6, "2026-01-05"), (191, 7, "2026-02-01"), (1101, 4, "2027-01-01")],
    ids=["days", "weeks", "months", "years"],
)
def test_a_longer_time_is_told_in_longer_pieces(desk: Client, days: int, rows: int, second: str) -> None:
    last = wall("2026-01-01 12:00").date() + timedelta(days=days - 1)
    charged("booking:x", 100, wall("2026-01-01 00:00"))
    charged("booking:y", 200, wall(f"{last} 23:59"))
    found = figures(desk, "revenue/revenue", **{"from": "2026-01-01", "to": str(last)})
    assert (len(found), found[1]["from"]) == (rows, second)
    assert (found[0]["bookings by card"], found[-1]["bookings by card"]) == ("1.00", "2.00")
    assert (found[0]["from"], found[-1]["to"]) == ("2026-01-01", str(last))


def test_an_empty_studio_has_a_friendly_page(desk: Client) -> None:
    for query in ({}, {"range": "week"}, {"range": "month"}, {"range": "90-days"}, {"range": "year"}):
        text = told(desk, **query)
        assert text.count("Nothing in this time.") >= 2 * len(SHEETS)
    assert 'href="/admin/reports/"' in desk.get("/admin/").content.decode()


@pytest.mark.parametrize(
    ("query", "wrong"),
    [
        ({"from": "yesterday", "to": "2026-03-02"}, "Give both days as 2026-03-31"),
        ({"from": "2026-03-02"}, "Give both days as 2026-03-31"),
        ({"from": "2026-02-30", "to": "2026-03-02"}, "Give both days as 2026-03-31"),
        ({"from": "1999-12-31", "to": "2026-03-02"}, "from 2000 to 2099"),
        ({"from": "2026-03-02", "to": "9999-12-31"}, "from 2000 to 2099"),
        ({"from": "2026-03-02", "to": "2026-03-01"}, "The last day is before the first."),
        ({"range": "decade"}, "There is no such range."),
        ({"type": "7"}, "There is no such kind of session."),
        ({"type": "<script>"}, "There is no such kind of session."),
    ],
)
def test_what_makes_no_sense_is_told_and_nothing_else(desk: Client, query: dict[str, str], wrong: str) -> None:
    text = told(desk, 400, **query)
    assert (wrong in text, "<script>" in text, "<h2>How full" in text) == (True, False, False)
    file = desk.get(f"{PAGE}fill/fill.csv", query)
    assert (file.status_code, wrong in file.content.decode()) == (400, True)


def test_a_file_that_is_none_of_the_reports_is_not_found(desk: Client) -> None:
    for name in ("fill/money", "money/fill"):
        assert desk.get(f"{PAGE}{name}.csv").status_code == 404


def test_every_table_of_the_page_is_a_file_with_the_same_figures(desk: Client) -> None:
    one = class_at(ago(days=3))
    booked_by_card(one, 1500, ago(days=4))
    text = told(desk)
    links = [part.split('"')[0].replace("&amp;", "&") for part in text.split('href="') if ".csv?" in part[:200]]
    links = [link for link in links if ".csv?" in link]
    assert len(links) >= len(SHEETS)
    for link in links:
        file = desk.get(link)
        assert (file.status_code, file["Content-Type"]) == (200, "text/csv; charset=utf-8")
        assert "attachment" in file["Content-Disposition"]
        [table] = [part for part in text.split("<h3>") if link.replace("&", "&amp;") in part]
        cells = [part.split("</td>")[0] for part in table.split("<td>")[1:]]
        lines = file.content.decode().splitlines()
        assert cells == [cell for line in lines[1:] for cell in line.split(",")]


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "|cmd", '=HYPERLINK("x","y")'])
def test_no_cell_of_a_file_is_taken_for_a_formula(cell: str) -> None:
    table = Table("x", "X", ("name", cell), [(cell, Decimal("-1.50")), ("Yoga, äöü", -3)])
    [heading, first, second] = csv.reader(StringIO(table.as_csv(), newline=""))
    assert (heading[1], first) == (f"'{cell}", [f"'{cell}", "-1.50"])
    assert second == ["Yoga, äöü", "-3"]


def test_it_is_for_staff_who_may_see_it(desk: Client, ana: Member, ben: Member) -> None:
    ben.is_staff = True
    ben.save()
    for member, status in ((None, 302), (ana, 302), (ben, 403)):
        browser = Client()
        if member:
            browser.force_login(member)
        for path in (PAGE, f"{PAGE}fill/fill.csv"):
            assert browser.get(path).status_code == status
    assert desk.get(PAGE).status_code == 200
    assert desk.post(PAGE).status_code == 405


def test_it_costs_the_same_queries_whatever_has_happened(desk: Client, django_assert_num_queries: Any) -> None:
    def happens(hour: int) -> None:
        one = class_at(ago(days=3, hours=hour))
        booked_by_card(one, 1500, ago(days=4, hours=hour))
        bought(9000, 10, ago(days=2, hours=hour), remaining=10, expires_at=None)

    happens(1)
    with CaptureQueriesContext(connection) as first:
        told(desk)
    for hour in range(2, 5):
        happens(hour)
    with django_assert_num_queries(len(first)):
        told(desk)


def test_card_revenue_is_the_sum_of_the_payments(desk: Client) -> None:
    for number in range(40):
        charged(f"booking:{number}", 101 + number, ago(days=number, hours=number))
    rows = figures(desk, "revenue/revenue", range="90-days")
    assert sum(Decimal(row["bookings by card"]) for row in rows) * 100 == sum(101 + number for number in range(40))
