//! Models from outside: the classifier against flowers it has not seen, its arithmetic against plain loops, and what a
//! service is given in its constructor.

#[path = "../examples/iris/flowers.rs"]
mod flowers;

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use playhouse::model::{ModelStore, Training};
use playhouse::prelude::*;
use playhouse::{Restart, Settings};

fn train(first_held_out: usize) -> (Mlp, flowers::Flowers) {
    let (learned, asked) = flowers::split(first_held_out).expect("150 flowers");
    assert_eq!((learned.measurements.shape(), asked.measurements.shape()), (&[120, 4][..], &[30, 4][..]));
    let model = Mlp::train(&learned.measurements, &learned.species, &Training::default(), &Device::cpu());
    (model.expect("a model"), asked)
}

/// Each flower is held out once. One of five splits may miss two flowers of its thirty.
#[test]
fn the_classifier_knows_flowers_it_has_not_seen() {
    let accuracies: Vec<_> = (0..5)
        .map(|first| {
            let (model, asked) = train(first);
            model.accuracy(&asked.measurements, &asked.species).expect("an accuracy")
        })
        .collect();
    assert!(accuracies[0] >= 0.95, "the split of the example: {accuracies:?}");
    assert!(accuracies.iter().sum::<f64>() / 5.0 >= 0.95, "all five: {accuracies:?}");
}

/// The tolerance: a score adds up at most 17 numbers, and no sum on the way passes 20. Each rounding is off by at most
/// 20 * 2^-24, 17 of them by 2e-5, in whatever order they come.
#[test]
fn a_saved_model_computes_what_plain_loops_do() {
    const TOLERANCE: f32 = 2e-5;
    let (model, asked) = train(0);
    let folder = tempfile::tempdir().expect("a folder");
    let store = ModelStore::at(folder.path());
    let files = store.add("iris", "1", |folder| model.save(folder)).expect("a version");
    let loaded = Mlp::load(&files, &Device::cpu()).expect("a model");
    let weights = read_weights(&files.file("model.safetensors").expect("weights"));

    let scores = loaded.logits(&asked.measurements).expect("scores").to_vec::<f32>().expect("f32");
    let classes = loaded.predict(&asked.measurements).expect("classes").to_vec::<u32>().expect("u32");
    let rows = asked.measurements.to_vec::<f32>().expect("f32");
    for (row, flower) in rows.chunks_exact(4).enumerate() {
        let expected = forward(&weights, flower);
        let got = &scores[row * 3..][..3];
        let error = expected.iter().zip(got).map(|(expected, got)| (expected - got).abs()).fold(0f32, f32::max);
        assert!(error <= TOLERANCE, "row {row}: {got:?}, expected {expected:?}");
        assert_eq!(classes[row] as usize, greatest(&expected), "row {row}");
    }
    assert_eq!(model.logits(&asked.measurements).expect("scores").to_vec::<f32>().expect("f32"), scores);
}

/// The classifier in plain Rust.
fn forward(weights: &HashMap<String, Vec<f32>>, flower: &[f32]) -> Vec<f32> {
    let (mean, deviation) = (&weights["scaling.mean"], &weights["scaling.deviation"]);
    let scaled: Vec<_> = (0..4).map(|i| (flower[i] - mean[i]) / deviation[i]).collect();
    let hidden = linear(weights, 0, &scaled);
    let hidden: Vec<_> = hidden.into_iter().map(|value| value.max(0.0)).collect();
    linear(weights, 1, &hidden)
}

fn linear(weights: &HashMap<String, Vec<f32>>, layer: usize, input: &[f32]) -> Vec<f32> {
    let (weight, bias) = (&weights[&format!("layers.{layer}.weight")], &weights[&format!("layers.{layer}.bias")]);
    let mut output = Vec::new();
    for neuron in 0..bias.len() {
        let mut sum = bias[neuron];
        for (i, value) in input.iter().enumerate() {
            sum += weight[neuron * input.len() + i] * value;
        }
        output.push(sum);
    }
    output
}

fn greatest(scores: &[f32]) -> usize {
    (0..scores.len()).max_by(|&a, &b| scores[a].total_cmp(&scores[b])).expect("a class")
}

