//! The words of the command line for the gateway.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::config::{CorsSettings, HttpSettings, TlsSettings, parse_duration, parse_size, parse_time_limit};
use crate::gateway::{GatewayConfig, GatewayError, Tokens};

/// Tokens in the environment: not on the command line, which everybody on the machine can read.
const TOKENS: &str = "PLAYHOUSE_TOKENS";

/// What the gateway can be told.
#[derive(Debug, Args)]
pub(super) struct Http {
    /// Address to listen on; 0.0.0.0 is reached from everywhere, the default from this machine only [default: 127.0.0.1]
    #[arg(long, env = "PLAYHOUSE_HOST", hide_env = true)]
    host: Option<String>,

    /// Port to listen on; 0 takes a free one [default: 3000]
    #[arg(long, env = "PLAYHOUSE_PORT", hide_env = true)]
    port: Option<u16>,

    /// Service whose methods are at /METHOD, without its name [default: the last one]
    #[arg(long, env = "PLAYHOUSE_ENTRY", hide_env = true, value_name = "SERVICE")]
    entry: Option<String>,

    /// Certificate in PEM, followed by those that vouch for it: answers by TLS alone; read again when it changes
    #[arg(long, env = "PLAYHOUSE_TLS_CERT", hide_env = true, value_name = "FILE", help_heading = "Who may call")]
    tls_cert: Option<PathBuf>,

    /// Private key of the certificate, in PEM
    #[arg(long, env = "PLAYHOUSE_TLS_KEY", hide_env = true, value_name = "FILE", help_heading = "Who may call")]
    tls_key: Option<PathBuf>,

    /// Bearer tokens that let in, one on each line, read again when it changes; also between commas in PLAYHOUSE_TOKENS
    #[arg(long, env = "PLAYHOUSE_TOKEN_FILE", hide_env = true, value_name = "FILE", help_heading = "Who may call")]
    token_file: Option<PathBuf>,

    /// Path that needs no token, such as /metrics; the probes and the page at / need none
    #[arg(long, env = "PLAYHOUSE_OPEN_PATH", hide_env = true, value_name = "PATH", value_delimiter = ',')]
    #[arg(help_heading = "Who may call")]
    open_path: Vec<String>,

    /// Ask for a token also before the page at / and /docs.json are shown
    #[arg(long, env = "PLAYHOUSE_PRIVATE_DOCS", hide_env = true, value_name = "BOOL")]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true", help_heading = "Who may call")]
    private_docs: Option<bool>,

    /// Origin whose pages may call from a browser, as its address bar shows it without a path; * for all
    #[arg(long, env = "PLAYHOUSE_CORS_ORIGIN", hide_env = true, value_name = "ORIGIN", value_delimiter = ',')]
    #[arg(help_heading = "Who may call")]
    cors_origin: Vec<String>,

    /// HTTP method that they may use [default: GET, HEAD, POST, PUT, DELETE]
    #[arg(long, env = "PLAYHOUSE_CORS_METHOD", hide_env = true, value_name = "METHOD", value_delimiter = ',')]
    #[arg(help_heading = "Who may call")]
    cors_method: Vec<String>,

    /// Header that they may send [default: all]
    #[arg(long, env = "PLAYHOUSE_CORS_HEADER", hide_env = true, value_name = "NAME", value_delimiter = ',')]
    #[arg(help_heading = "Who may call")]
    cors_header: Vec<String>,

    /// Whether they may send cookies and other credentials of the browser
    #[arg(long, env = "PLAYHOUSE_CORS_CREDENTIALS", hide_env = true, value_name = "BOOL")]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true", help_heading = "Who may call")]
    cors_credentials: Option<bool>,

    /// How long a browser may remember what they may do [default: 2h]
    #[arg(long, env = "PLAYHOUSE_CORS_MAX_AGE", hide_env = true, value_name = "DURATION", value_parser = parse_duration)]
    #[arg(help_heading = "Who may call")]
    cors_max_age: Option<Duration>,

