//! What both servers echo.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// 126 bytes of JSON with its envelope.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Row {
    pub id: u64,
    pub name: String,
    pub label: String,
    pub values: Vec<f32>,
    pub checked: bool,
}
