//! Downloads against a server that cuts, stalls, lies and redirects: whatever it does, a file under its own name is
//! complete and right, and no byte is asked for twice without need.

#[path = "downloads/hostile.rs"]
mod hostile;
#[path = "downloads/kept.rs"]
mod kept;
#[path = "downloads/place.rs"]
mod place;
#[path = "downloads/server.rs"]
mod server;
#[path = "downloads/transfers.rs"]
mod transfers;
