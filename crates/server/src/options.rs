//! How a server is started.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use rinalmo::{Device, LoadOptions};

use crate::{Error, Limits, Tls};

/// Writes a line of the server's log.
pub type Log = Arc<dyn Fn(&str) + Send + Sync>;

/// How a server is started.
#[non_exhaustive]
pub struct Options {
    /// The address to listen on. Without a [`token`](Options::token) it must be one that only this machine can reach.
    pub host: IpAddr,
    /// The port; 0 for any that is free.
    pub port: u16,
    /// What clients must send as `Authorization: Bearer`.
    pub token: Option<Token>,
    /// The certificate for HTTPS; without one, the server speaks HTTP.
    pub tls: Option<Tls>,
    /// The models that are offered, as `NAME=MODEL` or names and paths as [`rinalmo::Model::load`] takes them, or
    /// `turner2004` and `rinalmo2026`. By default those and the bundled ones. The first that can do what is asked is
    /// taken if a request names none.
    pub models: Vec<String>,
    /// The device that networks compute on.
    pub device: Device,
    /// How models are loaded. The memory of [`Limits`] counts, not the one here.
    pub load: LoadOptions,
    /// What the server takes on.
    pub limits: Limits,
    /// Where lines of the log go.
    pub log: Log,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            host: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 8080,
            token: None,
            tls: None,
            models: Vec::new(),
            device: Device::cpu(),
            load: LoadOptions::default(),
            limits: Limits::default(),
            log: Arc::new(|_| {}),
        }
    }
}

impl Options {
    /// # Errors
    /// Other machines could reach the server without a token, or a limit makes no sense.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if !self.host.is_loopback() && self.token.is_none() {
            return Err(Error::TokenRequired { host: self.host });
        }
        self.limits.check()
    }
}

/// Fewest characters of a token: 96 bits if they are random.
const LEAST: usize = 16;

/// A secret that clients must know. It is not printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// Checks a token, without white space around it.
    ///
    /// # Errors
    /// It is short, or has characters that cannot stand in a header.
    pub fn new(text: &str) -> Result<Self, Error> {
        let text = text.trim();
        let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-._~+/=".contains(letter);
        if !text.chars().all(is_plain) {
            return Err(Error::Token { least: LEAST, found: "another character".to_owned() });
        }
        if text.len() < LEAST {
            return Err(Error::Token { least: LEAST, found: format!("{} characters", text.len()) });
        }
        Ok(Self(text.to_owned()))
    }

    /// Is this the token? The time it takes does not depend on where they differ.
    pub(crate) fn is(&self, given: &[u8]) -> bool {
        let own = self.0.as_bytes();
        let differing = own.iter().zip(given).fold(0, |sum, (a, b)| sum | (a ^ b));
        own.len() == given.len() && std::hint::black_box(differing) == 0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_others_can_reach_needs_a_token() {
        let everywhere =
            |token: Option<Token>| Options { host: "0.0.0.0".parse().unwrap(), token, ..Options::default() };
        assert!(matches!(everywhere(None).check(), Err(Error::TokenRequired { .. })));
        assert!(everywhere(Some(Token::new("0123456789abcdef").unwrap())).check().is_ok());
        let six = Options { host: "::1".parse().unwrap(), ..Options::default() };
        assert!(six.check().is_ok());
    }

    #[test]
    fn tokens_are_compared_whole_and_never_printed() {
        let token = Token::new(" 0123456789abcdef\n").unwrap();
        assert!(token.is(b"0123456789abcdef"));
        for other in [&b""[..], b"0123456789abcde", b"0123456789abcdeg", b"0123456789abcdef0"] {
            assert!(!token.is(other));
        }
        assert_eq!(format!("{token:?}"), "Token(…)");
        for (text, found) in [("short", "5 characters"), ("0123456789 abcdef", "another character")] {
            assert!(Token::new(text).unwrap_err().to_string().ends_with(found));
        }
    }
}
