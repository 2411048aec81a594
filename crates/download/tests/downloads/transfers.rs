//! What the server may do during a transfer.

use std::fs;
use std::time::Duration;

use rinalmo_download::{Error, Progress, Record};

use crate::place::{Place, assert_content, content, sha256};
use crate::server::{Reply, Server};

#[test]
fn a_file_arrives_with_its_record() {
    let (place, server) = (Place::new(), Server::start(&content()));
    let fetched = place.fetch(&server.url("m.fa")).expect("fetches");
    assert_content(&fetched, &content());
    let record = Record::load(&fetched.path).expect("reads").expect("a record");
    assert_eq!(record, fetched.record);
    assert_eq!((record.url, record.size, record.sha256), (server.url("m.fa"), 300_000, sha256(&content())));
    assert_eq!(record.etag.as_deref(), Some("\"v1\""));
    assert!(place.files(&[".part", ".part.json", ".new"]).is_empty());
}

#[test]
fn a_cut_connection_resumes_and_asks_only_for_the_rest() {
    let (place, server) = (Place::new(), Server::start(&content()).then(&[Reply::Cut(100_000), Reply::Cut(50_000)]));
    let fetched = place.fetch(&server.url("m.fa")).expect("fetches");
    assert_content(&fetched, &content());
    let seen = server.seen();
    let ranges: Vec<_> = seen.iter().map(|seen| seen.range.as_deref()).collect();
    assert_eq!(ranges, [None, Some("bytes=100000-"), Some("bytes=150000-")]);
    assert_eq!(seen[2].if_range.as_deref(), Some("\"v1\""));
    assert_eq!(seen.iter().map(|seen| seen.sent).sum::<usize>(), 300_000);
}

#[test]
fn a_server_without_ranges_sends_everything_again() {
    let (place, server) = (Place::new(), Server::start(&content()).usually(Reply::Whole));
    let server = server.then(&[Reply::WholeCut(100_000)]);
    assert_content(&place.fetch(&server.url("m.fa")).expect("fetches"), &content());
    assert_eq!(server.seen().len(), 2);
}

#[test]
fn a_server_that_always_cuts_at_one_place_is_given_up() {
    let (place, server) = (Place::new(), Server::start(&content()).usually(Reply::WholeCut(100_000)));
    let error = place.fetch(&server.url("m.fa")).expect_err("never ends");
    assert!(matches!(error, Error::GaveUp { attempts: 4, done: 100_000, total: Some(300_000), .. }), "{error}");
    place.assert_nothing_in_place();
}

#[test]
fn a_stopped_run_is_continued_by_the_next() {
    let (mut place, server) = (Place::new(), Server::start(&content()).then(&[Reply::Cut(120_000)]));
    place.options.retries = 0;
    let error = place.fetch(&server.url("m.fa")).expect_err("is cut");
    assert!(matches!(error, Error::GaveUp { attempts: 1, done: 120_000, .. }), "{error}");
    assert!(error.to_string().contains("the same command continues"), "{error}");
    place.assert_nothing_in_place();

    let mut first = None;
    let fetched = place.fetch_watched(&server.url("m.fa"), |event| {
        if let Progress::Fetching { done, total, .. } = event {
            first.get_or_insert((done, total));
        }
    });
    assert_content(&fetched.expect("fetches"), &content());
    assert_eq!(first, Some((120_000, Some(300_000))));
    assert_eq!(server.seen()[1].sent, 180_000);
}

#[test]
fn a_part_that_was_complete_needs_no_request() {
    let (mut place, server) = (Place::new(), Server::start(&content()).then(&[Reply::Cut(120_000)]));
    place.options.retries = 0;
    place.fetch(&server.url("m.fa")).expect_err("is cut");
    let part = place.files(&[".part"]).remove(0);
    fs::write(part, content()).expect("writes");
    assert_content(&place.fetch(&server.url("m.fa")).expect("settles"), &content());
    assert_eq!(server.seen().len(), 1);
}

#[test]
fn a_part_complete_without_our_knowing_is_settled_by_416() {
    let (mut place, server) = (Place::new(), Server::start(&content()).then(&[Reply::Cut(120_000)]));
    place.options.retries = 0;
    place.fetch(&server.url("m.fa")).expect_err("is cut");
    fs::write(place.files(&[".part"]).remove(0), content()).expect("writes");
    let note = place.files(&[".part.json"]).remove(0);
    fs::write(note, format!("{{\"url\": \"{}\", \"etag\": \"\\\"v1\\\"\"}}", server.url("m.fa"))).expect("writes");
    assert_content(&place.fetch(&server.url("m.fa")).expect("settles"), &content());
    assert_eq!(server.seen()[1].range.as_deref(), Some("bytes=300000-"));
}

#[test]
fn a_file_that_changed_meanwhile_is_fetched_from_the_start() {
    for reply in [Reply::File, Reply::CarelessRange] {
        let (mut place, server) = (Place::new(), Server::start(&content()).then(&[Reply::Cut(120_000)]));
        place.options.retries = 0;
        place.fetch(&server.url("m.fa")).expect_err("is cut");
        let newer: Vec<u8> = content().iter().map(|byte| byte ^ 0xff).collect();
        server.publish(&newer, Some("\"v2\""));
        let server = server.then(&[reply]);
        place.options.retries = 3;
        assert_content(&place.fetch(&server.url("m.fa")).expect("fetches"), &newer);
    }
}

