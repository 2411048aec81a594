//! The table of sources; `mod.rs` says what its columns mean.
//!
//! Addresses and licences are from the publishers' own pages. There are no checksums here, since the files at these
//! addresses change with every release; NCBI and Ensembl publish checksums next to the files, which are used. EBI
//! publishes none.

use super::{Files, Source};

const EBI: &str = "https://ftp.ebi.ac.uk";

const RFAM: Source = Source {
    name: "rfam",
    description: "members of the RNA families of Rfam, all or of one family",
    license: "CC0-1.0",
    size: Some(443_000_000), // release 15.1
    large: false,
    note: None,
    host: EBI,
    current: "pub/databases/Rfam/CURRENT/fasta_files",
    released: Some("pub/databases/Rfam/{release}/fasta_files"),
    files: Files::Families { all: "Rfam.fa.gz" },
};

const ENSEMBL: Source = Source {
    name: "ensembl",
    description: "non-coding RNA of vertebrates, all or one species (homo_sapiens)",
    license: "EMBL-EBI terms of use",
    size: None,
    large: false,
    note: None,
    host: "https://ftp.ensembl.org",
    current: "pub/current_fasta",
    released: Some("pub/release-{release}/fasta"),
    files: Files::Species,
};

/// A division of Ensembl Genomes, whose releases have their own numbers.
const fn division(
    name: &'static str,
    description: &'static str,
    current: &'static str,
    released: &'static str,
) -> Source {
    Source {
        name,
        description,
        host: "https://ftp.ensemblgenomes.ebi.ac.uk",
        current,
        released: Some(released),
        ..ENSEMBL
    }
}

pub(super) const SOURCES: &[Source] = &[
    Source {
        name: "rnacentral",
        description: "every sequence that a member database of RNAcentral has now",
        license: "CC0-1.0",
        size: Some(10_900_000_000), // 46 million sequences
        large: false,
        note: None,
        host: EBI,
        current: "pub/databases/RNAcentral/current_release/sequences",
        released: Some("pub/databases/RNAcentral/releases/{release}/sequences"),
        files: Files::One { name: "rnacentral_active.fasta.gz", sums: None },
    },
    RFAM,
    Source {
        name: "rfam-seed",
        description: "seed alignments of Rfam with their structures, as Stockholm",
        size: None,
        note: Some("alignments, not an input of `corpus build`"),
        current: "pub/databases/Rfam/CURRENT",
        released: Some("pub/databases/Rfam/{release}"),
        files: Files::One { name: "Rfam.seed.gz", sums: None },
        ..RFAM
    },
    ENSEMBL,
    division(
        "ensembl-plants",
        "the same of plants (arabidopsis_thaliana)",
        "pub/current/plants/fasta",
        "pub/plants/release-{release}/fasta",
    ),
    division(
        "ensembl-fungi",
        "the same of fungi (saccharomyces_cerevisiae)",
        "pub/current/fungi/fasta",
        "pub/fungi/release-{release}/fasta",
    ),
    division(
        "ensembl-metazoa",
        "the same of invertebrates (drosophila_melanogaster)",
        "pub/current/metazoa/fasta",
        "pub/metazoa/release-{release}/fasta",
    ),
    division(
        "ensembl-protists",
        "the same of protists (plasmodium_falciparum)",
        "pub/current/protists/fasta",
        "pub/protists/release-{release}/fasta",
    ),
    Source {
        name: "nt",
        description: "nucleotide collection of NCBI, not only RNA",
        license: "no restrictions by NCBI",
        size: Some(378_000_000_000), // February 2024
        large: true,
        note: Some(
            "NCBI has not updated this file since 2024 and may remove it; newer: `update_blastdb.pl nt`, then \
             `blastdbcmd -db nt -entry all`",
        ),
        host: "https://ftp.ncbi.nlm.nih.gov",
        current: "blast/db/FASTA",
        released: None,
        files: Files::One { name: "nt.gz", sums: Some(".md5") },
    },
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::super::find;
    use super::*;

    #[test]
    fn names_are_unique_and_safe_as_folder_names() {
        let names: HashSet<_> = SOURCES.iter().map(|source| source.name).collect();
        assert_eq!(names.len(), SOURCES.len());
        let safe = |text: &str| text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
        assert!(names.into_iter().all(safe));
    }

    #[test]
    fn addresses_are_those_of_the_publishers() {
        let url = |name: &str, release| find(name).map(|source| source.url(release)).unwrap_or_default();
        assert_eq!(url("rnacentral", None), "https://ftp.ebi.ac.uk/pub/databases/RNAcentral/current_release/sequences");
        assert_eq!(
            url("rnacentral", Some("24.0")),
            "https://ftp.ebi.ac.uk/pub/databases/RNAcentral/releases/24.0/sequences"
        );
        assert_eq!(url("rfam", Some("14.10")), "https://ftp.ebi.ac.uk/pub/databases/Rfam/14.10/fasta_files");
        assert_eq!(url("ensembl", Some("113")), "https://ftp.ensembl.org/pub/release-113/fasta");
        assert_eq!(
            url("ensembl-plants", Some("60")),
            "https://ftp.ensemblgenomes.ebi.ac.uk/pub/plants/release-60/fasta"
        );
        assert_eq!(url("nt", None), "https://ftp.ncbi.nlm.nih.gov/blast/db/FASTA");
    }
}
