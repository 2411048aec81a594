//! Makes small `.pt` files, so that tests can also make broken ones: a pickle writer, a zip writer, the legacy stream.

use std::io::Write;

/// A tensor to save: name, shape, elements.
pub type Named = (String, Vec<usize>, Vec<f32>);

/// One tensor for each that a model of this config needs, filled with numbers that differ everywhere.
pub fn tensors_of(config: &rinalmo_model::ModelConfig, rename: impl Fn(&str) -> String) -> Vec<Named> {
    let mut next = 0;
    let manifest = config.manifest().into_iter();
    let tensor = |spec: rinalmo_model::TensorSpec| {
        let count: usize = spec.shape.iter().product();
        next += count;
        let values = (next - count..next).map(|i| (i % 4093) as f32 / 64.0 - 31.0).collect();
        (rename(&spec.name), spec.shape, values)
    };
    manifest.map(tensor).collect()
}

fn text(out: &mut Vec<u8>, text: &str) {
    out.push(b'X');
    out.extend((text.len() as u32).to_le_bytes());
    out.extend(text.as_bytes());
}

fn int(out: &mut Vec<u8>, number: usize) {
    out.push(b'J');
    out.extend((number as i32).to_le_bytes());
}

fn tuple(out: &mut Vec<u8>, numbers: &[usize]) {
    out.push(b'(');
    numbers.iter().for_each(|number| int(out, *number));
    out.push(b't');
}

fn row_major(shape: &[usize]) -> Vec<usize> {
    (0..shape.len()).map(|axis| shape[axis + 1..].iter().product()).collect()
}

/// The pickle of a state dictionary, as `torch.save` writes it; storages are `0`, `1`, ….
pub fn state(tensors: &[Named], numbers: &[(&str, f64)]) -> Vec<u8> {
    let mut out = b"\x80\x02ccollections\nOrderedDict\nq\0)Rq\x01(".to_vec();
    for (index, (name, shape, values)) in tensors.iter().enumerate() {
        text(&mut out, name);
        out.extend(b"ctorch._utils\n_rebuild_tensor_v2\n((");
        text(&mut out, "storage");
        out.extend(b"ctorch\nFloatStorage\n");
        text(&mut out, &index.to_string());
        text(&mut out, "cpu");
        int(&mut out, values.len());
        out.extend(b"tQ");
        int(&mut out, 0);
        tuple(&mut out, shape);
        tuple(&mut out, &row_major(shape));
        out.extend(b"\x89ccollections\nOrderedDict\n)RtR");
    }
    for (name, number) in numbers {
        text(&mut out, name);
        out.push(b'G');
        out.extend(number.to_be_bytes());
    }
    out.extend(b"u}X\x09\0\0\0_metadata}sb."); // the attribute that real state dictionaries carry
    out
}

/// Little-endian bytes of the elements.
pub fn bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// A zip entry: name, contents, and the size it claims.
pub struct Entry {
    pub name: String,
    pub data: Vec<u8>,
    pub deflate: bool,
    /// The unpacked size it claims, if not the real one.
    pub claims: Option<u32>,
}

impl Entry {
    pub fn stored(name: impl Into<String>, data: Vec<u8>) -> Self {
        Self { name: name.into(), data, deflate: false, claims: None }
    }

    pub fn deflated(name: impl Into<String>, data: Vec<u8>) -> Self {
        Self { deflate: true, ..Self::stored(name, data) }
    }
}

