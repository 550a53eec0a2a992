//! What the gateway says of what it serves: made once for each table of services, and not before somebody asks.

mod bentoml;
mod document;
mod openapi;
mod page;

use std::collections::HashMap;

use actix_web::HttpResponse;
use actix_web::http::header::HeaderMap;
use playhouse_actors::ServiceDescription;

use self::document::Document;
pub(super) use self::page::is_asset;
use super::config::GatewayConfig;

/// What all files of the page are counted as.
pub(super) const ASSETS: &str = "/api-page/*";

/// The documents about some services, by their paths.
pub(super) struct Documents(HashMap<String, Document>);

impl Documents {
    /// `/docs.json`; `/schema.json` for the entry, and below the name of each service for that one.
    pub(super) fn of(services: &[ServiceDescription], entry: &str, config: &GatewayConfig) -> Self {
        let mut documents = HashMap::new();
        documents.insert("/docs.json".to_owned(), Document::json(&openapi::document(services, entry, config)));
        for service in services {
            let schema = Document::json(&bentoml::document(service));
            if service.name == entry {
                documents.insert("/schema.json".to_owned(), schema.clone());
            }
            documents.insert(format!("/{}/schema.json", service.name), schema);
        }
        Self(documents)
    }

    /// The answer to a GET of `path`, if it is a document or the page that shows them.
    pub(super) fn answer(&self, path: &str, headers: &HeaderMap) -> Option<HttpResponse> {
        match self.0.get(path) {
            Some(document) => Some(document.answer(headers)),
            None => page::answer(path, headers),
        }
    }
}

/// Whether a path shows people what there is: the page and what it loads.
pub(super) fn is_shown(path: &str) -> bool {
    path == "/" || path == "/docs.json" || page::is_asset(path)
}

/// Whether a path is for GET alone, whatever the services are.
pub(super) fn is_one(path: &str) -> bool {
    is_shown(path) || path.ends_with("/schema.json")
}
