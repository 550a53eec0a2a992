//! Own paths beside those of the services.

use std::fmt;
use std::sync::Arc;

use actix_web::web::ServiceConfig;
use playhouse_actors::ServiceDescription;

use super::error::GatewayError;
use super::{documents, table};

/// Handlers of the user's own for the paths below a prefix.
#[derive(Clone)]
pub(crate) struct Routes {
    pub(super) prefix: String,
    pub(super) configure: Arc<dyn Fn(&mut ServiceConfig) + Send + Sync>,
}

impl Routes {
    pub(super) fn new(prefix: String, configure: impl Fn(&mut ServiceConfig) + Send + Sync + 'static) -> Self {
        Self { prefix, configure: Arc::new(configure) }
    }

    /// What all of its paths are counted as.
    pub(super) fn below(&self) -> String {
        format!("{}/*", self.prefix)
    }

    /// Checks that nothing else answers below the prefix.
    pub(super) fn check(&self, entry: &str, services: &[&ServiceDescription]) -> Result<(), GatewayError> {
        let refuse = |what: String| Err(GatewayError::Routes { prefix: self.prefix.clone(), what });
        let segments: Vec<_> = self.prefix.split('/').skip(1).collect();
        let is_plain = |segment: &&str| !segment.is_empty() && !segment.contains(['{', '}', '?', '#', '%']);
        if !self.prefix.starts_with('/') || !segments.iter().all(is_plain) {
            return refuse("a prefix begins with a slash and does not end in one, such as /admin".into());
        }
        let is_below =
            |path: &str| path.strip_prefix(&self.prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        if table::TAKEN.iter().any(|own| is_below(own)) || documents::is_shown(&format!("{}/", self.prefix)) {
            return refuse("the gateway itself answers there".into());
        }
        // Also names that no method has yet: they are those of the service.
        let of_service = services.iter().find(|service| service.name == segments[0]);
        if let Some(service) = of_service {
            return refuse(format!("the service {} answers there", service.name));
        }
        let paths = services.iter().flat_map(|service| table::paths(service, entry));
        match paths.into_iter().find(|path| is_below(path)) {
            Some(path) => refuse(format!("a method answers at {path}")),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Routes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Routes({})", self.prefix)
    }
}
