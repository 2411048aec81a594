//! The tour of docs/tour.md: every line of it runs, and leaves what the page says.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::common::Sandbox;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// The shell blocks of the page, in order.
fn blocks() -> Vec<String> {
    let page = std::fs::read_to_string(Path::new(ROOT).join("docs/tour.md")).unwrap();
    let begun = page.split("```sh\n").skip(1);
    begun.map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

/// The folder of the program, first on the path.
fn path() -> std::ffi::OsString {
    let program = PathBuf::from(assert_cmd::cargo::cargo_bin!("rinalmo"));
    let others = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(program.parent().unwrap().to_owned()).chain(std::env::split_paths(&others));
    std::env::join_paths(folders).unwrap()
}

#[test]
fn every_line_of_the_tour_runs() {
    let sandbox = Sandbox::new();
    std::os::unix::fs::symlink(Path::new(ROOT).join("examples"), sandbox.path("examples")).unwrap();
    let blocks = blocks();
    assert!(blocks.len() > 5, "{blocks:#?}");
    for block in blocks {
        let mut shell = Command::new("sh");
        shell.current_dir(sandbox.path("")).args(["-euc", &block]).env("PATH", path());
        shell.env("RINALMO_HOME", sandbox.path("home")).env("RINALMO_PROGRESS_SECONDS", "3600");
        let output = shell.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{block}\n{said}");
    }
    for file in ["corpus.lmdb", "language/model.safetensors", "mine.safetensors", "map.svg", "map.html", "gc/run.json"]
    {
        assert!(sandbox.path("tour").join(file).is_file(), "{file}");
    }
    let folded = sandbox.read("tour/folded.dbn");
    assert_eq!((folded.matches('>').count(), folded.matches(" expected_f1=").count()), (6, 6), "{folded}");
}
