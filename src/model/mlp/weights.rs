//! The names of a classifier's tensors in its file.

use std::collections::HashMap;

use candle_core::{Result, Tensor, bail};
use candle_nn::{Linear, VarBuilder};

use super::scaling::Scaling;
use super::{Device, Mlp};

const MEAN: &str = "mean";
const DEVIATION: &str = "deviation";
const WEIGHT: &str = "weight";
const BIAS: &str = "bias";

/// All tensors by their names.
pub(super) fn named(mlp: &Mlp) -> HashMap<String, Tensor> {
    let Scaling { mean, deviation } = &mlp.scaling;
    let mut tensors =
        HashMap::from([(format!("scaling.{MEAN}"), mean.clone()), (format!("scaling.{DEVIATION}"), deviation.clone())]);
    for (index, layer) in mlp.layers.iter().enumerate() {
        tensors.insert(format!("layers.{index}.{WEIGHT}"), layer.weight().clone());
        tensors.extend(layer.bias().map(|bias| (format!("layers.{index}.{BIAS}"), bias.clone())));
    }
    tensors
}

/// Finds the layers by their names, however many there are and whatever their sizes.
pub(super) fn load(file: &VarBuilder, device: &Device) -> Result<Mlp> {
    let scaling = load_scaling(&file.pp("scaling"))?;
    let mut layers = Vec::new();
    let mut width = scaling.features();
    while file.contains_tensor(&format!("layers.{}.{WEIGHT}", layers.len())) {
        let layer = load_layer(&file.pp("layers").pp(layers.len()), width)?;
        width = layer.weight().dims()[0];
        layers.push(layer);
    }
    if layers.is_empty() {
        bail!("it has no tensor layers.0.{WEIGHT}");
    }
    Ok(Mlp { scaling, layers, device: device.clone() })
}

fn load_scaling(file: &VarBuilder) -> Result<Scaling> {
    let mean = file.get_unchecked(MEAN)?;
    if mean.rank() != 1 || mean.elem_count() == 0 {
        bail!("expected {}.{MEAN} of shape [features], got {:?}", file.prefix(), mean.dims());
    }
    let deviation = file.get(mean.dims(), DEVIATION)?;
    Ok(Scaling { mean, deviation })
}

/// A layer that takes `width` numbers.
fn load_layer(file: &VarBuilder, width: usize) -> Result<Linear> {
    let weight = file.get_unchecked(WEIGHT)?;
    match *weight.dims() {
        [out, into] if out > 0 && into == width => {
            let bias = file.get(out, BIAS)?;
            Ok(Linear::new(weight, Some(bias)))
        }
        ref other => bail!("expected {}.{WEIGHT} of shape [_, {width}], got {other:?}", file.prefix()),
    }
}
