"""The frontend's scripts, compiled against the types that are drawn from `docs/openapi.yaml`: no field is imagined."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.clients.node import installed
from tests.clients.test_types import FOLDER
from tests.openapi.document import FILE

WEB = Path(__file__).resolve().parents[2] / "web"
TYPES = Path(__file__).parent / "types"
# Not `strict`: to say what is null, and when, would double the code. Which fields there are is what is asked.
OPTIONS = {
    "allowJs": True,
    "checkJs": True,
    "noEmit": True,
    "strict": False,
    "noImplicitThis": True,
    "target": "esnext",
    "lib": ["esnext", "dom", "dom.iterable"],
    "module": "esnext",
    "moduleResolution": "bundler",
    "skipLibCheck": True,
    "types": [],
}


def compiled(folder: Path) -> str:
    """What the compiler has to say about the scripts of a folder; nothing is what is hoped for."""
    modules = installed()
    stripe = {"@stripe/stripe-js": [str((modules / "@stripe/stripe-js/dist/index.d.ts").resolve())]}
    project = {"compilerOptions": {**OPTIONS, "paths": stripe}, "include": ["*.js", "*.d.ts"]}
    (folder / "tsconfig.json").write_text(json.dumps(project))
    command = [modules / ".bin" / "tsc", "-p", folder]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False).stdout


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The types of every call, as the API's document says."""
    types = tmp_path_factory.mktemp("types") / "openapi.d.ts"
    maker = installed(FOLDER) / ".bin" / "openapi-typescript"
    subprocess.run([maker, FILE, "--output", types], cwd=FOLDER, capture_output=True, timeout=120, check=True)
    return types


@pytest.fixture
def frontend(tmp_path: Path, drawn: Path) -> Path:
    """The scripts, where `api.js` answers what the document says."""
    for source in (*WEB.glob("*.js"), *TYPES.glob("*.d.ts"), drawn):
        shutil.copy(source, tmp_path)
    return tmp_path


def test_the_scripts_are_sound(frontend: Path) -> None:
    assert compiled(frontend) == ""


def test_every_call_has_its_types() -> None:
    exported = r"^export (?:const|class|function|async function) (\w+)"
    calls, types = (re.findall(exported, path.read_text(), re.M) for path in (WEB / "api.js", TYPES / "api.d.ts"))
    assert calls == types


@pytest.mark.parametrize(
    ("where", "right", "wrong"),
    [
        ("openapi.d.ts", "seats_available", "seats_left"),
        ("openapi.d.ts", "quote_expires_at", "quote_ends_at"),
        ("openapi.d.ts", "whatsapp_opt_in", "whatsapp"),
        ("bookings.js", "{ ids: part.join() }", "{ id: part.join() }"),
        ("session.js", "act(t(label)", "act(tt(label)"),
        ("session.js", "studio.payments_enabled", "studio.payments_on"),
        ("account.js", "visitor.member.email", "visitor.member.mail"),
        ("card.js", "confirmParams", "confirmParameters"),
    ],
    ids=lambda value: value if re.fullmatch(r"\w+", value) else None,
)
def test_a_wrong_name_is_noticed(frontend: Path, where: str, right: str, wrong: str) -> None:
    text = (frontend / where).read_text()
    assert right in text
    (frontend / where).write_text(text.replace(right, wrong))
    assert "error TS" in compiled(frontend)
