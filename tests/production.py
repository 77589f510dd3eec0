"""Runs a command with values a production could have: `python -m tests.production manage.py check --deploy`."""

import os
import subprocess
import sys

VALUES = {
    "DJANGO_ENV": "prod",
    "SECRET_KEY": "0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "ALLOWED_HOSTS": "studio.example.com",
    "CSRF_TRUSTED_ORIGINS": "https://studio.example.com",
    "DATABASE_URL": "postgresql://holdfast:holdfast@127.0.0.1/holdfast",
    "PUBLIC_BASE_URL": "https://studio.example.com",
    "STRIPE_SECRET_KEY": "sk_test_production_check",
    "STRIPE_PUBLISHABLE_KEY": "pk_test_production_check",
    "STRIPE_WEBHOOK_SECRET": "whsec_production_check",
}

if __name__ == "__main__":
    environment = {**os.environ, **VALUES}
    raise SystemExit(subprocess.run([sys.executable, *sys.argv[1:]], env=environment, check=False).returncode)
