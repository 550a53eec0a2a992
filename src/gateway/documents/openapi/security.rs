//! What needs a token.

use actix_web::http::Method;
use serde_json::{Value, json};

use super::components::reference;
use crate::gateway::config::GatewayConfig;

/// What the scheme is called.
const BEARER: &str = "bearer";

/// Says of each operation whether it needs a token, and what is answered without one. By this a page can ask for it.
pub(super) fn declare(document: &mut Value, config: &GatewayConfig) {
    document["components"]["securitySchemes"] = json!({ BEARER: {
        "type": "http",
        "scheme": "bearer",
        "description": "One of the tokens that the server was given.",
    } });
    let paths = document["paths"].as_object_mut().into_iter().flatten();
    for (path, operations) in paths {
        for (verb, operation) in operations.as_object_mut().into_iter().flatten() {
            let verb = Method::from_bytes(verb.to_ascii_uppercase().as_bytes()).unwrap_or_default();
            if !config.is_open(&verb, path) {
                operation["security"] = json!([{ BEARER: [] }]);
                operation["responses"]["401"] = reference("responses", "unauthorized");
            }
        }
    }
}
