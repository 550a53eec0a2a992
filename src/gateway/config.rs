//! How the gateway listens, and its limits.

use std::time::Duration;

/// How the gateway listens, and its limits. Each limit keeps one client from harming the others.
///
/// ```
/// # use playhouse::GatewayConfig;
/// let gateway = GatewayConfig::default().port(0).entry("Classifier").max_body(1 << 20);
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct GatewayConfig {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) entry: Option<String>,
    pub(crate) max_body: usize,
    pub(crate) head_timeout: Duration,
    pub(crate) body_timeout: Duration,
}

/// Where the gateway listens unless told otherwise: this machine alone. To be reached from others is to be asked for.
pub(crate) const HOST: &str = "127.0.0.1";

/// The port unless told otherwise: that of BentoML.
pub(crate) const PORT: u16 = 3000;

/// The largest body unless told otherwise, in bytes. Holds a batch of a hundred images or a tensor of 25 million f32,
/// and a thousand clients that each send one do not yet fill a server's memory within the time limits.
pub(crate) const MAX_BODY: usize = 100 << 20;

/// How long the head of a request may take to arrive. A slow mobile connection needs one or two seconds; a client that
/// sends a byte now and then holds a connection no longer.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a client may send nothing in the middle of a body.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

impl Default for GatewayConfig {
    fn default() -> Self {
        Self {
            host: HOST.into(),
            port: PORT,
            entry: None,
            max_body: MAX_BODY,
            head_timeout: HEAD_TIMEOUT,
            body_timeout: BODY_TIMEOUT,
        }
    }
}

impl GatewayConfig {
    /// The address or name to listen on; 127.0.0.1 unless set.
    pub fn host(mut self, host: impl Into<String>) -> Self {
        self.host = host.into();
        self
    }

    /// The port to listen on; 3000 unless set, and 0 takes any free one.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// The service whose methods are at `/<method>`; the last one given unless set.
    pub fn entry(mut self, service: impl Into<String>) -> Self {
        self.entry = Some(service.into());
        self
    }

    /// The largest body of a request, in bytes; 100 MiB unless set. A larger one is answered with 413.
    pub fn max_body(mut self, bytes: usize) -> Self {
        self.max_body = bytes;
        self
    }

    /// How long the head of a request may take to arrive; 10 s unless set. A slower one is answered with 408.
    pub fn head_timeout(mut self, timeout: Duration) -> Self {
        self.head_timeout = timeout;
        self
    }

    /// How long a client may send nothing in the middle of a body; 30 s unless set. Then it is answered with 408.
    pub fn body_timeout(mut self, timeout: Duration) -> Self {
        self.body_timeout = timeout;
        self
    }
}
