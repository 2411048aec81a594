"""The model in plain PyTorch, as somebody writes it who wants it fast: the peer that counts.

Three products of queries, keys and values are one, as are the two that feed the swish gate; attention is PyTorch's
own; nothing is padded, masked or copied that need not be. It opens a folder that multimolecule has saved, and its
outputs are compared with multimolecule's and with ours, so all three compute the same.
"""

import torch
import torch.nn.functional as F
from safetensors.torch import load_file

HEADS = 20
# In training 12 % of the embeddings are zero, so the others are scaled by what is left, as in the released code.
KEPT = 1 - 0.15 * 0.8


class Encoder(torch.nn.Module):
    """Representations of tokens `[batch, length]`: `[batch, length, width]`."""

    def __init__(self, folder, dtype):
        super().__init__()
        weights = {name.removeprefix("model."): value for name, value in load_file(f"{folder}/model.safetensors").items()}
        blocks = 1 + max(int(name.split(".")[2]) for name in weights if name.startswith("encoder.layer."))
        self.embedding = torch.nn.Parameter(weights["embeddings.word_embeddings.weight"].to(dtype))
        self.blocks = torch.nn.ModuleList(
            Block({n.removeprefix(f"encoder.layer.{i}."): w for n, w in weights.items()}, dtype) for i in range(blocks)
        )
        self.norm = norm(weights, "encoder.layer_norm", dtype)

    def forward(self, tokens, dropout=0.0):
        hidden = F.embedding(tokens, self.embedding) * KEPT
        turn = angles(tokens.shape[1], hidden.shape[-1] // HEADS, hidden)
        for block in self.blocks:
            hidden = block(hidden, turn, dropout)
        return self.norm(hidden)


class MaskedLanguageModel(torch.nn.Module):
    """The loss of the masked tokens, whose logits alone are computed."""

    def __init__(self, folder, dropout):
        super().__init__()
        self.encoder, self.dropout = Encoder(folder, torch.float32), dropout
        width = self.encoder.embedding.shape[1]
        self.head = torch.nn.Sequential(
            torch.nn.Linear(width, width),
            torch.nn.GELU(),
            torch.nn.LayerNorm(width),
            torch.nn.Linear(width, len(self.encoder.embedding)),
        )

    def forward(self, tokens, chosen, targets):
        hidden = self.encoder(tokens, self.dropout if self.training else 0.0)
        return F.cross_entropy(self.head(hidden[chosen]), targets)


class Block(torch.nn.Module):
    """Norm, attention, and the normed input added; norm, swish gate, and its input added."""

    def __init__(self, weights, dtype):
        super().__init__()
        keep = lambda *names: torch.nn.Parameter(torch.cat([weights[name] for name in names]).to(dtype))
        self.attention_norm = norm(weights, "attention.layer_norm", dtype)
        self.qkv = keep(*(f"attention.self.{name}.weight" for name in ("query", "key", "value")))
        self.out = keep("attention.output.dense.weight")
        self.norm = norm(weights, "layer_norm", dtype)
        self.up = keep("intermediate.linear.weight", "intermediate.linear_gate.weight")
        self.up_bias = keep("intermediate.linear.bias", "intermediate.linear_gate.bias")
        self.beta = keep("intermediate.bias")
        self.down, self.down_bias = keep("output.dense.weight"), keep("output.dense.bias")

    def forward(self, hidden, turn, dropout=0.0):
        hidden = self.attention_norm(hidden)
        batch, length, width = hidden.shape
        qkv = F.linear(hidden, self.qkv).view(batch, length, 3, HEADS, width // HEADS)
        query, key, value = qkv.permute(2, 0, 3, 1, 4)
        attended = F.scaled_dot_product_attention(rotated(query, turn), rotated(key, turn), value, dropout_p=dropout)
        attended = attended.transpose(1, 2).reshape(batch, length, width)
        hidden = hidden + F.dropout(F.linear(attended, self.out), dropout)
        up, gate = F.linear(self.norm(hidden), self.up, self.up_bias).chunk(2, -1)
        middle = up * torch.sigmoid(self.beta * up) * gate
        return hidden + F.dropout(F.linear(middle, self.down, self.down_bias), dropout)


def norm(weights, name, dtype):
    """A layer norm with the weights of that name."""
    layer = torch.nn.LayerNorm(weights[f"{name}.weight"].shape[0], eps=1e-5)
    layer.weight.data, layer.bias.data = weights[f"{name}.weight"], weights[f"{name}.bias"]
    return layer.to(dtype)


def angles(length, dim, like):
    """Cosines and sines of the rotation of each position, `[length, dim]`, of the type and on the device of `like`."""
    frequencies = 10_000.0 ** (-torch.arange(0, dim, 2, device=like.device) / dim)
    turn = torch.outer(torch.arange(length, device=like.device), frequencies).repeat(1, 2)
    return turn.cos().to(like.dtype), turn.sin().to(like.dtype)


def rotated(vectors, turn):
    """Queries or keys, rotated by their positions."""
    first, second = vectors.chunk(2, -1)
    return vectors * turn[0] + torch.cat((-second, first), -1) * turn[1]


class StructureHead(torch.nn.Module):
    """The structure head without the tensor of pairs: a linear layer of two parts side by side is a sum of two."""

    def __init__(self, official, dtype):
        super().__init__()
        width = official.linear_in.in_features // 2
        weight, bias = official.linear_in.weight.data, official.linear_in.bias.data
        self.rows = torch.nn.Parameter(weight[:, :width].to(dtype))
        self.columns = torch.nn.Parameter(weight[:, width:].to(dtype))
        self.bias = torch.nn.Parameter(bias.to(dtype))
        # Channels last, which is how the fast convolutions read a map.
        self.blocks = official.blocks.to(dtype).to(memory_format=torch.channels_last)
        self.conv_out = official.conv_out.to(dtype).to(memory_format=torch.channels_last)

    def forward(self, hidden):
        rows = F.linear(hidden, self.rows, self.bias)
        pairs = rows.unsqueeze(2) + F.linear(hidden, self.columns).unsqueeze(1)
        logits = self.conv_out(self.blocks(pairs.permute(0, 3, 1, 2))).squeeze(1)
        upper = torch.triu(logits, diagonal=1)
        return upper + upper.transpose(-1, -2)
