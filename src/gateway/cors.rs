//! Which pages of other origins a browser lets call, as the Fetch standard has it.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD, HeaderMap, HeaderName, HeaderValue, ORIGIN, VARY,
};
use actix_web::http::{Method, StatusCode};

use super::problem::Problem;

/// Which pages of other origins may call, from a browser; see [`GatewayConfig::cors`](crate::GatewayConfig::cors).
///
/// ```
/// # use playhouse::Cors;
/// let cors = Cors::origins(["https://app.example"]).headers(["authorization", "content-type"]).credentials();
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Cors {
    /// Empty for all.
    origins: Vec<String>,
    methods: Vec<String>,
    /// Empty for all.
    headers: Vec<String>,
    expose: Vec<String>,
    pub(crate) credentials: bool,
    max_age: Duration,
}

/// What methods of services and own paths are called with.
const METHODS: [&str; 5] = ["GET", "HEAD", "POST", "PUT", "DELETE"];

/// How long a browser may remember what it was told: the most that Chromium does, and the least that saves anything.
const MAX_AGE: Duration = Duration::from_secs(7200);

impl Cors {
    /// Pages of every origin. The browser then sends no cookies.
    pub fn any() -> Self {
        Self::origins::<String>([])
    }

    /// Pages of these origins, such as `https://app.example`, and no others.
    pub fn origins<S: Into<String>>(origins: impl IntoIterator<Item = S>) -> Self {
        Self {
            origins: texts(origins).into_iter().filter(|origin| origin != "*").collect(),
            methods: texts(METHODS),
            headers: Vec::new(),
            expose: vec!["x-request-id".into()],
            credentials: false,
            max_age: MAX_AGE,
        }
    }

    /// The HTTP methods that they may use; GET, HEAD, POST, PUT and DELETE unless set.
    pub fn methods<S: Into<String>>(mut self, methods: impl IntoIterator<Item = S>) -> Self {
        self.methods = texts(methods).iter().map(|method| method.to_ascii_uppercase()).collect();
        self
    }

    /// The headers that they may send; all unless set.
    pub fn headers<S: Into<String>>(mut self, headers: impl IntoIterator<Item = S>) -> Self {
        self.headers = texts(headers).into_iter().filter(|header| header != "*").collect();
        self
    }

    /// The headers of answers that they may read, beside those that every page may; `x-request-id` unless set.
    pub fn expose<S: Into<String>>(mut self, headers: impl IntoIterator<Item = S>) -> Self {
        self.expose = texts(headers);
        self
    }

    /// Lets them send cookies and other credentials of the browser. Only with named origins.
    pub fn credentials(mut self) -> Self {
        self.credentials = true;
        self
    }

    /// How long a browser may remember the answer to its question; two hours unless set.
    pub fn max_age(mut self, age: Duration) -> Self {
        self.max_age = age;
        self
    }

    /// What is wrong with it, if anything is.
    pub(super) fn mistake(&self) -> Option<String> {
        if self.credentials && self.origins.is_empty() {
            return Some(
                "credentials are for named origins: with all of them every page could act for its reader".into(),
            );
        }
        let is_origin = |origin: &&String| {
            let host = origin.split_once("://").map_or("", |(_, host)| host);
            !host.is_empty() && !host.contains(['/', '*', ' '])
        };
        if let Some(origin) = self.origins.iter().find(|origin| !is_origin(origin) && *origin != "null") {
            return Some(format!("{origin:?} is no origin: expected one such as https://app.example, or * for all"));
        }
        let lists = [&self.methods, &self.headers, &self.expose];
        let wrong = lists.into_iter().flatten().find(|name| HeaderName::from_bytes(name.as_bytes()).is_err());
        wrong.map(|name| format!("{name:?} is not the name of a method or of a header"))
    }

    /// The answer to a browser that asks before it sends something; `None` if this is no such question.
    pub(super) fn preflight(&self, method: &Method, headers: &HeaderMap) -> Option<Result<HttpResponse, Problem>> {
        let origin = headers.get(ORIGIN).filter(|_| method == Method::OPTIONS)?;
        let asked = headers.get(ACCESS_CONTROL_REQUEST_METHOD)?;
        Some(self.permits(origin, asked, headers).map(|()| self.permission(headers)))
    }

    fn permits(&self, origin: &HeaderValue, asked: &HeaderValue, headers: &HeaderMap) -> Result<(), Problem> {
        if !self.knows(origin) {
            return Err(refused(format!("pages of {origin:?} may not call here")));
        }
        if !self.methods.iter().any(|method| method.as_bytes() == asked.as_bytes()) {
            return Err(refused(format!("other origins may not use {asked:?}, only {}", self.methods.join(", "))));
        }
        let wanted = list(headers.get(ACCESS_CONTROL_REQUEST_HEADERS));
        let is_known = |name: &&str| self.headers.iter().any(|known| known.eq_ignore_ascii_case(name));
        match wanted.iter().find(|name| !self.headers.is_empty() && !is_known(name)) {
            Some(name) => Err(refused(format!("other origins may not send {name}, only {}", self.headers.join(", ")))),
            None => Ok(()),
        }
    }

