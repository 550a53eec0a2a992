//! Two programs: one cleans measurements, the other has them cleaned at a URL.

use playhouse::prelude::*;

/// Passes measurements through.
pub(crate) struct Preprocessing;

#[service]
impl Preprocessing {
    #[init]
    fn new() -> Self {
        Preprocessing
    }

    #[api]
    async fn preprocess(&self, input_series: Tensor) -> Result<Tensor> {
        Ok(input_series)
    }
}

/// Sums up what was cleaned elsewhere.
pub(crate) struct Classifier {
    cleaning: PreprocessingClient,
    _spare: AnyClient,
}

#[service]
impl Classifier {
    #[init]
    fn new(
        #[depends(url = "http://127.0.0.1:1/code", token = "env:CLEANING_TOKEN")] cleaning: PreprocessingClient,
        #[depends(url = "http://127.0.0.1:1/spare")] spare: AnyClient,
    ) -> Self {
        Classifier { cleaning, _spare: spare }
    }

    #[api]
    async fn classify(&self, input_series: Tensor) -> Result<f32> {
        let rows = self.cleaning.preprocess(input_series).await?;
        Ok(rows.to_vec::<f32>()?.iter().sum())
    }
}

/// Has somebody else classify.
pub(crate) struct Lobby {
    classifier: ClassifierClient,
}

#[service]
impl Lobby {
    #[init]
    fn new(classifier: ClassifierClient) -> Self {
        Lobby { classifier }
    }

    #[api]
    async fn classify(&self, input_series: Tensor) -> Result<f32> {
        Ok(self.classifier.classify(input_series).await?)
    }
}
