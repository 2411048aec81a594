//! Public sources against a server that acts as all publishers: their folders, releases, lists of checksums, and the
//! ways in which a download goes wrong.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rinalmo_corpus::sources::{Error, FetchedFile, Options, Record, Request, TransferError, fetch};

#[path = "../../download/tests/downloads/server.rs"]
mod server;

use server::{Reply, Server};

// `sum` prints 16556 1 and `md5sum` the other for the text `abc`.
const ABC: &[u8] = b"abc";
/// How a compressed file begins.
const GZIP: &[u8] = b"\x1f\x8b\x08";
const ABC_MD5: &str = "900150983cd24fb0d6963f7d28e17f72";

/// An empty folder and a server.
struct Setup {
    folder: tempfile::TempDir,
    server: Server,
    options: Options,
}

impl Setup {
    fn new(content: &[u8]) -> Self {
        let (folder, server) = (tempfile::tempdir().unwrap(), Server::start(content));
        let mut options = Options { mirror: Some(server.url("")), ..Options::new(folder.path()) };
        (options.transfer.backoff, options.transfer.retries) = (Duration::from_millis(1), 2);
        Self { folder, server, options }
    }

    fn fetch(&self, request: &str) -> Result<Vec<FetchedFile>, Error> {
        fetch(&request.parse::<Request>()?, &self.options, &mut |_| ())
    }

    /// Paths below the folder, of one file and the only one.
    fn only(&self, request: &str) -> PathBuf {
        let files = self.fetch(request).unwrap();
        assert_eq!(files.len(), 1);
        files[0].path.strip_prefix(self.folder.path()).unwrap().to_owned()
    }

    fn asked(&self) -> Vec<String> {
        self.server.seen().into_iter().map(|seen| seen.path).collect()
    }
}

#[test]
fn a_source_and_a_release_of_it_lie_apart_and_each_is_asked_for_once() {
    let setup = Setup::new(GZIP);
    for _ in 0..2 {
        assert_eq!(setup.only("rnacentral"), Path::new("rnacentral/current/rnacentral_active.fasta.gz"));
        assert_eq!(setup.only("rnacentral@24"), Path::new("rnacentral/24.0/rnacentral_active.fasta.gz"));
    }
    let asked = setup.asked();
    assert_eq!(
        asked,
        [
            "/pub/databases/RNAcentral/current_release/sequences/rnacentral_active.fasta.gz",
            "/pub/databases/RNAcentral/releases/24.0/sequences/rnacentral_active.fasta.gz"
        ]
    );
    let record =
        Record::load(&setup.folder.path().join("rnacentral/24.0/rnacentral_active.fasta.gz")).unwrap().unwrap();
    assert_eq!((record.url, record.license.as_deref()), (setup.server.url(&asked[1][1..]), Some("CC0-1.0")));
    assert_eq!((record.size, record.checked), (3, vec!["size".to_owned()]));
}

#[test]
fn rfam_comes_whole_or_by_family() {
    let setup = Setup::new(GZIP);
    assert_eq!(setup.only("rfam"), Path::new("rfam/current/Rfam.fa.gz"));
    assert_eq!(setup.only("rfam:rf00005@15.0"), Path::new("rfam/15.0/RF00005.fa.gz"));
    assert_eq!(setup.only("rfam-seed"), Path::new("rfam-seed/current/Rfam.seed.gz"));
    assert_eq!(setup.asked()[1], "/pub/databases/Rfam/15.0/fasta_files/RF00005.fa.gz");
}

#[test]
fn a_stopped_download_goes_on_where_it_ended() {
    let content: Vec<u8> = GZIP.iter().copied().chain((0..300_000_u32).map(|i| (i % 251) as u8)).collect();
    let mut setup = Setup::new(&content);
    setup.server = setup.server.then(&[Reply::Cut(120_000)]);
    setup.options.transfer.retries = 0;
    let error = setup.fetch("rfam").unwrap_err();
    assert!(matches!(error, Error::Transfer(TransferError::GaveUp { done: 120_000, .. })), "{error}");
    let path = setup.folder.path().join(setup.only("rfam"));
    assert!(fs::read(path).unwrap() == content);
    assert_eq!(setup.server.seen()[1].range.as_deref(), Some("bytes=120000-"));
}

#[test]
fn ensembl_tells_the_assembly_by_its_list_of_checksums_and_is_held_to_it() {
    let mut setup = Setup::new(ABC);
    let list = "/pub/release-113/fasta/homo_sapiens/ncrna/CHECKSUMS";
    setup.server.page(list, "00042 7 README\n16556 1 Homo_sapiens.GRCh38.ncrna.fa.gz\n");
    assert_eq!(setup.only("ensembl:homo_sapiens@113"), Path::new("ensembl/113/Homo_sapiens.GRCh38.ncrna.fa.gz"));
    let files = setup.fetch("ensembl:homo_sapiens@113").unwrap();
    assert_eq!(files[0].record.checked, ["size", "sum"]);
    assert!(files[0].present);
    assert_eq!(setup.asked().len(), 2, "an existing file needs no request");

    setup.server.page(list, "16557 1 Homo_sapiens.GRCh38.ncrna.fa.gz\n");
    setup.options.transfer.force = true;
    let error = setup.fetch("ensembl:homo_sapiens@113").unwrap_err();
    assert!(matches!(error, Error::Transfer(TransferError::Checksum { kind: "sum", .. })), "{error}");
    assert_eq!(fs::read(&files[0].path).unwrap(), ABC, "the file that was there stays");
}

