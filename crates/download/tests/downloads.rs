//! Downloads from a server that cuts, stalls, lies and redirects: in every case, a file under its own name is complete
//! and correct, and no byte is requested twice without need.

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
