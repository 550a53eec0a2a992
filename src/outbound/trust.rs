//! Whose certificates are believed: those of the authorities that this machine trusts, and of those in a file.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::{self, PemObject};
use rustls::{ClientConfig, RootCertStore};

/// Authorities to trust, and what is made of them when TLS is needed for the first time.
pub(super) struct Trust {
    /// Beside those that this machine trusts.
    authorities: Vec<CertificateDer<'static>>,
    config: OnceLock<Result<ClientConfig, String>>,
}

/// A file that is no use as a list of authorities.
#[derive(Debug, thiserror::Error)]
#[error("cannot trust the authorities in {}: {reason}", .path.display())]
pub struct AuthoritiesError {
    path: PathBuf,
    reason: String,
}

impl Trust {
    /// Trusts the authorities of this machine, and those in a file in PEM, if one is given.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub(super) fn read(file: Option<&Path>) -> Result<Self, AuthoritiesError> {
        let authorities = file.map(authorities).transpose()?.unwrap_or_default();
        Ok(Self { authorities, config: OnceLock::new() })
    }

    /// What TLS connections are made with. Those of this machine are loaded once, which takes a few milliseconds.
    ///
    /// # Errors
    /// Why there is nobody to trust.
    pub(super) fn config(&self) -> Result<&ClientConfig, &str> {
        self.config.get_or_init(|| self.build()).as_ref().map_err(String::as_str)
    }

    fn build(&self) -> Result<ClientConfig, String> {
        let found = rustls_native_certs::load_native_certs();
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(found.certs);
        for authority in &self.authorities {
            // It was tried when it was read.
            roots.add(authority.clone()).map_err(|error| error.to_string())?;
        }
        if roots.is_empty() {
            let why = found.errors.first().map(|error| format!(": {error}")).unwrap_or_default();
            return Err(format!("none was found{why}"));
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let versions = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        Ok(versions.map_err(|error| error.to_string())?.with_root_certificates(roots).with_no_client_auth())
    }
}

fn authorities(path: &Path) -> Result<Vec<CertificateDer<'static>>, AuthoritiesError> {
    let wrong = |reason: String| AuthoritiesError { path: path.to_owned(), reason };
    let list = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let list = list.map_err(|error| match error {
        pem::Error::Io(error) => wrong(error.to_string()),
        error => wrong(format!("it is not PEM: {error}")),
    })?;
    if list.is_empty() {
        return Err(wrong("it holds no certificate in PEM (-----BEGIN CERTIFICATE-----)".into()));
    }
    let mut roots = RootCertStore::empty();
    for (index, certificate) in list.iter().enumerate() {
        roots.add(certificate.clone()).map_err(|error| wrong(format!("certificate {}: {error}", index + 1)))?;
    }
    Ok(list)
}
