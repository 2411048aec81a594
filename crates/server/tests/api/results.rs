//! Results are those of the library, to the bit.

use rinalmo::energy::{Conditions, EnergyModel, Parameters, Reagent};
use rinalmo::results::{Folded, ModelName, Row, predicted, scored, variant_scored};
use rinalmo::seq::{SequenceRecord, Sequences, Structure, bpseq, ct, dot_bracket};
use rinalmo::sink::ArrayKind;
use rinalmo::task::TaskSpec;
use rinalmo::{
    Alternatives, Device, EmbedOptions, EnergyFolder, FoldOptions, FoldRequest, Marginal, Model, PredictOptions,
    ScoreOptions, Variant, VariantRequest,
};
use serde_json::{Value, json};

use crate::client::{Running, TRNA};

const FASTA: &str = ">hp a hairpin\nGGGGAAAACCCC\n>low\nggggaaaatccc\n";

fn load(name: &str) -> Model {
    Model::load(name, &Device::cpu()).unwrap()
}

fn records(text: &str) -> Vec<SequenceRecord> {
    let text = std::io::Cursor::new(text.to_owned());
    Sequences::from_reader("text", text, Default::default()).map(Result::unwrap).collect()
}

fn value(result: impl serde::Serialize) -> Value {
    serde_json::from_str(&serde_json::to_string(&result).unwrap()).unwrap()
}

#[test]
fn folds_are_those_of_the_library() {
    let text = format!("{FASTA}>trna\n{TRNA}\n");
    let found = Running::start().ask("/v1/fold", json!({ "text": text }));
    let (model, records) = (load("nano"), records(&text));
    let sequences: Vec<&[u8]> = records.iter().map(|record| &record.sequence[..]).collect();
    let name = ModelName::from(&model);
    let folds = model.fold(sequences, &FoldOptions::default()).unwrap();
    let expected = records.iter().zip(&folds).map(|(record, fold)| value(Folded { record, fold, model: &name }));
    assert_eq!(found["results"], Value::Array(expected.collect()));
    assert!(found["results"][2]["expected_f1"].as_f64().unwrap() > 0.5, "a fold of a calibrated model");
}

#[test]
fn energies_have_their_temperature() {
    let asked = json!({ "inputs": TRNA, "model": "rinalmo2026", "temperature": 50.0, "dangles": 0, "decode": "mfe" });
    let found = Running::start().ask("/v1/fold", asked);
    let conditions = Conditions::default().temperature(50.0).dangles(rinalmo::energy::Dangles::None);
    let model = EnergyModel::new(Parameters::rinalmo2026(), conditions).unwrap();
    let folder = EnergyFolder::new("rinalmo2026", model);
    let fold = folder.fold([TRNA], &FoldOptions::default()).unwrap().remove(0);
    let record = &records(TRNA)[0];
    assert_eq!(found["results"][0], value(Folded { record, fold: &fold, model: &ModelName::from(&folder) }));
}

#[test]
fn two_strands_are_folded_drawn_and_written() {
    let server = Running::start();
    let found = server.ask("/v1/fold", json!({ "inputs": "GGGGA&UCCCC", "model": "turner2004" }));
    let folder = EnergyFolder::new("turner2004", EnergyModel::turner2004().clone());
    let fold = folder.fold([FoldRequest::strands("GGGGA", "UCCCC")], &FoldOptions::default()).unwrap().remove(0);
    let record = SequenceRecord { nick: Some(5), ..records("GGGGAUCCCC")[0].clone() };
    let result = &found["results"][0];
    assert_eq!(result, &value(Folded { record: &record, fold: &fold, model: &ModelName::from(&folder) }));
    assert_eq!((&result["sequence"], &result["structure"]), (&json!("GGGGA&UCCCC"), &json!("(((((&)))))")));
    assert!(result["binding"].as_f64().unwrap() < -7.0);

    let drawn = json!({ "sequence": "GGGGA&UCCCC", "structure": "(((((&)))))" });
    assert_eq!(server.post("/v1/draw", &drawn.to_string()).body.matches("3′").count(), 2);
    for sequence in ["GGGGAUCCCC", "GGGG&AUCCCC"] {
        let asked = json!({ "sequence": sequence, "structure": "(((((&)))))" });
        let said = server.post("/v1/draw", &asked.to_string());
        assert!(said.status == 422 && said.body.contains("at the same place"), "{}", said.body);
    }
    let written = |format: &str| {
        let asked = json!({ "sequence": "GGGGA&UCCCC", "structure": "(((((&)))))", "id": "a", "format": format });
        server.post("/v1/format", &asked.to_string()).body
    };
    assert_eq!(written("dbn"), ">a\nGGGGA&UCCCC\n(((((&)))))\n");
    assert!(written("ct").contains("it is two strands"), "{}", written("ct"));
}