#[test]
fn ensembl_without_checksums_is_read_from_its_listing() {
    let setup = Setup::new(GZIP);
    let folder = "/pub/plants/release-60/fasta/oryza_sativa/ncrna/";
    setup.server.refuse(&format!("{folder}CHECKSUMS"), 404);
    setup.server.page(
        folder,
        "<a href=\"/pub/\">Parent</a><a href=\"README\">README</a><a href=\"Oryza_sativa.IRGSP-1.0.ncrna.fa.gz\">O..</a>",
    );
    let path = Path::new("ensembl-plants/60/Oryza_sativa.IRGSP-1.0.ncrna.fa.gz");
    assert_eq!(setup.only("ensembl-plants:Oryza sativa@60"), path);
}

#[test]
fn a_species_that_ensembl_does_not_have_is_said_with_the_place_to_look() {
    let setup = Setup::new(ABC);
    let folder = "/pub/current_fasta/homo_sapien/ncrna/";
    setup.server.refuse(&format!("{folder}CHECKSUMS"), 404);
    setup.server.refuse(folder, 404);
    let error = setup.fetch("ensembl:homo_sapien").unwrap_err();
    assert!(matches!(error, Error::NoSpecies { .. }));
    let text = error.to_string();
    assert!(text.contains("`homo_sapien`") && text.ends_with("/pub/current_fasta"), "{text}");
}

#[test]
fn all_species_of_a_release_are_those_that_its_listing_names() {
    let setup = Setup::new(ABC);
    let base = "/pub/fungi/release-60/fasta/";
    let link = |names: &[&str]| names.iter().map(|name| format!("<a href=\"{name}/\">x</a>\n")).collect::<String>();
    setup.server.page(base, &link(&["yeast_one", "no_rna", "some_collection"]));
    setup.server.page(&format!("{base}some_collection/"), &link(&["yeast_two"]));
    for (folder, file) in [("yeast_one", "Yeast_one.A1"), ("some_collection/yeast_two", "Yeast_two.B2")] {
        setup.server.page(&format!("{base}{folder}/ncrna/CHECKSUMS"), &format!("16556 1 {file}.ncrna.fa.gz\n"));
    }
    setup.server.refuse(&format!("{base}no_rna/ncrna/CHECKSUMS"), 404);
    setup.server.refuse(&format!("{base}no_rna/ncrna/"), 404);
    let files = setup.fetch("ensembl-fungi@60").unwrap();
    let names: Vec<_> = files.iter().map(|file| file.path.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(names, ["Yeast_one.A1.ncrna.fa.gz", "Yeast_two.B2.ncrna.fa.gz"]);
}

#[test]
fn nt_is_fetched_only_when_it_may_be_large_and_is_held_to_its_md5() {
    let mut setup = Setup::new(ABC);
    setup.server.page("/blast/db/FASTA/nt.gz.md5", &format!("{ABC_MD5}  nt.gz\n"));
    let error = setup.fetch("nt").unwrap_err();
    assert!(matches!(error, Error::Large { size: Some(3), .. }), "{error}");
    assert!(setup.server.seen().iter().all(|seen| seen.method == "HEAD"));
    setup.options.large = true;
    assert_eq!(setup.fetch("nt").unwrap()[0].record.checked, ["size", "md5"]);
    setup.options.large = false;
    assert!(setup.fetch("nt").unwrap()[0].present, "an existing file needs no permission");

    setup.options.large = true;
    setup.options.transfer.force = true;
    setup.server.publish(b"abd", Some("\"v2\""));
    let error = setup.fetch("nt").unwrap_err();
    assert!(matches!(error, Error::Transfer(TransferError::Checksum { kind: "md5", .. })), "{error}");
}

#[test]
fn a_file_that_is_not_there_is_said_with_its_address() {
    let setup = Setup::new(ABC);
    let path = "/pub/databases/Rfam/99.0/fasta_files/Rfam.fa.gz";
    setup.server.refuse(path, 404);
    let text = setup.fetch("rfam@99").unwrap_err().to_string();
    assert!(text.starts_with(&format!("{}: expected the file, the server answered 404", setup.server.url(&path[1..]))));
}

#[test]
fn without_a_network_the_message_says_what_goes_where_and_a_file_put_there_will_do() {
    let mut setup = Setup::new(ABC);
    setup.options.mirror = Some("http://127.0.0.1:1".into());
    let folder = setup.folder.path().display().to_string();
    for (request, wanted) in [
        ("rnacentral", "/rnacentral/current/rnacentral_active.fasta.gz"),
        ("ensembl:homo_sapiens@113", "/ensembl/113/Homo_sapiens.<assembly>.ncrna.fa.gz"),
        ("ensembl@113", "/ensembl/113/<Species>.<assembly>.ncrna.fa.gz"),
        ("nt", "/nt/current/nt.gz"),
    ] {
        let text = setup.fetch(request).unwrap_err().to_string();
        assert!(text.contains("cannot reach http://127.0.0.1:1/"), "{text}");
        assert!(text.contains(&format!("\n    to {folder}{wanted}")), "{text}");
    }
    let by_hand = setup.folder.path().join("ensembl/113/Homo_sapiens.GRCh38.ncrna.fa.gz");
    fs::create_dir_all(by_hand.parent().unwrap()).unwrap();
    fs::write(&by_hand, ABC).unwrap();
    assert!(setup.fetch("ensembl:homo_sapiens@113").unwrap()[0].present);
    assert!(Record::load(&by_hand).unwrap().is_some());
}
