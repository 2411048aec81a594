"""Writes a tiny RiNALMo with random weights in both published layouts, and what it should say.

This is a second implementation of the model, in f64 and with NumPy alone, written from the formulas of the paper and
of the authors' released code. ../golden.rs holds the Rust code to its numbers. Two uses:

    python make.py                 writes official/ and multimolecule/ beside this file
    python make.py check FOLDER    compares this implementation with outputs of the authors' code: FOLDER holds their
                                   checkpoints (tiny_*.pt), expected.safetensors and meta.json; prints the largest
                                   differences and fails above 1e-5

Made with Python 3.11 and NumPy 2.4.6. Weights and tokens come from a fixed seed, so a second run gives the same files.
"""

import collections
import io
import json
import math
import pickle
import struct
import sys
import types
import zipfile
from pathlib import Path

import numpy as np

VOCABULARY = "<cls> <pad> <eos> <unk> <mask> A C G T I R Y K M S W B D H V N -".split()
MULTIMOLECULE = "<pad> <cls> <eos> <unk> <mask> <null> A C G U N R Y S W K M B D H V I X | . * - ?".split()
CLS, PAD, EOS, UNK, MASK = range(5)
EPSILON = 1e-5

# Small enough for a repository. No size is a multiple of 8, and the feed-forward width is odd, as published ones are.
WIDTH, BLOCKS, HEADS = 20, 2, 5
HIDDEN = int(2 / 3 * 4 * WIDTH)
PAIR_CHANNELS, LOAD_CHANNELS, SPLICE_HIDDEN, FAMILY_HIDDEN, FAMILIES = 12, 6, 14, 18, 9
PADDING = 102  # tokens, as the published ribosome-load weights need
THRESHOLD, MEAN, DEVIATION = 0.23, 5.5, 1.25

# Lower case, U and T, every ambiguity code, inosine, a gap, and one that is shorter than a hairpin.
SEQUENCES = [
    "GGCAUCGGAUUCGCUAAGCG",
    "gcautRYKMSWBDHVNi-ACUGGAUUCCAGUGC",
    "GACUU",
    "GCGTTAGCATAACGGTCCATTGACCTAGCTGGACTAACGC",
]


# ---- the model -------------------------------------------------------------------------------------------------------


def tokens_of(sequence):
    letters = sequence.upper().replace("U", "T")
    return [CLS, *(VOCABULARY.index(c) if c in VOCABULARY[5:] else UNK for c in letters), EOS]


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def gelu(x):
    return x * (1 + np.vectorize(math.erf)(x / math.sqrt(2))) / 2


def linear(w, name, x):
    y = x @ w[name + ".weight"].T
    return y + w[name + ".bias"] if name + ".bias" in w else y


def layer_norm(w, name, x):
    centred = x - x.mean(-1, keepdims=True)
    scale = 1 / np.sqrt((centred**2).mean(-1, keepdims=True) + EPSILON)
    return centred * scale * w[name + ".weight"] + w[name + ".bias"]


def rotated(x):
    """x: [heads, length, size]. Each pair of (first half, second half) turns with its position."""
    half = x.shape[-1] // 2
    angles = np.outer(np.arange(x.shape[1]), 10000.0 ** (-np.arange(half) / half))
    a, b = x[..., :half], x[..., half:]
    return np.concatenate([a * np.cos(angles) - b * np.sin(angles), a * np.sin(angles) + b * np.cos(angles)], -1)


