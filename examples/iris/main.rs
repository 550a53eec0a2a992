//! Tells iris flowers apart. Start it, then ask:
//!
//! ```text
//! curl -X POST localhost:3000/classify -H 'content-type: application/json' -d '{"input_series": [[5.1,3.5,1.4,0.2]]}'
//! ```
//!
//! The first start trains the model, in a moment, and keeps it in `$PLAYHOUSE_HOME/models/iris`.

mod flowers;

use playhouse::model::{self, ModelStore, Training};
use playhouse::prelude::*;

/// The least share of held-out flowers that a model has to name right.
const ACCURACY_MIN: f64 = 0.95;

/// Has no state.
pub struct Preprocessing;

/// Passes measurements through; a place to scale or clean them.
#[service(resources(cpu = "200m", memory = "512Mi"))]
impl Preprocessing {
    #[init]
    fn new() -> Self {
        Preprocessing
    }

    /// Takes `[rows, 4]` f32 centimetres and gives them back.
    #[api]
    async fn preprocess(&self, input_series: Tensor) -> Result<Tensor> {
        Ok(input_series)
    }
}

/// A model, and whom it asks first.
pub struct IrisClassifier {
    preprocessing: PreprocessingClient,
    model: Mlp,
}

/// Names the species of iris flowers.
#[service(resources(cpu = "1", memory = "2Gi"), traffic(timeout = "10s", max_concurrency = 64))]
impl IrisClassifier {
    #[init]
    async fn load(
        preprocessing: PreprocessingClient,
        #[model("iris:latest")] files: ModelFiles,
        device: Device,
    ) -> Result<Self> {
        Ok(Self { preprocessing, model: Mlp::load(&files, &device)? })
    }

    /// Takes `[rows, 4]` f32 centimetres, gives `[rows]` u32 class indices: 0 setosa, 1 versicolor, 2 virginica.
    #[api]
    async fn classify(&self, #[tensor(f32, [_, 4])] input_series: Tensor) -> Result<Tensor> {
        let rows = self.preprocessing.preprocess(input_series).await?;
        self.model.predict(&rows)
    }
}

/// The services, and what is done before they start.
pub fn app() -> App {
    App::new().prepare(train_once).service::<Preprocessing>().service::<IrisClassifier>()
}

fn main() -> std::process::ExitCode {
    app().main()
}

/// Trains the model and adds it to the store, unless it is there.
fn train_once() -> Result<()> {
    let store = ModelStore::from_env()?;
    match store.resolve("iris:latest") {
        Err(model::Error::NoModel { .. }) => {}
        found => return Ok(found.map(drop)?),
    }
    let model = train()?;
    match store.add("iris", "1", |folder| model.save(folder)) {
        // Another process was faster: its model is as good.
        Ok(_) | Err(model::Error::VersionExists { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Trains on four fifths of the flowers, and asks about the others.
fn train() -> Result<Mlp> {
    let (learned, asked) = flowers::split(0)?;
    let model = Mlp::train(&learned.measurements, &learned.species, &Training::default(), &Device::cpu())?;
    let accuracy = model.accuracy(&asked.measurements, &asked.species)?;
    tracing::info!(
        "trained the iris model: {:.1} % of {} held-out flowers right",
        100.0 * accuracy,
        asked.species.len()
    );
    if accuracy < ACCURACY_MIN {
        return Err(format!("the iris model names {accuracy:.3} of the flowers right, expected {ACCURACY_MIN}").into());
    }
    Ok(model)
}