/// A zip of these entries.
pub fn zip(entries: &[Entry]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for entry in entries {
        let mut crc = flate2::Crc::new();
        crc.update(&entry.data);
        let size = entry.claims.unwrap_or(entry.data.len() as u32);
        let packed = if entry.deflate {
            let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
            encoder.write_all(&entry.data).unwrap();
            encoder.finish().unwrap()
        } else {
            entry.data.clone()
        };
        let mut about = Vec::new(); // from "version needed" to "extra length", the same in both places
        for field in [20u16, 0, if entry.deflate { 8 } else { 0 }, 0, 0x21] {
            about.extend(field.to_le_bytes());
        }
        for field in [crc.sum(), packed.len() as u32, size] {
            about.extend(field.to_le_bytes());
        }
        about.extend((entry.name.len() as u16).to_le_bytes());
        about.extend(0u16.to_le_bytes());
        let start = out.len() as u32;
        out.extend(b"PK\x03\x04");
        out.extend(&about);
        out.extend(entry.name.as_bytes());
        out.extend(packed);
        directory.extend(b"PK\x01\x02\x14\0");
        directory.extend(&about);
        directory.extend([0; 10]); // comment length, disk, attributes
        directory.extend(start.to_le_bytes());
        directory.extend(entry.name.as_bytes());
    }
    let start = out.len() as u32;
    out.extend(&directory);
    out.extend(b"PK\x05\x06\0\0\0\0");
    out.extend((entries.len() as u16).to_le_bytes());
    out.extend((entries.len() as u16).to_le_bytes());
    out.extend((directory.len() as u32).to_le_bytes());
    out.extend(start.to_le_bytes());
    out.extend([0, 0]);
    out
}

/// A `.pt` of today.
pub fn modern(tensors: &[Named], numbers: &[(&str, f64)], deflate: bool) -> Vec<u8> {
    let entry = |name: String, data| Entry { name, data, deflate, claims: None };
    let mut entries = vec![entry("tiny/data.pkl".into(), state(tensors, numbers))];
    entries.push(entry("tiny/byteorder".into(), b"little".to_vec()));
    let storages = tensors.iter().enumerate();
    entries.extend(storages.map(|(i, (_, _, values))| entry(format!("tiny/data/{i}"), bytes(values))));
    zip(&entries)
}

/// A `.pt` from before 1.6: magic number, protocol, machine, state, names of the storages, storages.
pub fn legacy(tensors: &[Named], numbers: &[(&str, f64)]) -> Vec<u8> {
    let mut out = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.".to_vec();
    out.extend(b"\x80\x02M\xe9\x03.");
    out.extend(b"\x80\x02}q\0(X\x10\0\0\0protocol_versionM\xe9\x03X\x0d\0\0\0little_endian\x88");
    out.extend(b"X\x0a\0\0\0type_sizes}(X\x05\0\0\0shortK\x02X\x03\0\0\0intK\x04X\x04\0\0\0longK\x04uu.");
    // A legacy persistent id has a sixth part, the view; here it is always None.
    let state = state(tensors, numbers);
    let mut rest = state.as_slice();
    while let Some(at) = rest.windows(2).position(|pair| pair == b"tQ") {
        out.extend(&rest[..at]);
        out.extend(b"NtQ");
        rest = &rest[at + 2..];
    }
    out.extend(rest);
    out.extend(b"\x80\x02](");
    (0..tensors.len()).for_each(|index| text(&mut out, &index.to_string()));
    out.extend(b"e.");
    for (_, _, values) in tensors {
        out.extend((values.len() as u64).to_le_bytes());
        out.extend(bytes(values));
    }
    out
}

/// A safetensors file with this header, right or wrong.
pub fn safetensors(header: &str, data: &[u8]) -> Vec<u8> {
    let mut out = (header.len() as u64).to_le_bytes().to_vec();
    out.extend(header.as_bytes());
    out.extend(data);
    out
}

/// A safetensors file of these tensors and nothing else.
pub fn plain_safetensors(tensors: &[Named]) -> Vec<u8> {
    let (mut header, mut data) = (serde_json::Map::new(), Vec::new());
    for (name, shape, values) in tensors {
        let start = data.len();
        data.extend(bytes(values));
        let about = serde_json::json!({ "dtype": "F32", "shape": shape, "data_offsets": [start, data.len()] });
        header.insert(name.clone(), about);
    }
    safetensors(&serde_json::Value::from(header).to_string(), &data)
}

