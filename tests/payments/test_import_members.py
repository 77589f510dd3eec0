"""Members of another system come in from a file, once, with what they have left there."""

import os
import subprocess
import sys
import threading
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.hashers import is_password_usable
from django.db import connection
from django.test.utils import CaptureQueriesContext
from freezegun import freeze_time

from members.models import Member
from payments.models import CreditEntry, CreditLot
from tests import laws
from tests.cast import Caller, session
from tests.importing import Imported

EXAMPLE = Path("docs/examples/members.csv")
HEADER = "email,name,phone,whatsapp_opt_in,credits,credits_expire_on,note\n"


@pytest.fixture
def written(tmp_path: Path) -> Any:
    """Writes a file of members; its path."""

    def write(text: str | bytes, *, header: str = HEADER) -> str:
        path = tmp_path / "members.csv"
        path.write_bytes(header.encode() + (text if isinstance(text, bytes) else text.encode()))
        return str(path)

    return write


def kept() -> list[Any]:
    members = Member.objects.order_by("email").values_list("email", "name", "phone", "whatsapp_opt_in")
    return [*members, *CreditLot.objects.order_by("id").values_list("member__email", "granted", "expires_at")]


def test_the_example_of_the_documentation_comes_in_once(ana: Member) -> None:
    dry = Imported(str(EXAMPLE), "--dry-run")
    assert kept() == [("ana@example.com", "Ana", "+447700900123", True)]
    first = Imported(str(EXAMPLE))
    assert (
        (dry.status, dry.counts, dry.remarks) == (first.status, first.counts, first.remarks) == (0, {"created": 3}, [])
    )
    assert dry.summary == first.summary + " (dry run, nothing changed)"
    midnight = datetime(2099, 6, 30, 23, tzinfo=UTC)  # British summer time
    brought = kept()
    assert brought[1:] == [
        ("dora@example.com", "Dora Núñez", "+447700900201", True),
        ("emil@example.com", "Emil", "", False),
        ("fay@example.com", "O'Hara, Fay", "+353850123456", False),
        ("dora@example.com", 8, midnight),
        ("fay@example.com", 3, None),
    ]
    assert (
        list(CreditLot.objects.values_list("note", "granted_by", "source"))
        == [
            ("Opening balance", None, "grant"),
            ("Ten-class card of the old studio", None, "grant"),
        ][::-1]
    )
    assert not any(is_password_usable(one.password) for one in Member.objects.exclude(pk=ana.pk))
    again = Imported(str(EXAMPLE))
    assert (again.counts, again.remarks, kept()) == ({"unchanged": 3}, [], brought)
    assert laws.broken() == {}


def test_an_opening_balance_books_a_seat_and_is_not_given_again(written: Any) -> None:
    path = written("gus@example.com,Gus,,,1,,\n")
    assert Imported(path).counts == {"created": 1}
    assert Caller(Member.objects.get()).book(session()).json()["paid_with"] == "credits"
    assert Imported(path).counts == {"unchanged": 1}
    assert CreditEntry.objects.filter(kind="granted").count() == 1
    other = Imported(written("gus@example.com,Gus,,,5,,\n"), "--update")
    assert other.counts == {"differing": 1}
    assert other.remarks[0].startswith("line 2: credits: another opening balance was granted before")
    assert CreditLot.objects.count() == 1
    assert laws.broken() == {}


def test_a_balance_that_has_expired_since_is_known_again(written: Any) -> None:
    path = written("gus@example.com,,,,1,2099-01-31,\n")
    assert Imported(path).counts == {"created": 1}
    with freeze_time("2099-03-01", tick=True):
        assert Imported(path).counts == {"unchanged": 1}