def attention(w, name, x, heads):
    """Returns the result and the weights [heads, length, length]."""
    length, width = x.shape
    q, k, v = (x @ w[name + ".Wqkv.weight"].T).reshape(length, 3, heads, width // heads).transpose(1, 2, 0, 3)
    scores = rotated(q) @ rotated(k).transpose(0, 2, 1) / math.sqrt(width // heads)
    shares = np.exp(scores - scores.max(-1, keepdims=True))
    shares /= shares.sum(-1, keepdims=True)
    return (shares @ v).transpose(1, 0, 2).reshape(length, width) @ w[name + ".out_proj.weight"].T, shares


def encode(w, tokens, heads):
    """tokens: of one sequence, without padding. Returns rows [length, width] and every block's attention weights."""
    tokens = np.array(tokens)
    masked = tokens == MASK
    x = w["embedding.weight"][tokens]
    x[masked] = 0
    x *= (1 - 0.15 * 0.8) / (1 - masked.mean())
    maps = []
    for i in range(sum(name.endswith(".Wqkv.weight") for name in w)):
        block = f"transformer.blocks.{i}."
        h = layer_norm(w, block + "attn_layer_norm", x)
        attended, shares = attention(w, block + "mh_attn", h, heads)
        h = h + attended  # h is the normalised input, not x
        n = layer_norm(w, block + "out_layer_norm", h)
        up = linear(w, block + "transition.0.linear", n)
        swish = up * sigmoid(w[block + "transition.0.beta"] * up)
        x = h + linear(w, block + "transition.2", swish * linear(w, block + "transition.0.linear_gate", n))
        maps.append(shares)
    return layer_norm(w, "transformer.final_layer_norm", x), np.array(maps)


def token_logits(w, rows):
    rows = gelu(linear(w, "lm_mask_head.linear1", rows))
    return linear(w, "lm_mask_head.linear2", layer_norm(w, "lm_mask_head.layer_norm", rows))


def convolved(x, kernel):
    """x: [channels, *size]; kernel: [out, channels, *sides]. Zeros outside, the size stays."""
    sides = kernel.shape[2:]
    padded = np.pad(x, [(0, 0), *((side // 2, side // 2) for side in sides)])
    out = 0
    for offset in np.ndindex(*sides):
        window = padded[(slice(None), *(slice(o, o + n) for o, n in zip(offset, x.shape[1:])))]
        out = out + np.tensordot(kernel[(slice(None), slice(None), *offset)], window, 1)
    return out


def instance_norm(x):
    axes = tuple(range(1, x.ndim))
    centred = x - x.mean(axes, keepdims=True)
    return centred / np.sqrt((centred**2).mean(axes, keepdims=True) + EPSILON)


def residual_blocks(w, x, layers, activation):
    for i in range(sum(name.endswith("conv_net.0.weight") for name in w)):
        inner = x
        for layer in layers:
            kernel = w[f"pred_head.resnet.blocks.{i}.conv_net.{layer}.weight"]
            inner = activation(instance_norm(convolved(inner, kernel)))
        x = x + inner
    return x


def pair_logits(w, bases):
    """bases: [length, width], without <cls> and <eos>."""
    length = len(bases)
    pairs = np.concatenate([np.repeat(bases[:, None], length, 1), np.repeat(bases[None], length, 0)], -1)
    x = linear(w, "pred_head.linear_in", pairs).transpose(2, 0, 1)
    x = residual_blocks(w, x, (0, 3, 6), lambda x: np.maximum(x, 0))
    x = convolved(x, w["pred_head.conv_out.weight"])[0] + w["pred_head.conv_out.bias"]
    upper = np.triu(x, 1)
    return upper + upper.T


def decoded(logits, sequence, threshold):
    """The most probable pair first; pairs of 0-based positions in the order they were taken."""
    sequence = sequence.upper().replace("T", "U")
    size = len(sequence)
    canonical = {"AU", "UA", "GC", "CG", "GU", "UG"}
    allowed = [(i, j) for i in range(size) for j in range(i + 4, size) if sequence[i] + sequence[j] in canonical]
    probable = {pair: sigmoid(logits[pair]) for pair in allowed if sigmoid(logits[pair]) > threshold}
    taken, used = [], set()
    for i, j in sorted(probable, key=probable.get, reverse=True):
        if i not in used and j not in used:
            taken.append((i, j))
            used |= {i, j}
    return taken


def scaled_load(w, rows, padding):
    """rows: all tokens' [length, width]. Padding takes part in convolutions and norms, but not in the mean."""
    padded = np.zeros((padding, rows.shape[1]))
    padded[: len(rows)] = rows
    x = linear(w, "pred_head.linear_in", padded).T
    x = residual_blocks(w, x, (0, 3), lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))))
    return linear(w, "pred_head.linear_out", x[:, : len(rows)].mean(1))[0]


def class_logits(w, rows):
    return linear(w, "pred_head.classifier.2", gelu(linear(w, "pred_head.classifier.0", rows[0])))


# ---- random weights --------------------------------------------------------------------------------------------------


def random_weights(rng, shapes):
    """Norms, biases and β away from their defaults, so that leaving one out shows. As f32, which the files hold."""
    weights = {}
    for name, shape in shapes.items():
        values = rng.standard_normal(shape)
        if "norm.weight" in name or name.endswith("beta"):
            values = 1 + 0.2 * values
        elif len(shape) == 1:
            values = 0.2 * values
        elif name != "embedding.weight":
            values = values * 1.4 / math.sqrt(math.prod(shape[1:]))
        weights[name] = values.astype(np.float32)
    return weights


def linear_shapes(name, outputs, inputs):
    return {name + ".weight": (outputs, inputs), name + ".bias": (outputs,)}


def norm_shapes(name):
    return {name + ".weight": (WIDTH,), name + ".bias": (WIDTH,)}


def language_model_shapes():
    shapes = {"embedding.weight": (len(VOCABULARY), WIDTH)}
    for i in range(BLOCKS):
        block = f"transformer.blocks.{i}."
        shapes[block + "mh_attn.Wqkv.weight"] = (3 * WIDTH, WIDTH)
        shapes[block + "mh_attn.out_proj.weight"] = (WIDTH, WIDTH)
        shapes |= norm_shapes(block + "attn_layer_norm")
        shapes[block + "transition.0.beta"] = (1,)
        shapes |= linear_shapes(block + "transition.0.linear", HIDDEN, WIDTH)
        shapes |= linear_shapes(block + "transition.0.linear_gate", HIDDEN, WIDTH)
        shapes |= linear_shapes(block + "transition.2", WIDTH, HIDDEN)
        shapes |= norm_shapes(block + "out_layer_norm")
    shapes |= norm_shapes("transformer.final_layer_norm")
    shapes |= linear_shapes("lm_mask_head.linear1", WIDTH, WIDTH)
    shapes |= norm_shapes("lm_mask_head.layer_norm")
    return shapes | linear_shapes("lm_mask_head.linear2", len(VOCABULARY), WIDTH)


def resnet_shapes(blocks, channels, layers):
    """layers: number of each convolution in its block, and its sides."""
    return {
        f"pred_head.resnet.blocks.{i}.conv_net.{layer}.weight": (channels, channels, *sides)
        for i in range(blocks)
        for layer, sides in layers.items()
    }


def structure_shapes():
    shapes = linear_shapes("pred_head.linear_in", PAIR_CHANNELS, 2 * WIDTH)
    shapes |= resnet_shapes(2, PAIR_CHANNELS, {0: (1, 1), 3: (3, 3), 6: (1, 1)})
    return shapes | {"pred_head.conv_out.weight": (1, PAIR_CHANNELS, 3, 3), "pred_head.conv_out.bias": (1,)}


def load_shapes():
    shapes = linear_shapes("pred_head.linear_in", LOAD_CHANNELS, WIDTH)
    shapes |= resnet_shapes(6, LOAD_CHANNELS, {0: (3,), 3: (3,)})
    return shapes | linear_shapes("pred_head.linear_out", 1, LOAD_CHANNELS)


def classifier_shapes(hidden, outputs):
    first = linear_shapes("pred_head.classifier.0", hidden, WIDTH)
    return first | linear_shapes("pred_head.classifier.2", outputs, hidden)


# ---- files -----------------------------------------------------------------------------------------------------------


class Tensor:
    def __init__(self, key, values):
        self.storage, self.values = Storage(key, values), values


class Storage:
    def __init__(self, key, values):
        self.key, self.count = key, values.size


def torch_names():
    """What the pickle names of PyTorch, so that Python's pickler finds them where PyTorch is not installed."""
    torch, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")
    torch.FloatStorage = type("FloatStorage", (), {"__module__": "torch"})
    utils._rebuild_tensor_v2 = types.FunctionType((lambda: None).__code__, {}, "_rebuild_tensor_v2")
    utils._rebuild_tensor_v2.__module__ = "torch._utils"
    utils._rebuild_tensor_v2.__qualname__ = "_rebuild_tensor_v2"
    torch._utils = utils
    return torch


class TorchPickler(pickle.Pickler):
    def __init__(self, out, torch):
        super().__init__(out, 2)
        self.torch = torch

    def persistent_id(self, thing):
        if isinstance(thing, Storage):
            return "storage", self.torch.FloatStorage, thing.key, "cpu", thing.count
        return None

    def reducer_override(self, thing):
        if not isinstance(thing, Tensor):
            return NotImplemented
        shape = thing.values.shape
        strides = tuple(math.prod(shape[axis + 1 :]) for axis in range(len(shape)))
        arguments = (thing.storage, 0, shape, strides, False, collections.OrderedDict())
        return self.torch._utils._rebuild_tensor_v2, arguments


def write_torch(path, weights, numbers):
    """A state dict as torch.save writes it: a zip of a pickle and one file a tensor."""
    tensors = {name: Tensor(str(i), values) for i, (name, values) in enumerate(weights.items())}
    out, torch = io.BytesIO(), torch_names()
    modules = {"torch": torch, "torch._utils": torch._utils}
    sys.modules.update(modules)
    TorchPickler(out, torch).dump(collections.OrderedDict(tensors | numbers))
    for name in modules:
        del sys.modules[name]
    entries = {"data.pkl": out.getvalue(), "byteorder": b"little"}
    entries |= {f"data/{tensor.storage.key}": tensor.values.astype("<f4").tobytes() for tensor in tensors.values()}
    entries["version"] = b"3\n"
    with zipfile.ZipFile(path, "w") as file:
        for name, data in entries.items():
            file.writestr(zipfile.ZipInfo(f"{path.stem}/{name}"), data)


def read_torch(path):
    """Tensors and numbers of a state dict, f64."""
    with zipfile.ZipFile(path) as file:
        folder = file.namelist()[0].split("/")[0]

        class Reader(pickle.Unpickler):
            def find_class(self, module, name):
                known = {"OrderedDict": collections.OrderedDict, "_rebuild_tensor_v2": rebuild, "FloatStorage": "<f4"}
                return known[name]

            def persistent_load(self, saved):
                _, dtype, key, _, _ = saved
                return np.frombuffer(file.read(f"{folder}/data/{key}"), dtype)

        def rebuild(storage, offset, shape, *_):
            return storage[offset : offset + math.prod(shape)].reshape(shape).astype(np.float64)

        return dict(Reader(io.BytesIO(file.read(folder + "/data.pkl"))).load())


def write_safetensors(path, tensors):
    kinds = {np.dtype(np.float32): "F32", np.dtype(np.int64): "I64"}
    header, data = {"__metadata__": {"format": "pt"}}, b""
    for name, values in sorted(tensors.items(), key=lambda item: (-item[1].itemsize, item[0])):
        end = len(data) + values.nbytes
        header[name] = {"dtype": kinds[values.dtype], "shape": values.shape, "data_offsets": [len(data), end]}
        data += values.tobytes()
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def read_safetensors(path):
    data = path.read_bytes()
    start = 8 + struct.unpack("<Q", data[:8])[0]
    kinds = {"F32": "<f4", "I64": "<i8"}
    tensors = {}
    for name, about in json.loads(data[8:start]).items():
        if name != "__metadata__":
            first, last = about["data_offsets"]
            values = np.frombuffer(data[start + first : start + last], kinds[about["dtype"]])
            tensors[name] = values.reshape(about["shape"])
    return tensors


def multimolecule_names(weights, rng):
    """Tensors under the names of the multimolecule library, the vocabulary in its order."""

    def reordered(values):
        other = rng.standard_normal(values.shape[1:]).astype(np.float32)  # of tokens that RiNALMo does not have
        of_token = dict(zip(VOCABULARY, values))
        return np.array([of_token.get("T" if token == "U" else token, other) for token in MULTIMOLECULE])

    plain = {
        "attn_layer_norm": "attention.layer_norm",
        "mh_attn.out_proj": "attention.output.dense",
        "out_layer_norm": "layer_norm",
        "transition.0.linear": "intermediate.linear",
        "transition.0.linear_gate": "intermediate.linear_gate",
        "transition.2": "output.dense",
    }
    heads = {
        "transformer.final_layer_norm": "model.encoder.layer_norm",
        "lm_mask_head.linear1": "lm_head.transform.dense",
        "lm_mask_head.layer_norm": "lm_head.transform.layer_norm",
        "pred_head.linear_in": "ss_head.projection",
        "pred_head.conv_out": "ss_head.prediction",
    }
    made = {
        "model.embeddings.word_embeddings.weight": reordered(weights["embedding.weight"]),
        "lm_head.decoder.weight": reordered(weights["lm_mask_head.linear2.weight"]),
        "lm_head.bias": reordered(weights["lm_mask_head.linear2.bias"]),
    }
    for name, values in weights.items():
        stem, _, end = name.rpartition(".")
        if stem in heads:
            made[f"{heads[stem]}.{end}"] = values
        elif stem.startswith("pred_head.resnet.blocks."):
            _, _, _, block, _, layer = stem.split(".")
            made[f"ss_head.convnet.layers.{block}.conv{int(layer) // 3 + 1}.weight"] = values
        elif stem.startswith("transformer.blocks."):
            _, _, block, stem = stem.split(".", 3)
            layer = f"model.encoder.layer.{block}."
            if stem == "mh_attn.Wqkv":
                for part, third in zip(["query", "key", "value"], np.split(values, 3)):
                    made[f"{layer}attention.self.{part}.weight"] = third
            elif end == "beta":
                made[layer + "intermediate.bias"] = values
            else:
                made[f"{layer}{plain[stem]}.{end}"] = values
    return made


def write_multimolecule(folder, weights, rng):
    folder.mkdir(exist_ok=True)
    write_safetensors(folder / "model.safetensors", multimolecule_names(weights, rng))
    (folder / "vocab.txt").write_text("\n".join(MULTIMOLECULE))
    config = {
        "architectures": ["RiNALMoForSecondaryStructurePrediction"],
        "model_type": "rinalmo",
        "vocab_size": len(MULTIMOLECULE),
        "hidden_size": WIDTH,
        "num_hidden_layers": BLOCKS,
        "num_attention_heads": HEADS,
        "intermediate_size": 4 * WIDTH,
        "layer_norm_eps": EPSILON,
        "learnable_beta": True,
        "token_dropout": True,
        "position_embedding_type": "rotary",
        "tie_word_embeddings": False,
    }
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")


# ---- what the model says ---------------------------------------------------------------------------------------------


def padded(rows, fill):
    out = np.full((len(rows), max(map(len, rows)), *np.shape(rows[0])[1:]), fill, np.asarray(rows[0]).dtype)
    for row, values in zip(out, rows):
        row[: len(values)] = values
    return out


def bare(weights):
    """Names without `lm.` or `rinalmo.`, and one projection for queries, keys and values."""
    bare = {name.removeprefix("lm.").removeprefix("rinalmo."): values for name, values in weights.items()}
    for name in [name for name in bare if name.endswith(".mh_attn.mh_attn.to_q.weight")]:
        stem = name.removesuffix(".mh_attn.to_q.weight")
        parts = [bare.pop(f"{stem}.mh_attn.{part}.weight") for part in ("to_q", "to_k", "to_v")]
        bare[stem + ".Wqkv.weight"] = np.concatenate(parts)
        bare[stem + ".out_proj.weight"] = bare.pop(stem + ".mh_attn.out_proj.weight")
    return bare


def without_flash_attention(weights):
    """The names of the released code where it runs without flash attention."""
    made = {}
    for name, values in weights.items():
        if name.endswith(".mh_attn.Wqkv.weight"):
            for part, third in zip(["to_q", "to_k", "to_v"], np.split(values, 3)):
                made[name.replace("Wqkv", f"mh_attn.{part}")] = third
        else:
            made[name.replace(".mh_attn.out_proj", ".mh_attn.mh_attn.out_proj")] = values
    return made


def outputs(models, heads, sequences, tokens, masked, thresholds, padding):
    """Everything, under the names in expected.safetensors. models: weights by kind, as their files hold them."""
    bare_models = {kind: bare(weights) for kind, weights in models.items()}
    pretrained = bare_models["pretrained"]
    out = {}
    for prefix, batch in [("", tokens), ("masked_", masked)]:
        out[prefix + "tokens"] = padded(batch, PAD).astype(np.int64)
        rows = [encode(pretrained, sequence, heads)[0] for sequence in batch]
        out[prefix + "representation"] = padded(rows, 0)
        out[prefix + "logits"] = padded([token_logits(pretrained, r) for r in rows], 0)
    hidden = {kind: [encode(w, sequence, heads)[0] for sequence in tokens] for kind, w in bare_models.items()}
    for i, (sequence, threshold) in enumerate(zip(sequences, thresholds)):
        logits = pair_logits(bare_models["ss_ft"], hidden["ss_ft"][i][1:-1])
        out[f"ss_logits_{i}"] = logits
        out[f"ss_pairs_{i}"] = np.array(decoded(logits, sequence, threshold), np.int64).reshape(-1, 2)
    loads = np.array([scaled_load(bare_models["mrl_ft"], rows, padding) for rows in hidden["mrl_ft"]])
    out["mrl_scaled"] = loads
    out["mrl"] = np.maximum(loads * models["mrl_ft"]["scaler._std"] + models["mrl_ft"]["scaler._mean"], 0)
    out["splice_logits"] = np.array([class_logits(bare_models["splice_ft"], rows) for rows in hidden["splice_ft"]])
    out["ncrna_logits"] = np.array([class_logits(bare_models["ncrna_ft"], rows) for rows in hidden["ncrna_ft"]])
    return out


def attentions(weights, heads, batch):
    """[sequences, blocks, heads, length, length], 0 in the padding."""
    maps = [encode(weights, sequence, heads)[1] for sequence in batch]
    longest = max(map(len, batch))
    return np.array([np.pad(m, [(0, 0), (0, 0), *2 * [(0, longest - m.shape[-1])]]) for m in maps])


KINDS = ["pretrained", "ss_ft", "mrl_ft", "splice_ft", "ncrna_ft"]


def make(folder):
    rng = np.random.default_rng(20261127)
    language_model = random_weights(rng, language_model_shapes())
    heads = {
        "ss_ft": random_weights(rng, structure_shapes()),
        "mrl_ft": random_weights(rng, load_shapes()),
        "splice_ft": random_weights(rng, classifier_shapes(SPLICE_HIDDEN, 1)),
        "ncrna_ft": random_weights(rng, classifier_shapes(FAMILY_HIDDEN, FAMILIES)),
    }
    scaler = {"scaler._mean": np.array([MEAN], np.float32), "scaler._std": np.array([DEVIATION], np.float32)}
    official = folder / "official"
    official.mkdir(exist_ok=True)
    write_torch(official / "tiny_pretrained.pt", language_model, {})
    for kind, head in heads.items():
        prefix = "lm." if kind in ("ss_ft", "mrl_ft") else "rinalmo."
        under = without_flash_attention(language_model) if kind == "splice_ft" else language_model
        weights = {prefix + name: values for name, values in under.items()} | head
        weights |= scaler if kind == "mrl_ft" else {}
        write_torch(official / f"tiny_{kind}.pt", weights, {"threshold": THRESHOLD} if kind == "ss_ft" else {})
    write_multimolecule(folder / "multimolecule", language_model | heads["ss_ft"], rng)

    models = {kind: read_torch(official / f"tiny_{kind}.pt") for kind in KINDS}
    tokens = [tokens_of(sequence) for sequence in SEQUENCES]
    hidden = [[i == 2 or rng.random() < 0.15 for i in range(len(row) - 2)] for row in tokens]  # one at least
    masked = [[CLS, *(MASK if h else t for h, t in zip(hide, row[1:])), EOS] for hide, row in zip(hidden, tokens)]
    thresholds = [choose_threshold(models["ss_ft"], sequence, i) for i, sequence in enumerate(SEQUENCES)]
    out = outputs(models, HEADS, SEQUENCES, tokens, masked, thresholds, PADDING)
    short = [0]  # of one sequence: maps are large
    out["attentions"] = attentions(models["pretrained"], HEADS, [tokens[i] for i in short])
    narrow = {name: v if v.dtype == np.int64 else v.astype(np.float32) for name, v in out.items()}
    write_safetensors(official / "expected.safetensors", narrow)
    meta = {
        "num_heads": HEADS,
        "sequences": SEQUENCES,
        "ss_threshold": THRESHOLD,
        "ss_thresholds": thresholds,
        "mrl_padding": PADDING,
        "mrl_mean": MEAN,
        "mrl_std": DEVIATION,
        "attention_sequences": short,
    }
    (official / "meta.json").write_text(json.dumps(meta, indent=1) + "\n")
    for name, values in out.items():
        print(f"{name}: shape {values.shape}, largest {np.abs(values).max(initial=0):.3g}")
    print(sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()), "bytes in all")


def choose_threshold(weights, sequence, number):
    """One that leaves some of the pairs. No probability is near it, nor near another's: f32 takes the same pairs."""
    weights = bare(weights)
    logits = pair_logits(weights, encode(weights, tokens_of(sequence), HEADS)[0][1:-1])
    probabilities = np.sort(sigmoid(logits[np.triu_indices(len(sequence), 4)]))
    if len(probabilities) < 2:
        return 0.5
    assert np.diff(probabilities).min() > 1e-8, "two pairs are equally probable; take another seed"
    at = len(probabilities) * (3 + number) // 8
    gaps = np.diff(probabilities)[at : at + len(probabilities) // 8 + 1]
    at += int(gaps.argmax())
    return round(float(probabilities[at] + probabilities[at + 1]) / 2, 6)


def check(folder):
    """The authors' outputs beside this implementation's, of the same weights."""
    meta = json.loads((folder / "meta.json").read_text())
    expected = read_safetensors(folder / "expected.safetensors")
    models = {kind: read_torch(folder / f"tiny_{kind}.pt") for kind in KINDS}
    unpadded = lambda rows: [[token for token in row if token != PAD] for row in rows.tolist()]
    batches = [unpadded(expected[name]) for name in ("tokens", "masked_tokens")]
    assert batches[0] == [tokens_of(sequence) for sequence in meta["sequences"]]
    padding = meta.get("mrl_padding", expected["tokens"].shape[1])
    found = outputs(models, meta["num_heads"], meta["sequences"], *batches, meta["ss_thresholds"], padding)
    short = meta.get("attention_sequences", range(len(batches[0])))
    found["attentions"] = attentions(models["pretrained"], meta["num_heads"], [batches[0][i] for i in short])
    worst = 0
    for name, theirs in sorted(expected.items()):
        ours = found[name]
        if theirs.dtype == np.int64:
            same = sorted(ours.tolist()) == sorted(theirs.tolist())
            print(f"{name}: {'equal' if same else 'DIFFERENT'}")
            worst = worst if same else math.inf
            continue
        difference = np.abs(ours - theirs)
        if "representation" in name or name.endswith("logits") and theirs.ndim == 3:
            difference[expected["tokens"] == PAD] = 0  # nobody says what padding holds
        if name == "attentions":
            for i, row in enumerate(batches[0][s] for s in short):
                difference[i, :, :, len(row) :] = 0
        relative = difference.max(initial=0) / np.abs(theirs).max(initial=1e-30)
        worst = max(worst, relative)
        print(f"{name}: largest difference {difference.max(initial=0):.1e}, {relative:.1e} of the largest value")
    print(f"worst: {worst:.1e} of the largest value")
    return 0 if worst < 1e-5 else 1


if __name__ == "__main__":
    if sys.argv[1:2] == ["check"]:
        sys.exit(check(Path(sys.argv[2])))
    make(Path(__file__).parent)
