//! What columns are usually called. Of several names the first that a table has is taken.

/// What a record is called.
pub const ID: &[&str] = &[
    "id",
    "seq_id",
    "sequence_id",
    "record_id",
    "identifier",
    "accession",
    "accession_number",
    "acc",
    "transcript_id",
    "transcript",
    "name",
    "seq_name",
    "sequence_name",
    "header",
    "title",
    "gene_id",
    "gene",
];
/// The letters of a record.
pub const SEQUENCE: &[&str] =
    &["sequence", "seq", "utr", "sequences", "rna_sequence", "rna_seq", "nucleotide_sequence", "nt_sequence"];
/// A structure in brackets.
pub const STRUCTURE: &[&str] = &[
    "structure",
    "struct",
    "dot_bracket",
    "secondary_structure",
    "sec_struct",
    "brackets",
    "dbn",
    "db_structure",
    "struct_projected",
];
/// A structure as a list of pairs.
pub const PAIRS: &[&str] = &["base_pairs", "pairs"];
/// How many bases a record has.
pub const LENGTH: &[&str] = &["len", "length"];
/// The family of a record. A collection's own name of a family is easier to read than its number, so it goes first.
pub const FAMILY: &[&str] = &["family_id", "family"];
/// The group of similar records that a record is in.
pub const CLUSTER: &[&str] = &["cluster", "cluster_id"];
/// How much a record counts in training.
pub const WEIGHT: &[&str] = &["weight"];
/// A label of any kind.
pub const LABEL: &[&str] = &["label", "labels", "class", "family", "rl", "mrl", "load", "value", "target"];
/// A variant.
pub const VARIANT: &[&str] = &["variant", "variants", "mutation", "mutations", "mutant", "hgvs"];
/// The position of a variant, from 1.
pub const POSITION: &[&str] = &["pos", "position"];
/// The letters that stand at a variant's position.
pub const FROM: &[&str] = &["ref", "reference", "ref_allele", "wildtype", "wt", "from"];
/// The letters that take their place.
pub const TO: &[&str] = &["alt", "alternative", "alternate", "alt_allele", "alt_base", "to"];
/// The sequence that a variant is of, in tables that have no [`ID`] for it.
pub const CHROMOSOME: &[&str] = &["chrom", "chromosome", "chr", "contig"];

/// A name as it is compared: `Sequence ID`, `sequence_id`, `#sequence-id` and `SequenceID` are one.
pub(super) fn key(name: &str) -> String {
    let kept = name.chars().filter(|letter| !letter.is_whitespace() && !"_-.#\u{feff}".contains(*letter));
    kept.flat_map(char::to_lowercase).collect()
}

/// How many of `names` the program knows; what parts a header rightly gives the most.
pub(super) fn known<'a>(names: impl Iterator<Item = &'a str>) -> usize {
    const LISTS: [&[&str]; 11] = [ID, SEQUENCE, STRUCTURE, PAIRS, LENGTH, FAMILY, LABEL, VARIANT, POSITION, FROM, TO];
    let is_known = |name: &&str| LISTS.iter().any(|list| is_one_of(name, list));
    names.filter(is_known).count()
}

/// Whether a name is one of a list, as names are compared.
pub(super) fn is_one_of(name: &str, list: &[&str]) -> bool {
    let name = key(name);
    !name.is_empty() && list.iter().any(|known| key(known) == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_without_case_and_what_joins_words() {
        let all = ["seq_id", "Seq ID", "SEQ-ID", " seqid ", "#seq.id", "\u{feff}Seq_Id", "SeqID"];
        assert!(all.iter().all(|name| is_one_of(name, &["seq_id"])));
        assert!(!is_one_of("seq", &["seq_id"]) && !is_one_of("", &[""]));
    }

    #[test]
    fn no_list_names_a_column_twice() {
        for list in [ID, SEQUENCE, STRUCTURE, PAIRS, LENGTH, FAMILY, LABEL, VARIANT, POSITION, FROM, TO, CHROMOSOME] {
            let keys: std::collections::BTreeSet<String> = list.iter().map(|name| key(name)).collect();
            assert_eq!(keys.len(), list.len(), "{list:?}");
        }
    }
}
