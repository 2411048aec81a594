//! Existing files, files next to them, and small answers.

use std::fs;

use rinalmo_download::{Error, Job, Progress, Record, fetch, read_text, size, take};

use crate::place::{Place, assert_content, content};
use crate::server::{Reply, Server};

#[test]
fn without_a_network_the_message_says_which_file_goes_where() {
    let mut place = Place::new();
    let closed = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port");
    let url = format!("http://{closed}/m.fa");
    let error = place.fetch(&url).expect_err("no server listens");
    let Error::Offline { wanted, .. } = &error else { panic!("{error}") };
    let (path, text) = (&wanted[0].path, error.to_string());
    assert!(text.contains(&format!("\n  {url}\n    to {}", path.display())), "{text}");

    fs::write(path, content()).expect("the folder is there to copy into");
    let fetched = place.fetch(&url).expect("needs no network");
    assert!(fetched.present && Record::load(path).expect("reads").is_some(), "a record is made");
    place.options.force = true;
    assert!(place.fetch(&url).expect_err("no server listens").to_string().contains(&path.display().to_string()));
}

#[test]
fn a_list_beside_the_file_is_asked_only_with_the_file_and_holds_it() {
    // `md5sum` of the text `abc`.
    let (place, server) = (Place::new(), Server::start(b"abc"));
    server.page("/m.fa.md5", "900150983cd24fb0d6963f7d28e17f72  m.fa\n");
    let mut plan = place.plan(&server.url("m.fa"));
    plan.jobs[0].sums = Some(server.url("m.fa.md5"));
    let mut asked = Vec::new();
    let fetched = fetch(&plan, &place.options, &mut |event| {
        if let Progress::Asking { url } = event {
            asked.push(url.to_owned());
        }
    });
    assert_eq!(fetched.expect("fetches")[0].record.checked, ["size", "md5"]);
    assert_eq!(asked, [server.url("m.fa.md5")]);
    assert!(fetch(&plan, &place.options, &mut |_| ()).expect("is here")[0].present);
    assert_eq!(server.seen().len(), 2, "an existing file needs no request");

    server.publish(b"abd", Some("\"v2\""));
    fs::remove_file(&plan.jobs[0].path).expect("is there");
    let error = fetch(&plan, &place.options, &mut |_| ()).expect_err("differs");
    assert!(matches!(error, Error::Checksum { kind: "md5", .. }), "{error}");
    assert!(!plan.jobs[0].path.exists());
}

#[test]
fn a_list_that_is_not_there_or_is_silent_says_nothing() {
    for list in [None, Some("no such line")] {
        let (place, server) = (Place::new(), Server::start(b"abc"));
        match list {
            Some(text) => server.page("/sums", text),
            None => server.refuse("/sums", 404),
        }
        let mut plan = place.plan(&server.url("m.fa"));
        plan.jobs[0].sums = Some(server.url("sums"));
        let fetched = fetch(&plan, &place.options, &mut |_| ()).expect("fetches");
        assert_eq!(fetched[0].record.checked, ["size"]);
    }
}

#[test]
fn a_bsd_sum_is_held_against_the_content() {
    let (mut place, server) = (Place::new(), Server::start(b"abc"));
    place.expected = rinalmo_download::expected_in("16556 1 m.fa", "m.fa");
    assert_eq!(place.fetch(&server.url("m.fa")).expect("fetches").record.checked, ["size", "sum"]);
    place.expected = rinalmo_download::expected_in("16557 1 m.fa", "m.fa");
    place.options.force = true;
    let error = place.fetch(&server.url("m.fa")).expect_err("differs").to_string();
    assert!(error.contains("/m.fa: expected sum 16557 1, found 16556 1"), "{error}");
}

#[test]
fn files_of_one_plan_are_brought_in_order_and_one_that_fails_keeps_the_others() {
    let (place, server) = (Place::new(), Server::start(&content()));
    server.refuse("/b.fa", 404);
    let mut plan = place.plan(&server.url("a.fa"));
    plan.jobs.push(Job::new(&server.url("b.fa"), &plan.folder).expect("an address"));
    let error = fetch(&plan, &place.options, &mut |_| ()).expect_err("lacks a file");
    assert!(error.to_string().starts_with(&server.url("b.fa")), "{error}");
    assert!(plan.jobs[0].path.is_file() && !plan.jobs[1].path.exists());
}

#[test]
fn a_file_from_elsewhere_is_taken_in_and_recorded() {
    let mut place = Place::new();
    let outside = place.folder.path().join("from a stick");
    fs::write(&outside, content()).expect("writes");
    let taken = take(&place.plan("http://h/m.fa"), std::slice::from_ref(&outside), &mut |_| ()).expect("copies");
    assert_content(&taken[0], &content());
    assert_eq!(taken[0].record.url, outside.display().to_string());
    place.expected.size = Some(7);
    let error = take(&place.plan("http://h/m.fa"), &[outside], &mut |_| ()).expect_err("is longer");
    assert!(matches!(error, Error::Size { expected: 7, found: 300_000, .. }), "{error}");
}

#[test]
fn a_short_text_is_read_after_a_passing_failure_and_anything_else_refused() {
    let place = Place::new();
    let server = Server::start(b"a text").then(&[Reply::Status(503, ""), Reply::WholeCut(3)]);
    let read = |path: &str| read_text(&server.url(path), &[], &place.options, &mut |_| ());
    assert_eq!(read("list").expect("reads"), "a text");
    assert_eq!(server.seen().len(), 3);
    server.publish(b"\xff\xfe", None);
    assert!(matches!(read("list"), Err(Error::Protocol { .. })));
    server.refuse("/list", 403);
    assert!(matches!(read("list"), Err(Error::Status { status: 403, .. })));
}

#[test]
fn the_declared_size_is_told_without_fetching() {
    let (place, server) = (Place::new(), Server::start(&content()).then(&[Reply::Status(500, "")]));
    assert_eq!(size(&server.url("m.fa"), &[], &place.options).expect("answers"), Some(300_000));
    assert!(server.seen().iter().all(|seen| seen.method == "HEAD" && seen.sent == 0));
}