    /// Largest body of a request, as in 512KiB [default: 100MiB]
    #[arg(long, env = "PLAYHOUSE_MAX_BODY", hide_env = true, value_name = "SIZE", value_parser = parse_size)]
    #[arg(help_heading = "Limits")]
    max_body: Option<usize>,

    /// Connections that are open at a time; more of them wait [default: 10000]
    #[arg(long, env = "PLAYHOUSE_MAX_CONNECTIONS", hide_env = true, value_name = "N", help_heading = "Limits")]
    max_connections: Option<NonZeroUsize>,

    /// How long the head of a request may take to arrive [default: 10s]
    #[arg(long, env = "PLAYHOUSE_HEAD_TIMEOUT", hide_env = true, value_name = "DURATION", value_parser = parse_time_limit)]
    #[arg(help_heading = "Limits")]
    head_timeout: Option<Duration>,

    /// How long a client may send nothing in the middle of a body [default: 30s]
    #[arg(long, env = "PLAYHOUSE_BODY_TIMEOUT", hide_env = true, value_name = "DURATION", value_parser = parse_time_limit)]
    #[arg(help_heading = "Limits")]
    body_timeout: Option<Duration>,

    /// How long a client may read nothing of an answer [default: 30s]
    #[arg(long, env = "PLAYHOUSE_WRITE_TIMEOUT", hide_env = true, value_name = "DURATION", value_parser = parse_time_limit)]
    #[arg(help_heading = "Limits")]
    write_timeout: Option<Duration>,

    /// Log one line for each request, but for the probes
    #[arg(long, env = "PLAYHOUSE_ACCESS_LOG", hide_env = true, value_name = "BOOL")]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true", help_heading = "What is told")]
    access_log: Option<bool>,

    /// Say in each answer how long its call waited and ran
    #[arg(long, env = "PLAYHOUSE_SERVER_TIMING", hide_env = true, value_name = "BOOL")]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true", help_heading = "What is told")]
    server_timing: Option<bool>,
}

impl Http {
    /// Lays a file, the environment and the command line over what is in the code.
    ///
    /// # Errors
    /// What is wrong with the settings or with the files that they name.
    pub(super) fn apply(&self, code: GatewayConfig, file: HttpSettings) -> Result<GatewayConfig, GatewayError> {
        let tokens = std::env::var(TOKENS).ok().map(|text| Tokens::from_text(&text, TOKENS)).transpose()?;
        let mut settings = self.settings().over(file);
        if tokens.is_some() {
            // Those of the configuration file are under these, not beside them: what was taken away must not stay known.
            settings.token_file.clone_from(&self.token_file);
        }
        let gateway = settings.apply(code)?;
        Ok(match (tokens, &self.token_file) {
            (None, _) => gateway,
            (Some(tokens), None) => gateway.tokens(tokens),
            (Some(tokens), Some(_)) => {
                let both = gateway.tokens.clone().unwrap_or_default().and(tokens);
                gateway.tokens(both)
            }
        })
    }

    fn settings(&self) -> HttpSettings {
        HttpSettings {
            host: self.host.clone(),
            port: self.port,
            entry: self.entry.clone(),
            max_body: self.max_body,
            max_connections: self.max_connections,
            head_timeout: self.head_timeout,
            body_timeout: self.body_timeout,
            write_timeout: self.write_timeout,
            access_log: self.access_log,
            server_timing: self.server_timing,
            token_file: self.token_file.clone(),
            open_paths: given(&self.open_path),
            private_docs: self.private_docs,
            tls: TlsSettings { certificate: self.tls_cert.clone(), key: self.tls_key.clone() },
            cors: CorsSettings {
                origins: given(&self.cors_origin),
                methods: given(&self.cors_method),
                headers: given(&self.cors_header),
                expose: None,
                credentials: self.cors_credentials,
                max_age: self.cors_max_age,
            },
        }
    }
}

fn given(list: &[String]) -> Option<Vec<String>> {
    (!list.is_empty()).then(|| list.to_vec())
}
