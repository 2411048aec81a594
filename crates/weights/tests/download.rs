//! The cache of models: what is brought into it, found in it, adopted and verified. How a server may misbehave on the
//! way is tested in the room `download`.

#[path = "download/cache.rs"]
mod cache;
#[path = "download/place.rs"]
mod place;
#[path = "../../download/tests/downloads/server.rs"]
mod server;
