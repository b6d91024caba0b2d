"""Train a spaCy span categoriser on mentions, nested ones too, and score it on validation and test.

pip install "datasets>=4" spacy nervaluate
python docs/programs/span_categoriser.py corpus [epochs]
"""

import random
import sys

import spacy
from datasets import load_dataset
from nervaluate import Evaluator
from spacy.tokens import Doc, Span
from spacy.training import Example
from spacy.util import minibatch

corpus = sys.argv[1] if len(sys.argv) > 1 else "corpus"
epochs = int(sys.argv[2]) if len(sys.argv) > 2 else 25

# A text that may not be shipped has no tokens in the row; `acre rehydrate` puts them there.
data = load_dataset(corpus, "mentions").filter(lambda row: row["tokens"])
labels = data["train"].features["mentions"].feature["label"]

nlp = spacy.blank("en")
suggester = {"@misc": "spacy.ngram_range_suggester.v1", "min_size": 1, "max_size": 8}
nlp.add_pipe("spancat", config={"spans_key": "mentions", "suggester": suggester})


def example(row):
    """A sentence with its spans: their token offsets are in the row, half-open, and null where they cut a token."""
    reference = Doc(nlp.vocab, words=row["tokens"])
    reference.spans["mentions"] = [
        Span(reference, m["token_start"], m["token_end"], label=labels.int2str(m["label"]))
        for m in row["mentions"]
        if m["token_start"] is not None
    ]
    return Example(Doc(nlp.vocab, words=row["tokens"]), reference)


def spans(doc):
    """As nervaluate takes them, whose ends are inclusive."""
    return [
        {"label": span.label_, "start": span.start, "end": span.end - 1}
        for span in doc.spans["mentions"]
    ]


examples = {split: [example(row) for row in rows] for split, rows in data.items() if len(rows)}
spacy.util.fix_random_seed(0)
random.seed(0)
optimizer = nlp.initialize(lambda: examples["train"])
optimizer.learn_rate = 0.003
for epoch in range(epochs):
    losses = {}
    random.shuffle(examples["train"])
    for batch in minibatch(examples["train"], 16):
        nlp.update(batch, sgd=optimizer, drop=0.2, losses=losses)
    print(f"epoch {epoch + 1} of {epochs}: loss {losses['spancat']:.0f}", flush=True)

for split in examples:
    gold = [spans(each.reference) for each in examples[split]]
    predicted = [spans(nlp(each.predicted)) for each in examples[split]]
    # nervaluate pairs each span with the first one that it overlaps, and spans that nest overlap: exact ones go first.
    for told, right in zip(predicted, gold, strict=True):
        told.sort(key=lambda span, right=right: span not in right)
    scores = Evaluator(gold, predicted, tags=labels.names, loader="dict").evaluate()
    print(f"{split}: F1 {scores['overall']['strict'].f1:.2f}")
