//! The table of published models; `mod.rs` says what its columns mean.
//!
//! File names follow the authors' README, checksums are those other users of the record verify against. Fine-tuned
//! ArchiveII files are named by the family left out of their training.

use rinalmo_model::TaskSpec;

use super::{Entry, File, Source};

const MLM: &TaskSpec = TaskSpec::named("mlm");
const STRUCTURE: &TaskSpec = TaskSpec::named("structure");
const SPLICE: &TaskSpec = TaskSpec::named("splice");
const MRL: &TaskSpec = TaskSpec::named("mrl");
const FAMILY: &TaskSpec = TaskSpec::named("family");

const ZENODO: Source = Source::Zenodo { record: 15_043_668 };

// The authors' README, "Model Parameters License".
const AUTHORS_LICENSE: &str = "CC-BY-4.0";

// The model cards of multimolecule.
const MULTIMOLECULE_LICENSE: &str = "AGPL-3.0";

// A Hugging Face branch may move, so neither size nor checksum is fixed here; the server declares both.
const FOLDER: &[File] = &[
    unchecked("model.safetensors"),
    unchecked("config.json"),
    unchecked("vocab.txt"),
    unchecked("tokenizer_config.json"),
];

const COPYLEFT: &str = "the publisher's licence (AGPL-3.0) differs from that of the authors' files (CC-BY-4.0)";

const NO_THRESHOLD: &str =
    "carries no decoding threshold (folds at 0.5), and AGPL-3.0 where the authors' files are CC-BY-4.0";

const OTHERS: &str = "republished by multimolecule under AGPL-3.0; its authors' own licence may differ";

const fn unchecked(name: &'static str) -> File {
    File { name, size: None, sha256: None, md5: None }
}

const fn with_sha256(name: &'static str, sha256: &'static str) -> File {
    File { sha256: Some(sha256), ..unchecked(name) }
}

/// An entry for the authors' files; the other fields are the same for all of them.
const fn authors(
    name: &'static str,
    preset: &'static str,
    task: &'static TaskSpec,
    description: &'static str,
    files: &'static [File],
) -> Entry {
    Entry {
        name,
        preset,
        task,
        description,
        source: ZENODO,
        files,
        license: AUTHORS_LICENSE,
        held_out: None,
        note: None,
    }
}

const fn archive2(
    name: &'static str,
    held_out: &'static str,
    description: &'static str,
    files: &'static [File],
) -> Entry {
    Entry { held_out: Some(held_out), ..authors(name, "giga", STRUCTURE, description, files) }
}

const fn multimolecule(
    name: &'static str,
    preset: &'static str,
    repo: &'static str,
    description: &'static str,
) -> Entry {
    Entry {
        source: Source::HuggingFace { repo, revision: "main" },
        license: MULTIMOLECULE_LICENSE,
        note: Some(COPYLEFT),
        ..authors(name, preset, MLM, description, FOLDER)
    }
}

