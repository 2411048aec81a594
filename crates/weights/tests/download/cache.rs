//! Existing models: kept, located, adopted, verified; and the messages for missing ones.

use std::fs;
use std::path::Path;

use rinalmo_weights::download::{self, Error, TransferError as Transfer};
use rinalmo_weights::registry::{Entry, File, Source};

use crate::place::{Place, assert_content, content, entry, file, sha256};
use crate::server::Server;

#[test]
fn without_a_network_the_message_says_which_file_goes_where() {
    let place = Place::new();
    let closed = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port");
    let url = format!("http://{closed}/m.pt");
    let error = place.fetch(&url).expect_err("nobody listens");
    let Error::Transfer(Transfer::Offline { wanted, .. }) = &error else { panic!("{error}") };
    let path = &wanted[0].path;
    assert!(path.starts_with(place.folder.path()) && path.ends_with("m.pt"));
    let text = error.to_string();
    assert!(text.contains(&url) && text.contains(&path.display().to_string()), "{text}");

    fs::write(path, content()).expect("the folder is there to copy into");
    let forced = place.options.clone().force(true);
    let error = download::fetch(url.as_str(), &forced, &mut |_| ()).expect_err("nobody listens");
    assert!(error.to_string().contains(&path.display().to_string()), "{error}");
    let fetched = place.fetch(&url).expect("needs no network");
    assert!(fetched.files[0].present);
    assert_content(&fetched, &content());
}

#[test]
fn a_good_file_is_not_fetched_again_unless_forced() {
    let (mut place, server) = (Place::new(), Server::start(&content()));
    assert!(!place.fetch(&server.url("m.pt")).expect("fetches").files[0].present);
    assert!(place.fetch(&server.url("m.pt")).expect("finds").files[0].present);
    assert_eq!(server.seen().len(), 1);
    place.options.force = true;
    assert!(!place.fetch(&server.url("m.pt")).expect("fetches").files[0].present);
    assert_eq!(server.seen().len(), 2);
}

#[test]
fn a_damaged_file_is_fetched_again() {
    let (place, server) = (Place::new(), Server::start(&content()));
    let fetched = place.fetch(&server.url("m.pt")).expect("fetches");
    let mut damaged = content();
    damaged[1000] ^= 1;
    fs::write(&fetched.path, damaged).expect("writes");
    let error = download::verify(&fetched.path, None, &mut |_| ()).expect_err("is damaged");
    assert!(matches!(error, Error::Transfer(Transfer::Checksum { kind: "sha256", .. })), "{error}");
    assert_content(&place.fetch(&server.url("m.pt")).expect("fetches"), &content());
    assert!(download::verify(&fetched.path, None, &mut |_| ()).expect("is good")[0].compared);
}

#[test]
fn two_at_once_fetch_one_file_once() {
    let (place, server) = (Place::new(), Server::start(&content()));
    let url = server.url("m.pt");
    std::thread::scope(|scope| {
        let fetches: Vec<_> = (0..2).map(|_| scope.spawn(|| place.fetch(&url))).collect();
        for fetch in fetches {
            assert_content(&fetch.join().expect("ends").expect("fetches"), &content());
        }
    });
    assert_eq!(server.seen().len(), 1);
}

#[test]
fn a_model_of_several_files_is_a_folder_checked_by_what_the_server_declares() {
    let declared = format!("X-Linked-ETag: \"{}\"\r\n", sha256(&content()));
    let (mut place, server) = (Place::new(), Server::start(&content()).adding(&declared));
    place.options.mirror = Some(server.url(""));
    let source = Source::HuggingFace { repo: "someone/model", revision: "main" };
    let entry = Entry { source, ..entry(vec![file("model.safetensors"), file("config.json")]) };
    let fetched = download::fetch(&entry, &place.options, &mut |_| ()).expect("fetches");
    assert!(fetched.path.join("model.safetensors").is_file() && fetched.path.join("config.json").is_file());
    assert_eq!(fetched.files[0].record.checked, ["size", "sha256"]);
    assert_eq!(download::verify(&fetched.path, Some(&entry), &mut |_| ()).expect("is good").len(), 2);
    assert_eq!(download::verify(&fetched.path, None, &mut |_| ()).expect("is good").len(), 2);

    server.publish(b"something else", Some("\"v2\""));
    place.options.force = true;
    let error = download::fetch(&entry, &place.options, &mut |_| ()).expect_err("is not what was declared");
    assert!(matches!(error, Error::Transfer(Transfer::Checksum { kind: "sha256", .. })), "{error}");
}

