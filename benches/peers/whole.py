"""Their whole program: embeds or folds a FASTA file with multimolecule, batched as well as it can be.

Sequences are sorted by length and padded to the longest of a batch of so many tokens. Folding runs the official head on
one sequence at a time, as it must, and decodes greedily over sorted candidates.

    python whole.py embed .work/micro rnas.fa out.npz --dtype bf16 --attention sdpa --batch-tokens 4096
"""

import argparse

import numpy
import torch
from multimolecule import RiNALMoModel, RnaTokenizer

from official import StructureHead

DTYPES = {"f32": torch.float32, "bf16": torch.bfloat16}
CANONICAL = ["AU", "UA", "GC", "CG", "GU", "UG"]


def main():
    args = arguments()
    torch.set_num_threads(args.threads)
    tokenizer = RnaTokenizer.from_pretrained(args.model)
    model = RiNALMoModel.from_pretrained(args.model, attn_implementation=args.attention, add_pooling_layer=False)
    model = model.eval().to(DTYPES[args.dtype])
    head = StructureHead.open(args.model).eval().to(DTYPES[args.dtype]) if args.verb == "fold" else None
    results = {}
    with torch.inference_mode():
        for batch in batches(read(args.input), args.batch_tokens):
            tokens = tokenizer([sequence for _, sequence in batch], return_tensors="pt", padding=True)
            hidden = model(**tokens).last_hidden_state
            for (name, sequence), rows in zip(batch, hidden):
                bases = rows[1 : len(sequence) + 1]
                if head is None:
                    results[name] = bases.float().mean(0).numpy()
                else:
                    probabilities = torch.sigmoid(head(bases[None])[0].float()).numpy()
                    results[name] = fold(probabilities, sequence)
    if head is None:
        numpy.savez(args.output, **results)
    else:
        with open(args.output, "w") as output:
            output.writelines(f">{name}\n{structure}\n" for name, structure in results.items())


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("verb", choices=("embed", "fold"))
    parser.add_argument("model")
    parser.add_argument("input")
    parser.add_argument("output")
    parser.add_argument("--dtype", choices=DTYPES, default="f32")
    parser.add_argument("--attention", default="sdpa")
    parser.add_argument("--batch-tokens", type=int, default=4096)
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args()


def read(path):
    with open(path) as file:
        for record in file.read().split(">")[1:]:
            name, _, sequence = record.partition("\n")
            yield name, sequence.replace("\n", "").upper().replace("T", "U")


def batches(records, budget):
    """Neighbours in length, at most `budget` tokens with their padding; the longest first."""
    batch = []
    for record in sorted(records, key=lambda record: -len(record[1])):
        if batch and (len(batch) + 1) * (len(batch[0][1]) + 2) > budget:
            yield batch
            batch = []
        batch.append(record)
    if batch:
        yield batch


def fold(probabilities, sequence, threshold=0.5):
    """The most probable pair first; of those over the threshold, canonical and 4 apart."""
    letters = numpy.array(list(sequence))
    canonical = numpy.isin(numpy.char.add(letters[:, None], letters[None, :]), CANONICAL)
    rows, columns = numpy.nonzero(numpy.triu(canonical & (probabilities > threshold), k=4))
    order = numpy.argsort(-probabilities[rows, columns], kind="stable")
    partners = {}
    for i, j in zip(rows[order].tolist(), columns[order].tolist()):
        if i not in partners and j not in partners:
            partners[i], partners[j] = j, i
    return " ".join(str(partners.get(i, -1)) for i in range(len(sequence)))


if __name__ == "__main__":
    main()
