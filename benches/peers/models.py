"""Writes a model with random weights as multimolecule saves it; both sides open the same file.

    python models.py micro .work/micro
"""

import sys

import torch
import multimolecule
from multimolecule import RiNALMoConfig, RiNALMoForSecondaryStructurePrediction, RnaTokenizer

# Width and blocks. `wide` is a bare carrier of the structure head of giga.
SIZES = {"nano": (320, 6), "micro": (480, 12), "mega": (640, 30), "giga": (1280, 33), "wide": (1280, 1)}
# Encoders of other papers, as multimolecule calls them; its defaults are their published sizes.
OTHERS = {"rna-fm": "RnaFm", "splice-bert": "SpliceBert", "ernie-rna": "ErnieRna"}


def write(size, folder):
    """Matrices of unit gain, norms near 1, biases near 0."""
    torch.manual_seed(1)
    if size in OTHERS:
        name = OTHERS[size]
        model = getattr(multimolecule, f"{name}ForMaskedLM")(getattr(multimolecule, f"{name}Config")())
    else:
        width, blocks = SIZES[size]
        config = RiNALMoConfig(
            hidden_size=width, num_hidden_layers=blocks, num_attention_heads=20, intermediate_size=4 * width
        )
        model = RiNALMoForSecondaryStructurePrediction(config)
    with torch.no_grad():
        for name, values in model.named_parameters():
            if values.dim() > 1:
                values.uniform_(-1, 1).mul_((3 / values[0].numel()) ** 0.5)
            elif "norm" in name.lower() and name.endswith("weight") or values.numel() == 1 and "layer" in name:
                values.uniform_(0.9, 1.1)
            else:
                values.uniform_(-0.1, 0.1)
        model.tie_weights()
    model.save_pretrained(folder)
    RnaTokenizer().save_pretrained(folder)


if __name__ == "__main__":
    write(*sys.argv[1:])