def test_what_a_member_has_is_filled_and_not_overwritten(ana: Member, written: Any) -> None:
    Member.objects.filter(pk=ana.pk).update(name="", whatsapp_opt_in=False)
    path = written("ANA@Example.com,Ana Lopez,+44 7700 900999,yes,,,\n")
    dry, filled = Imported(path, "--dry-run"), Imported(path)
    assert dry.counts == filled.counts == {"updated": 1}
    assert dry.remarks == filled.remarks
    assert [line.split(":")[1].strip() for line in filled.remarks] == ["phone", "whatsapp_opt_in"]
    assert kept() == [("ana@example.com", "Ana Lopez", "+447700900123", False)]
    assert Imported(path).counts == {"differing": 1}
    assert Imported(path, "--update").counts == {"updated": 1}
    assert kept() == [("ana@example.com", "Ana Lopez", "+447700900999", False)], "consent is the member's to give"
    Member.objects.update(whatsapp_opt_in=True)
    off = written("ana@example.com,,,no,,,\n")
    assert (Imported(off).counts, Imported(off, "--update").counts) == ({"differing": 1}, {"updated": 1})
    assert kept()[0][3] is False


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        ("nobody,,,,,,", "email: Enter a valid email address."),
        (",Nobody,,,,,", "email: This field is required."),
        ("x@erased.invalid,,,,,,", "email: This address is of nobody"),
        ("x@example.com,,07700 900123,,,,", "phone: Enter a phone number with its country code"),
        ("x@example.com,,4.477E+11,,,,", "phone: Enter a phone number with its country code"),
        (f"x@example.com,{'x' * 151},,,,,", "name: Ensure this field has no more than 150 characters."),
        ("x@example.com,,,perhaps,,,", "whatsapp_opt_in: Must be a valid boolean."),
        ("x@example.com,,,,1.5,,", "credits: A valid integer is required."),
        ("x@example.com,,,,-1,,", "credits: Ensure this value is greater than or equal to 0."),
        ("x@example.com,,,,100001,,", "credits: Ensure this value is less than or equal to 100000."),
        ("x@example.com,,,,1,30/06/2099,", "credits_expire_on: Date has wrong format."),
        ("x@example.com,,,,1,2020-01-01,", "credits_expire_on: Credits cannot expire in the past."),
        ("x@example.com,,,,1,9999-12-31,", "credits_expire_on: Before 2100."),
        ("x@example.com,,,,,2099-01-01,", "credits_expire_on: It says something of credits, and there are none."),
        ("x@example.com,,,,0,,Thanks", "note: It says something of credits, and there are none."),
        ("x@example.com,x", "2 cells, where the header names 7 columns"),
        ("x@example.com,,,,,,,x", "8 cells, where the header names 7 columns"),
        ('x@example.com,"Ana,,,,,', 'a quote (") is opened and not closed'),
        ('x@example.com,"Ana"x,,,,,', "the quotes do not add up"),
        ('x@example.com,5" of ivy,,,,,', 'a quote (") is opened and not closed'),
        ("x@example.com,A\0,,,,,", "holds a NUL character"),
        (f"x@example.com,{'x' * 30_000},,,,,", "is longer than 20000 characters"),
        (b"x@example.com,N\xfa\xf1ez,,,,,", "is not UTF-8: save the file as “CSV UTF-8”"),
        ("good@example.com,,,,,,", "email: it stands on line 2 already"),
    ],
    ids=lambda cell: cell if isinstance(cell, str) and len(cell) < 60 else "…",
)  # fmt: skip
def test_a_bad_row_says_why_and_stops_no_other(written: Any, cells: str | bytes, told: str) -> None:
    raw = cells if isinstance(cells, bytes) else cells.encode()
    path = written(b"good@example.com,Good,,,,,\n" + raw + b"\nlater@example.com,Later,,,,,\n")
    dry, real = Imported(path, "--dry-run"), Imported(path)
    assert (dry.status, dry.counts, dry.remarks) == (real.status, real.counts, real.remarks)
    assert (real.status, real.counts) == (1, {"created": 2, "refused": 1})
    assert real.remarks[0].startswith(f"line 3: {told}")
    assert set(Member.objects.values_list("email", flat=True)) == {"good@example.com", "later@example.com"}
    assert not CreditLot.objects.exists()


def test_every_thing_that_is_wrong_with_a_row_is_told(written: Any) -> None:
    told = Imported(written("nobody,,123,perhaps,,,\n")).remarks
    assert [line.split(": ")[1] for line in told] == ["email", "phone", "whatsapp_opt_in"]


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbfemail,name\nana@example.com,Ana\n",
        b"name;email\r\nAna;ana@example.com\r\n",
        b"sep=;\r\nname;email\r\nAna;ana@example.com;;\r\n;;\r\n\r\n",
        b"\n\n EMAIL , Name ,,\r ana@example.com , Ana ,,\r",
        b'"email","name"\n"ana@example.com","Ana"',
    ],
    ids=["with a BOM", "semicolons and CRLF", "as Excel writes it", "of an old Mac", "everything in quotes"],
)
def test_what_spreadsheets_write_is_read(written: Any, content: bytes) -> None:
    assert Imported(written(content, header="")).counts == {"created": 1}
    assert kept() == [("ana@example.com", "Ana", "", False)]


