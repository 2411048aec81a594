//! What is no result: numbers that are not finite, and work that does not fit into memory. Each is an error of its
//! record; the others go on.

use crate::common::Sandbox;

const TWO: &str = ">good\nGGGGAAAACCCC\n>long\n";

/// The model in the box as a file, with one value of a tensor replaced.
fn broken(sandbox: &Sandbox, tensor: &str, row: usize, bad: f32) {
    sandbox.run("-q model convert nano m.safetensors --dtype f32").done();
    let mut bytes = std::fs::read(sandbox.path("m.safetensors")).unwrap();
    let length = u64::from_le_bytes(*bytes.first_chunk().unwrap()) as usize;
    let header: serde_json::Value = serde_json::from_slice(&bytes[8..8 + length]).unwrap();
    let about = &header[tensor];
    let width = about["shape"].as_array().unwrap().iter().skip(1).map(|size| size.as_u64().unwrap() as usize);
    let at = 8 + length + about["data_offsets"][0].as_u64().unwrap() as usize + 4 * row * width.product::<usize>();
    bytes[at..at + 4].copy_from_slice(&bad.to_le_bytes());
    std::fs::write(sandbox.path("m.safetensors"), bytes).unwrap();
}

#[test]
fn numbers_that_are_none_fail_their_record_alone() {
    let sandbox = Sandbox::new().with("a.fa", ">a\nAAAAUUUU\n>g\nGGGGAAAACCCC\n>u\nUUUU\n");
    let guanine = rinalmo::seq::tokenizer::tokenize(b"G")[1];
    broken(&sandbox, "encoder.embedding", usize::from(guanine), f32::NAN);
    for command in ["fold", "embed --include mean -o -"] {
        let run = sandbox.run(&format!("-q {command} -m m.safetensors a.fa"));
        assert_eq!(run.code, 1, "{run}");
        let cause =
            "record `g`: model `nano` gives no finite numbers for this sequence: tensor `encoder.embedding` holds NaN";
        assert!(run.err.contains(cause) && run.err.contains("`rinalmo model verify`"), "{run}");
        let ids = |text: &str| text.lines().filter(|line| line.starts_with('>') || line.contains("\tmean")).count();
        assert_eq!(ids(&run.out), 2, "{run}");
        assert!(!run.out.contains("NaN"), "{run}");
    }
    let verified = sandbox.run("model verify m.safetensors");
    assert!(verified.code == 2 && verified.err.contains("tensor `encoder.embedding`: value "), "{verified}");
}

#[test]
fn infinite_weights_are_no_results_either() {
    let sandbox = Sandbox::new().with("a.fa", ">a\nAAAAUUUU\n");
    broken(&sandbox, "encoder.norm.bias", 3, f32::INFINITY);
    let run = sandbox.run("-q fold -m m.safetensors a.fa");
    assert!(
        run.code == 1 && run.out.is_empty() && run.err.contains("`encoder.norm.bias` holds inf (value 3)"),
        "{run}"
    );
    let verified = sandbox.run("model verify m.safetensors");
    assert!(verified.code == 2 && verified.err.contains("tensor `encoder.norm.bias`: value 3 is inf"), "{verified}");
}

#[test]
fn what_does_not_fit_is_refused_by_name() {
    let sandbox = Sandbox::new().with("a.fa", format!("{TWO}{}\n", "ACGU".repeat(300)));
    for (command, what) in
        [("embed --include attentions -o out.npz --restart", "its attention maps"), ("fold", "its map of pairs")]
    {
        let run = sandbox.run(&format!("-q {command} -m nano --max-memory 16M a.fa"));
        assert_eq!(run.code, 1, "{run}");
        let told = "record `long`: a sequence of 1200 nt needs ";
        assert!(run.err.contains(told) && run.err.contains(&format!(" MiB for {what}, 16 MiB are allowed")), "{run}");
        assert!(!run.err.contains("record `good`"), "{run}");
    }
    let run = sandbox.run("-q embed --include mean -o - -m nano --max-memory 1M a.fa");
    assert!(run.code == 1 && run.out.contains("good\tmean") && run.err.contains(" MiB for its vectors, "), "{run}");
}

/// The system's own limit counts without being asked for.
#[cfg(target_os = "linux")]
#[test]
fn ulimit_is_a_budget() {
    let sandbox = Sandbox::new().with("a.fa", format!("{TWO}{}\n", "ACGU".repeat(2000)));
    let program = assert_cmd::cargo::cargo_bin!("rinalmo").display().to_string();
    let command = format!("ulimit -v 4000000; exec {program} -q embed --include attentions -o a.npz a.fa");
    let mut shell = std::process::Command::new("sh");
    shell.current_dir(sandbox.path("")).args(["-c", &command]);
    let run = sandbox.finish(assert_cmd::Command::from_std(shell));
    assert_eq!(run.code, 1, "{run}");
    assert!(run.err.contains("record `long`: a sequence of 8000 nt needs 58"), "{run}");
    assert!(sandbox.path("a.npz").is_file(), "{run}");
}
