//! The flags of RNAfold (ViennaRNA 2.7) and related programs, and what `rinalmo fold` has in their place.

use clap::error::ErrorKind;

/// The tip for flags that leave out drawings.
const NO_DRAWINGS: &str = "not needed: `fold` draws only if `--draw DIR` is given";
/// The tip for drawings.
const DRAWINGS: &str =
    "`--draw DIR` draws each structure as SVG; `rinalmo draw` draws in other layouts and formats, and dot plots";
/// The tip for options of an energy model.
const NO_ENERGIES: &str = "not supported: `-m turner2004` has energies, with `-T`, `-d` and `-P`";
/// The tip for generated names.
const NAMES: &str = "not supported: records keep the names in their headers; those without are `seq1`, `seq2`, …";
/// The tip for names of files.
const FILES: &str = "`--out-dir DIR` writes one file for each record, named after its id";
/// The tip for logs.
const LOGS: &str = "`-v` prints more, `-q` less; redirect standard error to keep it";

/// The spellings of a flag, and its tip.
type Row = (&'static [&'static str], &'static str);

/// Flags that `rinalmo fold` does not know.
const UNKNOWN: &[Row] = &[
    (&["-p", "--partfunc"], "pair probabilities are always computed; `--bpp FILE.tsv` (or .npz) writes them"),
    (&["--bppmThreshold"], "`--bpp-cutoff P` is the least probability that `--bpp FILE.tsv` lists"),
    (&["--MEA"], "`--decode mea` gives the structure of maximum expected accuracy; `--gamma` changes it"),
    (&["--ImFeelingLucky"], "`--samples 1`, with `-m turner2004`"),
    (&["--stochBT"], "`--samples N`, with `-m turner2004`"),
    (&["--deltaEnergy"], "`--band KCAL`, with `-m turner2004`"),
    (&["--temp"], "`-T C` or `--temperature C`, with `-m turner2004`"),
    (&["--paramFile"], "`-P FILE` or `--parameters FILE`, with `-m turner2004`"),
    (&["-4", "--noTetra"], NO_ENERGIES),
    (&["-e"], "for RNAsubopt's band there is `--band KCAL`, with `-m turner2004`"),
    (&["--energyModel"], NO_ENERGIES),
    (&["-S", "--pfScale"], NO_ENERGIES),
    (&["--betaScale"], NO_ENERGIES),
    (&["--salt"], NO_ENERGIES),
    (&["--saltInit"], NO_ENERGIES),
    (&["--modifications"], "not supported: modified bases are read as unknown letters"),
    (&["--noLP"], "`--no-lonely-pairs`, with `-m turner2004`"),
    (&["--noGU"], "not supported: AU, GC and GU may pair; `-C` can forbid single bases"),
    (&["--noClosingGU"], "not supported: AU, GC and GU may pair anywhere; `-C` can forbid single bases"),
    (&["--nsp"], "`--non-canonical` allows all pairs other than AU, GC and GU"),
    (&["--canonicalBPonly"], "it is the default; `--non-canonical` allows others"),
    (&["-c", "--circ"], "not supported: sequences are taken as linear"),
    (&["-g", "--gquad"], "not supported: G-quadruplexes are not predicted"),
    (&["--maxBPspan"], "`--max-span N`, with `-m turner2004`"),
    (&["--batch"], "it is the default: `-C FILE` may have a constraint for each sequence"),
    (&["--enforceConstraint"], "it is the default: constraints of `-C` are enforced"),
    (&["--shape"], "`--reactivities FILE`"),
    (
        &["--shapeMethod"],
        "not needed: the method is Deigan's (D); `--reactivity-slope` and `--reactivity-intercept` are its m and b",
    ),
    (&["--shapeConversion"], "not supported: the method of `--reactivities` is Deigan's, which converts nothing"),
    (&["--motif"], "not supported: `-C` takes constraints of structure"),
    (&["--commands"], "not supported: `-C` takes constraints of structure"),
    (&["-i", "--infile"], "files are named without a flag: `rinalmo fold my.fa`; `-` is standard input"),
    (&["--outfile"], "`-o FILE` or `--output FILE`"),
    (&["--jobs"], "`-j N` or `--threads N`; the default is all cores"),
    (&["--unordered"], "not supported: results are in the order of the input"),
    (&["--noconv"], "not needed: T and U mean the same, and sequences are printed as given"),
    (&["--auto-id"], NAMES),
    (&["--id-prefix"], NAMES),
    (&["--id-delim"], NAMES),
    (&["--id-digits"], NAMES),
    (&["--id-start"], NAMES),
    (&["--filename-delim"], FILES),
    (&["--filename-full"], FILES),
    (&["--log-level"], LOGS),
    (&["--log-file"], LOGS),
    (&["--log-time"], LOGS),
    (&["--log-call"], LOGS),
    (&["--detailed-help", "--full-help"], "`--help` explains everything"),
    (&["--noPS"], NO_DRAWINGS),
    (&["--noDP"], NO_DRAWINGS),
    (&["--svg"], DRAWINGS),
    (&["--layout-type"], DRAWINGS),
    (&["--output-format"], DRAWINGS),
];

/// Flags that both have, and that need a value here.
const WITH_VALUE: &[Row] = &[
    (&["-C", "--constraint"], "`-C FILE` reads what `RNAfold -C` reads from its input; `-C -` is standard input"),
    (&["-o", "--output"], "`-o FILE` names the file; `--out-dir DIR` writes one for each record, as `RNAfold -o` does"),
];

/// What `rinalmo fold` has in place of this flag, if it is one of RNAfold's.
pub fn ours(flag: &str, kind: ErrorKind) -> Option<&'static str> {
    let rows = match kind {
        ErrorKind::UnknownArgument => UNKNOWN,
        ErrorKind::InvalidValue => WITH_VALUE,
        _ => return None,
    };
    rows.iter().find(|(flags, _)| flags.contains(&flag)).map(|&(_, ours)| ours)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::CommandFactory as _;

    use super::*;

    /// All flags of a subcommand, as they are written.
    fn flags_of_fold() -> BTreeSet<String> {
        let mut cli = crate::Cli::command();
        cli.build();
        let fold = cli.find_subcommand("fold").unwrap();
        let long = fold.get_arguments().filter_map(|flag| Some(format!("--{}", flag.get_long()?)));
        let short = fold.get_arguments().filter_map(|flag| Some(format!("-{}", flag.get_short()?)));
        long.chain(short).collect()
    }

    #[test]
    fn the_table_holds_no_flag_of_ours_and_none_twice() {
        let (ours, mut seen) = (flags_of_fold(), BTreeSet::new());
        for flag in UNKNOWN.iter().flat_map(|(flags, _)| *flags) {
            assert!(flag.starts_with('-') && !ours.contains(*flag), "{flag} is a flag of `fold`");
            assert!(seen.insert(flag), "{flag} is in the table twice");
        }
        for flag in WITH_VALUE.iter().flat_map(|(flags, _)| *flags) {
            assert!(ours.contains(*flag), "{flag}");
        }
    }

    #[test]
    fn flags_of_ours_that_the_table_names_are_there() {
        let ours = flags_of_fold();
        for (_, text) in UNKNOWN.iter().chain(WITH_VALUE) {
            let words = text.split([' ', '`', ';']).filter(|word| word.starts_with('-') && word.len() > 1);
            words.for_each(|word| assert!(ours.contains(word), "{word} in: {text}"));
        }
    }
}
