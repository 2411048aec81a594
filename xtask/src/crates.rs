//! `cargo xtask crates`: draws the workspace's crates and which crate uses which, and checks their order in
//! ARCHITECTURE.md.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::process::ExitCode;

use anyhow::Context as _;
use serde_json::Value;

use crate::process::{metadata, root};

/// Path of the drawing, from the root of the repository.
const DRAWING: &str = "docs/crates.svg";
/// Sizes of the drawing, in pixels.
const BOX: (usize, usize) = (104, 30);
const GAP: (usize, usize) = (26, 44);
const MARGIN: usize = 20;

/// For each crate of `crates/`, the crates that it uses, by the names of their folders. Dependencies of tests are left
/// out.
type Uses = BTreeMap<String, BTreeSet<String>>;

/// Writes the drawing, or with `check` compares it. Checks the order of ARCHITECTURE.md first in both cases.
///
/// # Errors
/// If cargo cannot be run, or a file cannot be read or written.
pub fn run(check: bool) -> anyhow::Result<ExitCode> {
    let uses = uses()?;
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).context("ARCHITECTURE.md")?;
    let complaints = complaints(&uses, &rows(&text));
    complaints.iter().for_each(|complaint| eprintln!("ARCHITECTURE.md: {complaint}"));
    if !complaints.is_empty() {
        return Ok(ExitCode::FAILURE);
    }
    let (path, drawing) = (root().join(DRAWING), draw(&uses));
    if !check {
        fs::write(&path, drawing).context(DRAWING)?;
        return Ok(ExitCode::SUCCESS);
    }
    if fs::read_to_string(&path).is_ok_and(|found| found == drawing) {
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("{DRAWING} is out of date\nhint: run `cargo xtask crates`");
    Ok(ExitCode::FAILURE)
}

/// The crates and their dependencies, from `cargo metadata`.
fn uses() -> anyhow::Result<Uses> {
    Ok(metadata(&["--no-deps"])?["packages"].as_array().into_iter().flatten().filter_map(one).collect())
}

/// The folder of a package in `crates/`, and those of the packages that it depends on.
fn one(package: &Value) -> Option<(String, BTreeSet<String>)> {
    let folder = package["manifest_path"].as_str()?.strip_suffix("/Cargo.toml").and_then(in_crates)?;
    let normal = |dependency: &&Value| dependency["kind"].is_null();
    let dependencies = package["dependencies"].as_array()?.iter().filter(normal);
    let used = dependencies.filter_map(|dependency| in_crates(dependency["path"].as_str()?));
    Some((folder, used.collect()))
}

/// `seq` for `…/crates/seq`.
fn in_crates(path: &str) -> Option<String> {
    let (before, folder) = path.rsplit_once('/')?;
    before.ends_with("/crates").then(|| folder.to_owned())
}

/// The crates in the order of the table in ARCHITECTURE.md.
fn rows(text: &str) -> Vec<&str> {
    text.lines().filter_map(|line| line.strip_prefix("| `crates/")?.split('`').next()).collect()
}

/// Errors in that order.
fn complaints(uses: &Uses, rows: &[&str]) -> Vec<String> {
    let place = |name: &str| rows.iter().position(|row| *row == name);
    let mut complaints = Vec::new();
    for (name, used) in uses {
        let Some(own) = place(name) else {
            complaints.push(format!("`crates/{name}` has no row"));
            continue;
        };
        let below = used.iter().filter(|used| place(used).is_some_and(|place| place > own));
        complaints
            .extend(below.map(|used| format!("`crates/{name}` uses `crates/{used}`, whose row is below its own")));
    }
    let gone = rows.iter().filter(|row| !uses.contains_key(**row));
    complaints.extend(gone.map(|row| format!("there is no `crates/{row}`")));
    complaints
}

/// The layer of each crate: one more than the highest layer that it uses.
fn layers(uses: &Uses) -> BTreeMap<&str, usize> {
    fn layer<'a>(name: &'a str, uses: &'a Uses, known: &mut BTreeMap<&'a str, usize>) -> usize {
        if let Some(&layer) = known.get(name) {
            return layer;
        }
        let used = uses.get(name).into_iter().flatten();
        let found = used.map(|used| layer(used, uses, known) + 1).max().unwrap_or(0);
        known.insert(name, found);
        found
    }
    let mut known = BTreeMap::new();
    for name in uses.keys() {
        layer(name, uses, &mut known);
    }
    known
}

