"""Builds the guidelines as a static site with search, in build/guidelines/, from the pages in guidelines/.

    make guidelines

A desk that is started afterwards serves the site under /guidelines/, and its instruction panel links to it.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

from annotate.annotators import draw, guidelines
from annotate.annotators.guidelines import Example
from annotate.corpus import store
from annotate.model import schema as schema_
from annotate.model.issues import AcreError
from annotate.model.schema import Schema

ROOT = Path(__file__).parents[1]
SOURCE, SITE = ROOT / "guidelines", ROOT / "build" / "guidelines"
_FENCE = re.compile(r"^```acre( near)?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_CONF = """
project = "ACRE guidelines"
extensions = ["myst_parser"]
html_theme = "furo"
html_title = "ACRE guidelines {version}"
html_static_path = ["_static"]
html_css_files = ["acre.css"]
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
suppress_warnings = ["myst.header", "myst.xref_missing"]
"""


def main() -> None:
    """Build the site; exit 1 where a page does not parse."""
    schema = schema_.load(SOURCE / "schema.yaml")
    with tempfile.TemporaryDirectory() as folder:
        stage = Path(folder)
        for page in guidelines.read(SOURCE):
            target = stage / page.path.relative_to(SOURCE)
            store.write(target, _drawn(page.path, schema).encode())
        store.write(stage / "index.md", _index(schema).encode())
        store.write(stage / "trees.md", (SOURCE / "trees.md").read_bytes())
        shutil.copytree(SOURCE / "trees", stage / "trees")
        store.write(stage / "_static" / "acre.css", draw.CSS.encode())
        store.write(stage / "conf.py", _CONF.format(version=schema.version).encode())
        shutil.rmtree(SITE, ignore_errors=True)
        subprocess.run(
            [
                sys.executable,
                "-m",
                "sphinx",
                "-q",
                "-W",
                "--keep-going",
                "-b",
                "html",
                "-d",
                str(stage / ".doctrees"),
                str(stage),
                str(SITE),
            ],
            check=True,
        )
    print(f"wrote {SITE.relative_to(ROOT)}/index.html")


def _drawn(path: Path, schema: Schema) -> str:
    """The page with each example drawn as marked text instead of in the notation."""
    source = path.read_text(encoding="utf-8")

    def draw_one(fence: re.Match[str]) -> str:
        where = f"{path}:{source.count(chr(10), 0, fence.start()) + 2}"
        article, annotation = guidelines.parse(
            Example(where, fence[2].rstrip("\n"), bool(fence[1]), ""), schema
        )
        marked = draw.marked(article.text or "", annotation, schema)
        return f'<div class="{"acre-near" if fence[1] else "acre-example"}">\n{marked}\n</div>'

    return _FENCE.sub(draw_one, source)


def _index(schema: Schema) -> str:
    """The first page, and the order of all others."""
    sections: dict[str, list[str]] = {
        "How to read and mark": [
            f"topics/{name}"
            for name in (
                "reading",
                "extent",
                "metonymy-and-sides",
                "zones",
                "coreference",
                "hard-cases",
            )
        ],
        "Mentions": [f"labels/{name}" for name in schema.mentions],
        "Answers about mentions": [
            f"topics/{name}" for name in ("distance", "quantities", "times")
        ],
    }
    groups: dict[str, list[str]] = defaultdict(list)
    for name, event in schema.events.items():
        groups[f"Events: {event.group}"].append(f"labels/{name}")
    sections |= groups
    sections["Which word, which event, told how"] = [
        f"topics/{name}" for name in ("triggers", "tie-breaks", "realis")
    ]
    sections["Roles"] = ["topics/fillers", *(f"roles/{name}" for name in schema.roles)]
    sections["Attribution"] = [f"labels/{name}" for name in schema.attribution] + [
        f"topics/{name}"
        for name in (
            "nested-attribution",
            "anonymous-and-unattributed",
            "headlines-and-credits",
            "unverified",
            "stance",
            "style",
        )
    ]
    listed = "".join(
        f"\n```{{toctree}}\n:hidden:\n:caption: {caption}\n\n" + "\n".join(pages) + "\n```\n"
        for caption, pages in sections.items()
    )
    body = (SOURCE / "README.md").read_text(encoding="utf-8")
    return f"{body}\n```{{toctree}}\n:hidden:\n\ntrees\n```\n{listed}"


if __name__ == "__main__":
    try:
        main()
    except AcreError as error:
        sys.exit(f"guidelines: {error}")
    except subprocess.CalledProcessError as error:
        sys.exit(f"guidelines: sphinx ended with {error.returncode}; its warnings stand above")
