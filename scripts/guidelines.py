"""Builds the guidelines as a static site with search, in build/guidelines/, from the pages in guidelines/.

    make guidelines

A desk that is started afterwards serves the site under /guidelines/, and its instruction panel links to it. `acre site`
has the same pages among those of the corpus, which are not for annotators' eyes.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from annotate.model import schema as schema_
from annotate.model.issues import AcreError
from annotate.site import site

ROOT = Path(__file__).parents[1]
SOURCE, SITE = ROOT / "guidelines", ROOT / "build" / "guidelines"


def main() -> None:
    """Build the site; exit 1 where a page does not parse, or leads nowhere."""
    shutil.rmtree(SITE, ignore_errors=True)
    site.write_guidelines(SOURCE, schema_.load(SOURCE / "schema.yaml"), SITE)
    print(f"wrote {SITE.relative_to(ROOT)}/index.html")


if __name__ == "__main__":
    try:
        main()
    except AcreError as error:
        sys.exit(f"guidelines: {error}")
