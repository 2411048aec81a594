//! The page: files that are part of the program. It loads nothing from elsewhere.

use std::sync::Arc;

use axum::http::{HeaderValue, header};
use axum::response::Response;
use axum::routing::{MethodRouter, get};

use crate::app::App;
use crate::info::text;

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// A file of the page: its path, its type, its text.
type File = (&'static str, &'static str, &'static str);

const FILES: [File; 22] = [
    ("/", HTML, include_str!("index.html")),
    ("/style.css", CSS, include_str!("style.css")),
    ("/icon.svg", "image/svg+xml", include_str!("icon.svg")),
    ("/page.js", SCRIPT, include_str!("page.js")),
    ("/work.js", SCRIPT, include_str!("work.js")),
    ("/controls.js", SCRIPT, include_str!("controls.js")),
    ("/bulk.js", SCRIPT, include_str!("bulk.js")),
    ("/alternatives.js", SCRIPT, include_str!("alternatives.js")),
    ("/record.js", SCRIPT, include_str!("record.js")),
    ("/words.js", SCRIPT, include_str!("words.js")),
    ("/api.js", SCRIPT, include_str!("api.js")),
    ("/state.js", SCRIPT, include_str!("state.js")),
    ("/structure.js", SCRIPT, include_str!("structure.js")),
    ("/strands.js", SCRIPT, include_str!("strands.js")),
    ("/strip.js", SCRIPT, include_str!("strip.js")),
    ("/pictures.js", SCRIPT, include_str!("pictures.js")),
    ("/probing.js", SCRIPT, include_str!("probing.js")),
    ("/turns.js", SCRIPT, include_str!("turns.js")),
    ("/map.js", SCRIPT, include_str!("map.js")),
    ("/dots.js", SCRIPT, include_str!("dots.js")),
    ("/commands.js", SCRIPT, include_str!("commands.js")),
    ("/save.js", SCRIPT, include_str!("save.js")),
];

/// Is there a file of the page at this path?
pub fn is_file(path: &str) -> bool {
    FILES.iter().any(|file| file.0 == path)
}

/// A route for each file.
pub fn routes() -> impl Iterator<Item = (&'static str, MethodRouter<Arc<App>>)> {
    FILES.into_iter().map(|(path, kind, contents)| (path, get(move || std::future::ready(file(kind, contents)))))
}

fn file(kind: &'static str, contents: &'static str) -> Response {
    let mut response = text(kind, contents);
    // The next version of the program may have another page.
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_names_only_files_that_there_are() {
        for (path, _, contents) in FILES {
            for quote in ["src=\"", "href=\"", "from \"."] {
                for named in contents.split(quote).skip(1).filter_map(|rest| rest.split('"').next()) {
                    let is_known = is_file(named) || named.starts_with('#') || named == "/openapi.json";
                    assert!(is_known, "{path} names `{named}`");
                }
            }
            assert!(!contents.contains("https://") && !contents.contains("style=\""), "{path}");
        }
    }
}
