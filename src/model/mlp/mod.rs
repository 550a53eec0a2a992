//! A small classifier: layers of neurons over standardised features, with the code that trains it.

mod rows;
mod scaling;
#[cfg(test)]
mod tests;
mod training;
mod weights;

use std::path::Path;

use candle_core::D;
use candle_nn::{Linear, Module};
use playhouse_actors::{Failure, Result, Tensor};

pub use self::training::Training;

use self::scaling::Scaling;
use super::{CandleExt, Device, ModelFiles};

/// The file of a model folder that holds the weights.
const FILE: &str = "model.safetensors";

/// A multi-layer perceptron that tells classes apart: linear layers with ReLU between them.
///
/// Features go in as they were measured: their mean and deviation are part of the model. What is wrong with rows is
/// found on the host, before the device sees them.
///
/// ```
/// # use playhouse::model::{Device, Mlp, Training};
/// # use playhouse::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let rows = Tensor::from_rows(&[[1f32, 20.], [2., 30.], [8., 25.], [9., 35.]]);
/// let classes = Tensor::from(vec![0u32, 0, 1, 1]);
/// let model = Mlp::train(&rows, &classes, &Training::default(), &Device::cpu())?;
/// assert_eq!(model.predict(&rows)?, classes);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Mlp {
    scaling: Scaling,
    layers: Vec<Linear>,
    device: Device,
}

impl Mlp {
    /// Trains a model on `[rows, features]` f32 and `[rows]` u32 class indices, all at once in each epoch.
    ///
    /// The same input, settings and seed give the same model on the same kind of machine.
    ///
    /// # Errors
    /// Rows and classes that do not fit together or hold a NaN or an infinity, a training that diverges.
    pub fn train(rows: &Tensor, classes: &Tensor, training: &Training, device: &Device) -> Result<Self> {
        training.run(rows, classes, device)
    }

    /// Loads what [`Mlp::save`] wrote.
    ///
    /// # Errors
    /// A missing or corrupt file, layers that do not fit together.
    pub fn load(files: &ModelFiles, device: &Device) -> Result<Self> {
        weights::load(&files.safetensors(FILE, device)?, device).map_err(|problem| {
            let file = files.path().join(FILE);
            Failure::from(format!("{} is not a small classifier: {problem}", file.display()))
        })
    }

    /// Writes `model.safetensors` into a folder: `scaling.mean`, `scaling.deviation`, and `layers.N.weight` and
    /// `layers.N.bias` from 0 on.
    ///
    /// # Errors
    /// A file system that refuses.
    pub fn save(&self, folder: &Path) -> Result<()> {
        Ok(candle_core::safetensors::save(&weights::named(self), folder.join(FILE))?)
    }

    /// The most likely class of each row: `[rows, features]` f32 to `[rows]` u32.
    ///
    /// # Errors
    /// Rejects rows of another dtype or shape, and rows that hold a NaN or an infinity.
    pub fn predict(&self, rows: &Tensor) -> Result<Tensor> {
        let scores = self.scores(rows)?;
        if rows.shape()[0] == 0 {
            return Ok(Tensor::from(Vec::<u32>::new()));
        }
        Ok(Tensor::from_candle(&scores.argmax(D::Minus1)?)?)
    }

    /// How much speaks for each class, before a softmax: `[rows, features]` f32 to `[rows, classes]` f32.
    ///
    /// # Errors
    /// As [`Mlp::predict`].
    pub fn logits(&self, rows: &Tensor) -> Result<Tensor> {
        Ok(Tensor::from_candle(&self.scores(rows)?)?)
    }

    /// The share of rows whose most likely class is the one given for it, from 0 to 1; 1 if there are no rows.
    ///
    /// # Errors
    /// As [`Mlp::predict`]; classes that are not as many u32 as there are rows.
    pub fn accuracy(&self, rows: &Tensor, classes: &Tensor) -> Result<f64> {
        rows::check_classes(classes, rows)?;
        let (found, expected) = (self.predict(rows)?.to_vec::<u32>()?, classes.to_vec::<u32>()?);
        let right = found.iter().zip(&expected).filter(|(found, expected)| found == expected).count();
        Ok(if expected.is_empty() { 1.0 } else { right as f64 / expected.len() as f64 })
    }

    fn scores(&self, rows: &Tensor) -> Result<candle_core::Tensor> {
        rows::check(rows, Some(self.scaling.features()))?;
        Ok(forward(&self.layers, &self.scaling.apply(&rows.to_candle(&self.device)?)?)?)
    }
}

/// Runs all layers, with ReLU between them.
fn forward(layers: &[Linear], input: &candle_core::Tensor) -> candle_core::Result<candle_core::Tensor> {
    let mut activations = input.clone();
    for (index, layer) in layers.iter().enumerate() {
        if index > 0 {
            activations = activations.relu()?;
        }
        activations = layer.forward(&activations)?;
    }
    Ok(activations)
}
