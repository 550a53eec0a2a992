//! Services as text.

use std::fmt;

use anstyle::Style;
use playhouse_actors::{MethodDescription, MethodKind, RequirementKind, ServiceDescription};

use super::{Descriptions, schema};

const NAME: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

impl fmt::Display for Descriptions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for service in &self.services {
            self.service(service, f)?;
        }
        if let Some(entry) = self.entry {
            writeln!(f, "{NAME}dependencies{NAME:#}")?;
            self.tree(entry, &mut Vec::new(), f)?;
        }
        Ok(())
    }
}

impl Descriptions<'_> {
    fn service(&self, service: &ServiceDescription, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_entry = self.entry == Some(service.name);
        let mark = if is_entry { "  entry" } else { "" };
        writeln!(f, "{NAME}{}{NAME:#}{DIM}{mark}{DIM:#}", service.name)?;
        paragraph("  ", service.doc, f)?;
        let needs: Vec<_> = service.requirements.iter().filter_map(|requirement| need(&requirement.kind)).collect();
        if !needs.is_empty() {
            writeln!(f, "  needs {}", needs.join(", "))?;
        }
        for method in &service.methods {
            let path = method.path();
            let path = if is_entry { path.into_owned() } else { format!("/{}{path}", service.name) };
            write_method(&path, method, f)?;
        }
        writeln!(f)
    }

    /// A service and, indented, what it calls. Each is on the path at most once: a cycle ends where it closes.
    fn tree<'a>(&'a self, name: &'a str, path: &mut Vec<&'a str>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = self.services.iter().find(|service| service.name == name);
        let remark = match known {
            None => "  (missing)",
            Some(_) if path.contains(&name) => "  (again: a cycle)",
            Some(_) => "",
        };
        writeln!(f, "{}{name}{remark}", "  ".repeat(path.len() + 1))?;
        let Some(service) = known.filter(|_| remark.is_empty()) else { return Ok(()) };
        path.push(name);
        for dependency in service.dependencies() {
            self.tree(dependency, path, f)?;
        }
        path.pop();
        for requirement in &service.requirements {
            if let RequirementKind::Url { interface, url, .. } = requirement.kind {
                writeln!(f, "{}{interface}  (at {url})", "  ".repeat(path.len() + 2))?;
            }
        }
        Ok(())
    }
}

fn need(kind: &RequirementKind) -> Option<String> {
    match kind {
        RequirementKind::Service(name) => Some((*name).to_owned()),
        RequirementKind::Url { interface, url, .. } => Some(format!("{interface} at {url}")),
        RequirementKind::Model(reference) => Some(format!("model {reference}")),
        RequirementKind::Device => Some("a device".to_owned()),
        _ => None,
    }
}

fn write_method(path: &str, method: &MethodDescription, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let arguments = match method.root {
        true => schema::result(&method.arguments),
        false => schema::arguments(&method.arguments).join(", "),
    };
    let answer = match method.kind {
        MethodKind::Stream => "a stream of ",
        MethodKind::Unary | MethodKind::Batch => "",
    };
    writeln!(f, "\n  {DIM}POST{DIM:#} {path}({arguments}) -> {answer}{}", schema::result(&method.result))?;
    paragraph("    ", method.doc, f)
}

fn paragraph(indent: &str, text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for line in text.trim().lines() {
        writeln!(f, "{}", format!("{indent}{}", line.trim_end()).trim_end())?;
    }
    Ok(())
}