pub(super) const ENTRIES: &[Entry] = &[
    authors(
        "giga",
        "giga",
        MLM,
        "pre-trained encoder, 650 M parameters",
        &[File {
            size: Some(2_603_787_622),
            ..with_sha256(
                "rinalmo_giga_pretrained.pt",
                "cd93c3f21eb3e767373c9491192686b5846247bd1110693e453c1dd0f321c0db",
            )
        }],
    ),
    authors(
        "mega",
        "mega",
        MLM,
        "pre-trained encoder, 150 M parameters",
        &[with_sha256(
            "rinalmo_mega_pretrained.pt",
            "8e6d5799055dc96a556ac5dc4fbf882b677c86ccfeb072d42578d655890000b0",
        )],
    ),
    authors(
        "micro",
        "micro",
        MLM,
        "pre-trained encoder, 35 M parameters",
        &[with_sha256(
            "rinalmo_micro_pretrained.pt",
            "910c73aa722061e8904a9b0d58e1e664c075fa78683fa364fcf099ae3f81ddf9",
        )],
    ),
    authors(
        "giga-structure-bprna",
        "giga",
        STRUCTURE,
        "secondary structure, fine-tuned on bpRNA TR0",
        &[File {
            md5: Some("3688b049ac282fa2088fcd80854e34dd"),
            ..with_sha256(
                "rinalmo_giga_ss_bprna_ft.pt",
                "44e377cb0c92f7b9cff8db8a38e33e5c0363d2f9a19831c6342346bb788a5e55",
            )
        }],
    ),
    archive2(
        "giga-structure-archive2-5s",
        "5s",
        "secondary structure, ArchiveII without 5S rRNA",
        &[unchecked("rinalmo_giga_ss_archiveII-5s_ft.pt")],
    ),
    archive2(
        "giga-structure-archive2-16s",
        "16s",
        "secondary structure, ArchiveII without 16S rRNA",
        &[unchecked("rinalmo_giga_ss_archiveII-16s_ft.pt")],
    ),
    archive2(
        "giga-structure-archive2-23s",
        "23s",
        "secondary structure, ArchiveII without 23S rRNA",
        &[unchecked("rinalmo_giga_ss_archiveII-23s_ft.pt")],
    ),
    archive2(
        "giga-structure-archive2-srp",
        "srp",
        "secondary structure, ArchiveII without signal recognition particle RNA",
        &[unchecked("rinalmo_giga_ss_archiveII-srp_ft.pt")],
    ),
    archive2(
        "giga-structure-archive2-grp1",
        "grp1",
        "secondary structure, ArchiveII without group I introns",
        &[unchecked("rinalmo_giga_ss_archiveII-grp1_ft.pt")],
    ),
    archive2(
        "giga-structure-archive2-telomerase",
        "telomerase",
        "secondary structure, ArchiveII without telomerase RNA",
        &[unchecked("rinalmo_giga_ss_archiveII-telomerase_ft.pt")],
    ),
    archive2(
        "giga-structure-archive2-tmrna",
        "tmRNA",
        "secondary structure, ArchiveII without tmRNA",
        &[unchecked("rinalmo_giga_ss_archiveII-tmRNA_ft.pt")],
    ),
    archive2(
        "giga-structure-archive2-trna",
        "tRNA",
        "secondary structure, ArchiveII without tRNA",
        &[unchecked("rinalmo_giga_ss_archiveII-tRNA_ft.pt")],
    ),
    archive2(
        "giga-structure-archive2-rnasep",
        "RNaseP",
        "secondary structure, ArchiveII without RNase P RNA",
        &[unchecked("rinalmo_giga_ss_archiveII-RNaseP_ft.pt")],
    ),
    authors(
        "giga-splice-acceptor",
        "giga",
        SPLICE,
        "splice sites: acceptors",
        &[unchecked("rinalmo_giga_splice_acceptor_ft.pt")],
    ),
    authors(
        "giga-splice-donor",
        "giga",
        SPLICE,
        "splice sites: donors",
        &[unchecked("rinalmo_giga_splice_donor_ft.pt")],
    ),
    authors("giga-mrl", "giga", MRL, "mean ribosome load of 5′ UTRs", &[unchecked("rinalmo_giga_mrl_ft.pt")]),
    authors(
        "giga-family",
        "giga",
        FAMILY,
        "ncRNA family among 88, sequences without boundary noise",
        &[unchecked("rinalmo_giga_ncrna_class_0_noise_ft.pt")],
    ),
    authors(
        "giga-family-noise200",
        "giga",
        FAMILY,
        "ncRNA family among 88, sequences with 200 % boundary noise",
        &[unchecked("rinalmo_giga_ncrna_class_200_noise_ft.pt")],
    ),
    multimolecule(
        "hf-giga",
        "giga",
        "multimolecule/rinalmo-giga",
        "pre-trained encoder, 650 M parameters, as safetensors",
    ),
    multimolecule(
        "hf-mega",
        "mega",
        "multimolecule/rinalmo-mega",
        "pre-trained encoder, 150 M parameters, as safetensors",
    ),
    multimolecule(
        "hf-micro",
        "micro",
        "multimolecule/rinalmo-micro",
        "pre-trained encoder, 35 M parameters, as safetensors",
    ),
    Entry {
        note: Some(OTHERS),
        ..multimolecule(
            "rna-fm",
            "rna-fm",
            "multimolecule/rnafm",
            "RNA-FM (Chen et al. 2022), encoder of another paper, 100 M parameters",
        )
    },
    Entry {
        note: Some(OTHERS),
        ..multimolecule(
            "splice-bert",
            "splice-bert",
            "multimolecule/splicebert",
            "SpliceBERT (Chen et al. 2024), encoder of another paper, 19 M parameters",
        )
    },
    Entry {
        note: Some(OTHERS),
        ..multimolecule(
            "rnabert",
            "rnabert",
            "multimolecule/rnabert",
            "RNABERT (Akiyama & Sakakibara 2022), encoder of another paper, 0.5 M parameters",
        )
    },
    Entry {
        note: Some(OTHERS),
        ..multimolecule(
            "utr-lm",
            "utr-lm",
            "multimolecule/utrlm-te_el",
            "UTR-LM (Chu et al. 2024), encoder of another paper, 1.2 M parameters",
        )
    },
    Entry {
        note: Some(OTHERS),
        ..multimolecule(
            "ernie-rna",
            "ernie-rna",
            "multimolecule/ernierna",
            "ERNIE-RNA (Yin et al. 2025), encoder of another paper, 86 M parameters",
        )
    },
    Entry {
        task: STRUCTURE,
        note: Some(NO_THRESHOLD),
        ..multimolecule(
            "hf-giga-structure",
            "giga",
            "multimolecule/rinalmo-giga-ss",
            "secondary structure, as safetensors",
        )
    },
];