def test_a_cell_may_hold_commas_quotes_and_line_breaks(written: Any) -> None:
    done = Imported(written('a@example.com,,,,1,,"Card, ""gold"",\nfrom Leeds"\nb@example.com,,,,x,,\n'), "-v", "2")
    assert CreditLot.objects.get().note == 'Card, "gold",\nfrom Leeds'
    assert done.remarks == ["line 4: credits: A valid integer is required."]
    assert done.out.splitlines()[:2] == ["line 2: created", "line 4: refused"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "the file is empty"),
        ("\n\n", "the file is empty"),
        ("email,mobile,shoe size\n", "unknown columns: mobile, shoe size; known are email, name, phone"),
        ("email,name,email\n", "columns that stand there twice: email"),
        ("name,phone\n", "columns that are missing: email"),
        ("email,,name\n", "unknown columns: (no name)"),
        ("email\tname\n", "unknown columns: email\tname"),
        (b"\xff\xfee\0m\0a\0", "line 1 holds a NUL"),
        (b"na\xefve\n", "line 1 is not UTF-8"),
    ],
)
def test_a_header_that_will_not_do_is_wrong_usage(written: Any, content: str | bytes, told: str) -> None:
    run = Imported(written(content, header=""))
    assert (run.status, run.out) == (2, "")
    assert run.remarks[0].startswith(f"import_members: {told}")


def test_a_file_that_is_not_there_is_wrong_usage(tmp_path: Path) -> None:
    for path in (tmp_path / "none.csv", tmp_path):
        run = Imported(str(path))
        assert (run.status, run.out) == (2, "")
        assert "cannot be read" in run.remarks[0]


def test_standard_input_is_read_by_a_process_of_its_own(tmp_path: Path) -> None:
    environment = {**os.environ, "DATABASE_URL": f"sqlite:///{tmp_path / 'studio.sqlite3'}"}

    def manage(*words: str, **more: Any) -> Any:
        command = [sys.executable, "manage.py", *words]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, **more)

    assert manage("migrate", "-v", "0").returncode == 0
    done = manage("import_members", "-", input=EXAMPLE.read_text() + "nobody,,,,,,\n")
    assert (done.returncode, done.stderr) == (1, "line 5: email: Enter a valid email address.\n")
    assert done.stdout == "import_members: 4 rows: 3 created, 0 updated, 0 unchanged, 0 differing, 1 refused\n"
    assert manage("import_members").returncode == 2
    assert "Examples:" in manage("import_members", "--help").stdout


def test_a_thousand_known_members_cost_a_few_queries_a_batch(written: Any) -> None:
    def queries(rows: int) -> int:
        path = written("".join(f"m{number}@example.com,M,,,1,,\n" for number in range(rows)))
        Imported(path)
        with CaptureQueriesContext(connection) as asked:
            assert Imported(path).counts == {"unchanged": rows}
        return len(asked)

    assert queries(3) == queries(150)


@pytest.mark.parametrize(("there", "fate"), [(0, "created"), (60, "updated")], ids=["new members", "known members"])
def test_runs_at_once_bring_each_member_and_balance_once(written: Any, there: int, fate: str) -> None:
    path = written("".join(f"m{number}@example.com,M,,,2,,\n" for number in range(60)))
    Member.objects.bulk_create(Member(email=f"m{number}@example.com", name="M") for number in range(there))
    begin, runs = threading.Barrier(4), []

    def run() -> None:
        try:
            begin.wait(10)
            runs.append(Imported(path))
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [run.status for run in runs] == [0] * 4
    assert sum((Counter(run.counts) for run in runs), Counter()) == {fate: 60, "unchanged": 180}
    assert (Member.objects.count(), CreditLot.objects.count(), CreditEntry.objects.count()) == (60, 60, 60)
    assert laws.broken() == {}
