//! Servers and other users of a machine that are hostile or misconfigured.

use std::fs;
use std::time::Duration;

use rinalmo_download::{Error, Progress};

use crate::place::{Place, assert_content, content};
use crate::server::{Reply, Server};

/// Another version of the file, of the same length.
fn newer() -> Vec<u8> {
    content().iter().map(|byte| byte ^ 0x80).collect()
}

/// A place with 120,000 bytes of the first version from a stopped run, and a server with another version.
fn left_over(etag: Option<&str>, date: &str) -> (Place, Server) {
    let dated = |date: &str| if date.is_empty() { String::new() } else { format!("Last-Modified: {date}\r\n") };
    let (mut place, server) = (Place::new(), Server::start(&content()).adding(&dated(date)));
    server.publish(&content(), etag);
    let server = server.then(&[Reply::Cut(120_000)]);
    place.options.retries = 0;
    place.fetch(&server.url("m.fa")).expect_err("is cut");
    place.options.retries = 3;
    (place, server)
}

#[test]
fn two_versions_are_never_joined_whatever_the_server_says_of_them() {
    let (monday, tuesday) = ("Mon, 23 Nov 2026 10:00:00 GMT", "Tue, 24 Nov 2026 10:00:00 GMT");
    for (etag, date, reply) in [
        (None, "", Reply::File),
        (None, "", Reply::CarelessRange),
        (None, monday, Reply::File),
        (None, monday, Reply::CarelessRange),
        (None, monday, Reply::SilentRange),
        (Some("W/\"1\""), "", Reply::CarelessRange),
        (Some("\"v1\""), monday, Reply::SilentRange),
    ] {
        let (place, server) = left_over(etag, date);
        server.publish(&newer(), etag.map(|_| "\"v2\""));
        let server = if date.is_empty() { server } else { server.adding(&format!("Last-Modified: {tuesday}\r\n")) };
        let server = server.then(std::slice::from_ref(&reply));
        assert_content(&place.fetch(&server.url("m.fa")).expect("fetches"), &newer());
        let asked = server.seen()[1].range.is_some();
        assert_eq!(
            asked,
            etag.is_some_and(|etag| !etag.starts_with('W')) || !date.is_empty(),
            "{etag:?} {date} {reply:?}"
        );
    }
}

#[test]
fn a_date_is_enough_to_go_on_with_the_same_version() {
    let (place, server) = left_over(None, "Mon, 23 Nov 2026 10:00:00 GMT");
    assert_content(&place.fetch(&server.url("m.fa")).expect("fetches"), &content());
    let seen = &server.seen()[1];
    assert_eq!(seen.if_range.as_deref(), Some("Mon, 23 Nov 2026 10:00:00 GMT"));
    assert_eq!((seen.range.as_deref(), seen.sent), (Some("bytes=120000-"), 180_000));
}

#[test]
fn a_checksum_is_enough_to_go_on_with_a_server_that_names_no_version() {
    let (mut place, server) = left_over(None, "");
    place.expected.sha256 = Some(crate::place::sha256(&content()));
    assert_content(&place.fetch(&server.url("m.fa")).expect("fetches"), &content());
    assert_eq!(server.seen()[1].range.as_deref(), Some("bytes=120000-"));
}

#[cfg(unix)]
#[test]
fn a_link_in_the_place_of_an_unfinished_file_is_not_followed() {
    for name in ["m.fa.part", "m.fa.part.json.new", "m.fa.json.new", ".lock"] {
        let (place, server) = (Place::new(), Server::start(&content()));
        let precious = place.folder.path().join("precious");
        fs::write(&precious, "mine").expect("writes");
        let folder = place.plan(&server.url("m.fa")).folder;
        fs::create_dir(&folder).expect("makes it");
        std::os::unix::fs::symlink(&precious, folder.join(name)).expect("links");
        match place.fetch(&server.url("m.fa")) {
            Ok(fetched) => assert!(name.ends_with(".new") && !fetched.path.is_symlink(), "{name}"),
            Err(error) => {
                assert!(matches!(error, Error::Unsafe { .. }), "{name}: {error}");
                assert!(error.to_string().contains(name), "{error}");
            }
        }
        assert_eq!(fs::read(&precious).expect("reads"), b"mine", "{name}");
    }
}

#[test]
fn a_body_without_end_stops_at_the_limit_or_before_the_disk_is_full() {
    let (mut place, server) = (Place::new(), Server::start(&content()).usually(Reply::Endless));
    place.options.max_size = Some(1_000_000);
    let error = place.fetch(&server.url("m.fa")).expect_err("never ends");
    assert!(matches!(error, Error::TooLarge { limit: 1_000_000, .. }), "{error}");
    place.options.max_size = None;
    place.options.reserve = u64::MAX / 2;
    let error = place.fetch(&server.url("m.fa")).expect_err("there is not so much");
    assert!(matches!(error, Error::NoSpace { .. }), "{error}");
    place.assert_nothing_in_place();
    assert!(place.files(&[".part"]).iter().all(|part| fs::metadata(part).expect("reads").len() < 1_000_000));
}

