//! TLS: the certificate that the gateway shows, read anew when its files change.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{Error, InconsistentKeys, ServerConfig};
use tokio_rustls::TlsAcceptor;

use super::error::GatewayError;
use super::renewal::Watched;

/// The files of a certificate, in PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TlsFiles {
    /// The certificate, followed by those that vouch for it.
    pub(crate) certificate: PathBuf,
    /// Its private key.
    pub(crate) key: PathBuf,
}

/// What takes TLS connections, for HTTP/2 and HTTP/1.1. The files are read again when they have changed: at the next
/// connection a second later, so that nothing has to be told and no task has to watch.
///
/// # Errors
/// What is wrong with the files.
pub(super) fn acceptor(files: &TlsFiles) -> Result<TlsAcceptor, GatewayError> {
    let provider = Arc::new(ring::default_provider());
    let certificate = Renewed::read(files.clone(), Arc::clone(&provider))?;
    let versions = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = versions.map_err(|error| wrong(&files.key, &error))?.with_no_client_auth();
    let mut config = config.with_cert_resolver(Arc::new(certificate));
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// A certificate that is read anew when its files have changed.
struct Renewed {
    files: TlsFiles,
    provider: Arc<CryptoProvider>,
    certificate: ArcSwap<CertifiedKey>,
    watched: Watched,
}

impl Renewed {
    fn read(files: TlsFiles, provider: Arc<CryptoProvider>) -> Result<Self, GatewayError> {
        let watched = Watched::new([files.certificate.clone(), files.key.clone()]);
        let certificate = ArcSwap::from_pointee(read(&files, &provider)?);
        Ok(Self { files, provider, certificate, watched })
    }

    /// Reads the files again. What is wrong with the new ones is told, and the old ones stay.
    fn renew(&self) {
        match read(&self.files, &self.provider) {
            Ok(certificate) => {
                self.certificate.store(Arc::new(certificate));
                tracing::info!("the certificate {} has been read anew", self.files.certificate.display());
            }
            Err(error) => tracing::warn!(%error, "the new certificate is of no use, the old one stays"),
        }
    }
}

impl ResolvesServerCert for Renewed {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        if self.watched.have_changed() {
            self.renew();
        }
        Some(self.certificate.load_full())
    }
}

impl fmt::Debug for Renewed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.files.fmt(f)
    }
}

fn read(files: &TlsFiles, provider: &CryptoProvider) -> Result<CertifiedKey, GatewayError> {
    let TlsFiles { certificate, key } = files;
    let chain = CertificateDer::pem_file_iter(certificate).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let chain = chain.map_err(|error| unreadable(certificate, error))?;
    if chain.is_empty() {
        return Err(wrong(certificate, &"it holds no certificate in PEM (-----BEGIN CERTIFICATE-----)"));
    }
    let private = PrivateKeyDer::from_pem_file(key).map_err(|error| match error {
        pem::Error::NoItemsFound => wrong(key, &"it holds no private key in PEM (-----BEGIN PRIVATE KEY-----)"),
        error => unreadable(key, error),
    })?;
    let private = provider.key_provider.load_private_key(private).map_err(|error| wrong(key, &error))?;
    let certified = CertifiedKey::new(chain, private);
    match certified.keys_match() {
        // Of some kinds of keys it cannot be told.
        Ok(()) | Err(Error::InconsistentKeys(InconsistentKeys::Unknown)) => Ok(certified),
        Err(Error::InconsistentKeys(_)) => {
            Err(wrong(key, &format!("it is not the key of the certificate {}", certificate.display())))
        }
        Err(error) => Err(wrong(certificate, &error)),
    }
}

fn unreadable(path: &Path, error: pem::Error) -> GatewayError {
    match error {
        pem::Error::Io(source) => GatewayError::Unreadable { path: path.to_owned(), source },
        error => wrong(path, &error),
    }
}

fn wrong(path: &Path, what: &dyn fmt::Display) -> GatewayError {
    GatewayError::Tls { path: path.to_owned(), what: what.to_string() }
}
