//! How a classifier learns.

use candle_core::Var;
use candle_nn::{AdamW, Linear, Optimizer, ParamsAdamW, loss};
use playhouse_actors::{Error, Failure, Result, Tensor};

use super::scaling::Scaling;
use super::{CandleExt, Device, Mlp, forward, rows};

/// The most classes there may be: a class index that is a mistake would otherwise ask for gigabytes of weights.
const CLASSES_MAX: u32 = 65_536;

/// How a classifier is built and trained. The defaults suit a few hundred rows of a few features.
#[derive(Clone, Debug, PartialEq)]
pub struct Training {
    /// The neurons in each hidden layer, in the order of the layers.
    pub hidden: Vec<usize>,
    /// How many times all rows are seen.
    pub epochs: usize,
    /// AdamW's step size.
    pub learning_rate: f64,
    /// AdamW's pull of the weights towards 0.
    pub weight_decay: f64,
    /// What the first weights are drawn from.
    pub seed: u64,
}

impl Default for Training {
    fn default() -> Self {
        Self { hidden: vec![16], epochs: 150, learning_rate: 0.02, weight_decay: 0.01, seed: 0 }
    }
}

impl Training {
    pub(super) fn run(&self, rows: &Tensor, classes: &Tensor, device: &Device) -> Result<Mlp> {
        rows::check(rows, None)?;
        rows::check_classes(classes, rows)?;
        let count = count_classes(classes)?;
        let input = rows.to_candle(device)?;
        let scaling = Scaling::of(&input)?;
        let (input, expected) = (scaling.apply(&input)?, classes.to_candle(device)?);
        let network = self.network(scaling.features(), count, device)?;
        let layers: Vec<_> = network.iter().map(|[weight, bias]| linear(weight, bias)).collect();
        let params = ParamsAdamW { lr: self.learning_rate, weight_decay: self.weight_decay, ..Default::default() };
        let mut optimizer = AdamW::new(network.as_flattened().to_vec(), params)?;
        for _ in 0..self.epochs {
            let loss = loss::cross_entropy(&forward(&layers, &input)?, &expected)?;
            optimizer.backward_step(&loss)?;
        }
        let loss = loss::cross_entropy(&forward(&layers, &input)?, &expected)?.to_scalar::<f32>()?;
        if !loss.is_finite() {
            return Err(Failure::from(format!("training diverged to a loss of {loss}: lower the learning rate")));
        }
        // Without the record of how they came about, which would keep every step in memory.
        let layers = layers.iter().map(detached).collect();
        Ok(Mlp { scaling, layers, device: device.clone() })
    }

    /// The weight and bias of each layer before the first step.
    ///
    /// Drawn on the host, because candle's generator on the CPU cannot be seeded: uniform within one over the root of
    /// the number of inputs, as PyTorch does for its linear layers.
    fn network(&self, features: usize, classes: usize, device: &Device) -> Result<Vec<[Var; 2]>> {
        if self.hidden.contains(&0) {
            return Err(Error::malformed(format!(
                "expected hidden layers of 1 neuron and more, got {:?}",
                self.hidden
            ))
            .into());
        }
        let mut random = fastrand::Rng::with_seed(self.seed);
        let mut width = features;
        let mut network = Vec::new();
        for &neurons in self.hidden.iter().chain([&classes]) {
            let bound = 1.0 / (width as f32).sqrt();
            let mut draw = |count| (0..count).map(|_| (random.f32() * 2.0 - 1.0) * bound).collect::<Vec<_>>();
            let weight = Var::from_vec(draw(neurons * width), (neurons, width), device)?;
            let bias = Var::from_vec(draw(neurons), neurons, device)?;
            network.push([weight, bias]);
            width = neurons;
        }
        Ok(network)
    }
}

/// The number of classes: one more than the greatest index.
fn count_classes(classes: &Tensor) -> Result<usize> {
    let greatest = classes.to_vec::<u32>()?.into_iter().max();
    match greatest {
        Some(greatest) if greatest < CLASSES_MAX => Ok(greatest as usize + 1),
        Some(greatest) => {
            Err(Error::malformed(format!("expected class indices below {CLASSES_MAX}, got {greatest}")).into())
        }
        None => Err(Error::malformed("expected at least one row to learn from").into()),
    }
}

fn linear(weight: &Var, bias: &Var) -> Linear {
    Linear::new(weight.as_tensor().clone(), Some(bias.as_tensor().clone()))
}

fn detached(layer: &Linear) -> Linear {
    Linear::new(layer.weight().detach(), layer.bias().map(candle_core::Tensor::detach))
}
