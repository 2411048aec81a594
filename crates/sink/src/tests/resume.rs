//! Runs that are interrupted and resumed.

use super::*;

/// The output of a run without interruption, and the bytes of its spool just before the end.
fn uncut(folder: &Path, ending: &str) -> (Vec<u8>, Vec<u8>) {
    let path = folder.join(format!("uncut.{ending}"));
    let mut sink = Sink::open(&path, options(Leftover::Refuse)).unwrap();
    records().iter().for_each(|record| sink.write(record).unwrap());
    let spool = fs::read(with_suffix(&path, ".part")).unwrap();
    sink.finish().unwrap();
    (fs::read(path).unwrap(), spool)
}

/// Resumes as the program does, and returns how many records were already written.
fn resume(path: &Path) -> usize {
    let mut sink = Sink::open(path, options(Leftover::Resume)).unwrap();
    let mut found = 0;
    for record in records() {
        if sink.is_finished(record.index, &record.id).unwrap() {
            found += 1;
        } else {
            sink.write(&record).unwrap();
        }
    }
    sink.finish().unwrap();
    found
}

#[test]
fn a_run_truncated_at_any_byte_resumes_to_the_same_output() {
    let folder = tempfile::tempdir().unwrap();
    let (output, spool) = uncut(folder.path(), "npz");
    let path = folder.path().join("out.npz");
    let mut last = 0;
    for cut in 0..=spool.len() {
        fs::write(with_suffix(&path, ".part"), &spool[..cut]).unwrap();
        let found = resume(&path);
        assert!(found == last || found == last + 1, "cut at {cut}: {last} records, then {found}");
        assert_eq!(fs::read(&path).unwrap(), output, "cut at {cut}");
        last = found;
    }
    assert_eq!(last, records().len());
}

#[test]
fn every_format_resumes_to_the_same_bytes_in_any_order_of_writing() {
    for ending in ENDINGS {
        let folder = tempfile::tempdir().unwrap();
        let (output, _) = uncut(folder.path(), ending);
        let path = folder.path().join(format!("out.{ending}"));
        let mut sink = Sink::open(&path, options(Leftover::Resume)).unwrap();
        [3, 1].iter().for_each(|&index| sink.write(&records()[index]).unwrap());
        assert_eq!(sink.finished(), [(1, "a/b"), (3, "")]);
        assert_eq!(sink.suspend().unwrap(), Some(with_suffix(&path, ".part")));
        assert!(!path.exists());
        assert_eq!(resume(&path), 2);
        assert_eq!(fs::read(&path).unwrap(), output, "{ending}");
        assert_eq!(names_in(folder.path()), [format!("out.{ending}"), format!("uncut.{ending}")]);
    }
}

#[test]
fn a_flipped_bit_is_noticed_and_drops_the_records_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let (output, spool) = uncut(folder.path(), "tsv");
    let path = folder.path().join("out.tsv");
    let header = spool.len() - frames(&spool).iter().sum::<usize>();
    for place in header..spool.len() {
        let mut bytes = spool.clone();
        bytes[place] ^= 0x10;
        fs::write(with_suffix(&path, ".part"), bytes).unwrap();
        assert!(resume(&path) < records().len(), "flipped at {place}");
        assert_eq!(fs::read(&path).unwrap(), output, "flipped at {place}");
    }
}

/// The sizes of the frames of an undamaged spool.
fn frames(spool: &[u8]) -> Vec<usize> {
    let number = |at: usize, width: usize| spool[at..at + width].iter().rev().fold(0, |n, &b| n << 8 | usize::from(b));
    let mut at = 8 + 4 + number(8, 4) + 4;
    let mut sizes = Vec::new();
    while at < spool.len() {
        sizes.push(8 + number(at, 8) + 4);
        at += 8 + number(at, 8) + 4;
    }
    sizes
}

#[test]
fn a_finished_run_whose_spool_was_not_deleted_is_finished_again() {
    let folder = tempfile::tempdir().unwrap();
    let (output, spool) = uncut(folder.path(), "safetensors");
    let path = folder.path().join("out.safetensors");
    fs::write(&path, b"old").unwrap();
    fs::write(with_suffix(&path, ".part"), spool).unwrap();
    assert_eq!(resume(&path), records().len());
    assert_eq!(fs::read(&path).unwrap(), output);
}

#[test]
fn a_spool_resumes_into_another_format_after_renaming() {
    let folder = tempfile::tempdir().unwrap();
    let (output, _) = uncut(folder.path(), "npz");
    let mut sink = Sink::open(&folder.path().join("out.safetensors"), options(Leftover::Refuse)).unwrap();
    sink.write(&records()[0]).unwrap();
    let spool = sink.suspend().unwrap().unwrap();
    let path = folder.path().join("out.npz");
    fs::rename(spool, with_suffix(&path, ".part")).unwrap();
    assert_eq!(resume(&path), 1);
    assert_eq!(fs::read(&path).unwrap(), output);
}

#[test]
fn runs_without_records_leave_no_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.npz");
    drop(Sink::open(&path, options(Leftover::Refuse)).unwrap());
    assert_eq!(Sink::open(&path, options(Leftover::Resume)).unwrap().suspend().unwrap(), None);
    assert!(names_in(folder.path()).is_empty());
}
