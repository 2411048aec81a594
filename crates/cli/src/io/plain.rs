//! Messages of the operating system in plain words.

/// Messages of the system as Rust writes them, and what they mean for the user.
const WORDS: &[(&str, &str)] = &[
    ("No such file or directory (os error 2)", "no such file or folder"),
    ("Permission denied (os error 13)", "permission denied"),
    ("File exists (os error 17)", "a file or folder of this name already exists"),
    ("Not a directory (os error 20)", "a part of the path is a file, not a folder"),
    ("Is a directory (os error 21)", "it is a folder"),
    ("Invalid argument (os error 22)", "the file system does not accept this"),
    ("Too many open files (os error 24)", "too many open files; `ulimit -n` raises how many there may be"),
    ("File too large (os error 27)", "the file would be larger than is allowed here"),
    ("No space left on device (os error 28)", "no space left on the disk"),
    ("Read-only file system (os error 30)", "the disk is read-only"),
    ("File name too long (os error 36)", "the name is too long"),
    ("Disk quota exceeded (os error 122)", "your disk quota is used up"),
    ("Input/output error (os error 5)", "the disk or the connection to it failed"),
    ("Cannot allocate memory (os error 12)", "not enough memory"),
];

/// A message without the system's error numbers.
pub fn plain(message: &str) -> String {
    let mut text = message.to_owned();
    for (theirs, ours) in WORDS.iter().filter(|(theirs, _)| message.contains(theirs)) {
        text = text.replace(theirs, ours);
    }
    without_numbers(&text)
}

/// Removes every ` (os error N)`.
fn without_numbers(text: &str) -> String {
    let mut parts = text.split(" (os error ");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| match part.split_once(')') {
        Some((number, rest)) if number.bytes().all(|digit| digit.is_ascii_digit()) => text + rest,
        _ => text + " (os error " + part,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_the_system_are_in_plain_words() {
        for number in [2, 5, 12, 13, 17, 20, 21, 22, 24, 27, 28, 30, 36, 122, 111] {
            let message = format!("a.fa: {}", std::io::Error::from_raw_os_error(number));
            let said = plain(&message);
            assert!(said.starts_with("a.fa: ") && !said.contains("os error"), "{said}");
        }
        let missing = std::io::Error::from_raw_os_error(2);
        assert_eq!(
            plain(&format!("a: {missing}\nb: {missing}")),
            "a: no such file or folder\nb: no such file or folder"
        );
    }

    #[test]
    fn other_text_stays_as_it_is() {
        for text in ["", "a (os error", "a (os error x) b", "GGGG"] {
            assert_eq!(plain(text), text);
        }
    }
}
