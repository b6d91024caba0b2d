"""Makes Label Studio's tables in the data folder that the environment names; no account, nothing else."""

from __future__ import annotations

import importlib
import os
import sys

if __name__ == "__main__":
    server = importlib.import_module("label_studio.server")
    sys.path.insert(0, server.LS_PATH)
    os.environ["DJANGO_SETTINGS_MODULE"] = "core.settings.label_studio"
    importlib.import_module("django").setup()
    importlib.import_module("django.core.management").call_command("migrate", verbosity=0)
