//! What a person sees who asks for `/` on a command line.

use std::fmt::Write as _;

use actix_web::HttpResponse;
use actix_web::http::header::VARY;

use super::table::Table;
use super::tasks::{Action, paths_below};

/// A list of everything that can be called, as plain text.
pub(super) fn answer(table: &Table, entry: &str) -> HttpResponse {
    let list = list(table, entry);
    // A browser gets a page instead.
    HttpResponse::Ok().content_type("text/plain; charset=utf-8").insert_header((VARY, "accept")).body(list)
}

fn list(table: &Table, entry: &str) -> String {
    let mut text = String::from("Playhouse. Call a method with POST and a JSON object of its arguments.\n");
    for service in &table.services {
        let prefix = if service.name == entry { String::new() } else { format!("/{}", service.name) };
        let _ = write!(text, "\n{}\n", service.name);
        for method in &service.methods {
            let doc = method.doc.lines().next().unwrap_or_default();
            let _ = writeln!(text, "  POST {prefix}{:<25} {doc}", method.path());
            for (path, action) in paths_below(&method.path(), method) {
                let verb = action.allowed().split(", ").next().unwrap_or_default();
                let asked = if action == Action::Submit { "as a task" } else { "?task_id=" };
                let _ = writeln!(text, "  {verb:<4} {prefix}{path:<25} {asked}");
            }
        }
    }
    text.push_str("\nGET /docs.json describes them (OpenAPI); in a browser this is a page to try them.\n");
    text.push_str("GET /livez, /readyz and /healthz say how the process fares.\n");
    text
}
