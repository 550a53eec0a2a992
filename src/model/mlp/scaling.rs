//! Features on one scale.

use candle_core::{Result, Tensor};

/// The mean and the standard deviation of each feature: `[features]` f32 both.
#[derive(Clone, Debug)]
pub(super) struct Scaling {
    pub(super) mean: Tensor,
    pub(super) deviation: Tensor,
}

impl Scaling {
    /// Measures `[rows, features]`, of which there is at least one row.
    pub(super) fn of(rows: &Tensor) -> Result<Self> {
        let mean = rows.mean(0)?;
        let spread = rows.broadcast_sub(&mean)?.sqr()?.mean(0)?.sqrt()?;
        // A feature that never varies says nothing: divided by 1 it stays 0.
        let deviation = spread.gt(0f64)?.where_cond(&spread, &spread.ones_like()?)?;
        Ok(Self { mean, deviation })
    }

    /// How many features there are.
    pub(super) fn features(&self) -> usize {
        self.mean.elem_count()
    }

    /// Brings `[rows, features]` to mean 0 and deviation 1.
    pub(super) fn apply(&self, rows: &Tensor) -> Result<Tensor> {
        rows.broadcast_sub(&self.mean)?.broadcast_div(&self.deviation)
    }
}
