//! `RINALMO_KERNELS` forces a level: this test runs itself again with the variable set.

use std::process::Command;

use rinalmo_kernels::{LEVEL_VARIABLE, Level};

/// What [`reports_its_level`] prints in a process with the variable set to `name`.
fn report(name: &str) -> String {
    let test = std::env::current_exe().expect("a running test has a path");
    let output = Command::new(test)
        .args(["--exact", "reports_its_level", "--nocapture"])
        .env(LEVEL_VARIABLE, name)
        .output()
        .expect("a test that runs can be run again");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn reports_its_level() {
    match Level::current() {
        Ok(level) => println!("level: {level}."),
        Err(error) => println!("error: {error}."),
    }
}

#[test]
fn the_environment_forces_every_available_level() {
    for level in Level::available() {
        let report = report(level.name());
        assert!(report.contains(&format!("level: {level}.")), "{report}");
    }
}

#[test]
fn a_level_that_does_not_exist_is_an_error() {
    let report = report("mmx");
    assert!(report.contains("error: kernels: no level is called `mmx`"), "{report}");
}
