//! Rust source as a list of the paths it names, comments and literals left out.
//!
//! A few kinds of token are enough: `use` trees are the only place where a brace follows `::`.

/// A path such as `std::net::TcpStream`, spelled out where a `use` tree abbreviates it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NamedPath {
    pub(crate) line: usize,
    pub(crate) path: String,
}

/// All paths that `source` names, single names included, in order.
pub(crate) fn paths(source: &str) -> Vec<NamedPath> {
    let mut reader = Reader { prefixes: Vec::new(), current: None, joined: false, found: Vec::new() };
    for token in tokens(source) {
        reader.take(&token);
    }
    reader.finish();
    reader.found
}

/// Puts tokens together to paths.
struct Reader {
    /// What each open brace puts before the names in it: nothing for a block, `std::net` for `std::net::{`.
    prefixes: Vec<String>,
    current: Option<NamedPath>,
    /// Whether the last token was a `::` that continues `current`.
    joined: bool,
    found: Vec<NamedPath>,
}

impl Reader {
    fn take(&mut self, token: &Token<'_>) {
        let joined = std::mem::take(&mut self.joined);
        match token.text {
            "::" => self.joined = self.current.is_some(),
            "{" if joined => self.prefixes.push(self.current.take().map_or_else(String::new, |base| base.path)),
            "{" => {
                self.finish();
                self.prefixes.push(String::new());
            }
            "}" => {
                self.finish();
                self.prefixes.pop();
            }
            name if is_name(name) => self.name(token.line, name, joined),
            _ => self.finish(),
        }
    }

    fn name(&mut self, line: usize, name: &str, joined: bool) {
        if let (Some(current), true) = (&mut self.current, joined) {
            current.path = join(&current.path, name);
            return;
        }
        self.finish();
        let prefix = self.prefixes.last().map_or("", String::as_str);
        self.current = Some(NamedPath { line, path: join(prefix, name) });
    }

    fn finish(&mut self) {
        self.found.extend(self.current.take());
    }
}

fn join(prefix: &str, name: &str) -> String {
    if prefix.is_empty() { name.to_owned() } else { format!("{prefix}::{name}") }
}

/// Keywords that a `::` may follow without continuing them: `use ::std::net` names `std::net`.
const KEYWORDS: &[&str] = &["as", "dyn", "else", "for", "if", "impl", "in", "match", "mut", "return", "use", "while"];

fn is_name(text: &str) -> bool {
    text.starts_with(is_name_char) && !KEYWORDS.contains(&text)
}

fn is_name_char(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

struct Token<'a> {
    line: usize,
    text: &'a str,
}

fn tokens(source: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let (mut line, mut rest) = (1, source);
    while let Some(first) = rest.chars().next() {
        let skipped = blank_len(rest);
        let (text, tail) = rest.split_at(skipped.unwrap_or_else(|| token_len(rest, first)));
        if skipped.is_none() && !first.is_whitespace() {
            tokens.push(Token { line, text });
        }
        line += text.matches('\n').count();
        rest = tail;
    }
    tokens
}

fn token_len(rest: &str, first: char) -> usize {
    if is_name_char(first) {
        return rest.find(|c| !is_name_char(c)).unwrap_or(rest.len());
    }
    if rest.starts_with("::") { 2 } else { first.len_utf8() }
}

/// The length of a comment or literal at the start of `rest`, if there is one.
fn blank_len(rest: &str) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return Some(block_comment_len(rest));
    }
    if rest.starts_with('"') {
        return Some(quoted_len(rest, '"'));
    }
    if rest.starts_with('\'') {
        return char_len(rest);
    }
    raw_string_len(rest)
}

/// Not nested: nobody here nests them, and what a nested one leaves over is looked at too much, not too little.
fn block_comment_len(rest: &str) -> usize {
    rest[2..].find("*/").map_or(rest.len(), |end| end + 4)
}

fn quoted_len(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        if c == quote && !escaped {
            return at + 1;
        }
        escaped = c == '\\' && !escaped;
    }
    rest.len()
}

/// Tells `'a'` and `'\n'` from the lifetime `'a`.
fn char_len(rest: &str) -> Option<usize> {
    let mut inside = rest.chars().skip(1);
    match (inside.next()?, inside.next()?) {
        ('\\', _) | (_, '\'') => Some(quoted_len(rest, '\'')),
        _ => None,
    }
}

fn raw_string_len(rest: &str) -> Option<usize> {
    let opening = rest.trim_start_matches(['b', 'c']).strip_prefix('r')?;
    let text = opening.trim_start_matches('#');
    let hashes = opening.len() - text.len();
    // `r#type` is a name.
    let text = text.strip_prefix('"')?;
    let closing = format!("\"{}", "#".repeat(hashes));
    let end = text.find(&closing).map_or(text.len(), |end| end + closing.len());
    Some(rest.len() - text.len() + end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(source: &str) -> Vec<String> {
        paths(source).into_iter().map(|named| named.path).collect()
    }

    #[test]
    fn use_trees_are_spelled_out() {
        let source = "use std::{net::{TcpListener, TcpStream}, time::Duration}; use ::tokio::net;";
        let spelled_out = ["std::net::TcpListener", "std::net::TcpStream", "std::time::Duration", "tokio::net"];
        assert_eq!(found(source), spelled_out);
    }

    #[test]
    fn code_names_paths_too() {
        assert_eq!(
            found("#[actix::main] fn f(x: a::B<c::D>) { e::<F>() }"),
            ["actix::main", "fn", "f", "x", "a::B", "c::D", "e", "F"]
        );
    }

    #[test]
    fn comments_and_literals_name_nothing() {
        let table = [
            ("a // b\nc", vec!["a", "c"]),
            ("a /* b\n */ c", vec!["a", "c"]),
            (r#"a("b // \" c") + d"#, vec!["a", "d"]),
            ("a(r#\"b \" c\"#, r#d, br\"e\")", vec!["a", "r", "d"]),
            (r"a('b', '\'', '\u{62}', &'c d)", vec!["a", "c", "d"]),
        ];
        for (source, names) in table {
            assert_eq!(found(source), names, "{source}");
        }
    }

    #[test]
    fn lines_count_from_one_through_comments_and_strings() {
        let lines: Vec<_> = paths("a\n/* \n */ b \"\n\" c").into_iter().map(|named| named.line).collect();
        assert_eq!(lines, [1, 3, 4]);
    }
}
