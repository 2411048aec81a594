//! Errors, when they occur, and their messages.

use super::*;

fn message<T>(result: Result<T, Error>) -> String {
    result.err().expect("an error").to_string()
}

fn half_done(folder: &Path) -> PathBuf {
    let path = folder.join("out.npz");
    let mut sink = Sink::open(&path, options(Leftover::Refuse)).unwrap();
    sink.write(&records()[0]).unwrap();
    sink.suspend().unwrap();
    path
}

#[test]
fn unfinished_work_is_neither_lost_by_accident_nor_mixed_with_other_settings() {
    let folder = tempfile::tempdir().unwrap();
    let path = half_done(folder.path());
    assert!(message(Sink::open(&path, options(Leftover::Refuse))).contains("holds 1 records of an unfinished run"));
    let other = |leftover| SinkOptions { settings: "model=other".into(), ..options(leftover) };
    let text = message(Sink::open(&path, other(Leftover::Resume)));
    assert!(text.contains("then: layout=vectors dtype=f32 model=test"), "{text}");
    assert!(text.contains("now:  layout=vectors dtype=f32 model=other"), "{text}");
    assert!(Sink::open(&path, SinkOptions { dtype: Dtype::F16, ..options(Leftover::Resume) }).is_err());
    let sink = Sink::open(&path, options(Leftover::Resume)).unwrap();
    assert!(
        message(sink.is_finished(0, "y")).contains("record 1 of the input is `y`, but the unfinished output has `x`")
    );
    drop(sink);
    let sink = Sink::open(&path, other(Leftover::Discard)).unwrap();
    assert!(sink.finished().is_empty());
}

#[test]
fn another_file_at_the_path_of_the_spool_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.npz");
    let spool = with_suffix(&path, ".part");
    for leftover in [Leftover::Refuse, Leftover::Resume, Leftover::Discard] {
        fs::write(&spool, b"my diary").unwrap();
        assert!(matches!(Sink::open(&path, options(leftover)), Err(Error::NotASpool { .. })));
        assert_eq!(fs::read(&spool).unwrap(), b"my diary");
    }
}

#[test]
fn two_runs_cannot_write_one_output() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.npz");
    let first = Sink::open(&path, options(Leftover::Refuse)).unwrap();
    assert!(matches!(Sink::open(&path, options(Leftover::Discard)), Err(Error::Busy { .. })));
    first.finish().unwrap();
    assert!(path.exists());
}

#[test]
fn a_refused_record_does_not_damage_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.npz");
    let mut sink = Sink::open(&path, SinkOptions { dtype: Dtype::F16, ..options(Leftover::Refuse) }).unwrap();
    let one = |index, array| ArrayRecord { index, id: "r".into(), arrays: vec![array] };
    let large = Array { kind: ArrayKind::Mean, shape: vec![1], data: vec![1e6] };
    assert!(message(sink.write(&one(0, large))).contains("the value 1000000 in `mean` is too large for f16"));
    assert!(matches!(sink.write(&one(1, array(ArrayKind::Pairs, &[2, 2], 1))), Err(Error::NoSuchKind { .. })));
    let mean = || array(ArrayKind::Mean, &[4], 1);
    sink.write(&one(2, mean())).unwrap();
    assert!(matches!(sink.write(&one(2, mean())), Err(Error::RecordTwice { .. })));
    let both = ArrayRecord { index: 3, id: "r".into(), arrays: vec![mean(), mean()] };
    assert!(matches!(sink.write(&both), Err(Error::KindTwice { .. })));
    assert_eq!(sink.finished(), [(2, "r")]);
    sink.finish().unwrap();
}

#[test]
fn impossible_outputs_are_refused_when_opened() {
    let folder = tempfile::tempdir().unwrap();
    let open = |name: &str, options| message(Sink::open(&folder.path().join(name), options));
    let bf16 = SinkOptions { dtype: Dtype::Bf16, ..Default::default() };
    assert!(open("a.npz", bf16).contains("`.npz` files cannot hold bf16"));
    assert!(open("missing/a.npz", SinkOptions::default()).contains("cannot open"));
    fs::create_dir(folder.path().join("folder.npz")).unwrap();
    assert!(open("folder.npz", SinkOptions::default()).contains("cannot write"));
    assert!(matches!(Sink::open("-".as_ref(), options(Leftover::Resume)), Err(Error::CannotResume)));
    assert_eq!(names_in(folder.path()), ["folder.npz"]);
}

#[test]
fn a_failed_finish_keeps_the_spool_and_the_old_output() {
    let folder = tempfile::tempdir().unwrap();
    let path = half_done(folder.path());
    fs::create_dir(with_suffix(&path, ".part.tmp")).unwrap(); // blocks the path of the new file
    fs::write(&path, b"old").unwrap();
    let sink = Sink::open(&path, options(Leftover::Resume)).unwrap();
    assert!(matches!(sink.finish(), Err(Error::Io { .. })));
    assert_eq!(fs::read(&path).unwrap(), b"old");
    assert_eq!(Sink::open(&path, options(Leftover::Resume)).unwrap().finished().len(), 1);
}

#[test]
fn a_closed_pipe_is_distinguished_from_other_errors() {
    struct Closed;
    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut sink = Sink::to_writer(Box::new(Closed), options(Leftover::Refuse)).unwrap();
    assert!(sink.write(&records()[0]).unwrap_err().is_closed_pipe());
    assert!(sink.finish().unwrap_err().is_closed_pipe());
}

#[test]
fn a_wider_record_does_not_fit_a_started_table() {
    let shared = Shared::default();
    let mut sink = Sink::to_writer(Box::new(shared.clone()), options(Leftover::Refuse)).unwrap();
    let mean =
        |index, width| ArrayRecord { index, id: "r".into(), arrays: vec![array(ArrayKind::Mean, &[width], index)] };
    sink.write(&mean(0, 2)).unwrap();
    assert!(message(sink.write(&mean(1, 3))).contains("`mean` has 3 values in a row"));
    sink.write(&mean(2, 1)).unwrap();
    sink.finish().unwrap();
    assert_eq!(shared.text().lines().filter(|line| line.matches('\t').count() == 4).count(), 3);
}
