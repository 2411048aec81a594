//! Downloads against a server that cuts, stalls, lies and redirects: whatever it does, a file under its own name is
//! complete and right, and no byte is asked for twice without need.

#[path = "download/cache.rs"]
mod cache;
#[path = "download/place.rs"]
mod place;
#[path = "download/server.rs"]
mod server;
#[path = "download/transfers.rs"]
mod transfers;
