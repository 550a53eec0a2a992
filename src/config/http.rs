//! What the gateway is told beside the code: by a file, by the environment and by the command line.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use super::section::Section;
use crate::gateway::{Cors, GatewayConfig, GatewayError, Tokens};

/// What the gateway is told; `None` where nothing is said.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct HttpSettings {
    pub(crate) host: Option<String>,
    pub(crate) port: Option<u16>,
    pub(crate) entry: Option<String>,
    pub(crate) max_body: Option<usize>,
    pub(crate) max_connections: Option<NonZeroUsize>,
    pub(crate) head_timeout: Option<Duration>,
    pub(crate) body_timeout: Option<Duration>,
    pub(crate) write_timeout: Option<Duration>,
    pub(crate) access_log: Option<bool>,
    pub(crate) server_timing: Option<bool>,
    pub(crate) token_file: Option<PathBuf>,
    pub(crate) open_paths: Option<Vec<String>>,
    pub(crate) private_docs: Option<bool>,
    pub(crate) tls: TlsSettings,
    pub(crate) cors: CorsSettings,
}

/// The files of a certificate.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct TlsSettings {
    pub(crate) certificate: Option<PathBuf>,
    pub(crate) key: Option<PathBuf>,
}

/// Which pages of other origins may call.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct CorsSettings {
    pub(crate) origins: Option<Vec<String>>,
    pub(crate) methods: Option<Vec<String>>,
    pub(crate) headers: Option<Vec<String>>,
    pub(crate) expose: Option<Vec<String>>,
    pub(crate) credentials: Option<bool>,
    pub(crate) max_age: Option<Duration>,
}

impl HttpSettings {
    /// Reads the fields that stand at the top of a file.
    pub(super) fn read(section: &Section<'_>) -> Self {
        Self {
            host: section.text("host"),
            port: section.number("port", "a port from 0 to 65535; 0 takes a free one"),
            entry: section.text("entry"),
            max_body: section.size("max_body"),
            max_connections: section.count("max_connections"),
            head_timeout: section.time_limit("head_timeout"),
            body_timeout: section.time_limit("body_timeout"),
            write_timeout: section.time_limit("write_timeout"),
            access_log: section.flag("access_log"),
            server_timing: section.flag("server_timing"),
            token_file: section.text("token_file").map(PathBuf::from),
            open_paths: section.texts("open_paths"),
            private_docs: section.flag("private_docs"),
            tls: TlsSettings::read(section.section("tls")),
            cors: CorsSettings::read(section.section("cors")),
        }
    }

    /// These settings, with those of `under` where they say nothing.
    pub(crate) fn over(self, under: Self) -> Self {
        Self {
            host: self.host.or(under.host),
            port: self.port.or(under.port),
            entry: self.entry.or(under.entry),
            max_body: self.max_body.or(under.max_body),
            max_connections: self.max_connections.or(under.max_connections),
            head_timeout: self.head_timeout.or(under.head_timeout),
            body_timeout: self.body_timeout.or(under.body_timeout),
            write_timeout: self.write_timeout.or(under.write_timeout),
            access_log: self.access_log.or(under.access_log),
            server_timing: self.server_timing.or(under.server_timing),
            token_file: self.token_file.or(under.token_file),
            open_paths: self.open_paths.or(under.open_paths),
            private_docs: self.private_docs.or(under.private_docs),
            tls: TlsSettings {
                certificate: self.tls.certificate.or(under.tls.certificate),
                key: self.tls.key.or(under.tls.key),
            },
            cors: self.cors.over(under.cors),
        }
    }

    /// Lays these settings over those in the code.
    ///
    /// # Errors
    /// What is wrong with the files that they name, or what is missing beside them.
    pub(crate) fn apply(self, mut gateway: GatewayConfig) -> Result<GatewayConfig, GatewayError> {
        set(&mut gateway.host, self.host);
        set(&mut gateway.port, self.port);
        gateway.entry = self.entry.or(gateway.entry);
        let limits = &mut gateway.limits;
        set(&mut limits.max_body, self.max_body);
        set(&mut limits.max_connections, self.max_connections.map(NonZeroUsize::get));
        set(&mut limits.head_timeout, self.head_timeout);
        set(&mut limits.body_timeout, self.body_timeout);
        set(&mut limits.write_timeout, self.write_timeout);
        set(&mut gateway.access_log, self.access_log);
        set(&mut gateway.server_timing, self.server_timing);
        set(&mut gateway.open, self.open_paths);
        set(&mut gateway.private_docs, self.private_docs);
        if let Some(path) = self.token_file {
            gateway.tokens = Some(Tokens::from_file(path)?);
        }
        gateway.cors = self.cors.apply(gateway.cors)?;
        self.tls.apply(gateway)
    }
}

impl TlsSettings {
    fn read(section: Section<'_>) -> Self {
        let path = |name| section.text(name).map(PathBuf::from);
        let tls = Self { certificate: path("certificate"), key: path("key") };
        section.end();
        tls
    }

    fn apply(self, gateway: GatewayConfig) -> Result<GatewayConfig, GatewayError> {
        let missing = |path, what: &str| Err(GatewayError::Tls { path, what: what.into() });
        match (self.certificate, self.key) {
            (None, None) => Ok(gateway),
            (Some(certificate), Some(key)) => Ok(gateway.tls(certificate, key)),
            (Some(path), None) => missing(path, "the certificate is given without its key (--tls-key)"),
            (None, Some(path)) => missing(path, "the key is given without its certificate (--tls-cert)"),
        }
    }
}

impl CorsSettings {
    fn read(section: Section<'_>) -> Self {
        let cors = Self {
            origins: section.texts("origins"),
            methods: section.texts("methods"),
            headers: section.texts("headers"),
            expose: section.texts("expose"),
            credentials: section.flag("credentials"),
            max_age: section.duration("max_age"),
        };
        section.end();
        cors
    }

    fn over(self, under: Self) -> Self {
        Self {
            origins: self.origins.or(under.origins),
            methods: self.methods.or(under.methods),
            headers: self.headers.or(under.headers),
            expose: self.expose.or(under.expose),
            credentials: self.credentials.or(under.credentials),
            max_age: self.max_age.or(under.max_age),
        }
    }

    fn apply(self, code: Option<Cors>) -> Result<Option<Cors>, GatewayError> {
        if self == Self::default() {
            return Ok(code);
        }
        let Some(mut cors) = self.origins.map(Cors::origins).or(code) else {
            return Err(GatewayError::Cors("the origins are missing: name them, or say * for all".into()));
        };
        if let Some(methods) = self.methods {
            cors = cors.methods(methods);
        }
        if let Some(headers) = self.headers {
            cors = cors.headers(headers);
        }
        if let Some(expose) = self.expose {
            cors = cors.expose(expose);
        }
        set(&mut cors.credentials, self.credentials);
        Ok(Some(match self.max_age {
            Some(age) => cors.max_age(age),
            None => cors,
        }))
    }
}

fn set<T>(setting: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *setting = value;
    }
}
