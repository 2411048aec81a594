//! Names of records where their formats leave them to custom: titles with an energy in front, comments that name a file.

/// Words that an energy follows in a title, lower case.
const ENERGIES: [&str; 4] = ["energy", "dg", "mfe", "score"];
/// Units that may follow the number.
const UNITS: [&str; 1] = ["kcal/mol"];
/// Words before the name of a record in a comment.
const NAMED_BY: [&str; 3] = ["Filename:", "File:", "Name:"];

/// The name in a title, without the energy that programs put before it.
///
/// Mfold writes `dG = -3.4 [initially -3.1] name`, RNAstructure and ViennaRNA `ENERGY = -3.4  name`, also as a header of
/// dot-bracket. A title that is nothing but an energy has no name.
///
/// ```
/// use rinalmo_seq::title;
/// assert_eq!(title::name("ENERGY = -3.4  tRNA Phe"), "tRNA Phe");
/// assert_eq!(title::name("energy plant"), "energy plant");
/// ```
pub fn name(title: &str) -> &str {
    split_energy(title).1
}

/// The energy in kcal/mol before the name, where there is one, and the name.
pub fn split_energy(title: &str) -> (Option<f64>, &str) {
    let title = title.trim();
    let Some(value) = after_energy(without_word(title, "initial")) else { return (None, title) };
    let (number, rest) = value.split_once(char::is_whitespace).unwrap_or((value, ""));
    let energy = number.parse().ok().filter(|energy: &f64| energy.is_finite());
    let rest = UNITS.iter().fold(rest.trim_start(), |rest, unit| without_word(rest, unit));
    (energy, without_initial(rest).trim())
}

/// What follows `ENERGY =` or the like.
fn after_energy(title: &str) -> Option<&str> {
    let rest = ENERGIES.iter().find_map(|word| without_prefix(title, word))?.trim_start();
    Some(rest.strip_prefix('=')?.trim_start())
}

/// The text without Mfold's `[initially -3.1]`.
fn without_initial(text: &str) -> &str {
    let inner = text.strip_prefix('[').and_then(|text| text.split_once(']'));
    inner.filter(|(inner, _)| without_prefix(inner.trim_start(), "initial").is_some()).map_or(text, |(_, rest)| rest)
}

/// The text without a first word, if it is this one, upper and lower case alike.
fn without_word<'t>(text: &'t str, word: &str) -> &'t str {
    let rest = without_prefix(text, word).filter(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace));
    rest.map_or(text, str::trim_start)
}

fn without_prefix<'t>(text: &'t str, prefix: &str) -> Option<&'t str> {
    let start = text.get(..prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then(|| &text[prefix.len()..])
}

/// The name that a comment gives its record: `Name: bpRNA_1` (bpRNA), `Filename: x.bpseq` (Comparative RNA Web), `File
/// x.ct` (RNA STRAND). The comment comes without its `#`.
pub(crate) fn named(comment: &str) -> Option<&str> {
    let comment = comment.trim();
    let after_colon = NAMED_BY.iter().find_map(|word| comment.strip_prefix(word)).map(str::trim);
    let after_word = || comment.strip_prefix("File ").map(str::trim).filter(|name| !name.contains(char::is_whitespace));
    after_colon.or_else(after_word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_title_gives_its_energy_and_its_name() {
        for (title, energy, name) in [
            ("ENERGY = -3.2  tRNA Phe", Some(-3.2), "tRNA Phe"), // RNAstructure
            ("ENERGY =    -3.20    tRNA", Some(-3.2), "tRNA"),   // b2ct of ViennaRNA
            ("Energy = -3.2 tRNA", Some(-3.2), "tRNA"),
            ("ENERGY=-3.2 tRNA", Some(-3.2), "tRNA"),
            ("dG = -3.4 tRNA", Some(-3.4), "tRNA"),                  // UNAFold
            ("dG = -3.4 [initially -3.1] tRNA", Some(-3.4), "tRNA"), // Mfold 3
            ("ENERGY = -3.4 [initially  -3.1] tRNA x", Some(-3.4), "tRNA x"),
            ("Initial dG = -3.4 tRNA", Some(-3.4), "tRNA"),
            ("ENERGY = -3.4 kcal/mol tRNA", Some(-3.4), "tRNA"),
            ("dG\t=\t-3.4\ttRNA", Some(-3.4), "tRNA"),
            ("ENERGY = -3.4", Some(-3.4), ""),
            ("ENERGY = 0 [a]", Some(0.0), "[a]"),
            ("dG = unknown x", None, "x"),
            ("ENERGY =", None, ""),
            ("  tRNA Phe ", None, "tRNA Phe"),
            ("ENERGY plant", None, "ENERGY plant"),
            ("initial x", None, "initial x"),
            ("é = 1", None, "é = 1"),
            ("", None, ""),
        ] {
            assert_eq!(split_energy(title), (energy, name), "{title}");
        }
    }

    #[test]
    fn comments_that_name_a_record_are_known_by_their_word() {
        let names =
            ["Name: bpRNA_1", " File: a.bpseq", "Filename: d.5.b", "File ASE_1.ct", "File of mine", "Length: 9"];
        assert_eq!(names.map(named), [Some("bpRNA_1"), Some("a.bpseq"), Some("d.5.b"), Some("ASE_1.ct"), None, None]);
    }
}