#[test]
fn reactivities_count_as_in_the_library() {
    let measured: Vec<Option<f32>> =
        (0..TRNA.len()).map(|i| (i % 7 > 0).then_some((i * 5 % 11) as f32 / 8.0)).collect();
    let one = json!({ "sequence": TRNA, "reactivities": measured });
    let server = Running::start();
    let found = server.ask("/v1/fold", json!({ "inputs": [one, TRNA], "reagent": "dms", "reactivity_slope": 2.5 }));
    let model = load("nano");
    let counted = Reagent::Dms.counted(TRNA.as_bytes(), measured);
    let options = FoldOptions::default().reactivity_slope(2.5);
    let requests = [FoldRequest::new(TRNA).reactivities(counted), FoldRequest::new(TRNA)];
    let folds = model.fold(requests, &options).unwrap();
    let name = ModelName::from(&model);
    for (at, fold) in folds.iter().enumerate() {
        let record = SequenceRecord {
            id: format!("seq{}", at + 1),
            header: format!("seq{}", at + 1),
            ..records(TRNA)[0].clone()
        };
        assert_eq!(found["results"][at], value(Folded { record: &record, fold, model: &name }));
    }
    assert_ne!(found["results"][0]["pairs"], found["results"][1]["pairs"]);
}

#[test]
fn alternatives_are_those_of_the_library() {
    let folder = EnergyFolder::new("turner2004", EnergyModel::turner2004().clone());
    let server = Running::start();
    for (asked, which) in [
        (json!({ "alternatives": 4 }), Alternatives::Clusters { most: 4, samples: 1000, seed: 1 }),
        (json!({ "alternatives": 4, "samples": 50 }), Alternatives::Clusters { most: 4, samples: 50, seed: 1 }),
        (json!({ "samples": 5, "seed": 7 }), Alternatives::Samples { count: 5, seed: 7 }),
        (json!({ "band": 1.5 }), Alternatives::Band(1.5)),
    ] {
        let mut request = json!({ "inputs": TRNA, "model": "turner2004", "no_lonely_pairs": true, "max_span": 70 });
        request.as_object_mut().unwrap().extend(asked.as_object().unwrap().clone());
        let options = FoldOptions::default().alternatives(which).no_lonely_pairs(true).max_span(70);
        let fold = folder.fold([TRNA], &options).unwrap().remove(0);
        let record = &records(TRNA)[0];
        let expected = value(Folded { record, fold: &fold, model: &ModelName::from(&folder) });
        assert!(expected["alternatives"].as_array().unwrap().len() > 1, "{expected}");
        assert_eq!(server.ask("/v1/fold", request)["results"][0], expected);
    }
    let fold = folder.fold([TRNA], &FoldOptions::default().beam(2)).unwrap().remove(0);
    let expected = value(Folded { record: &records(TRNA)[0], fold: &fold, model: &ModelName::from(&folder) });
    let asked = json!({ "inputs": TRNA, "model": "turner2004", "beam": 2 });
    assert_eq!(server.ask("/v1/fold", asked)["results"][0], expected);
}

#[test]
fn vectors_have_the_same_bits() {
    let server = Running::start();
    let model = load("nano");
    let bits = |value: &Value| -> Vec<u32> {
        value.as_array().unwrap().iter().map(|x| (x.as_f64().unwrap() as f32).to_bits()).collect()
    };
    for (pooling, kind) in [("mean", ArrayKind::Mean), ("cls", ArrayKind::Cls)] {
        let asked = json!({ "inputs": [TRNA, "ACGU"], "normalize": false, "pooling": pooling });
        let found = server.ask("/v1/embed", asked);
        let expected = model.embed(&[TRNA, "ACGU"], &EmbedOptions::default().include([kind])).unwrap();
        for (found, expected) in found.as_array().unwrap().iter().zip(&expected) {
            let expected: Vec<u32> = expected.arrays[0].data.iter().map(|x| x.to_bits()).collect();
            assert_eq!(bits(found), expected, "{pooling}");
        }
    }
    let bases = server.ask("/v1/embed", json!({ "inputs": "ACGU", "normalize": false, "pooling": "none" }));
    let expected = model.embed(&["ACGU"], &EmbedOptions::default()).unwrap().remove(0);
    let found: Vec<u32> = bases[0].as_array().unwrap().iter().flat_map(bits).collect();
    assert_eq!(found, expected.arrays[0].data.iter().map(|x| x.to_bits()).collect::<Vec<_>>());
}

