//! `#[depends(url = "..")]` binds a client to a URL.

use playhouse_actors::{AnyClient, Result, service};

pub struct Cleaning;

#[service]
impl Cleaning {
    #[init]
    fn new() -> Self {
        Cleaning
    }

    #[api]
    async fn clean(&self) -> Result<u32> {
        Ok(1)
    }
}

pub struct Options;

#[service]
impl Options {
    #[init]
    fn new(
        #[depends] nowhere: CleaningClient,
        #[depends()] empty: CleaningClient,
        #[depends("http://cleaning:3000")] bare: CleaningClient,
        #[depends = "http://cleaning:3000"] assigned: CleaningClient,
        #[depends(uri = "http://cleaning:3000")] slip: CleaningClient,
        #[depends(url)] key: CleaningClient,
        #[depends(url = 3000)] number: CleaningClient,
        #[depends(url = "http://a", url = "http://b")] twice: CleaningClient,
        #[depends(url = "http://a")] #[depends(url = "http://b")] again: CleaningClient,
        #[depends(url = "http://a")] #[model("iris:latest")] both: CleaningClient,
        #[depends(deployment = "iris-x6dewa", cluster = "eu")] deployment: CleaningClient,
    ) -> Self {
        let _ = (nowhere, empty, bare, assigned, slip, key, number, twice, again, both, deployment);
        Options
    }

    #[api]
    #[depends(url = "http://a")]
    async fn get(&self, #[depends(url = "http://a")] id: u32) -> Result<u32> {
        Ok(id)
    }
}

pub struct Urls;

#[service]
impl Urls {
    #[init]
    fn new(
        #[depends(url = "")] empty: AnyClient,
        #[depends(url = "cleaning:3000")] no_scheme: AnyClient,
        #[depends(url = "grpc://cleaning")] scheme: AnyClient,
        #[depends(url = "http://")] no_host: AnyClient,
        #[depends(url = "http://clea ning")] space: AnyClient,
        #[depends(url = "http://cleaning?fast=1")] query: AnyClient,
        #[depends(url = "http://cleaning", token = "s3cret")] literal: AnyClient,
        #[depends(token = "env:CLEANING_TOKEN")] token_alone: AnyClient,
        #[depends(url = "${CLEANING_URL}")] fine: AnyClient,
    ) -> Self {
        let _ = (empty, no_scheme, scheme, no_host, space, query, literal, token_alone, fine);
        Urls
    }

    #[api]
    async fn get(&self) -> Result<u32> {
        Ok(1)
    }
}

fn main() {}
