//! The cache of models: fetching into it, finding, adopting and verifying. Tests of
//! misbehaving servers are in crate `download`.

#[path = "download/cache.rs"]
mod cache;
#[path = "download/place.rs"]
mod place;
#[path = "../../download/tests/downloads/server.rs"]
mod server;
