//! Programs that `--run` knows by name: how each is started, gets its sequences and gives its structures.

use super::super::output::Pick;

/// A folding program of others.
#[derive(Debug)]
pub struct KnownProgram {
    /// The name that stands for its command.
    pub name: &'static str,
    /// What it is.
    pub title: &'static str,
    /// The words that start it.
    pub program: &'static str,
    /// The words that follow: `{input}` is a FASTA file of all sequences, `{record}` one of a single sequence,
    /// `{output}` a folder for results. Without a file, it reads FASTA from standard input.
    pub arguments: &'static str,
    /// Its licence, in a few words.
    pub licence: &'static str,
    /// Where to get it.
    pub site: &'static str,
    /// The version with which this row was tested; `None` if it is written from the program's documentation.
    pub tested: Option<&'static str>,
    /// Which of the structures that it prints for a sequence counts.
    pub(crate) pick: Pick,
}

impl KnownProgram {
    /// The program of this name.
    pub fn find(name: &str) -> Option<&'static Self> {
        Self::ALL.iter().find(|known| known.name == name)
    }

    /// Its command as one would type it.
    pub fn command(&self) -> String {
        format!("{} {}", self.program, self.arguments).trim_end().to_owned()
    }

    /// Every known program, sorted by name.
    pub const ALL: &[Self] = &[
        Self {
            name: "contrafold",
            title: "CONTRAfold 2 (Do et al. 2006)",
            program: "contrafold predict",
            arguments: "{record}",
            licence: "BSD-3-Clause",
            site: "http://contra.stanford.edu/contrafold",
            ..KNOWN
        },
        Self {
            name: "efold",
            title: "eFold (de Lajarte et al. 2024)",
            program: "efold",
            arguments: "--fasta {input} --output /dev/null",
            licence: "MIT",
            site: "https://pypi.org/project/efold",
            tested: Some("0.1.2"),
            ..KNOWN
        },
        Self {
            name: "eternafold",
            title: "EternaFold (Wayment-Steele et al. 2022)",
            program: "contrafold predict --params EternaFoldParams.v1",
            arguments: "{record}",
            licence: "BSD-3-Clause",
            site: "https://github.com/eternagame/EternaFold",
            ..KNOWN
        },
        Self {
            name: "ipknot",
            title: "IPknot (Sato and Kato 2022), with pseudoknots",
            program: "ipknot",
            arguments: "{input}",
            licence: "GPL-3.0-or-later",
            site: "https://github.com/satoken/ipknot",
            ..KNOWN
        },
        Self {
            name: "linearfold",
            title: "LinearFold (Huang et al. 2019), CONTRAfold's parameters",
            program: "linearfold",
            arguments: "",
            licence: LINEAR,
            site: "https://github.com/LinearFold/LinearFold",
            ..KNOWN
        },
        Self {
            name: "linearfold-v",
            title: "LinearFold, ViennaRNA's parameters",
            program: "linearfold",
            arguments: "-V",
            licence: LINEAR,
            site: "https://github.com/LinearFold/LinearFold",
            ..KNOWN
        },
        Self {
            name: "linearpartition",
            title: "LinearPartition (Zhang et al. 2020), maximum expected accuracy, CONTRAfold's parameters",
            program: "linearpartition",
            arguments: "-M",
            licence: LINEAR,
            site: "https://github.com/LinearFold/LinearPartition",
            ..KNOWN
        },
        Self {
            name: "linearpartition-v",
            title: "LinearPartition, maximum expected accuracy, ViennaRNA's parameters",
            program: "linearpartition",
            arguments: "-V -M",
            licence: LINEAR,
            site: "https://github.com/LinearFold/LinearPartition",
            ..KNOWN
        },
        Self {
            name: "mxfold2",
            title: "MXfold2 (Sato et al. 2021)",
            program: "mxfold2 predict",
            arguments: "{input}",
            licence: "MIT",
            site: "https://github.com/keio-bioinformatics/mxfold2",
            tested: Some("0.1.1"),
            ..KNOWN
        },
        Self {
            name: "rnafold",
            title: "RNAfold of ViennaRNA 2 (Lorenz et al. 2011), minimum free energy",
            program: "RNAfold",
            arguments: "--noPS",
            licence: VIENNA,
            site: VIENNA_SITE,
            tested: Some("2.5.1"),
            ..KNOWN
        },
        Self {
            name: "rnafold-centroid",
            title: "RNAfold, centroid",
            program: "RNAfold",
            arguments: "--noPS --noDP --partfunc",
            licence: VIENNA,
            site: VIENNA_SITE,
            pick: Pick::Marked(" d="),
            tested: Some("2.5.1"),
        },
        Self {
            name: "rnafold-mea",
            title: "RNAfold, maximum expected accuracy",
            program: "RNAfold",
            arguments: "--noPS --noDP --partfunc --MEA",
            licence: VIENNA,
            site: VIENNA_SITE,
            pick: Pick::Marked("MEA="),
            tested: Some("2.5.1"),
        },
        Self {
            name: "rnastructure-fold",
            title: "Fold of RNAstructure (Reuter and Mathews 2010), minimum free energy",
            program: "Fold",
            arguments: "{record} {output}/structure.ct --MFE",
            licence: "GPL-2.0",
            site: RNASTRUCTURE_SITE,
            ..KNOWN
        },
        Self {
            name: "rnastructure-maxexpect",
            title: "MaxExpect of RNAstructure, maximum expected accuracy",
            program: "MaxExpect",
            arguments: "--sequence {record} {output}/structure.ct",
            licence: "GPL-2.0",
            site: RNASTRUCTURE_SITE,
            ..KNOWN
        },
        Self {
            name: "sincfold",
            title: "sincFold (Bugnon et al. 2024)",
            program: "sincFold pred",
            arguments: "{input} -o {output}/ct/",
            licence: "GPL-3.0",
            site: "https://pypi.org/project/sincfold",
            ..KNOWN
        },
        Self {
            name: "spot-rna",
            title: "SPOT-RNA (Singh et al. 2019), with pseudoknots",
            program: "python3 SPOT-RNA.py",
            arguments: "--inputs {input} --outputs {output}",
            licence: "MPL-2.0",
            site: "https://github.com/jaswindersingh2/SPOT-RNA",
            ..KNOWN
        },
        Self {
            name: "squarna",
            title: "SQUARNA (Bohdan et al. 2023), with pseudoknots",
            program: "SQUARNA",
            arguments: "i={input} if=q",
            licence: "Apache-2.0",
            site: "https://pypi.org/project/SQUARNA",
            tested: Some("3.2.2"),
            ..KNOWN
        },
    ];
}

const LINEAR: &str = "own terms";
const VIENNA: &str = "own terms";
const VIENNA_SITE: &str = "https://www.tbi.univie.ac.at/RNA";
const RNASTRUCTURE_SITE: &str = "https://rna.urmc.rochester.edu/RNAstructure.html";

/// What most rows have in common.
const KNOWN: KnownProgram = KnownProgram {
    name: "",
    title: "",
    program: "",
    arguments: "",
    licence: "",
    site: "",
    tested: None,
    pick: Pick::First,
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_program_has_one_name_a_command_a_licence_and_a_site() {
        assert!(KnownProgram::ALL.is_sorted_by(|a, b| a.name < b.name), "sorted, no name twice");
        for known in KnownProgram::ALL {
            let texts = [known.name, known.title, known.program, known.licence];
            assert!(texts.iter().all(|text| !text.is_empty()), "{known:?}");
            assert!(known.site.starts_with("http"), "{known:?}");
            assert_eq!(KnownProgram::find(known.name).unwrap().title, known.title);
        }
        assert!(KnownProgram::find("RNAfold").is_none(), "a command, not a name");
    }
}
