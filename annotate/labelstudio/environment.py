"""What a desk's Label Studio is told as it starts: all of its settings, and of the caller's environment little."""

from __future__ import annotations

import os
from pathlib import Path

from annotate.labelstudio import desks, postgres
from annotate.labelstudio.desks import Desk

HOST = "127.0.0.1"

_INHERITED = {
    "PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "LD_LIBRARY_PATH",
    "PYTHONPATH", "PGPASSFILE",
}  # fmt: skip
"""Label Studio reads its settings under bare names too, `DEBUG` among them: all else of the caller's stays out."""


def environment(desk: Desk, home: Path, guidelines: Path | None = None) -> dict[str, str]:
    """The environment of the desk's process, whole; `home` is the desk's folder, `guidelines` the built site's."""
    settings = {
        "BASE_DATA_DIR": str((home / "data").resolve()),
        "USERNAME": desk.email or "",
        "PASSWORD": desk.password or "",
        "USER_TOKEN": desk.token,
        "ENABLE_LEGACY_API_TOKEN": "true",
        "DISABLE_SIGNUP_WITHOUT_LINK": "true",
        "COLLECT_ANALYTICS": "false",
        "LATEST_VERSION_CHECK": "false",
        "SENTRY_DSN": "",
        "FRONTEND_SENTRY_DSN": "",
        "CORS_ALLOW_ALL_ORIGINS": "false",
        "ALLOWED_HOSTS": f"{HOST},localhost",
        "ENABLE_LOCAL_FILES_STORAGE": "false",
        "LOCAL_FILES_SERVING_ENABLED": "false",
        # The suggestion service is on this machine; the annotator's account can name none.
        "ML_BLOCK_LOCAL_IP": "false",
    }
    label_studio = settings | _database(desk)
    inherited = {name: value for name, value in os.environ.items() if name in _INHERITED}
    # Bad predictions are refused.
    flags = {"fflag_feat_utc_210_prediction_validation_15082025": "true"}
    site = {"ACRE_GUIDELINES": str(guidelines.resolve())} if guidelines else {}
    return (
        inherited
        | {f"LABEL_STUDIO_{name}": value for name, value in label_studio.items()}
        | flags
        | site
        | {"ACRE_DESK": desk.name, "ACRE_LOCK": str(desks.server_lock(home).resolve())}
    )


def _database(desk: Desk) -> dict[str, str]:
    if desk.database is None:
        # SQLite in WAL mode: twice the submit rate, and readers don't lock writers out.
        return {"DJANGO_DB": "sqlite", "AZURE_MOUNT_FIX": "1"}
    fields = postgres.fields(desk.database)
    named = {
        "USER": "user", "PASSWORD": "password", "NAME": "dbname", "HOST": "host", "PORT": "port",
    }  # fmt: skip
    return {"DJANGO_DB": "default"} | {
        f"POSTGRE_{name}": fields.get(field, "") for name, field in named.items()
    }