/// All crates that a crate uses, directly or indirectly.
fn reached<'a>(name: &str, uses: &'a Uses) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut waiting: Vec<&str> = uses.get(name).into_iter().flatten().map(String::as_str).collect();
    while let Some(next) = waiting.pop() {
        if reached.insert(next) {
            waiting.extend(uses.get(next).into_iter().flatten().map(String::as_str));
        }
    }
    reached
}

/// The crates that a crate uses but does not reach through another one: these arrows are enough.
fn arrows<'a>(name: &str, uses: &'a Uses) -> Vec<&'a str> {
    let used: Vec<&str> = uses.get(name).into_iter().flatten().map(String::as_str).collect();
    let through_another = |one: &str| used.iter().any(|other| *other != one && reached(other, uses).contains(one));
    used.iter().copied().filter(|one| !through_another(one)).collect()
}

/// The crates as boxes in layers, the program on top, with an arrow to each crate that is used.
fn draw(uses: &Uses) -> String {
    let layers = layers(uses);
    let count = layers.values().max().map_or(0, |most| most + 1);
    let of = |layer: usize| layers.iter().filter(move |row| *row.1 == layer).map(|row| *row.0).collect::<Vec<_>>();
    let widest = (0..count).map(|layer| of(layer).len()).max().unwrap_or(0);
    let width = 2 * MARGIN + widest * (BOX.0 + GAP.0) - GAP.0.min(widest * GAP.0);
    let height = 2 * MARGIN + count * (BOX.1 + GAP.1) - GAP.1.min(count * GAP.1);
    let mut corners = BTreeMap::new();
    for layer in 0..count {
        let names = of(layer);
        let row = names.len() * (BOX.0 + GAP.0) - GAP.0;
        for (number, name) in names.into_iter().enumerate() {
            let x = (width - row) / 2 + number * (BOX.0 + GAP.0);
            corners.insert(name, (x, MARGIN + (count - 1 - layer) * (BOX.1 + GAP.1)));
        }
    }
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         font-family=\"sans-serif\" font-size=\"13\">\n<title>Crates of the workspace; an arrow leads to what a crate \
         uses</title>\n<defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" \
         markerHeight=\"7\" orient=\"auto\"><path d=\"M0 0L8 4L0 8z\" fill=\"#678\"/></marker></defs>\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>\n"
    );
    for (name, &(x, y)) in &corners {
        for (to_x, to_y) in arrows(name, uses).into_iter().filter_map(|used| corners.get(used).copied()) {
            let (from, end) = ((x + BOX.0 / 2, y + BOX.1), (to_x + BOX.0 / 2, to_y - 2));
            let bend = (end.1 - from.1) / 2;
            let _ = writeln!(
                svg,
                "<path d=\"M{} {}C{} {} {} {} {} {}\" fill=\"none\" stroke=\"#9ab\" marker-end=\"url(#tip)\"/>",
                from.0,
                from.1,
                from.0,
                from.1 + bend,
                end.0,
                end.1 - bend,
                end.0,
                end.1
            );
        }
    }
    for (name, (x, y)) in &corners {
        let (width, height) = BOX;
        let _ = writeln!(
            svg,
            "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"5\" fill=\"#eef4fa\" stroke=\"#567\"/>\
             <text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{name}</text>",
            x + width / 2,
            y + height / 2 + 5
        );
    }
    svg + "</svg>\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some() -> Uses {
        let row = |name: &str, used: &[&str]| (name.to_owned(), used.iter().map(|name| (*name).to_owned()).collect());
        [row("seq", &[]), row("model", &["seq"]), row("train", &["model", "seq"]), row("draw", &[])].into()
    }

    #[test]
    fn the_crates_stand_in_order_and_the_drawing_is_of_today() {
        assert_eq!(run(true).unwrap(), ExitCode::SUCCESS);
    }

    #[test]
    fn a_crate_that_uses_one_below_it_is_named() {
        assert!(complaints(&some(), &["seq", "draw", "model", "train"]).is_empty());
        assert_eq!(
            complaints(&some(), &["model", "seq", "train", "attic"]),
            [
                "`crates/draw` has no row",
                "`crates/model` uses `crates/seq`, whose row is below its own",
                "there is no `crates/attic`"
            ]
        );
    }

    #[test]
    fn arrows_leave_out_what_others_reach() {
        assert_eq!(arrows("train", &some()), ["model"]);
        assert_eq!(layers(&some())["train"], 2);
        let drawing = draw(&some());
        assert_eq!(drawing.matches("<path d=\"M").count() - 1, 2, "{drawing}"); // one more is the arrow tip
        assert_eq!(drawing.matches("<text").count(), 4);
    }
}
