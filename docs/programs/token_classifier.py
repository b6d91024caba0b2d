"""Fine-tune an encoder as a token classifier, with the dataset's tokens aligned to its word pieces.

python docs/programs/token_classifier.py corpus distilbert/distilbert-base-cased [epochs] [learning rate]
"""

import sys

import torch
from datasets import load_dataset
from torch.utils.data import DataLoader
from transformers import (
    AutoModelForTokenClassification,
    AutoTokenizer,
    DataCollatorForTokenClassification,
)

corpus, encoder = sys.argv[1], sys.argv[2]
epochs = int(sys.argv[3]) if len(sys.argv) > 3 else 5
rate = float(sys.argv[4]) if len(sys.argv) > 4 else 5e-5
torch.manual_seed(0)

data = load_dataset(corpus, "mentions").filter(
    lambda row: row["tokens"]
)  # null where a text may not be shipped
tags = data["train"].features["bio"].feature.names
tokenizer = AutoTokenizer.from_pretrained(encoder, add_prefix_space=True)
model = AutoModelForTokenClassification.from_pretrained(encoder, num_labels=len(tags))


def align(row):
    """The first piece of each token bears its tag; the others, and special ones, bear -100, which the loss
    leaves out.
    """
    pieces = tokenizer(row["tokens"], is_split_into_words=True, truncation=True, max_length=256)
    labels, before = [], None
    for word in pieces.word_ids():
        labels.append(-100 if word is None or word == before else row["bio"][word])
        before = word
    return {
        "input_ids": pieces["input_ids"],
        "attention_mask": pieces["attention_mask"],
        "labels": labels,
    }


aligned = data.map(align, remove_columns=data["train"].column_names)
batches = {
    split: DataLoader(
        rows,
        batch_size=8,
        shuffle=split == "train",
        collate_fn=DataCollatorForTokenClassification(tokenizer),
    )
    for split, rows in aligned.items()
}
optimizer = torch.optim.AdamW(model.parameters(), lr=rate)
for epoch in range(epochs):
    model.train()
    for batch in batches["train"]:
        loss = model(**batch).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    print(f"epoch {epoch}: loss {loss.item():.2f}")

model.eval()
for split, loader in batches.items():
    right = seen = 0
    with torch.no_grad():
        for batch in loader:
            told, there = model(**batch).logits.argmax(-1), batch["labels"] != -100
            right += (told[there] == batch["labels"][there]).sum().item()
            seen += there.sum().item()
    if seen:  # a split may hold no text that is shipped
        print(f"{split}: {right / seen:.2f} of {seen} tokens right")
