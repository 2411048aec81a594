//! The description of the API says what there is.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::client::Running;

fn document(server: &Running) -> Value {
    server.get("/openapi.json").json()
}

#[test]
fn every_path_is_described() {
    let document = document(&Running::start());
    let described: BTreeSet<&str> = document["paths"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(described, rinalmo_server::paths().into_iter().collect());
}

#[test]
fn every_example_is_answered() {
    let server = Running::start();
    let document = document(&server);
    let mut tried = 0;
    let mut id = String::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        let content = &methods["post"]["requestBody"]["content"];
        if content.is_object() {
            let answer = server.post(path, &content["application/json"]["example"].to_string());
            let described = methods["post"]["responses"].get(answer.status.to_string());
            assert!(matches!(answer.status, 200 | 202) && described.is_some(), "{path}: {answer:?}");
            id = answer.body.parse().map_or(id, |json: Value| json["id"].as_str().unwrap_or_default().to_owned());
            tried += 1;
        }
        if methods["get"].is_object() {
            assert_eq!(server.get(&path.replace("{id}", &id)).status, 200, "{path}");
        }
    }
    assert_eq!(tried, 10);
}

/// The fields that a request may have are in the message about one that it may not have.
#[test]
fn every_field_of_a_request_is_described() {
    let server = Running::start();
    let document = document(&server);
    for (path, methods) in document["paths"].as_object().unwrap() {
        let schema = &methods["post"]["requestBody"]["content"]["application/json"]["schema"]["$ref"];
        let Some(name) = schema.as_str().and_then(|link| link.rsplit('/').next()) else { continue };
        let properties = &document["components"]["schemas"][name]["properties"];
        let described: BTreeSet<String> = properties.as_object().unwrap().keys().cloned().collect();
        let answer = server.post(path, &json!({ "no such field": 1 }).to_string()).json();
        let message = answer["error"].as_str().or(answer["error"]["message"].as_str()).unwrap();
        let listed = message.split(", expected ").nth(1).unwrap().split(" at line").next().unwrap();
        let known: BTreeSet<String> = listed.split('`').skip(1).step_by(2).map(str::to_owned).collect();
        assert_eq!(described, known, "{path}");
    }
}

#[test]
fn models_and_limits_are_listed() {
    let server = Running::start();
    let info = server.get("/info").json();
    let models = info["models"].as_array().unwrap();
    let names: Vec<&str> = models.iter().map(|model| model["name"].as_str().unwrap()).collect();
    assert_eq!((names[0], &names[names.len() - 2..]), ("nano", &["turner2004", "rinalmo2026"][..]));
    assert_eq!(models[0]["can"]["fold"], true);
    assert_eq!((models[0]["dimensions"].as_u64(), info["limits"]["length"].as_u64()), (Some(320), Some(5000)));
    let family = models.iter().find(|model| model["can"]["predict"] == json!(["family"]));
    assert_eq!(family.map(|model| &model["name"]), Some(&json!("nano-family")));
    let listed = server.get("/v1/models").json();
    assert_eq!(listed["data"].as_array().unwrap().len(), names.len());
}
