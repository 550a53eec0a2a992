//! Where a model computes.

use std::fmt;
use std::ops::Deref;

use playhouse_actors::{InitContext, Inject, Requirement, RequirementKind, Result};

use super::budget;

/// A place to compute, given to each worker that asks for one in its constructor.
///
/// This build knows the CPU. A worker that has a device owns its thread, and computes on that thread alone: throughput
/// comes from more workers, not from more threads for one.
///
/// Dereferences to candle's device, so `&device` is what candle's functions take.
#[derive(Clone)]
pub struct Device(candle_core::Device);

impl Device {
    /// The CPU.
    #[must_use]
    pub fn cpu() -> Self {
        Self(candle_core::Device::Cpu)
    }
}

impl Inject for Device {
    fn requirement(_: Option<&'static str>) -> RequirementKind {
        RequirementKind::Device
    }

    async fn inject(_: &InitContext, _: &Requirement) -> Result<Self> {
        budget::claim_thread();
        Ok(Self::cpu())
    }
}

impl Deref for Device {
    type Target = candle_core::Device;

    fn deref(&self) -> &candle_core::Device {
        &self.0
    }
}

impl From<candle_core::Device> for Device {
    fn from(device: candle_core::Device) -> Self {
        Self(device)
    }
}

impl fmt::Debug for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