/// A `.pt` whose tensors are all views of one storage with this many elements.
pub fn shared(tensors: &[Named], count: usize) -> Vec<u8> {
    let views: Vec<Named> = tensors.iter().map(|(n, s, _)| (n.clone(), s.clone(), vec![0.0; count])).collect();
    let pickle = state(&views, &[]);
    // Storages are called `0`, `1`, …: here all of them `0`.
    let (mut all, mut rest) = (Vec::new(), pickle.as_slice());
    let before = b"torch\nFloatStorage\nX";
    while let Some(at) = rest.windows(before.len()).position(|window| window == before) {
        all.extend(&rest[..at + before.len()]);
        rest = &rest[at + before.len()..];
        let len = u32::from_le_bytes(rest[..4].try_into().unwrap()) as usize;
        text_without_opcode(&mut all, "0");
        rest = &rest[4 + len..];
    }
    all.extend(rest);
    zip(&[Entry::stored("m/data.pkl", all), Entry::stored("m/data/0", vec![0; count * 4])])
}

fn text_without_opcode(out: &mut Vec<u8>, text: &str) {
    out.extend((text.len() as u32).to_le_bytes());
    out.extend(text.as_bytes());
}

/// The released code's names for ours.
const OFFICIAL: [(&str, &str); 20] = [
    ("encoder.embedding", "embedding.weight"),
    ("encoder.positions", "pos_embedding.weight"),
    ("encoder.blocks.", "transformer.blocks."),
    ("attention_norm", "attn_layer_norm"),
    ("attention.qkv", "mh_attn.Wqkv"),
    ("attention.out", "mh_attn.out_proj"),
    ("feed_forward_norm", "out_layer_norm"),
    ("feed_forward.up", "transition.0.linear"),
    ("feed_forward.gate", "transition.0.linear_gate"),
    ("feed_forward.beta", "transition.0.beta"),
    ("feed_forward.down", "transition.2"),
    ("encoder.norm", "transformer.final_layer_norm"),
    ("mlm.dense", "lm_mask_head.linear1"),
    ("mlm.norm", "lm_mask_head.layer_norm"),
    ("mlm.out", "lm_mask_head.linear2"),
    ("structure.project", "pred_head.linear_in"),
    ("squeeze", "conv_net.0"),
    ("spread", "conv_net.3"),
    ("expand", "conv_net.6"),
    ("structure.out", "pred_head.conv_out"),
];

/// The released code's name for ours, of an encoder, its masked-language head and a structure head.
pub fn official(name: &str) -> String {
    let name = OFFICIAL.iter().fold(name.to_owned(), |name, (ours, theirs)| name.replace(ours, theirs));
    name.replace("structure.blocks.", "pred_head.resnet.blocks.")
}

/// multimolecule's names, of an encoder with its masked-language head; its vocabulary has 28 tokens.
const MULTIMOLECULE: [(&str, &str); 14] = [
    ("encoder.positions", "model.embeddings.position_embeddings.weight"),
    ("encoder.embedding", "model.embeddings.word_embeddings.weight"),
    ("encoder.blocks.", "model.encoder.layer."),
    ("attention_norm", "attention.layer_norm"),
    ("attention.out", "attention.output.dense"),
    ("feed_forward_norm", "layer_norm"),
    ("feed_forward.up", "intermediate.linear"),
    ("feed_forward.gate", "intermediate.linear_gate"),
    ("feed_forward.beta", "intermediate.bias"),
    ("feed_forward.down", "output.dense"),
    ("encoder.norm", "model.encoder.layer_norm"),
    ("mlm.dense", "lm_head.transform.dense"),
    ("mlm.norm", "lm_head.transform.layer_norm"),
    ("mlm.out", "lm_head.decoder"),
];

/// The tensors of a model as multimolecule has them.
pub fn multimolecule(config: &rinalmo_model::ModelConfig) -> Vec<Named> {
    let mut out = Vec::new();
    for (name, mut shape, mut values) in tensors_of(config, str::to_owned) {
        let theirs = MULTIMOLECULE.iter().fold(name, |name, (ours, theirs)| name.replace(ours, theirs));
        if shape[0] == 22 {
            values.resize(values.len() / 22 * 28, 0.5);
            shape[0] = 28;
        }
        match theirs.split_once("attention.qkv") {
            None => out.push((theirs, shape, values)),
            Some((before, after)) => {
                let thirds = ["query", "key", "value"].into_iter().zip(values.chunks(values.len() / 3));
                out.extend(thirds.map(|(part, chunk)| {
                    (format!("{before}attention.self.{part}{after}"), vec![shape[0] / 3, shape[1]], chunk.to_vec())
                }));
            }
        }
    }
    out
}
