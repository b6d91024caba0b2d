"""Train a spaCy span categoriser on mentions, nested ones too, and score it on the validation split.

python docs/programs/span_categoriser.py corpus [steps]
"""

import random
import sys

import spacy
from datasets import load_dataset
from spacy.tokens import Doc, Span
from spacy.training import Example

corpus = sys.argv[1] if len(sys.argv) > 1 else "corpus"
steps = int(sys.argv[2]) if len(sys.argv) > 2 else 60

data = load_dataset(corpus, "mentions")
label = data["train"].features["mentions"].feature["label"].int2str

nlp = spacy.blank("en")
suggester = {"@misc": "spacy.ngram_range_suggester.v1", "min_size": 1, "max_size": 8}
nlp.add_pipe("spancat", config={"spans_key": "mentions", "suggester": suggester, "threshold": 0.4})


def example(row):
    """A sentence with its spans: their token offsets are in the row, half-open, and null where they cut a token."""
    reference = Doc(nlp.vocab, words=row["tokens"])
    reference.spans["mentions"] = [
        Span(reference, mention["token_start"], mention["token_end"], label=label(mention["label"]))
        for mention in row["mentions"]
        if mention["token_start"] is not None
    ]
    return Example(Doc(nlp.vocab, words=row["tokens"]), reference)


# A text that may not be shipped has no tokens in the row; `acre rehydrate` puts them there.
train, validation = (
    [example(row) for row in data[split] if row["tokens"]] for split in ("train", "validation")
)
spacy.util.fix_random_seed(0)
random.seed(0)
optimizer = nlp.initialize(lambda: train)
for step in range(steps):
    losses = nlp.update(random.sample(train, min(64, len(train))), sgd=optimizer, drop=0.1)
    if step % 20 == 0:
        print(f"step {step}: loss {losses['spancat']:.1f}")

for name, examples in (("train", train), ("validation", validation)):
    scores = nlp.evaluate(examples)
    print(f"{name}: F1 {scores['spans_mentions_f'] or 0:.2f}")
