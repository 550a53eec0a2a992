use candle_core::DType;
use playhouse_actors::{Error, ErrorKind};

use super::*;

fn message<T>(result: Result<T>) -> String {
    let error = Error::from(result.err().expect("refused"));
    assert!(matches!(error.kind(), ErrorKind::Rejected { .. }), "{error:?}");
    error.to_string()
}

/// Two features, of which only the first tells the two classes apart.
fn trained(training: &Training) -> Mlp {
    let rows = Tensor::from_rows(&[[1f32, 5.], [2., 5.], [8., 5.], [9., 5.]]);
    Mlp::train(&rows, &Tensor::from(vec![0u32, 0, 1, 1]), training, &Device::cpu()).unwrap()
}

#[test]
fn the_same_seed_gives_the_same_model() {
    let rows = Tensor::from_rows(&[[4f32, 5.], [7., 5.]]);
    let logits = |seed| trained(&Training { seed, ..Training::default() }).logits(&rows).unwrap();
    assert_eq!(logits(1), logits(1));
    assert_ne!(logits(1), logits(2));
}

#[test]
fn a_feature_that_never_varies_does_no_harm() {
    let model = trained(&Training::default());
    assert_eq!(model.predict(&Tensor::from_rows(&[[0f32, 5.], [10., 5.]])).unwrap(), Tensor::from(vec![0u32, 1]));
}

#[test]
fn layers_are_as_many_and_as_wide_as_asked_for() {
    let model = trained(&Training { hidden: vec![3, 7], epochs: 1, ..Training::default() });
    let shapes: Vec<_> = model.layers.iter().map(|layer| layer.weight().dims().to_vec()).collect();
    assert_eq!(shapes, [[3, 2], [7, 3], [2, 7]]);
    assert_eq!(trained(&Training { hidden: vec![], epochs: 1, ..Training::default() }).layers.len(), 1);
}

#[test]
fn a_trained_model_holds_no_graph() {
    let model = trained(&Training { epochs: 2, ..Training::default() });
    assert!(model.layers.iter().all(|layer| !layer.weight().track_op()));
}

#[test]
fn no_rows_have_no_classes() {
    let model = trained(&Training { epochs: 1, ..Training::default() });
    let none = Tensor::from_rows::<f32, 2>(&[]);
    assert_eq!(model.predict(&none).unwrap(), Tensor::from(Vec::<u32>::new()));
    assert_eq!(model.logits(&none).unwrap().shape(), [0, 2]);
    assert_eq!(model.accuracy(&none, &Tensor::from(Vec::<u32>::new())).unwrap(), 1.0);
}

#[test]
fn rows_are_checked_before_they_reach_the_device() {
    let model = trained(&Training { epochs: 1, ..Training::default() });
    let cases = [
        (Tensor::from_rows(&[[1f32, 2., 3.]]), "expected f32 [_, 2], got f32 [1, 3]"),
        (Tensor::from_rows(&[[1f64, 2.]]), "expected f32 [_, 2], got f64 [1, 2]"),
        (Tensor::from(vec![1f32, 2.]), "expected f32 [_, 2], got f32 [2]"),
        (Tensor::from_rows(&[[1f32, 2.], [3., f32::NAN]]), "expected finite numbers, got NaN at [1, 1]"),
        (Tensor::from_rows(&[[f32::INFINITY, 2.]]), "expected finite numbers, got inf at [0, 0]"),
    ];
    for (rows, expected) in cases {
        assert_eq!(message(model.predict(&rows)), expected);
    }
}

#[test]
fn what_cannot_be_learned_from_is_refused() {
    let rows = || Tensor::from_rows(&[[1f32], [2.]]);
    let classes = |classes: &[u32]| Tensor::from(classes.to_vec());
    let cases = [
        (rows(), classes(&[0]), "expected classes as u32 [2], one for each row, got u32 [1]"),
        (rows(), Tensor::from(vec![0f32, 1.]), "expected classes as u32 [2], one for each row, got f32 [2]"),
        (rows(), classes(&[0, u32::MAX]), "expected class indices below 65536, got 4294967295"),
        (Tensor::from_rows::<f32, 1>(&[]), classes(&[]), "expected at least one row to learn from"),
        (Tensor::from_rows::<f32, 0>(&[[], []]), classes(&[0, 1]), "expected f32 [_, _], got f32 [2, 0]"),
    ];
    for (rows, classes, expected) in cases {
        assert_eq!(message(Mlp::train(&rows, &classes, &Training::default(), &Device::cpu())), expected);
    }
    let hidden = Training { hidden: vec![4, 0], ..Training::default() };
    let refused = Mlp::train(&rows(), &classes(&[0, 1]), &hidden, &Device::cpu());
    assert_eq!(message(refused), "expected hidden layers of 1 neuron and more, got [4, 0]");
}

#[test]
fn a_training_that_diverges_says_so() {
    let rows = Tensor::from_rows(&[[1f32], [2.]]);
    let wild = Training { learning_rate: 1e38, ..Training::default() };
    let error = Mlp::train(&rows, &Tensor::from(vec![0u32, 1]), &wild, &Device::cpu()).unwrap_err().to_string();
    assert!(error.starts_with("training diverged to a loss of "), "{error}");
}

#[test]
fn a_file_that_is_no_classifier_is_refused_by_name() {
    let zeros = |shape: &[usize]| candle_core::Tensor::zeros(shape, DType::F32, &Device::cpu()).unwrap();
    let scaling = [("scaling.mean", zeros(&[2])), ("scaling.deviation", zeros(&[2]))];
    let layer = [("layers.0.weight", zeros(&[3, 4])), ("layers.0.bias", zeros(&[3]))];
    let no_bias = [("layers.0.weight", zeros(&[3, 2]))];
    let cases = [
        (vec![], "`scaling.mean` not found"),
        (scaling.to_vec(), "it has no tensor layers.0.weight"),
        ([&scaling[..], &layer].concat(), "expected layers.0.weight of shape [_, 2], got [3, 4]"),
        ([&scaling[..], &no_bias].concat(), "`layers.0.bias` not found"),
        (vec![("scaling.mean", zeros(&[1, 2]))], "expected scaling.mean of shape [features], got [1, 2]"),
    ];
    for (tensors, problem) in cases {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        candle_core::safetensors::save(&tensors.into_iter().collect(), &path).unwrap();
        let files = ModelFiles::new("m".into(), "1".into(), folder.path().to_owned());
        let error = Mlp::load(&files, &Device::cpu()).unwrap_err().to_string();
        assert!(error.starts_with(&format!("{} is not a small classifier: ", path.display())), "{error}");
        assert!(error.contains(problem), "{error}");
    }
}