#[test]
fn vectors_for_clients_of_openai_have_the_length_one_in_both_encodings() {
    use base64::Engine as _;
    let server = Running::start();
    let found = server.ask("/v1/embeddings", json!({ "input": ["ACGU", TRNA], "model": "nano" }));
    let numbers: Vec<f32> =
        found["data"][1]["embedding"].as_array().unwrap().iter().map(|x| x.as_f64().unwrap() as f32).collect();
    let length: f64 = numbers.iter().map(|x| f64::from(*x).powi(2)).sum();
    assert!((length - 1.0).abs() < 1e-5, "{length}");
    assert_eq!((found["object"].as_str(), found["usage"]["total_tokens"].as_u64()), (Some("list"), Some(84)));
    let asked = json!({ "input": [TRNA], "model": "nano", "encoding_format": "base64", "user": "me" });
    let text = server.ask("/v1/embeddings", asked)["data"][0]["embedding"].as_str().unwrap().to_owned();
    let bytes = base64::engine::general_purpose::STANDARD.decode(text).unwrap();
    let decoded: Vec<f32> = bytes.chunks_exact(4).map(|four| f32::from_le_bytes(four.try_into().unwrap())).collect();
    assert_eq!(decoded, numbers);
}

#[test]
fn scores_and_variants_are_those_of_the_library() {
    let server = Running::start();
    let model = load("nano-mlm");
    let record = &records("GGGGAAAACCCC")[0];
    let options = ScoreOptions::default();
    let score = model.score(&["GGGGAAAACCCC"], &options).unwrap().remove(0);
    let found = server.ask("/v1/score", json!({ "inputs": "GGGGAAAACCCC" }));
    assert_eq!(found["results"][0], value(Row(scored(record, &score, Marginal::Masked))));

    let asked = json!({ "sequence": "GGGGAAAACCCC", "variants": ["n.1G>A", "A1G", "C12U"], "unmasked": true });
    let found = server.ask("/v1/variants", asked);
    let variants: Vec<Variant> = ["n.1G>A", "C12U"].map(|text| text.parse().unwrap()).to_vec();
    let request = VariantRequest::new("GGGGAAAACCCC", variants.clone());
    let ratios = model.score_variants([request], &options.marginal(Marginal::Unmasked)).unwrap().remove(0);
    let row = |at: usize| value(Row(variant_scored("seq1", &variants[at], ratios[at], Marginal::Unmasked, true)));
    assert_eq!([&found["results"][0], &found["results"][2]], [&row(0), &row(1)]);
    let wrong = found["results"][1]["error"].as_str().unwrap();
    assert_eq!(wrong, "variant `A1G`: position 1 is `G`, not `A`");
}

#[test]
fn predictions_are_those_of_the_library() {
    let found = Running::start().ask("/v1/predict", json!({ "task": "family", "inputs": TRNA, "logits": true }));
    let task = TaskSpec::named("family");
    let answer = load("nano-family").predict(task, &[TRNA], &PredictOptions::default()).unwrap().remove(0);
    let expected = Row(predicted("seq1", task, task.labels.as_ref().unwrap(), answer, true));
    assert_eq!(found["results"][0], value(expected));
}

