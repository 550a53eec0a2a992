//! Aligned columns of text.

use std::fmt;

use anstyle::Style;

/// Rows under a heading. Columns of numbers are aligned to the right, the last column is as long as it needs to be.
pub(super) struct Columns<const N: usize> {
    heading: [&'static str; N],
    rows: Vec<[String; N]>,
}

const HEADING: Style = Style::new().bold();

impl<const N: usize> Columns<N> {
    pub(super) fn new(heading: [&'static str; N]) -> Self {
        Self { heading, rows: Vec::new() }
    }

    pub(super) fn row(&mut self, row: [String; N]) {
        self.rows.push(row);
    }

    fn width(&self, column: usize) -> usize {
        let cells = self.rows.iter().map(|row| row[column].chars().count());
        cells.chain([self.heading[column].len()]).max().unwrap_or_default()
    }

    fn is_number(&self, column: usize) -> bool {
        self.rows.iter().all(|row| row[column].parse::<u64>().is_ok())
    }

    fn line<'a>(&self, cells: impl Iterator<Item = &'a str>) -> String {
        let cells = cells.enumerate().map(|(column, cell)| match (self.is_number(column), self.width(column)) {
            (true, width) => format!("{cell:>width$}"),
            (false, width) => format!("{cell:<width$}"),
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    }
}

impl<const N: usize> fmt::Display for Columns<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADING}{}{HEADING:#}", self.line(self.heading.iter().copied()))?;
        for row in &self.rows {
            writeln!(f, "{}", self.line(row.iter().map(String::as_str)))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_to_the_right_words_to_the_left() {
        let mut columns = Columns::new(["service", "slots", "methods"]);
        columns.row(["Iris".into(), "1".into(), "classify".into()]);
        columns.row(["Preprocessing".into(), "64".into(), "a, b".into()]);
        let text = anstream::adapter::strip_str(&columns.to_string()).to_string();
        assert_eq!(
            text,
            "service        slots  methods\n\
             Iris               1  classify\n\
             Preprocessing     64  a, b\n"
        );
    }
}