    fn permission(&self, headers: &HeaderMap) -> HttpResponse {
        let mut response = HttpResponse::NoContent();
        response.insert_header((ACCESS_CONTROL_ALLOW_METHODS, self.methods.join(", ")));
        response.insert_header((ACCESS_CONTROL_MAX_AGE, self.max_age.as_secs().to_string()));
        if let Some(wanted) = headers.get(ACCESS_CONTROL_REQUEST_HEADERS) {
            response.insert_header((ACCESS_CONTROL_ALLOW_HEADERS, wanted.clone()));
        }
        response.append_header((VARY, "access-control-request-headers"));
        response.finish()
    }

    /// Adds to any answer, errors included, what lets a page read it.
    pub(super) fn allow(&self, origin: Option<&HeaderValue>, answer: &mut HeaderMap) {
        if !self.origins.is_empty() {
            // Also where nothing is allowed: a cache must not give the answer to another origin.
            answer.append(VARY, HeaderValue::from_static("origin"));
        }
        let Some(origin) = origin.filter(|origin| self.knows(origin)) else { return };
        let allowed = if self.origins.is_empty() { HeaderValue::from_static("*") } else { origin.clone() };
        answer.insert(ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
        if self.credentials {
            answer.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        }
        if let Ok(expose) = HeaderValue::try_from(self.expose.join(", "))
            && !self.expose.is_empty()
        {
            answer.insert(ACCESS_CONTROL_EXPOSE_HEADERS, expose);
        }
    }

    fn knows(&self, origin: &HeaderValue) -> bool {
        self.origins.is_empty() || self.origins.iter().any(|known| known.as_bytes() == origin.as_bytes())
    }
}

fn texts<S: Into<String>>(texts: impl IntoIterator<Item = S>) -> Vec<String> {
    texts.into_iter().map(Into::into).collect()
}

fn list(value: Option<&HeaderValue>) -> Vec<&str> {
    let value = value.and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(',').map(str::trim).filter(|name| !name.is_empty()).collect()
}

fn refused(message: String) -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "cors", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pairs = pairs.iter().map(|&(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        pairs.collect()
    }

    fn asked(cors: &Cors, pairs: &[(&'static str, &'static str)]) -> Option<StatusCode> {
        let answer = cors.preflight(&Method::OPTIONS, &headers(pairs))?;
        Some(answer.map_or_else(|problem| problem.status(), |answer| answer.status()))
    }

    #[test]
    fn a_question_is_answered_by_origin_method_and_headers() {
        let cors = Cors::origins(["https://a"]).methods(["post"]).headers(["Content-Type"]);
        let (origin, method) = (("origin", "https://a"), ("access-control-request-method", "POST"));
        let wanted = |names| ("access-control-request-headers", names);
        let (yes, no) = (Some(StatusCode::NO_CONTENT), Some(StatusCode::FORBIDDEN));
        assert_eq!(asked(&cors, &[origin, method]), yes);
        assert_eq!(asked(&cors, &[origin, method, wanted("content-type")]), yes);
        assert_eq!(asked(&cors, &[origin, method, wanted("content-type,x-b")]), no);
        assert_eq!(asked(&cors, &[("origin", "https://b"), method]), no);
        assert_eq!(asked(&cors, &[origin, ("access-control-request-method", "PUT")]), no);
        assert_eq!(asked(&cors, &[origin]), None, "an OPTIONS of somebody else");
        assert_eq!(asked(&Cors::any(), &[("origin", "https://b"), method, wanted("x-b")]), yes);
        assert!(cors.preflight(&Method::POST, &headers(&[origin, method])).is_none());
    }

    #[test]
    fn answers_name_the_origin_only_where_it_may_read_them() {
        let allowed = |cors: &Cors, origin: &'static str| {
            let mut answer = HeaderMap::new();
            cors.allow(Some(&HeaderValue::from_static(origin)), &mut answer);
            let text = |name| answer.get(name).map(|value| value.to_str().unwrap().to_owned());
            (text(ACCESS_CONTROL_ALLOW_ORIGIN), text(ACCESS_CONTROL_ALLOW_CREDENTIALS), text(VARY))
        };
        let named = Cors::origins(["https://a"]).credentials();
        assert_eq!(
            allowed(&named, "https://a"),
            (Some("https://a".into()), Some("true".into()), Some("origin".into()))
        );
        assert_eq!(allowed(&named, "https://b"), (None, None, Some("origin".into())));
        assert_eq!(allowed(&Cors::any(), "https://b"), (Some("*".into()), None, None));
    }

    #[test]
    fn mistakes_are_told() {
        assert_eq!(Cors::origins(["https://a", "http://localhost:8080"]).credentials().mistake(), None);
        assert_eq!(Cors::any().mistake(), None);
        for cors in [
            Cors::any().credentials(),
            Cors::origins(["*"]).credentials(),
            Cors::origins(["app.example"]),
            Cors::origins(["https://a/"]),
            Cors::origins(["https://*.a"]),
            Cors::any().methods(["two words"]),
            Cors::any().headers([""]),
        ] {
            assert!(cors.mistake().is_some(), "{cors:?}");
        }
    }
}
