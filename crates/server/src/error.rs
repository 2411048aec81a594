//! Errors of starting a server. What goes wrong with a request is a [`Failure`](crate::failure::Failure).

use std::io;
use std::net::{IpAddr, SocketAddr};

/// Why a server cannot be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The address is taken, or not of this machine.
    #[error("cannot listen on {address}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// The system's reason.
        source: io::Error,
    },

    /// Other machines could reach the server, and it has no token.
    #[error("host {host}: other machines can reach this address, so a token is required")]
    TokenRequired {
        /// The address.
        host: IpAddr,
    },

    /// The token is too easy to guess, or cannot stand in a header.
    #[error("token: expected at least {least} characters, letters, digits or -._~+/=; found {found}")]
    Token {
        /// Fewest characters.
        least: usize,
        /// What is wrong with it. It does not contain the token.
        found: String,
    },

    /// The certificate or its key cannot be used.
    #[error("{0}")]
    Tls(String),

    /// A model cannot be opened.
    #[error("model `{name}`")]
    Model {
        /// The model as it was named.
        name: String,
        /// Why.
        source: Box<rinalmo::Error>,
    },

    /// Two models have the same name.
    #[error("two models are called `{name}`")]
    SameName {
        /// The name.
        name: String,
    },

    /// There is no model to offer.
    #[error("no model to offer")]
    NoModel,

    /// A limit is 0, or contradicts another.
    #[error("{0}")]
    Limit(String),

    /// The system refused a thread, or a socket failed.
    #[error("cannot serve")]
    Io(#[from] io::Error),
}
