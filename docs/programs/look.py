"""Load the claims and the documents, and look at them.

pip install "datasets>=4"
python docs/programs/look.py corpus
"""

import sys

from datasets import load_dataset

corpus = sys.argv[1] if len(sys.argv) > 1 else "corpus"

documents = load_dataset(corpus, "documents", split="train")
text_of = {document["id"]: document["text"] for document in documents}

claims = load_dataset(corpus, "claims", split="train")
name = {
    column: kind.int2str for column, kind in claims.features.items() if hasattr(kind, "int2str")
}

for claim in claims:
    text = text_of[claim["document"]]
    if text is not None:  # null where a text may not be shipped
        assert text[claim["start"] : claim["end"]] == claim["text"]
    if claim["mentioned"]:  # only in passing: no stance is on it
        told = f"{claim['source'] or 'somebody'} mentions"
    elif claim["stance"] is not None:
        told = f"{claim['source'] or 'somebody'} {name['stance'](claim['stance'])}"
    else:
        told = f"{claim['outlet']} reports"
    roles = {
        role: [filler["text"] for filler in claim[role]]
        for role in ("agent", "target", "victim", "object", "place", "count")
    }
    print(
        f"{told}: {name['label'](claim['label'])} “{claim['text']}”",
        {role: words for role, words in roles.items() if words},
    )

denied = claims.filter(
    lambda claim: claim["stance"] is not None and name["stance"](claim["stance"]) == "denies"
)
print(f"{len(claims)} claims, {len(denied)} of them denials")
