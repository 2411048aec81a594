"""The official structure head, as a baseline: its code is not on PyPI, so this is written from its description.

The representations of every two bases stand side by side (a tensor of 2d x L x L), one linear layer takes them to 64
channels, two bottleneck blocks of convolutions with instance norm follow, one convolution to a logit, and the strict
upper triangle is mirrored.
"""

import re

import torch
from torch import nn


class Bottleneck(nn.Module):
    """1x1, 3x3 and 1x1 convolutions, each followed by instance norm and ReLU, and the input added."""

    def __init__(self, channels):
        super().__init__()
        self.conv_net = nn.Sequential(
            *(
                layer
                for width in (1, 3, 1)
                for layer in (
                    nn.Conv2d(channels, channels, width, padding="same", bias=False),
                    nn.InstanceNorm2d(channels),
                    nn.ReLU(inplace=True),
                )
            )
        )

    def forward(self, pairs):
        return pairs + self.conv_net(pairs)


class StructureHead(nn.Module):
    """Logits of every pair of bases, `[1, len, len]`, of their representations `[1, len, dim]`."""

    def __init__(self, dim, channels=64, blocks=2):
        super().__init__()
        self.linear_in = nn.Linear(2 * dim, channels)
        self.blocks = nn.Sequential(*(Bottleneck(channels) for _ in range(blocks)))
        self.conv_out = nn.Conv2d(channels, 1, 3, padding="same")

    def forward(self, hidden):
        length = hidden.shape[1]
        rows = hidden.unsqueeze(2).expand(-1, -1, length, -1)
        columns = hidden.unsqueeze(1).expand(-1, length, -1, -1)
        pairs = self.linear_in(torch.cat((rows, columns), dim=-1))
        logits = self.conv_out(self.blocks(pairs.permute(0, 3, 1, 2))).squeeze(1)
        upper = torch.triu(logits, diagonal=1)
        return upper + upper.transpose(-1, -2)

    @classmethod
    def open(cls, folder):
        """The head of a model that multimolecule has saved with one."""
        from safetensors.torch import load_file

        weights = {}
        for name, values in load_file(f"{folder}/model.safetensors").items():
            if name.startswith("ss_head."):
                weights[own_name(name.removeprefix("ss_head."))] = values
        head = cls(weights["linear_in.weight"].shape[1] // 2)
        head.load_state_dict(weights)
        return head


def own_name(name):
    """projection, convnet.layers.N.convM, prediction: multimolecule's names of the same tensors."""
    name = name.replace("projection.", "linear_in.").replace("prediction.", "conv_out.")
    step = {"1": "0", "2": "3", "3": "6"}
    return re.sub(r"convnet\.(?:layers\.)?(\d+)\.conv(\d)", lambda m: f"blocks.{m[1]}.conv_net.{step[m[2]]}", name)


def pair_loss(logits, pairs):
    """Mean binary cross-entropy over the strict upper triangle."""
    length = logits.shape[-1]
    upper = torch.triu(torch.ones(length, length, dtype=torch.bool), diagonal=1)
    return nn.functional.binary_cross_entropy_with_logits(logits[0][upper], pairs[upper])
