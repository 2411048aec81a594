//! `rinalmo corpus download` against a server of our own: paths on standard output, files with records, clear refusals.

use crate::common::{Run, Sandbox, random_fasta};
use crate::server::Server;

/// Runs against the server in place of all publishers.
fn download(sandbox: &Sandbox, server: &Server, words: &str) -> Run {
    sandbox.run(&format!("-q corpus download {words} --mirror {}", server.url("")))
}

#[test]
fn what_is_fetched_can_be_built_at_once_and_is_not_fetched_again() {
    let sandbox = Sandbox::new();
    let server = Server::start(random_fasta(40, |_| 60).as_bytes());
    server.page(
        "/pub/release-113/fasta/homo_sapiens/ncrna/",
        "<a href=\"Homo_sapiens.GRCh38.ncrna.fa.gz\">Homo_sapiens.GRCh38.ncrna.fa.gz</a>",
    );
    server.refuse("/pub/release-113/fasta/homo_sapiens/ncrna/CHECKSUMS", 404);
    let words = "rfam:RF00005@15 ensembl:homo_sapiens -o data --release 113";
    let paths = download(&sandbox, &server, words).done().out;
    assert_eq!(paths, "data/rfam/15.0/RF00005.fa.gz\ndata/ensembl/113/Homo_sapiens.GRCh38.ncrna.fa.gz\n");
    let asked = server.seen().len();
    assert_eq!(download(&sandbox, &server, words).done().out, paths);
    assert_eq!(server.seen().len(), asked);
    let record: serde_json::Value = serde_json::from_str(&sandbox.read("data/rfam/15.0/RF00005.fa.gz.json")).unwrap();
    assert_eq!(record["license"], "CC0-1.0");

    let built = sandbox.run(&format!("-q corpus build {} -o c.lmdb", paths.replace('\n', " "))).done();
    assert!(built.out.contains("data/rfam/15.0/RF00005.fa.gz"), "{built}");
    download(&sandbox, &server, &format!("{words} --force")).done();
    assert!(server.seen().len() > asked);
}

#[test]
fn notes_say_where_from_and_on_which_terms() {
    let (sandbox, server) = (Sandbox::new(), Server::start(b">a\nACGU\n"));
    let run = sandbox.run(&format!("corpus download rnacentral -o data --mirror {}", server.url("")));
    insta::assert_snapshot!(run, @r"
    exit 0
    [out]
    data/rnacentral/current/rnacentral_active.fasta.gz
    [err]
    rnacentral: https://ftp.ebi.ac.uk/pub/databases/RNAcentral/current_release/sequences, licence: CC0-1.0
    rnacentral_active.fasta.gz: done
    ");
}

#[test]
fn the_list_names_every_source() {
    let list = Sandbox::new().run("corpus download --list").done().out;
    for (name, rest) in [
        ("rnacentral[@release]", "10.9 GB  CC0-1.0"),
        ("rfam[:RF00001][@release]", "0.4 GB  CC0-1.0"),
        ("ensembl[:species][@release]", "?  EMBL-EBI terms of use"),
        ("nt ", "378.0 GB  no restrictions by NCBI"),
    ] {
        let line = list.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("{name}: {list}"));
        assert!(line.contains(rest), "{line}");
    }
}

#[test]
fn refusals_say_what_was_expected_and_what_to_do() {
    let (sandbox, server) = (Sandbox::new(), Server::start(b"abc"));
    insta::assert_snapshot!(download(&sandbox, &server, "rfam5 -o data"), @r"
    exit 2
    [err]
    error: no source is called `rfam5`
    hint: known sources are rnacentral[@release], rfam[:RF00001][@release], rfam-seed[@release], ensembl[:species][@release], ensembl-plants[:species][@release], ensembl-fungi[:species][@release], ensembl-metazoa[:species][@release], ensembl-protists[:species][@release], nt
    ");
    let large = download(&sandbox, &server, "nt -o data");
    assert!(large.code == 2 && large.err.contains("only on request\nhint: `--yes` requests it\n"), "{large}");
    let bare = sandbox.run("corpus download rfam");
    assert!(bare.code == 2 && bare.err.contains("--output <DIR>"), "{bare}");
    assert!(!sandbox.path("data").exists());
}

#[test]
fn without_a_network_the_file_may_come_by_hand() {
    let sandbox = Sandbox::new();
    let words = "-q corpus download rfam -o data --mirror http://127.0.0.1:1";
    let run = sandbox.run(words).to_string();
    for text in [
        "exit 2\n",
        "error: cannot reach http://127.0.0.1:1/pub/databases/Rfam/CURRENT/fasta_files/Rfam.fa.gz: Connection refused",
        "\n    to data/rfam/current/Rfam.fa.gz\n",
    ] {
        assert!(run.contains(text), "{text}: {run}");
    }
    std::fs::write(sandbox.path("data/rfam/current/Rfam.fa.gz"), ">a\nACGU\n").unwrap();
    assert_eq!(sandbox.run(words).done().out, "data/rfam/current/Rfam.fa.gz\n");
}
