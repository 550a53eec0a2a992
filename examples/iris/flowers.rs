//! The 150 flowers that R. A. Fisher published in 1936 ("The use of multiple measurements in taxonomic problems"):
//! four lengths in centimetres, and the species as 0 setosa, 1 versicolor, 2 virginica.

use playhouse::prelude::*;

const CSV: &str = include_str!("iris.csv");

/// One in this many flowers is held out: 10 of each species, for the file holds 50 of each, one after the other.
const HELD_OUT: usize = 5;

/// Some of the flowers.
pub(crate) struct Flowers {
    /// `[rows, 4]` f32: length and width of the sepals, then of the petals.
    pub(crate) measurements: Tensor,
    /// `[rows]` u32.
    pub(crate) species: Tensor,
}

/// The flowers to learn from, and those to be asked about: every fifth, beginning with number `first`.
pub(crate) fn split(first: usize) -> Result<(Flowers, Flowers)> {
    let (mut learned, mut asked) = (Vec::new(), Vec::new());
    for (index, line) in CSV.lines().skip(1).enumerate() {
        let part = if index % HELD_OUT == first % HELD_OUT { &mut asked } else { &mut learned };
        part.push(parse(line)?);
    }
    Ok((collect(&learned), collect(&asked)))
}

fn parse(line: &str) -> Result<([f32; 4], u32)> {
    let mut cells = line.split(',');
    let mut next = || cells.next().ok_or(format!("a flower with less than five values: {line}"));
    let measurements = [next()?.parse()?, next()?.parse()?, next()?.parse()?, next()?.parse()?];
    Ok((measurements, next()?.parse()?))
}

fn collect(flowers: &[([f32; 4], u32)]) -> Flowers {
    let measurements: Vec<_> = flowers.iter().map(|(measurements, _)| *measurements).collect();
    let species: Vec<_> = flowers.iter().map(|(_, species)| *species).collect();
    Flowers { measurements: Tensor::from_rows(&measurements), species: Tensor::from(species) }
}
