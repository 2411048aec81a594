"""Makes `golden/others`: tiny encoders of other papers with random weights, and what their own libraries compute.

    pip install torch==2.11.0 multimolecule==0.2.2
    python make_others.py            # the tiny ones, here
    python make_others.py OUT        # of the published sizes, 900 MB, for RINALMO_OTHER_MODELS=OUT

multimolecule (RNA-FM, SpliceBERT, RNABERT, UTR-LM, ERNIE-RNA) and transformers (BERT, as SpliceBERT's authors saved it) are run, not read or
copied. Weights are drawn anew, norms and biases too, so that no tensor can be left out unnoticed.
"""

import json
import shutil
import sys
from pathlib import Path

import torch
from multimolecule import ErnieRnaConfig, ErnieRnaForMaskedLM, RnaBertConfig, RnaBertForMaskedLM, UtrLmConfig
from multimolecule import RnaFmConfig, RnaFmForPreTraining, SpliceBertConfig, SpliceBertForPreTraining, UtrLmForMaskedLM
from safetensors.torch import save_file
from transformers import BertConfig, BertForMaskedLM

sys.path.append(str(Path(__file__).resolve().parents[4] / "benches" / "peers"))
import ernie_rna  # noqa: E402

PUBLISHED = len(sys.argv) > 1
OUT = Path(sys.argv[1]) if PUBLISHED else Path(__file__).parent / "others"
SEQUENCES = ["G", "GGGGAAAACCCC", "ACGUNACGUUAGCAUCGGAUCGAUUACGGCAUUCGA", "AGCMUCGA"]  # M: hidden
TINY = dict(hidden_size=24, num_hidden_layers=2, num_attention_heads=3, intermediate_size=40, max_position_embeddings=66)
SPLICE_BERT = dict(
    hidden_size=512, num_hidden_layers=6, num_attention_heads=16, intermediate_size=2048, max_position_embeddings=1026
)
# multimolecule's defaults are the published sizes.
SIZES, SIZES_OF_BERT = ({}, SPLICE_BERT) if PUBLISHED else (TINY, TINY)
# Of random weights and of random biases; deeper models stay near 1 with smaller ones.
SPREAD = (0.05, 0.02) if PUBLISHED else (0.3, 0.2)
LIBRARY = "<pad> <cls> <eos> <unk> <mask> <null> A C G U N R Y S W K M B D H V I X | . * - ?".split()
AUTHORS = "[PAD] [UNK] [CLS] [SEP] [MASK] N A C G T".split()


def tokens(sequence, vocabulary):
    special = {"M": "<mask>", "<": "<cls>", ">": "<eos>"}
    if vocabulary is AUTHORS:
        special = {"M": "[MASK]", "<": "[CLS]", ">": "[SEP]", "U": "T"}
    return torch.tensor([[vocabulary.index(special.get(letter, letter)) for letter in f"<{sequence}>"]])


ernie_rna.mend()


def make(name, model, vocabulary):
    model = model.eval().float()
    with torch.no_grad():
        for key, tensor in model.state_dict().items():
            if tensor.is_floating_point():
                tensor.copy_(torch.randn_like(tensor) * SPREAD[tensor.dim() == 1])
            if key.endswith(("layer_norm.weight", "LayerNorm.weight")):
                tensor.add_(1.0)
        model.tie_weights()
    folder = OUT / name
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder)
    (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n")
    arrays = {}
    for number, sequence in enumerate(SEQUENCES):
        with torch.no_grad():
            ids = tokens(sequence, vocabulary)
            # Its token dropout counts the tokens of the mask.
            mask = {"attention_mask": torch.ones_like(ids)} if name == "utr_lm" else {}
            out = model(ids, **mask)
            encoded = model.base_model(ids, **mask).last_hidden_state
        logits = out.logits_lm if "logits_lm" in out else out.logits
        arrays[f"representation.{number}"] = encoded[0].contiguous()
        arrays[f"logits.{number}"] = logits[0].contiguous()
    save_file(arrays, folder / "expected.safetensors")
    config = json.loads((folder / "config.json").read_text())
    print(name, config["model_type"], {key: tuple(value.shape) for key, value in arrays.items()}, file=sys.stderr)


# As ERNIE-RNA's `dict.txt` has them, after fairseq's own and before its `<mask>`.
ERNIE_RNA = "<cls> <pad> <eos> <unk> G A U C N Y R S K W M D H V B X I <null_1> <null_2> <null_3> <mask>".split()
# From their names in multimolecule to those in the authors' code, which is not at hand as a package.
AUTHORS_NAMES = [
    ("model.pairwise_bias_proj.dense", "encoder.twod_proj.linear"),
    ("model.embeddings.word_embeddings", "encoder.sentence_encoder.embed_tokens"),
    ("model.embeddings.token_type_embeddings", "encoder.sentence_encoder.segment_embeddings"),
    ("model.embeddings.layer_norm", "encoder.sentence_encoder.emb_layer_norm"),
    ("model.encoder.layer.", "encoder.sentence_encoder.layers."),
    ("attention.self.query", "self_attn.q_proj"),
    ("attention.self.key", "self_attn.k_proj"),
    ("attention.self.value", "self_attn.v_proj"),
    ("attention.output.dense", "self_attn.out_proj"),
    ("attention.output.layer_norm", "self_attn_layer_norm"),
    ("intermediate.dense", "fc1"),
    ("output.dense", "fc2"),
    ("output.layer_norm", "final_layer_norm"),
    ("lm_head.transform.dense", "encoder.lm_head_transform_weight"),
    ("lm_head.transform.layer_norm", "encoder.layer_norm"),
    ("lm_head.bias", "encoder.lm_output_learned_bias"),
]


def as_authors_saved(model):
    rows = [LIBRARY.index(token) if token in LIBRARY else LIBRARY.index("<null>") for token in ERNIE_RNA]
    tensors = {
        "encoder.masked_lm_pooler.weight": torch.zeros(1, 1),
        "encoder.sentence_encoder.embed_positions._float_tensor": torch.zeros(1),
    }
    for name, tensor in model.state_dict().items():
        if name.startswith("lm_head.decoder."):
            continue  # tied
        if tensor.shape[0] == len(LIBRARY):
            tensor = tensor[rows]
        for theirs, authors in AUTHORS_NAMES:
            name = name.replace(theirs, authors)
        tensors[name] = tensor
    folder = OUT / "ernie_rna_authors"
    folder.mkdir(exist_ok=True)
    torch.save({"args": None, "model": tensors}, folder / "ERNIE-RNA_pretrain.pt")


torch.manual_seed(7)
make("rna_fm", RnaFmForPreTraining(RnaFmConfig(**SIZES)), LIBRARY)
make("splice_bert", SpliceBertForPreTraining(SpliceBertConfig(**SIZES)), LIBRARY)
make("bert", BertForMaskedLM(BertConfig(vocab_size=len(AUTHORS), **SIZES_OF_BERT)), AUTHORS)
model = ErnieRnaForMaskedLM(ErnieRnaConfig(**SIZES))
make("ernie_rna", model, LIBRARY)
if not PUBLISHED:
    as_authors_saved(model)
make("rnabert", RnaBertForMaskedLM(RnaBertConfig(**SIZES)), LIBRARY)
# Rotation needs heads of even width. The epsilon of the head's norm is that of its authors' code, not the library's default.
utr_lm = UtrLmConfig(**{**SIZES, "num_attention_heads": 16 if PUBLISHED else 4}, lm_head={"layer_norm_eps": 1e-5})
make("utr_lm", UtrLmForMaskedLM(utr_lm), LIBRARY)
