//! What goes wrong is said in the library's words, with a code.

use serde_json::json;

use crate::client::{Running, TRNA};

#[test]
fn an_invalid_request_is_answered_with_what_was_expected() {
    let server = Running::start();
    for (path, body, status, message) in [
        ("/v1/fold", "", 400, "body: not JSON: EOF"),
        ("/v1/fold", "{\"inputs\": \"A\"", 400, "body: not JSON: EOF"),
        ("/v1/fold", "[]", 422, "body: "),
        ("/v1/fold", "{}", 422, "expected `inputs` or `text`, found neither"),
        ("/v1/fold", r#"{"inputs": "A", "text": "A"}"#, 422, "expected either `inputs` or `text`, found both"),
        ("/v1/fold", r#"{"inputs": []}"#, 422, "there are no sequences"),
        ("/v1/fold", r#"{"inputs": ""}"#, 422, "the sequence is empty"),
        ("/v1/fold", r#"{"inputs": "GG&CC"}"#, 422, "inputs:1: record `seq1`: several strands"),
        ("/v1/fold", r#"{"input": "A"}"#, 422, "body: unknown field `input`, expected one of `inputs`, `text`"),
        ("/v1/fold", r#"{"inputs": "A", "decode": "best"}"#, 422, "body: unknown variant `best`, expected one of"),
        ("/v1/fold", r#"{"inputs": "A", "decode": "mfe"}"#, 422, "decode: only an energy model has free energies"),
        ("/v1/fold", r#"{"inputs": "A", "threshold": 1}"#, 422, "threshold: expected a probability from 0 to below 1"),
        (
            "/v1/fold",
            r#"{"inputs": "A", "threshold": 0.5, "decode": "mea"}"#,
            422,
            "a threshold of probability needs the method greedy, nested or f1",
        ),
        ("/v1/fold", r#"{"inputs": "A", "gamma": 2}"#, 422, "gamma needs the method mea"),
        ("/v1/fold", r#"{"inputs": "A", "gamma": 0}"#, 422, "gamma: expected a number above 0, up to 1000000, found 0"),
        ("/v1/fold", r#"{"inputs": "A", "temperature": 50}"#, 422, "temperature and dangles: `nano` is not an energy"),
        (
            "/v1/fold",
            r#"{"inputs": "A", "temperature": 1e300, "model": "turner2004"}"#,
            422,
            "temperature: expected -100 to 200 °C",
        ),
        (
            "/v1/fold",
            r#"{"inputs": "A", "dangles": 1, "model": "turner2004"}"#,
            422,
            "dangles: expected 0 or 2, found 1",
        ),
        ("/v1/fold", r#"{"inputs": "A", "f1_share": 2}"#, 422, "f1_share: expected a number from 0 to 1, found 2"),
        ("/v1/fold", r#"{"inputs": "A", "alternatives": 0}"#, 422, "alternatives: expected at least 1, found 0"),
        ("/v1/fold", r#"{"inputs": "A", "samples": 10001}"#, 422, "samples: expected up to 10000, found 10001"),
        ("/v1/fold", r#"{"inputs": "A", "seed": 1}"#, 422, "seed: nothing is drawn without `samples`"),
        ("/v1/fold", r#"{"inputs": "A", "band": 1, "seed": 1}"#, 422, "band: nothing is drawn, so `samples`"),
        ("/v1/fold", r#"{"inputs": "A", "band": -1}"#, 422, "band: expected 0 to 10000 kcal/mol, found -1"),
        (
            "/v1/score",
            r#"{"inputs": [{"sequence": "GGGG", "constraint": "...."}]}"#,
            422,
            "constraint: only a fold has",
        ),
        (
            "/v1/fold",
            r#"{"inputs": "A", "energy_share": 0.5, "model": "turner2004"}"#,
            422,
            "an energy model is all energies",
        ),
        (
            "/v1/fold",
            r#"{"inputs": [{"sequence": "GGGG", "constraint": "((.)"}]}"#,
            422,
            "`seq1`: constraint: column 1",
        ),
        (
            "/v1/fold",
            r#"{"inputs": [{"sequence": "GGGG", "reactivities": [1, null]}]}"#,
            422,
            "reactivities: expected one for each of 4 bases, found 2",
        ),
        (
            "/v1/fold",
            r#"{"inputs": "A", "reactivity_slope": 101}"#,
            422,
            "reactivity_slope: expected a number from -100 to 100 kcal/mol, found 101",
        ),
        ("/v1/fold", r#"{"inputs": "A", "reagent": "cmct"}"#, 422, "body: unknown variant `cmct`, expected `shape` or"),
        (
            "/v1/embed",
            r#"{"inputs": [{"sequence": "A", "reactivities": [1]}]}"#,
            422,
            "reactivities: only a fold has some",
        ),
        ("/v1/score", r#"{"inputs": "ACGU", "model": "turner2004"}"#, 422, "model `turner2004` cannot score"),
        ("/v1/predict", r#"{"inputs": "A", "task": "age"}"#, 422, "task: expected one of splice, mrl, family"),
        (
            "/v1/predict",
            r#"{"inputs": "A", "task": "splice"}"#,
            422,
            "no model that is offered here can predict splice",
        ),
        ("/v1/variants", r#"{"sequence": "ACGU", "variants": ["A9"]}"#, 422, "variant `A9`: expected base, position"),
        ("/v1/embed", r#"{"inputs": "ACXU"}"#, 422, "inputs:1: record `seq1`: character `X` is not an RNA base"),
        (
            "/v1/map",
            r#"{"inputs": ["AC", "GU", "AA"]}"#,
            422,
            "a map of sequences: expected at least 4 vectors, found 3",
        ),
        ("/v1/map", r#"{"inputs": ["AC"], "method": "mds"}"#, 422, "body: unknown variant `mds`, expected one of"),
        ("/v1/map", r#"{"inputs": ["AC"], "model": "turner2004"}"#, 422, "model `turner2004` cannot embed"),
        ("/v1/draw", r#"{"structure": "((."}"#, 422, "structure: "),
        ("/v1/draw", r#"{"structure": "(...)", "sequence": "A"}"#, 422, "sequence: expected 5 letters"),
        (
            "/v1/draw",
            r#"{"structure": ".", "layout": "round"}"#,
            422,
            "body: unknown variant `round`, expected one of `straight`, `radial`, `arcs`, `circular`, `dot-plot`, `mountain`",
        ),
        (
            "/v1/draw",
            r#"{"structure": ".", "palette": "red"}"#,
            422,
            "body: unknown variant `red`, expected one of `viridis`, `cividis`, `orange`, `grey`",
        ),
        ("/v1/draw", r#"{"structure": ".", "color_by": "entropy"}"#, 422, "color_by: this needs `probabilities`"),
        ("/v1/draw", r#"{"structure": ".", "highlight": [[1, 2]]}"#, 422, "highlight: expected positions from 1 to 1"),
        ("/v1/draw", r#"{"structure": "(.)", "color_by": "value"}"#, 422, "color_by: this needs `values`"),
        (
            "/v1/draw",
            r#"{"structure": "(.)", "color_by": "value", "values": [1, null]}"#,
            422,
            "values: expected 3 as bases, found 2",
        ),
        ("/v1/draw", r#"{"structure": "(.).", "turn": ["1:x"]}"#, 422, "turn: expected a position and degrees such as"),
        ("/v1/draw", r#"{"structure": "(.).", "turn": ["4:9"]}"#, 422, "turn: position 4 is in no stem"),
        ("/v1/draw", r#"{"structure": "(.).", "turn": ["5:9"]}"#, 422, "turn: position 5 is beyond the end, 4"),
        ("/v1/draw", r#"{"structure": "(.)", "layout": "arcs", "turn": ["1:9"]}"#, 422, "turn: this needs the layout"),
        (
            "/v1/format",
            r#"{"structure": "(.)", "sequence": "", "format": "ct"}"#,
            422,
            "sequence: there are no letters",
        ),
        ("/v1/format", r#"{"structure": "(.)", "sequence": "G", "format": "ct"}"#, 422, "sequence: expected 3 letters"),
        ("/v1/format", r#"{"structure": "(.", "sequence": "GA", "format": "dbn"}"#, 422, "structure: "),
        ("/v2/fold", "{}", 404, "nothing at `/v2/fold`"),
        ("/health", "{}", 405, "this path takes another method"),
    ] {
        let found = server.post(path, body).failed(status);
        assert!(found.starts_with(message), "{path} {body}: {found}");
    }
}

#[test]
fn a_sequence_that_fails_is_an_error_of_that_sequence_only() {
    let server = Running::limited(|limits| limits.length = 20);
    let text = format!(">long\n{TRNA}\n>odd\nGG@\n>good\nGGGGAAAACCCC\n");
    let found = server.ask("/v1/fold", json!({ "text": text }));
    let errors: Vec<Option<&str>> = (0..3).map(|at| found["results"][at]["error"].as_str()).collect();
    assert!(errors[0].unwrap().starts_with("`long` has 76 nt; this server takes sequences of up to 20 nt"));
    assert_eq!(errors[1..], [Some("text:4: record `odd`: character `@` is not an RNA base"), None]);
    assert_eq!(found["results"][2]["structure"], "((((....))))");
    let found = server.post("/v1/embed", &json!({ "inputs": [TRNA, "ACGU"] }).to_string());
    assert!(found.failed(413).starts_with("`seq1` has 76 nt"));
    let cut = server.ask("/v1/embed", json!({ "inputs": [TRNA], "truncate": true, "normalize": false }));
    let short = server.ask("/v1/embed", json!({ "inputs": [&TRNA[..20]], "normalize": false }));
    assert_eq!(cut, short, "text-embeddings-inference cuts if it is asked to");
}

#[test]
fn letters_that_are_no_bases_are_read_as_n_with_a_note() {
    let found = Running::start().ask("/v1/fold", json!({ "inputs": "GGGGAXAACCCC" }));
    assert_eq!(found["results"][0]["sequence"], "GGGGANAACCCC");
    assert!(found["notes"][0].as_str().unwrap().starts_with("inputs: 1 letter that is no base is read as N"));
}

#[test]
fn models_are_known_by_name_and_never_by_path() {
    let folder = std::env::temp_dir();
    for path in ["nano-other", "../nano", "/etc/passwd", "nano.safetensors", "", &folder.display().to_string()] {
        let answer = Running::start().post("/v1/fold", &json!({ "inputs": "ACGU", "model": path }).to_string());
        let message = answer.failed(404);
        assert!(message.starts_with("model: expected one of nano, "), "{message}");
    }
}

#[test]
fn too_little_memory_is_an_error_before_the_work() {
    let server = Running::limited(|limits| limits.memory = Some(2 << 20));
    let message = server.post("/v1/fold", &json!({ "inputs": "ACGU".repeat(500) }).to_string()).failed(413);
    assert!(message.starts_with("a sequence of 2000 nt needs") && message.contains(" nt fit"), "{message}");
    let asked = json!({ "inputs": vec!["ACGU".repeat(50); 20], "pooling": "none" });
    let message = server.post("/v1/embed", &asked.to_string()).failed(413);
    assert!(message.starts_with("the answer needs "), "{message}");
}

#[test]
fn errors_for_clients_of_openai_have_their_shape() {
    let answer = Running::start().post("/v1/embeddings", &json!({ "input": "ACGU", "model": "gpt" }).to_string());
    assert_eq!(answer.status, 404);
    let error = &answer.json()["error"];
    assert!(error["message"].as_str().unwrap().starts_with("model: expected one of nano, "), "{answer:?}");
    assert_eq!(error["type"], "not_found");
}
