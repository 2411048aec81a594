//! The API, from a client's side.

mod attacks;
mod client;
mod document;
mod errors;
mod guard;
mod jobs;
mod queue;
mod results;
mod tls;
