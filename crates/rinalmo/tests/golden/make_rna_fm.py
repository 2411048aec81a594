"""Makes `golden/others/rna_fm_authors`: a tiny RNA-FM with random weights in the file of its authors, and what their own
code computes from it.

    pip install torch==2.11.0 safetensors numpy scikit-learn rna-fm==0.2.2
    python make_rna_fm.py

The file has the layout of `RNA-FM_pretrained.pth`: `args`, and `model` with the names of fairseq's encoder. It is read back
by `fm.pretrained`, which puts zeros in the place of the mask's embedding. Weights are drawn anew, norms and biases too,
so that no tensor can be left out unnoticed.
"""

from argparse import Namespace
from pathlib import Path

import fm
import torch
from safetensors.torch import save_file

OUT = Path(__file__).parent / "others" / "rna_fm_authors"
SEQUENCES = ["G", "GGGGAAAACCCC", "ACGUNACGUUAGCAUCGGAUCGAUUACGGCAUUCGA", "AGCMUCGA"]  # M: masked
BASES = "ACGUN"

sizes = dict(layers=2, embed_dim=24, ffn_embed_dim=40, attention_heads=3, max_positions=64)
args = Namespace(arch="roberta_large", emb_layer_norm_before=True, **sizes)
torch.manual_seed(8)
alphabet = fm.Alphabet.from_architecture("roberta_large", theme="rna")
model = fm.BioBertModel(args, alphabet).eval()
state = model.state_dict()
for key, tensor in state.items():
    tensor.copy_(torch.randn_like(tensor) * (0.2 if tensor.dim() == 1 else 0.3))
    if "layer_norm" in key and key.endswith("weight"):
        tensor.add_(1.0)

OUT.mkdir(parents=True, exist_ok=True)
path = OUT / "RNA-FM_pretrained.pth"
renamed = {f"encoder.{key}": tensor for key, tensor in state.items() if not key.startswith("contact_head.")}
torch.save({"args": args, "model": renamed}, path)

load = torch.load
torch.load = lambda *words, **named: load(*words, **named, weights_only=False)  # their loader is older than this check
model, alphabet = fm.pretrained.load_model_and_alphabet_local(path, theme="rna")
model.eval()
columns = [alphabet.get_idx(base) for base in BASES]
arrays = {}
for number, sequence in enumerate(SEQUENCES):
    letters = [alphabet.mask_idx if letter == "M" else alphabet.get_idx(letter) for letter in sequence]
    ids = torch.tensor([[alphabet.cls_idx, *letters, alphabet.eos_idx]])
    with torch.no_grad():
        found = model(ids, repr_layers=[sizes["layers"]])
    arrays[f"representation.{number}"] = found["representations"][sizes["layers"]][0].contiguous()
    arrays[f"logits.{number}"] = found["logits"][0][:, columns].contiguous()
save_file(arrays, OUT / "expected.safetensors")
print({key: tuple(value.shape) for key, value in arrays.items()})