#[test]
fn places_and_neighbours_are_those_of_the_library() {
    use rinalmo::map::{Neighbours, Points, Umap, trust, umap};
    let sequences = ["GGGGAAAACCCC", "GGGGCAAACCCC", "ACGUACGUACGU", "UUUUUUUUCCCC", TRNA, "GGGAGAAACUCC"];
    let too_long = "A".repeat(5001); // of a default server
    let mut inputs: Vec<&str> = sequences.to_vec();
    inputs.insert(2, &too_long);
    let found = Running::start().ask("/v1/map", json!({ "inputs": inputs, "seed": 7 }));

    let options = EmbedOptions::default().include([ArrayKind::Mean]);
    let vectors = load("nano").embed(&sequences, &options).unwrap();
    let values: Vec<f32> = vectors.into_iter().flat_map(|mut one| one.arrays.pop().unwrap().data).collect();
    let points = Points::new(values, 320).unwrap();
    let map = umap(&points, &Umap { seed: 7, ..Umap::usual(6) }, &mut ()).unwrap();
    let neighbours = Neighbours::find(&points, 5, &mut ()).unwrap();

    let (neighbours_of_trust, value) = trust(&points, &map).unwrap().unwrap();
    assert_eq!(found["trustworthiness"]["neighbours"], json!(neighbours_of_trust));
    assert!((found["trustworthiness"]["value"].as_f64().unwrap() - value).abs() < 1e-12);
    assert_eq!((&found["axes"], &found["model"]), (&json!(["UMAP 1", "UMAP 2"]), &json!("nano")));
    let results = found["results"].as_array().unwrap();
    assert!(results[2]["error"].as_str().unwrap().contains("5001"), "{found}");
    let placed = [0, 1, 3, 4, 5, 6];
    for (point, &record) in placed.iter().enumerate() {
        let result = &results[record];
        for (axis, expected) in ["x", "y"].into_iter().zip(map[point]) {
            let found = result[axis].as_f64().unwrap(); // read with an error in the last bit
            assert!((found - expected).abs() <= 2.0 * f64::EPSILON * expected.abs(), "{record}: {found}, {expected}");
        }
        let near = neighbours.of(point).iter().map(|&other| json!(placed[other as usize]));
        let found: Vec<Value> = result["nearest"].as_array().unwrap().iter().map(|one| one["record"].clone()).collect();
        assert_eq!(found, near.collect::<Vec<_>>(), "{record}");
    }
}

#[test]
fn drawings_are_those_of_the_library() {
    use rinalmo::draw::rna::{Layout, Rna, Style, View, svg};
    let asked = json!({ "sequence": "GGGGAAAACCCC", "structure": "((((....))))", "layout": "radial", "title": "<hp>" });
    let server = Running::start();
    let answer = server.post("/v1/draw", &asked.to_string());
    let rna = Rna::new("GGGGAAAACCCC", Structure::parse_dot_bracket("((((....))))").unwrap());
    let style = Style { view: View::Bases(Layout::Radial), title: "<hp>".into(), ..Style::default() };
    assert_eq!((answer.status, answer.body), (200, svg(&rna, &style)));
    assert!(answer.head.to_lowercase().contains("content-type: image/svg+xml"));
    let improbable = json!({ "structure": "....", "color_by": "confidence", "probabilities": [] });
    assert_eq!(server.post("/v1/draw", &improbable.to_string()).status, 200);
}

#[test]
fn files_are_those_of_the_library_and_read_back() {
    let server = Running::start();
    let structure = Structure::parse_dot_bracket("((.[[..)).]]").unwrap();
    for (format, first) in [("dbn", ">a hairpin\n"), ("ct", "12  a hairpin\n"), ("bpseq", "# File: a hairpin\n")] {
        let asked = json!({
            "format": format, "sequence": "GGAGGAACCACC", "structure": "((.[[..)).]]", "id": "a  hairpin\n>b",
        });
        let text = server.post("/v1/format", &asked.to_string()).body;
        let first = first.replace("hairpin", "hairpin >b");
        assert!(text.starts_with(&first), "{text}");
        let found = match format {
            "dbn" => dot_bracket::Reader::new(text.as_bytes()).next().unwrap().unwrap().structure,
            "ct" => ct::Reader::new(text.as_bytes()).next().unwrap().unwrap().structure,
            _ => bpseq::Reader::new(text.as_bytes()).next().unwrap().unwrap().structure,
        };
        assert_eq!(found, structure, "{text}");
    }
}

#[test]
fn probabilities_are_listed_above_the_cutoff() {
    let asked = json!({ "inputs": TRNA, "probabilities": true, "cutoff": 0.2 });
    let found = Running::start().ask("/v1/fold", asked);
    let fold = load("nano").fold(&[TRNA], &FoldOptions::default().probabilities(true)).unwrap().remove(0);
    let map = fold.probabilities.unwrap();
    let listed = found["results"][0]["probabilities"].as_array().unwrap();
    assert_eq!(listed.len(), map.above(0.2).count());
    for (listed, (i, j, p)) in listed.iter().zip(map.above(0.2)) {
        assert_eq!([listed[0].as_u64(), listed[1].as_u64()], [Some(i as u64 + 1), Some(j as u64 + 1)]);
        assert!((listed[2].as_f64().unwrap() - f64::from(p)).abs() < 1e-6);
    }
}
