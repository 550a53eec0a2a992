//! Behind which services somebody may ask for the id of a request. The others need not carry it: every call would be
//! dearer for it.

use std::collections::HashSet;

use playhouse_actors::ServiceDescription;

/// The services behind whose methods something asks for the id: a method that takes a context, or a call to a URL, which
/// passes it on; there, or in what they call in this process.
pub(super) fn asking(services: &[ServiceDescription]) -> HashSet<&'static str> {
    let mut asking = HashSet::new();
    loop {
        let asks = |service: &&ServiceDescription| {
            service.methods.iter().any(|method| method.context)
                || service.bound_parameters().next().is_some()
                || service.dependencies().any(|name| asking.contains(name))
        };
        let found: HashSet<_> = services.iter().filter(asks).map(|service| service.name).collect();
        // Each round finds those that are one call farther away.
        if found.len() == asking.len() {
            return asking;
        }
        asking = found;
    }
}

#[cfg(test)]
mod tests {
    use playhouse_actors::{Definition, Result, service};

    use super::*;

    struct Quiet;
    #[service]
    impl Quiet {
        #[init]
        fn new() -> Self {
            Quiet
        }
        #[api]
        async fn get(&self) -> Result<u32> {
            Ok(1)
        }
    }

    struct Abroad;
    #[service]
    impl Abroad {
        #[init]
        fn new(#[depends(url = "http://a")] _quiet: QuietClient
        ) -> Self {
            Abroad
        }
        #[api]
        async fn get(&self) -> Result<u32> {
            Ok(1)
        }
    }

    struct Near;
    #[service]
    impl Near {
        #[init]
        fn new(_abroad: AbroadClient) -> Self {
            Near
        }
        #[api]
        async fn get(&self) -> Result<u32> {
            Ok(1)
        }
    }

    struct Far;
    #[service]
    impl Far {
        #[init]
        fn new(_near: NearClient, _quiet: QuietClient) -> Self {
            Far
        }
        #[api]
        async fn get(&self) -> Result<u32> {
            Ok(1)
        }
    }

    #[test]
    fn whatever_leads_to_a_url_asks_and_nothing_else() {
        let all =
            [Definition::of::<Far>(), Definition::of::<Near>(), Definition::of::<Abroad>(), Definition::of::<Quiet>()];
        let services: Vec<_> = all.iter().map(|definition| definition.description().clone()).collect();
        assert_eq!(asking(&services), ["Far", "Near", "Abroad"].into());
        assert!(asking(&services[3..]).is_empty());
    }
}
