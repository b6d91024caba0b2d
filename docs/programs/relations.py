"""Learn which role a mention plays in an event, if any, and score it on validation and test, role by role.

pip install "datasets>=4" scikit-learn
python docs/programs/relations.py corpus
"""

import sys

from datasets import load_dataset
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import classification_report, f1_score
from sklearn.pipeline import make_pipeline

corpus = sys.argv[1] if len(sys.argv) > 1 else "corpus"
NONE = "none"

# A text that may not be shipped has no tokens in the row; `acre rehydrate` puts them there.
data = load_dataset(corpus, "events").filter(lambda row: row["tokens"])
columns = data["train"].features
event_type = columns["event_mentions"].feature["label"].int2str
mention_label = columns["mentions"].feature["label"].int2str
roles = columns["event_mentions"].feature["arguments"].feature["role"]


def pairs(row):
    """Each trigger of the sentence with each of its mentions: what is seen of the pair, and its role or none."""
    triggers, mentions = (
        [mark for mark in row[layer] if mark["token_start"] is not None]  # null: it cuts a token
        for layer in ("event_mentions", "mentions")
    )
    for trigger in triggers:
        role_of = {filler["id"]: roles.int2str(filler["role"]) for filler in trigger["arguments"]}
        for mention in mentions:
            seen = look(row["tokens"], trigger, mention, triggers, mentions)
            yield dict.fromkeys(seen, 1), role_of.get(mention["id"], NONE)


def look(tokens, trigger, mention, triggers, mentions):
    """Names of what is true of a pair. Marks are of token_start to token_end, half-open."""
    kind, label = event_type(trigger["label"]), mention_label(mention["label"])
    side = "before" if mention["token_start"] < trigger["token_start"] else "after"
    first, last = (mention, trigger) if side == "before" else (trigger, mention)
    between = range(first["token_end"], last["token_start"])
    words = [tokens[number].lower() for number in between]
    others = sum(mark["token_start"] in between for mark in triggers)
    alike = sum(
        mark["token_start"] in between and mark["label"] == mention["label"] for mark in mentions
    )
    word = " ".join(tokens[trigger["token_start"] : trigger["token_end"]]).lower()
    yield from (f"{kind} {label}", f"{kind} {label} {side}", f"{word} {label} {side}")
    yield from (f"{label} {side}, {others} triggers between", f"{label} {side}, {alike} alike")
    yield f"{side} by {min(len(words), 12)}"
    if mention["token_start"]:
        yield f"{label} after {tokens[mention['token_start'] - 1].lower()}"
    if len(words) < 4:
        yield f"{label} {side} by {words}"
    yield from (f"{side} over {word}" for word in words)


examples = {split: [pair for row in rows for pair in pairs(row)] for split, rows in data.items()}
seen, gold = zip(*examples.pop("train"), strict=True)
print(f"learning from {len(gold)} pairs, {len(gold) - gold.count(NONE)} of them with a role ...")
model = make_pipeline(DictVectorizer(), LogisticRegression(C=10, max_iter=1000)).fit(seen, gold)
for split in filter(examples.get, examples):  # those that hold texts
    seen, gold = zip(*examples[split], strict=True)
    predicted = model.predict(seen)
    print(classification_report(gold, predicted, labels=roles.names, zero_division=0))
    print(f"{split}: F1 {f1_score(gold, predicted, labels=roles.names, average='micro'):.2f}")
