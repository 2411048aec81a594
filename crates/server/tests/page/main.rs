//! The page in a browser: `page.cjs` uses it as a person would. Needs Node, playwright-core and Chromium.

#[allow(dead_code)] // the tests of the API use the rest
#[path = "../api/client.rs"]
mod client;

use std::path::Path;
use std::process::Command;

use client::Running;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/page/page.cjs");

/// What is missing for the test, if anything is. Node finds packages of other folders by `NODE_PATH`.
fn missing() -> Option<&'static str> {
    let browser = std::env::var("RINALMO_CHROMIUM").unwrap_or_else(|_| "/usr/bin/chromium".into());
    if !Path::new(&browser).exists() {
        return Some("no Chromium; RINALMO_CHROMIUM says where it is");
    }
    let found = Command::new("node").args(["-e", "require('playwright-core')"]).output();
    match found {
        Ok(output) if output.status.success() => None,
        _ => Some("no Node with playwright-core; NODE_PATH says where packages are"),
    }
}

#[test]
fn the_page_folds_selects_mutates_compares_and_saves() {
    if let Some(missing) = missing() {
        rinalmo_skips::skip!("{missing}");
        return;
    }
    let server = Running::start();
    let mut command = Command::new("node");
    command.arg(SCRIPT).arg(format!("http://{}/", server.address));
    command.args(std::env::var_os("RINALMO_SCREENSHOTS")); // a folder
    let output = command.output().unwrap();
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    assert!(output.status.success(), "{text}");
}
