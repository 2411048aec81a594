//! `RINALMO_KERNELS` selects a level: this test runs itself again with the variable set.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

use rinalmo_kernels::{LEVEL_VARIABLE, Level};

/// Runs `test`, in the emulator that cargo is configured with if the target is not this machine's own.
fn command(test: &Path) -> Command {
    let runner = if cfg!(all(target_arch = "aarch64", target_os = "linux")) {
        std::env::var("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER").unwrap_or_default()
    } else {
        String::new()
    };
    let mut words = runner.split_whitespace().map(OsStr::new).chain([test.as_os_str()]);
    let mut command = Command::new(words.next().expect("the chain ends with the test"));
    command.args(words);
    command
}

/// What [`reports_its_level`] prints in a process with the variable set to `name`.
fn report(name: &str) -> String {
    let test = std::env::current_exe().expect("a running test has a path");
    let output = command(&test)
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