#[test]
fn a_file_that_is_announced_too_large_is_refused_before_its_body() {
    let (mut place, server) = (Place::new(), Server::start(&content()));
    place.options.max_size = Some(299_999);
    let error = place.fetch(&server.url("m.fa")).expect_err("is too large");
    assert!(matches!(error, Error::TooLarge { found: Some(300_000), .. }), "{error}");
    place.options.max_size = Some(300_000);
    assert_content(&place.fetch(&server.url("m.fa")).expect("is just small enough"), &content());
}

#[test]
fn what_is_no_such_file_is_not_stored() {
    let page = b"<!DOCTYPE html>\n<html><title>Sign in</title></html>".as_slice();
    for (name, body, reply, found) in [
        ("m.safetensors", page, Reply::File, "found a web page"),
        ("m.fa", page, Reply::Chunked, "found a web page"),
        ("m.pt", b"", Reply::File, "found nothing"),
        ("m.fa", b"", Reply::Bare, "found nothing"),
        ("m.pt", b"\x1f\x8b\x08\0abc", Reply::File, "expected PyTorch, found something else"),
        ("m.fa.gz", b"rate limit reached", Reply::File, "expected gzip, found something else"),
        ("m.safetensors", b"\x40\0\0\0\0\0\0\0{\"w\":{", Reply::Bare, "found a header that is not complete JSON"),
    ] {
        let (place, server) = (Place::new(), Server::start(body).usually(reply));
        let error = place.fetch(&server.url(name)).expect_err(name).to_string();
        assert!(error.contains(found), "{name}: {error}");
        assert!(place.files(&[name, ".json", ".part"]).is_empty(), "{name}: nothing is left");
        assert_eq!(server.seen().len(), 1, "a retry would not help");
    }
}

#[test]
fn an_encoded_body_or_one_of_two_lengths_is_refused() {
    let (place, server) = (Place::new(), Server::start(b"\x1f\x8b\x08").adding("Content-Encoding: gzip\r\n"));
    let error = place.fetch(&server.url("m.fa")).expect_err("is encoded").to_string();
    assert!(error.contains("the server sends it in encoding `gzip`"), "{error}");
    place.fetch(&server.url("n.fa.gz")).expect("the bytes of a compressed file, under a wrong word");
    let (place, server) = (Place::new(), Server::start(&content()).usually(Reply::Twofold));
    assert!(matches!(place.fetch(&server.url("m.fa")), Err(Error::Protocol { .. })));
    place.assert_nothing_in_place();
}

#[test]
fn a_name_that_would_be_the_lock_is_another_file() {
    let (place, server) = (Place::new(), Server::start(&content()));
    let fetched = place.fetch(&server.url(".lock")).expect("fetches");
    assert_content(&fetched, &content());
    assert!(!fetched.present && fetched.path.ends_with("_lock"));
}

#[test]
fn a_trickle_is_given_up() {
    let (mut place, server) = (Place::new(), Server::start(&content()).usually(Reply::Drip(5)));
    place.options.min_speed = 1_000_000;
    place.options.speed_window = Duration::from_millis(60);
    place.options.retries = 1;
    let error = place.fetch(&server.url("m.fa")).expect_err("takes ten minutes").to_string();
    assert!(error.contains("bytes per second arrive, expected at least 1000000"), "{error}");
    assert_eq!(server.seen().len(), 2);
}

#[test]
fn what_trying_again_does_not_mend_is_said_at_once() {
    let message = |reply: Reply| {
        let (place, server) = (Place::new(), Server::start(&content()).usually(reply));
        let mut retries = 0;
        let error = place.fetch_watched(&server.url("m.fa"), |event| {
            retries += usize::from(matches!(event, Progress::Retrying { .. }));
        });
        assert_eq!((retries, server.seen().len()), (0, 1));
        error.expect_err("no file").to_string()
    };
    for status in [400, 401, 403, 404, 410, 501, 505] {
        assert!(message(Reply::Status(status, "")).contains(&status.to_string()));
    }
    assert!(message(Reply::Noise).contains("does not speak HTTP"));
}

#[test]
fn a_secure_address_of_a_server_that_is_not_is_said_at_once() {
    let (place, server) = (Place::new(), Server::start(&content()));
    let mut retries = 0;
    let error = place.fetch_watched(&server.url("m.fa").replace("http://", "https://"), |event| {
        retries += usize::from(matches!(event, Progress::Retrying { .. }));
    });
    assert!(matches!(error, Err(Error::Protocol { .. })), "{error:?}");
    assert_eq!(retries, 0);
}
