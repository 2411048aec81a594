//! The flags of RNAfold (ViennaRNA 2.7) and of its sisters, and what `rinalmo fold` has in their place.

use clap::error::ErrorKind;

/// What is said of drawings.
const NO_DRAWINGS: &str = "not needed: `fold` draws nothing; RNAplot, VARNA and forna draw its dot-bracket output";
/// What is said of options of an energy model.
const NO_ENERGIES: &str =
    "not there: a model learns from known structures; the energies that nano sees are Turner 2004 at 37 °C, fixed";
/// What is said of reactivities.
const NO_REACTIVITIES: &str = "not there: reactivities are not used in folding; `-C` takes constraints of structure";
/// What is said of made-up names.
const NAMES: &str = "not there: records keep the names in their headers; those without are `seq1`, `seq2`, …";
/// What is said of names of files.
const FILES: &str = "`--out-dir DIR` writes one file a record, named after its id";
/// What is said of logs.
const LOGS: &str = "`-v` says more, `-q` less; redirect standard error to keep it";

/// A flag in each spelling, and what to do here.
type Row = (&'static [&'static str], &'static str);

/// Flags that `rinalmo fold` does not know.
const UNKNOWN: &[Row] = &[
    (&["-p", "--partfunc"], "pair probabilities are always computed; `--bpp FILE.tsv` (or .npz) writes them"),
    (&["--bppmThreshold"], "`--bpp-cutoff P` is the least probability that `--bpp FILE.tsv` lists"),
    (&["--MEA"], "`--decode f1` gives the structure with the highest expected F1; it is the default of nano"),
    (
        &["--ImFeelingLucky"],
        "not there: structures are not sampled; `--bpp FILE.tsv` has the probabilities of all pairs",
    ),
    (&["-T", "--temp"], NO_ENERGIES),
    (&["-P", "--paramFile"], NO_ENERGIES),
    (&["-d", "--dangles"], NO_ENERGIES),
    (&["-4", "--noTetra"], NO_ENERGIES),
    (&["-e", "--energyModel"], NO_ENERGIES),
    (&["-S", "--pfScale"], NO_ENERGIES),
    (&["--betaScale"], NO_ENERGIES),
    (&["--salt"], NO_ENERGIES),
    (&["--saltInit"], NO_ENERGIES),
    (&["--modifications"], "not there: modified bases are read as unknown letters"),
    (
        &["--noLP"],
        "not there: a lone pair is chosen only where the model believes in it; `-t P` asks for more probable pairs",
    ),
    (&["--noGU"], "not there: AU, GC and GU may pair; `-C` can forbid single bases"),
    (&["--noClosingGU"], "not there: AU, GC and GU may pair anywhere; `-C` can forbid single bases"),
    (&["--nsp"], "`--non-canonical` allows all pairs other than AU, GC and GU"),
    (&["--canonicalBPonly"], "it is the default; `--non-canonical` allows others"),
    (&["-c", "--circ"], "not there: sequences are taken as linear"),
    (&["-g", "--gquad"], "not there: G-quadruplexes are not predicted"),
    (&["--maxBPspan"], "not there: pairs may span the whole sequence"),
    (&["--batch"], "it is the default: `-C FILE` may hold a constraint for each sequence"),
    (&["--enforceConstraint"], "it is the default: what `-C` asks for holds"),
    (&["--shape"], NO_REACTIVITIES),
    (&["--shapeMethod"], NO_REACTIVITIES),
    (&["--shapeConversion"], NO_REACTIVITIES),
    (&["--motif"], "not there: `-C` takes constraints of structure"),
    (&["--commands"], "not there: `-C` takes constraints of structure"),
    (&["-i", "--infile"], "files are named without a flag: `rinalmo fold my.fa`; `-` is standard input"),
    (&["--outfile"], "`-o FILE` or `--output FILE`"),
    (&["--jobs"], "`-j N` or `--threads N`; all cores are used without"),
    (&["--unordered"], "not there: results come in the order of the input"),
    (&["--noconv"], "not needed: T and U are read alike, and sequences are printed as they were given"),
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
    (&["--svg"], NO_DRAWINGS),
    (&["--layout-type"], NO_DRAWINGS),
    (&["--output-format"], NO_DRAWINGS),
];

/// Flags that both know, and that ask for a value here.
const WITH_VALUE: &[Row] = &[
    (&["-C", "--constraint"], "`-C FILE` reads what `RNAfold -C` reads from its input; `-C -` is standard input"),
    (&["-o", "--output"], "`-o FILE` names the file; `--out-dir DIR` writes one a record, as `RNAfold -o` does"),
];

/// What `rinalmo fold` has in place of a flag of RNAfold, where it is one.
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
            assert!(seen.insert(flag), "{flag} is there twice");
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