/// Reads safetensors by hand: the length of a JSON header, the header, and the numbers of all tensors.
fn read_weights(path: &Path) -> HashMap<String, Vec<f32>> {
    let file = std::fs::read(path).expect("a file");
    let header_length = u64::from_le_bytes(file[..8].try_into().expect("8 bytes")) as usize;
    let (header, data) = file[8..].split_at(header_length);
    let header: HashMap<String, serde_json::Value> = serde_json::from_slice(header).expect("a JSON header");
    let numbers = |tensor: &serde_json::Value| {
        assert_eq!(tensor["dtype"], "F32");
        let [begin, end] = [0, 1].map(|end| tensor["data_offsets"][end].as_u64().expect("an offset") as usize);
        let bytes = data[begin..end].chunks_exact(4);
        bytes.map(|bytes| f32::from_le_bytes(bytes.try_into().expect("4 bytes"))).collect()
    };
    header.iter().map(|(name, tensor)| (name.clone(), numbers(tensor))).collect()
}

#[test]
fn a_row_at_any_address_is_read() {
    let (model, _) = train(0);
    let row = Tensor::from_rows(&[[5.1f32, 3.5, 1.4, 0.2]]);
    for offset in 0..4 {
        let mut buffer = vec![0; offset];
        buffer.extend_from_slice(row.bytes());
        let bytes = bytes::Bytes::from(buffer).slice(offset..);
        let moved = Tensor::new(row.dtype(), [1, 4], bytes).expect("a row");
        assert_eq!(model.predict(&moved).expect("a class"), Tensor::from(vec![0u32]));
    }
}

/// Says which version of its model it was given.
pub struct Reporter {
    files: ModelFiles,
    device: Device,
}

#[service]
impl Reporter {
    #[init]
    fn new(#[model("iris:latest")] files: ModelFiles, device: Device) -> Self {
        Reporter { files, device }
    }

    /// The name and version of the model, and whether the device computes.
    #[api]
    fn report(&self) -> Result<String> {
        let one = Tensor::scalar(1f32).to_candle(&self.device)?;
        let sum = Tensor::from_candle(&(&one + &one)?)?;
        Ok(format!("{}:{} {:?}", self.files.name(), self.files.version(), sum.to_vec::<f32>()?))
    }
}

#[tokio::test]
async fn a_constructor_is_given_the_files_and_a_device() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = ModelStore::at(folder.path());
    store.add("iris", "7", |_| Ok(())).expect("a version");
    let node = Node::builder().service::<Reporter>().provide(store).start().await.expect("a node");
    let reporter: ReporterClient = node.client().expect("a client");
    assert_eq!(reporter.report().await.expect("a report"), "iris:7 [2.0]");
    node.drain(Duration::ZERO).await;
}

#[tokio::test]
async fn a_missing_model_is_named_at_the_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = ModelStore::at(folder.path());
    // As it is, it would be tried again a few times.
    let once = Settings { restart: Restart { max_restarts: Some(0), ..Restart::default() }, ..Settings::default() };
    let node = Node::builder().service::<Reporter>().provide(store).settings("Reporter", once);
    let started = node.start().await;
    let error = started.err().expect("refused").to_string();
    assert!(error.contains("Reporter"), "{error}");
    assert!(error.contains("parameter `files`: no model `iris` in "), "{error}");
}

#[tokio::test]
async fn a_damaged_model_is_named_at_the_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = ModelStore::at(folder.path());
    let files =
        store.add("iris", "7", |folder| Ok(std::fs::write(folder.join("weights"), "whole")?)).expect("a version");
    std::fs::write(files.path().join("weights"), "half").expect("damaged");
    let once = Settings { restart: Restart { max_restarts: Some(0), ..Restart::default() }, ..Settings::default() };
    let started = Node::builder().service::<Reporter>().provide(store).settings("Reporter", once).start().await;
    let error = started.err().expect("refused").to_string();
    assert!(error.contains("parameter `files`: model `iris:7` is damaged in "), "{error}");
    assert!(
        error.contains("weights has 4 bytes, expected 5; look closer by `playhouse models verify iris:7`"),
        "{error}"
    );
}
