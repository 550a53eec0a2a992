//! The page at `/` for browsers: Swagger UI, from files within this binary.
//!
//! It works without internet, also below the path of a proxy: what it loads is named relative to it.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use actix_web::HttpResponse;
use actix_web::http::header::{ACCEPT, CONTENT_SECURITY_POLICY, HeaderMap, HeaderName, HeaderValue, VARY};
use bytes::Bytes;
use utoipa_swagger_ui::Config;

use super::document::Document;

/// Where the files of the page are. No method can have such a path: it is no name in Rust.
const FOLDER: &str = "/api-page/";

const INDEX: &str = include_str!("page/index.html");
const START: &str = include_str!("page/start.js");

/// The files of Swagger UI that the page loads.
const FILES: [&str; 3] = ["swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png"];

/// Nothing from elsewhere, and no script but those files. Swagger UI sets styles at its elements and has images in its
/// style sheet.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; \
                      media-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

static HEADERS: [(HeaderName, HeaderValue); 2] = [
    (CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
    // Who does not ask for HTML gets a list instead.
    (VARY, HeaderValue::from_static("accept")),
];

static PAGE: LazyLock<Document> =
    LazyLock::new(|| Document::new(INDEX, HeaderValue::from_static("text/html; charset=utf-8")).with(&HEADERS));

static ASSETS: LazyLock<Vec<(&str, Document)>> = LazyLock::new(|| {
    let start = Document::new(START, HeaderValue::from_static("text/javascript; charset=utf-8"));
    FILES.into_iter().filter_map(|name| Some((name, file(name)?))).chain([("start.js", start)]).collect()
});

/// The answer to a GET of `path`, if that is the page and a browser asks, or one of its files.
pub(super) fn answer(path: &str, headers: &HeaderMap) -> Option<HttpResponse> {
    if path == "/" {
        return wants_page(headers).then(|| PAGE.answer(headers));
    }
    let name = path.strip_prefix(FOLDER)?;
    ASSETS.iter().find(|(known, _)| *known == name).map(|(_, file)| file.answer(headers))
}

/// Whether a path is one of the page's files.
pub(in crate::gateway) fn is_asset(path: &str) -> bool {
    path.starts_with(FOLDER)
}

/// Whether a browser asks, rather than curl.
fn wants_page(headers: &HeaderMap) -> bool {
    let accepted = headers.get(ACCEPT).map(HeaderValue::as_bytes).unwrap_or_default();
    accepted.split(|&byte| byte == b',').any(|range| {
        let media = range.split(|&byte| byte == b';').next().unwrap_or_default().trim_ascii();
        media.eq_ignore_ascii_case(b"text/html")
    })
}

/// A file of Swagger UI.
fn file(name: &str) -> Option<Document> {
    let file = utoipa_swagger_ui::serve(name, Arc::new(Config::from(""))).ok()??;
    let content = match file.bytes {
        Cow::Borrowed(content) => Bytes::from_static(content),
        Cow::Owned(content) => content.into(),
    };
    let document = Document::new(content, HeaderValue::from_str(&file.content_type).ok()?);
    Some(if file.gzpipped { document.gzipped() } else { document })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_there_and_every_file_that_the_page_names() {
        assert_eq!(ASSETS.len(), FILES.len() + 1);
        for (name, _) in ASSETS.iter() {
            assert!(INDEX.contains(&format!("\"api-page/{name}\"")), "{name}");
        }
        assert_eq!(INDEX.matches("api-page/").count(), ASSETS.len());
    }

    #[test]
    fn the_page_names_nothing_elsewhere() {
        for text in [INDEX, START] {
            assert!(!text.contains("://") && !text.contains("\"//"), "{text}");
        }
    }
}
