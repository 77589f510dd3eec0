# make run    serve a demo studio on http://localhost:8000 (with the sandbox when no Stripe keys are set)
# make test   the whole suite, on SQLite and on PostgreSQL
# make test-fast  what the program answers and writes, on SQLite: the part to run after each change
# make test-live STRIPE_SECRET_KEY=sk_test_…   the sandbox's rules, tried on Stripe's real test mode
# make chaos  storms over the whole program: SEEDS=20 runs the seeds 1 to 20, SEED=7 one; see docs/chaos.md
# make coverage  every branch of the code that moves seats and money is tried, or it says which is not
# make mutation  small faults put into that code, and how many of them the tests notice; see docs/mutation.md
# make evidence  every proof at its large size, and the page docs/evidence.md of what it has shown (an hour and more)
# make fuzz  ten thousand made-up requests against the API's own document: CASES=300 makes fewer
# make check  lint, types, imports, migrations, deployment and OpenAPI checks
# make bench  the whole table of docs/benchmarks.md, beside its yardstick (needs wrk)
# make bench-frontend  how soon the schedule can be used on a slow phone
# make bench-sandbox  how many payment intents a second the sandbox creates
# make bench-bookings  bookings, refusals, webhooks and the schedule beside a bare booking in DRF (needs wrk)
# make bench-integrity  what check_integrity takes for a million bookings, on both databases
# make bench-reports  what the page of reports takes for a million bookings, on both databases
# make bench-scaling  bookings a second by processes and replicas, and a chain's Monday simulated: writes docs/scaling.md
# make lock   write requirements*.txt from requirements*.in

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
WORKERS ?= 2
SEEDS ?= 20
# They drive the sandbox or the frontend, run the demo on SQLite, or ask what every database answers alike.
NO_DATABASE := $(addprefix --ignore tests/,sandbox web behaviour clients openapi access journeys/test_readme.py model/test_controls.py) \
	$(addprefix --ignore tests/operations/test_,image.py rotation.py units.py watching.py)
# Real processes under load: one after the other, or they would disturb each other.
LOAD := tests/races tests/chaos
# They bring what they disturb: a server of their own to kill, or a proxy before it.
FAULTS := tests/faults tests/failover
# Browsers, whole programs and made-up stories: they take longer than all the rest.
WHOLE := $(addprefix tests/,web sandbox behaviour clients journeys model openapi/test_fuzz.py)
STORM := tests/chaos/test_chaos.py::test_no_law_is_broken_in_a_storm
# What is never imported need not be compiled: a third of the time.
PIP := $(PY) -m pip --disable-pip-version-check --quiet install --require-hashes --no-compile

.PHONY: run chaos fuzz coverage mutation evidence test test-live test-fast test-sqlite test-postgresql check bench bench-bookings bench-frontend bench-integrity bench-reports bench-sandbox bench-scaling lock openapi clean

$(PY):
	$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: requirements.txt | $(PY)
	$(PIP) --requirement requirements.txt
	@touch $@

$(VENV)/.development: requirements-dev.txt | $(PY)
	$(PIP) --requirement requirements-dev.txt
	@touch $@ $(VENV)/.runtime

run: $(VENV)/.runtime
	@PY=$(PY) exec ./bin/run

test: test-sqlite test-postgresql

test-fast: $(VENV)/.development
	DATABASE_URL= $(PY) -m pytest tests $(addprefix --ignore ,$(LOAD) $(WHOLE) $(FAULTS)) -n $(WORKERS)

test-sqlite: test-fast
	DATABASE_URL= $(PY) -m pytest $(WHOLE) -n $(WORKERS)
	DATABASE_URL= $(PY) -m pytest tests/races '$(STORM)[3]'

test-postgresql: $(VENV)/.development
	$(PY) -m tests.postgresql pytest tests $(addprefix --ignore ,$(LOAD) $(FAULTS)) $(NO_DATABASE) -n $(WORKERS)
	$(PY) -m tests.postgresql pytest $(FAULTS) -n $(WORKERS)
	$(PY) -m tests.postgresql pytest $(LOAD) --deselect '$(STORM)[3]'

coverage: $(VENV)/.development
	DATABASE_URL= $(PY) -m coverage run -m pytest tests/booking tests/payments
	$(PY) -m coverage report

mutation: $(VENV)/.development
	$(PY) -m tests.mutation

evidence: $(VENV)/.development
	$(PY) -m tests.evidence

chaos: $(VENV)/.development
	$(PY) -m tests.chaos $(if $(SEED),--seed $(SEED),--seeds $(SEEDS))

fuzz: $(VENV)/.development
	$(PY) -m tests.openapi.fuzz --cases $(or $(CASES),10000)

test-live: $(VENV)/.development
	@case "$(STRIPE_SECRET_KEY)" in \
	"") echo "test-live: give a key of Stripe's test mode: make test-live STRIPE_SECRET_KEY=sk_test_…" >&2; exit 2;; \
	sk_test_*|rk_test_*) ;; \
	*) echo "test-live: only a key of Stripe's test mode will do (sk_test_… or rk_test_…)" >&2; exit 2;; \
	esac
	@env --unset=STRIPE_SECRET_KEY --unset=STRIPE_PUBLISHABLE_KEY DATABASE_URL= \
		STRIPE_TEST_MODE_KEY="$(STRIPE_SECRET_KEY)" STRIPE_TEST_MODE_PUBLISHABLE_KEY="$(STRIPE_PUBLISHABLE_KEY)" \
		$(PY) -m pytest tests/behaviour -p no:randomly -rs

check: $(VENV)/.development
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy config booking payments notifications members boundary
	$(VENV)/bin/mypy sandbox bench
	$(VENV)/bin/lint-imports
	$(PY) manage.py makemigrations --check --dry-run
	$(PY) -m tests.production manage.py check --deploy --fail-level WARNING
	$(PY) manage.py spectacular --validate --fail-on-warn --file .run/openapi.yaml
	diff -u docs/openapi.yaml .run/openapi.yaml

bench: $(VENV)/.development
	$(PY) -m bench.cluster bench

bench-bookings: $(VENV)/.development
	$(PY) -m bench.cluster bench.bookings

bench-integrity: $(VENV)/.development
	DATABASE_URL= $(PY) -m bench.integrity
	$(PY) -m tests.postgresql bench.integrity

bench-reports: $(VENV)/.development
	DATABASE_URL= $(PY) -m bench.reports
	$(PY) -m tests.postgresql bench.reports

bench-frontend: $(VENV)/.development
	$(PY) -m bench.frontend

bench-sandbox: $(VENV)/.development
	$(PY) -m bench.sandbox

bench-scaling: $(VENV)/.development
	$(PY) -m bench.scaling

openapi: $(VENV)/.development
	$(PY) manage.py spectacular --validate --fail-on-warn --file docs/openapi.yaml

lock: $(VENV)/.development
	$(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header requirements.in --output-file requirements.txt
	$(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header requirements-dev.in --output-file requirements-dev.txt

clean:
	rm -rf $(VENV) .run staticfiles db.sqlite3 db.sqlite3-shm db.sqlite3-wal
