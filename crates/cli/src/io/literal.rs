//! A sequence in the place of a file: `rinalmo fold GGGGAAAACCCC`.

use std::path::Path;

use rinalmo::seq::alphabet;

/// Shorter ones are words: `data` and `cat` are of letters that stand for bases.
const SHORTEST: usize = 5;
/// Of ten letters this many must be A, C, G, U, T or N: IUPAC has a letter for almost any sound.
const PLAIN_IN_TEN: usize = 9;
/// Of ten letters this many make a name look like a sequence with odd letters in it.
const LIKE_IN_TEN: usize = 8;

/// The sequence that an argument is, where there is no file of this name and all its letters are bases.
pub fn sequence_in_place_of(file: &Path) -> Option<&str> {
    let text = file.to_str()?;
    let bases = text.bytes().all(alphabet::is_base);
    (bases && is_mostly_plain(text, PLAIN_IN_TEN) && !file.exists()).then_some(text)
}

/// What is wrong with a file that is not there.
pub fn missing(file: &Path) -> String {
    let name = file.display();
    let looks_like_one = file.to_str().is_some_and(|text| is_mostly_plain(text, LIKE_IN_TEN));
    match looks_like_one {
        true => format!("{name}: no such file; a sequence is given by `echo {name} | rinalmo fold`"),
        false => format!("{name}: no such file or folder"),
    }
}

fn is_mostly_plain(text: &str, in_ten: usize) -> bool {
    let plain = text.bytes().filter(|letter| b"ACGUTN".contains(&letter.to_ascii_uppercase())).count();
    text.len() >= SHORTEST && plain * 10 >= text.len() * in_ten
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_are_taken_and_names_are_not() {
        for sequence in ["GGGGAAAACCCC", "acguu", "GGGNAAACCCNNN", "GGGGGRAAAACCCC"] {
            assert_eq!(sequence_in_place_of(Path::new(sequence)), Some(sequence));
        }
        for name in ["data", "cat", "my.fa", "bank", "scans", "GGGG/AAAA", "GGGG.AAAACCCC", "-", "", "GGGGXAAAACCCC"] {
            assert_eq!(sequence_in_place_of(Path::new(name)), None, "{name}");
        }
    }

    #[test]
    fn a_file_wins_over_a_sequence() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ACGUACGU");
        std::fs::write(&file, "").unwrap();
        assert_eq!(sequence_in_place_of(&file), None);
    }

    #[test]
    fn what_looks_like_a_sequence_is_said_to() {
        assert!(missing(Path::new("GGGGXAAAACCCC")).contains("`echo GGGGXAAAACCCC | rinalmo fold`"));
        assert_eq!(missing(Path::new("my.fa")), "my.fa: no such file or folder");
    }
}
