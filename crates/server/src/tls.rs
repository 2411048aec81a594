//! Encryption: a certificate and its key, as TLS needs them.

use std::fmt;
use std::sync::Arc;

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::{Error as PemError, PemObject as _};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::Error;

/// A certificate and its key. The key is not printed.
#[derive(Clone)]
pub struct Tls(TlsAcceptor);

impl Tls {
    /// Reads a chain of certificates, the server's own first, and its key, both as PEM.
    ///
    /// # Errors
    /// They are not PEM, the key is encrypted, or it is not that of the certificate.
    pub fn new(certificates: &[u8], key: &[u8]) -> Result<Self, Error> {
        let certificates: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(certificates)
            .collect::<Result<_, _>>()
            .map_err(|error| wrong("certificate", error))?;
        if certificates.is_empty() {
            return Err(wrong("certificate", PemError::NoItemsFound));
        }
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| wrong("key", error))?;
        // The provider is named, because other crates of a program may bring another one.
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_no_client_auth().with_single_cert(certificates, key));
        let mut config = config.map_err(|error| Error::Tls(format!("certificate and key: {error}")))?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self(TlsAcceptor::from(Arc::new(config))))
    }

    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        self.0.clone()
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tls(…)")
    }
}

fn wrong(what: &str, error: PemError) -> Error {
    let expected = match what {
        "key" => "a private key that is not encrypted",
        _ => "`-----BEGIN CERTIFICATE-----`",
    };
    match error {
        PemError::NoItemsFound => Error::Tls(format!("{what}: expected PEM with {expected}, found none")),
        other => Error::Tls(format!("{what}: expected PEM with {expected}: {other}")),
    }
}