#[test]
fn a_wrong_file_leaves_nothing_and_the_next_try_starts_afresh() {
    let (mut place, server) = (Place::new(), Server::start(b"something else"));
    place.expected.sha256 = Some(sha256(&content()));
    let error = place.fetch(&server.url("m.fa")).expect_err("is wrong");
    let text = error.to_string();
    assert!(matches!(error, Error::Checksum { kind: "sha256", .. }), "{text}");
    assert!(text.contains(&sha256(&content())) && text.contains(&sha256(b"something else")), "{text}");
    place.assert_nothing_in_place();
    assert!(place.files(&[".part", ".part.json"]).is_empty());

    server.publish(&content(), Some("\"v2\""));
    let fetched = place.fetch(&server.url("m.fa")).expect("fetches");
    assert_content(&fetched, &content());
    assert_eq!(fetched.record.checked, ["size", "sha256"]);
    assert_eq!(server.seen()[1].range, None);
}

#[test]
fn a_forced_fetch_that_fails_keeps_the_old_file() {
    let (mut place, server) = (Place::new(), Server::start(&content()));
    let old = place.fetch(&server.url("m.fa")).expect("fetches");
    server.publish(b"something else", Some("\"v2\""));
    place.options.force = true;
    place.expected.sha256 = Some(sha256(&content()));
    place.fetch(&server.url("m.fa")).expect_err("is wrong");
    assert_content(&old, &content());
    assert_eq!(Record::load(&old.path).expect("reads").as_ref(), Some(&old.record));
}

#[test]
fn a_size_other_than_published_is_refused_before_the_body() {
    let (mut place, server) = (Place::new(), Server::start(&content()));
    place.expected.size = Some(7);
    let error = place.fetch(&server.url("m.fa")).expect_err("is too long");
    assert!(matches!(error, Error::Size { expected: 7, found: 300_000, .. }), "{error}");
    assert_eq!(server.seen()[0].path, "/m.fa");
    place.assert_nothing_in_place();
}

#[test]
fn a_content_length_that_lies_never_makes_a_file() {
    for (reply, usual) in [(Reply::Lie(5), Reply::File), (Reply::Lie(5), Reply::Lie(5))] {
        let (place, server) = (Place::new(), Server::start(&content()).then(&[reply]).usually(usual));
        let error = place.fetch(&server.url("m.fa")).expect_err("never ends");
        assert!(matches!(error, Error::GaveUp { .. } | Error::Size { .. }), "{error}");
        place.assert_nothing_in_place();
    }
    let (mut place, server) = (Place::new(), Server::start(&content()).usually(Reply::Lie(-5)));
    place.expected.sha256 = Some(sha256(&content()));
    let error = place.fetch(&server.url("m.fa")).expect_err("is short");
    assert!(matches!(error, Error::Checksum { .. }), "{error}");
    place.assert_nothing_in_place();
}

#[test]
fn a_body_of_unannounced_length_is_held_to_the_published_one() {
    let (mut place, server) = (Place::new(), Server::start(&content()).usually(Reply::Chunked));
    assert_content(&place.fetch(&server.url("m.fa")).expect("fetches"), &content());
    place.expected.size = Some(1000);
    let error = place.fetch(&server.url("n.fa")).expect_err("is too long");
    assert!(matches!(error, Error::Size { expected: 1000, .. }), "{error}");
}

#[test]
fn a_missing_file_is_said_at_once() {
    let (place, server) = (Place::new(), Server::start(b"").usually(Reply::Status(404, "")));
    let error = place.fetch(&server.url("m.fa")).expect_err("is missing");
    assert!(matches!(error, Error::Status { status: 404, .. }), "{error}");
    assert!(error.to_string().starts_with(&server.url("m.fa")), "{error}");
    assert_eq!(server.seen().len(), 1);
    place.assert_nothing_in_place();
}

#[test]
fn a_passing_server_error_is_tried_again_when_the_server_asks() {
    let replies = [Reply::Status(500, ""), Reply::Status(503, "Retry-After: 1\r\n")];
    let (place, server) = (Place::new(), Server::start(&content()).then(&replies));
    let mut waits = Vec::new();
    let fetched = place.fetch_watched(&server.url("m.fa"), |event| {
        if let Progress::Retrying { attempt, wait, .. } = event {
            waits.push((attempt, wait));
        }
    });
    assert_content(&fetched.expect("fetches"), &content());
    assert_eq!(waits, [(2, Duration::from_millis(1)), (3, Duration::from_secs(1))]);
}

#[test]
fn a_redirect_is_followed_with_its_range() {
    let replies = [Reply::Redirect("/store/x"), Reply::Cut(90_000), Reply::Redirect("/store/y")];
    let (place, server) = (Place::new(), Server::start(&content()).then(&replies));
    let fetched = place.fetch(&server.url("m.fa")).expect("fetches");
    assert_content(&fetched, &content());
    let seen: Vec<_> = server.seen().into_iter().map(|seen| (seen.path, seen.range)).collect();
    assert_eq!(seen[1], ("/store/x".into(), None));
    assert_eq!(seen[3], ("/store/y".into(), Some("bytes=90000-".into())));
    assert_eq!(fetched.record.url, server.url("m.fa"));
}

#[test]
fn silence_is_cut_short_and_the_rest_fetched() {
    let (mut place, server) = (Place::new(), Server::start(&content()).then(&[Reply::Stall(70_000)]));
    place.options.stall_timeout = Duration::from_millis(150);
    let mut causes = Vec::new();
    let fetched = place.fetch_watched(&server.url("m.fa"), |event| {
        if let Progress::Retrying { cause, .. } = event {
            causes.push(cause.to_owned());
        }
    });
    assert_content(&fetched.expect("fetches"), &content());
    assert_eq!(causes, ["the server fell silent"]);
    assert_eq!(server.seen()[1].range.as_deref(), Some("bytes=70000-"));
}