#[test]
fn an_md5_in_the_tag_is_held_against_the_content() {
    let (place, server) = (Place::new(), Server::start(&content()));
    server.publish(&content(), Some("\"md5:00000000000000000000000000000000\""));
    let error = place.fetch(&server.url("m.pt")).expect_err("differs");
    assert!(matches!(error, Error::Transfer(Transfer::Checksum { kind: "md5", .. })), "{error}");
    place.assert_nothing_in_place();
}

#[test]
fn a_model_that_is_not_here_is_located_once_it_is_copied_into_place() {
    let place = Place::new();
    assert_eq!(download::cached("giga-mrl", &place.options), None);
    let error = download::locate("giga-mrl", &place.options).expect_err("is not here");
    let text = error.to_string();
    let Error::Missing { wanted, .. } = error else { panic!("{text}") };
    let path = wanted[0].path.clone();
    let page = "https://zenodo.org/records/15043668/files/rinalmo_giga_mrl_ft.pt";
    assert!(text.contains(page) && text.contains(&path.display().to_string()), "{text}");

    fs::create_dir_all(path.parent().expect("a folder")).expect("makes");
    fs::write(&path, content()).expect("copies");
    assert_eq!(download::locate("GIGA-MRL", &place.options).ok().as_ref(), Some(&path));
    assert_eq!(download::cached("giga-mrl", &place.options).as_ref(), Some(&path));
    fs::write(&path, b"cut sho").expect("truncates");
    assert_eq!(download::cached("giga-mrl", &place.options), None);
    assert!(matches!(download::locate("giga-mrl", &place.options), Err(Error::Transfer(Transfer::Size { .. }))));
}

#[test]
fn every_missing_file_of_a_folder_is_named() {
    let place = Place::new();
    let text = download::locate("hf-micro", &place.options).expect_err("is not here").to_string();
    for file in ["model.safetensors", "config.json", "vocab.txt", "tokenizer_config.json"] {
        let path = place.folder.path().join("models/hf-micro").join(file);
        assert!(text.contains(&format!("/resolve/main/{file}\n    to {}", path.display())), "{text}");
    }
}

#[test]
fn a_copied_file_with_another_checksum_than_published_is_refused() {
    let place = Place::new();
    let Err(Error::Missing { wanted, .. }) = download::locate("micro", &place.options) else { panic!("is not here") };
    let path = wanted[0].path.clone();
    fs::create_dir_all(path.parent().expect("a folder")).expect("makes");
    fs::write(&path, content()).expect("copies");
    let error = download::locate("micro", &place.options).expect_err("is another file");
    assert!(matches!(error, Error::Transfer(Transfer::Checksum { kind: "sha256", .. })), "{error}");
    assert!(path.is_file(), "a file of the user's is left alone");
}

#[test]
fn an_unknown_name_is_answered_with_the_nearest() {
    let error = download::locate("gigga", &Place::new().options).expect_err("is unknown");
    assert!(error.to_string().contains("did you mean `giga`"), "{error}");
}

#[test]
fn a_file_from_elsewhere_is_adopted_under_any_name() {
    let place = Place::new();
    let outside = place.folder.path().join("from a stick.bin");
    fs::write(&outside, content()).expect("writes");
    let entry = entry(vec![File { size: Some(300_000), ..file("m.pt") }]);
    let fetched = download::adopt(&entry, &outside, &place.options, &mut |_| ()).expect("copies");
    assert_content(&fetched, &content());
    assert!(fetched.path.ends_with("models/micro/m.pt") && outside.is_file());
    assert_eq!(fetched.files[0].record.url, outside.display().to_string());
    assert_eq!(fetched.files[0].record.checked, ["size"]);
}

#[test]
fn a_wrong_or_missing_file_is_not_adopted() {
    let place = Place::new();
    let adopt = |entry: &Entry, from: &Path, options| download::adopt(entry, from, options, &mut |_| ());
    let outside = place.folder.path().join("m.pt");
    let one = entry(vec![file("m.pt")]);
    assert!(matches!(adopt(&one, &outside, &place.options), Err(Error::NotThere { .. })));
    fs::write(&outside, content()).expect("writes");
    let strict = place.options.clone().sha256("0".repeat(64));
    assert!(matches!(adopt(&one, &outside, &strict), Err(Error::Transfer(Transfer::Checksum { .. }))));
    place.assert_nothing_in_place();
    let two = entry(vec![file("m.pt"), file("config.json")]);
    let error = adopt(&two, place.folder.path(), &place.options).expect_err("lacks a file");
    assert!(error.to_string().contains("config.json"), "{error}");
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let mut place = Place::new();
    let home = place.folder.path().join("home");
    fs::write(&home, "a file where a folder should be").expect("writes");
    place.options.home = Some(home.clone());
    let error = place.fetch("http://127.0.0.1:9/m.pt").expect_err("cannot be made");
    assert!(error.to_string().starts_with(&home.join("models").display().to_string()), "{error}");
}
