//! The graph of dependencies between services: known before anything starts.

use std::collections::HashMap;

use crate::description::ServiceDescription;

/// A service and what it calls.
#[derive(Clone, Debug)]
pub(crate) struct Vertex<'a> {
    /// The service's name.
    pub(crate) name: &'a str,
    /// The names of the services that it calls.
    pub(crate) dependencies: Vec<&'a str>,
}

impl<'a> Vertex<'a> {
    /// A service by what it says of itself.
    pub(crate) fn of(description: &'a ServiceDescription) -> Self {
        Self { name: description.name, dependencies: description.dependencies().collect() }
    }
}

/// Why services cannot be started together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GraphError {
    /// Two services have one name.
    #[error("two services are named {0}")]
    Duplicate(String),
    /// A service calls one that is nowhere. The path leads from the first service to the missing one.
    #[error("{} is missing: {} needs it; add `.service::<{}>()` to the app", last(path), path[path.len() - 2], last(path))]
    Missing {
        /// The services on the way.
        path: Vec<String>,
    },
    /// Services that need each other. The path begins and ends with the same service.
    #[error("services depend on each other: {}", path.join(" -> "))]
    Cycle {
        /// The services on the way.
        path: Vec<String>,
    },
}

/// The order in which services start, as indices: each layer needs only layers before it.
///
/// `elsewhere` says whether a service that is not among the vertices is to be had in another process.
///
/// # Errors
/// A name given twice, a service that is missing, or a cycle, with the path.
pub(crate) fn layers(vertices: &[Vertex<'_>], elsewhere: impl Fn(&str) -> bool) -> Result<Vec<Vec<usize>>, GraphError> {
    let mut index = HashMap::new();
    for (position, vertex) in vertices.iter().enumerate() {
        if index.insert(vertex.name, position).is_some() {
            return Err(GraphError::Duplicate(vertex.name.into()));
        }
    }
    let mut walk = Walk { vertices, index, elsewhere, depths: vec![None; vertices.len()], path: Vec::new() };
    for position in 0..vertices.len() {
        walk.depth(position)?;
    }
    let mut layers: Vec<Vec<usize>> = Vec::new();
    for (position, depth) in walk.depths.into_iter().enumerate() {
        let depth = depth.expect("every vertex was walked");
        layers.resize(layers.len().max(depth + 1), Vec::new());
        layers[depth].push(position);
    }
    Ok(layers)
}

struct Walk<'a, F> {
    vertices: &'a [Vertex<'a>],
    index: HashMap<&'a str, usize>,
    elsewhere: F,
    depths: Vec<Option<usize>>,
    /// From the first service to the one that is looked at.
    path: Vec<usize>,
}

impl<F: Fn(&str) -> bool> Walk<'_, F> {
    /// How many layers are below a service.
    fn depth(&mut self, position: usize) -> Result<usize, GraphError> {
        if let Some(depth) = self.depths[position] {
            return Ok(depth);
        }
        if let Some(begin) = self.path.iter().position(|&on_path| on_path == position) {
            return Err(GraphError::Cycle { path: self.names(begin, self.vertices[position].name) });
        }
        self.path.push(position);
        let mut depth = 0;
        for dependency in &self.vertices[position].dependencies {
            match self.index.get(dependency) {
                Some(&below) => depth = depth.max(self.depth(below)? + 1),
                None if (self.elsewhere)(dependency) => {}
                None => return Err(GraphError::Missing { path: self.names(0, dependency) }),
            }
        }
        self.path.pop();
        self.depths[position] = Some(depth);
        Ok(depth)
    }

    fn names(&self, begin: usize, last: &str) -> Vec<String> {
        let path = self.path[begin..].iter().map(|&position| self.vertices[position].name.to_owned());
        path.chain([last.to_owned()]).collect()
    }
}

fn last(path: &[String]) -> &str {
    path.last().map_or("", String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(edges: &[(&'static str, &[&'static str])]) -> Result<Vec<Vec<usize>>, String> {
        let vertices: Vec<_> =
            edges.iter().map(|(name, dependencies)| Vertex { name, dependencies: dependencies.to_vec() }).collect();
        layers(&vertices, |name| name == "Elsewhere").map_err(|error| error.to_string())
    }

    #[test]
    fn a_diamond_has_three_layers() {
        let diamond = order(&[("Front", &["Left", "Right"]), ("Left", &["Base"]), ("Right", &["Base"]), ("Base", &[])]);
        assert_eq!(diamond, Ok(vec![vec![3], vec![1, 2], vec![0]]));
    }

    #[test]
    fn a_service_elsewhere_is_not_missing() {
        assert_eq!(order(&[("A", &["Elsewhere"])]), Ok(vec![vec![0]]));
    }

    #[test]
    fn mistakes_name_the_services() {
        let table: [(&[(&str, &[&str])], &str); 4] = [
            (&[("A", &["B"]), ("B", &["C"]), ("C", &["B"])], "services depend on each other: B -> C -> B"),
            (&[("A", &["A"])], "services depend on each other: A -> A"),
            (&[("A", &["B"]), ("B", &["C"])], "C is missing: B needs it; add `.service::<C>()` to the app"),
            (&[("A", &[]), ("A", &[])], "two services are named A"),
        ];
        for (edges, message) in table {
            assert_eq!(order(edges), Err(message.to_owned()));
        }
    }

    #[test]
    fn a_long_chain() {
        let names: Vec<String> = (0..500).map(|index| format!("S{index}")).collect();
        let vertices: Vec<_> = names
            .iter()
            .enumerate()
            .map(|(index, name)| Vertex {
                name,
                dependencies: names.get(index + 1).map(String::as_str).into_iter().collect(),
            })
            .collect();
        let layers = layers(&vertices, |_| false).expect("no cycle");
        assert_eq!((layers.len(), &layers[0]), (500, &vec![499]));
    }
}
