//! Every command of the README is run, and what it is said to print is what it prints.

mod shown;
mod terminal;

use reqwest::StatusCode;
use reqwest::header::ACCEPT;
use serde_json::json;

use self::shown::{Block, Section, sections};
use self::terminal::Terminal;
use crate::program::client;

const README: &str = include_str!("../../../README.md");

/// What is not run here, and where it is.
const ELSEWHERE: &[(&str, &str)] = &[
    ("tests/run", "runs these tests"),
    ("(cd examples/elsewhere && bentoml serve", "tests/elsewhere.rs runs with its section"),
    ("cargo run --release --example elsewhere", "tests/elsewhere.rs runs with its section"),
    ("curl http://127.0.0.1:3000/means", "tests/elsewhere.rs runs with its section"),
    ("curl http://127.0.0.1:3000/inspect", "tests/elsewhere.rs runs with its section"),
    ("cd hello && cargo run", "tests/new.rs builds such a project and calls it"),
    ("curl http://127.0.0.1:3000/greet", "tests/new.rs builds such a project and calls it"),
];

/// A test for each section that shows something to run, and one that none was overlooked.
pub(crate) fn tests() -> Vec<(String, Box<dyn FnOnce() + Send>)> {
    let mut tests: Vec<(String, Box<dyn FnOnce() + Send>)> = Vec::new();
    for section in sections(README) {
        if section.blocks.iter().any(|block| ["console", "python", "yaml"].contains(&block.language.as_str())) {
            let name = format!("readme::{}", section.title.to_lowercase().replace(' ', "_"));
            tests.push((name, Box::new(move || run(&section))));
        }
    }
    tests.push(("readme::what_is_run_elsewhere_is_still_shown".into(), Box::new(what_is_run_elsewhere_is_still_shown)));
    tests
}

fn run(section: &Section) {
    let mut terminal = Terminal::new();
    if section.title == TOKENS {
        terminal.write("tokens", "# ours\nthe-token\n");
    }
    for block in &section.blocks {
        match block.language.as_str() {
            "console" => console(&mut terminal, block),
            "python" => assert_eq!(terminal.python(&block.text), "[0]\n", "{}", block.text),
            "yaml" => {
                terminal.write("config.yaml", &block.text);
                terminal.start("iris", "serve --config config.yaml --port 0");
            }
            _ => {}
        }
    }
    if section.title == TOKENS {
        whoever_has_a_token_comes_in(&terminal);
    }
}

fn console(terminal: &mut Terminal, block: &Block) {
    for command in block.commands() {
        if ELSEWHERE.iter().all(|(begin, _)| !command.text.starts_with(begin)) {
            terminal.run(&command);
        }
    }
}

fn what_is_run_elsewhere_is_still_shown() {
    let sections = sections(README);
    let blocks = sections.iter().flat_map(|section| &section.blocks).filter(|block| block.language == "console");
    let commands: Vec<_> = blocks.flat_map(Block::commands).collect();
    assert!(commands.len() > 20, "{commands:?}");
    for (begin, reason) in ELSEWHERE {
        assert!(commands.iter().any(|command| command.text.starts_with(begin)), "{begin}, which {reason}");
    }
}

const TOKENS: &str = "Who may call, and what is told";

/// What is said below the command of that section.
fn whoever_has_a_token_comes_in(terminal: &Terminal) {
    let flowers = json!({ "input_series": [[5.1, 3.5, 1.4, 0.2]] });
    let classify = || client().post(terminal.url("/classify")).json(&flowers).header("x-request-id", "my-own");
    assert_eq!(classify().send().unwrap().status(), StatusCode::UNAUTHORIZED);
    let answer = classify().bearer_auth("the-token").send().unwrap();
    assert_eq!((answer.status(), &answer.headers()["x-request-id"]), (StatusCode::OK, &"my-own".parse().unwrap()));
    let timing = answer.headers()["server-timing"].to_str().unwrap().to_owned();
    assert!(["queue;", "run;", "total;"].iter().all(|part| timing.contains(part)), "{timing}");
    assert_eq!(client().get(terminal.url("/metrics")).send().unwrap().status(), StatusCode::OK);
    let page = client().get(terminal.url("/")).header(ACCEPT, "text/html").send().unwrap();
    assert_eq!(page.status(), StatusCode::OK);
    assert!(terminal.logged("answered").contains("path=\"/classify\""), "a line for each request");
}
