//! What a peer offers: its `/schema.json`, read.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value;

/// What a peer offers. Empty where it does not say: then each method is at its name and takes JSON.
#[derive(Debug, Default)]
pub(super) struct Contract {
    /// The name of the service there.
    pub(super) service: String,
    /// Whether it is a Playhouse gateway: it then takes MessagePack, and its streams have frames.
    pub(super) is_playhouse: bool,
    /// Whether it said anything.
    pub(super) is_known: bool,
    offers: HashMap<String, Offer>,
}

/// One method that a peer offers.
#[derive(Debug, Default)]
pub(super) struct Offer {
    pub(super) route: String,
    pub(super) arguments: Arguments,
    pub(super) answer: Answer,
    pub(super) is_stream: bool,
    /// The schemas of arguments and result, as they were given.
    pub(super) input: Value,
    pub(super) output: Value,
}

/// How the arguments of a method are written, beside MessagePack.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) enum Arguments {
    /// An object with a value for each.
    #[default]
    Object,
    /// The one argument alone.
    Root,
    /// The one argument alone, and that is text or bytes.
    RootText,
    /// A form, since these arguments are files.
    Form(Vec<String>),
}

/// How the answer of a method is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Answer {
    #[default]
    Json,
    /// Text without quotation marks.
    Text,
    Bytes,
}

#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    name: String,
    routes: Vec<Route>,
}

#[derive(Deserialize)]
struct Route {
    name: String,
    route: String,
    #[serde(default)]
    input: Value,
    #[serde(default)]
    output: Value,
}

impl Contract {
    /// Reads the document. Who answers with it is not seen in it.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn read(document: &[u8]) -> Result<Self, serde_json::Error> {
        let Document { name, routes } = serde_json::from_slice(document)?;
        let offers = routes.into_iter().map(|route| (route.name.clone(), Offer::from(route)));
        Ok(Self { service: name, is_playhouse: false, is_known: true, offers: offers.collect() })
    }

    /// A method, if it is offered.
    pub(super) fn offer(&self, method: &str) -> Option<&Offer> {
        self.offers.get(method)
    }

    /// All methods that are offered, in the order of the alphabet.
    pub(super) fn names(&self) -> Vec<&str> {
        let mut names: Vec<_> = self.offers.keys().map(String::as_str).collect();
        names.sort_unstable();
        names
    }
}

impl From<Route> for Offer {
    fn from(Route { route, input, output, .. }: Route) -> Self {
        let is_stream = output["is_stream"] == true;
        Self { route, arguments: Arguments::of(&input), answer: Answer::of(&output), is_stream, input, output }
    }
}

impl Arguments {
    fn of(input: &Value) -> Self {
        if input["root_input"] == true {
            return if is_text(input) || is_file(input) { Self::RootText } else { Self::Root };
        }
        let properties = input["properties"].as_object().into_iter().flatten();
        let files: Vec<String> =
            properties.filter(|(_, schema)| is_file(schema)).map(|(name, _)| name.clone()).collect();
        if files.is_empty() { Self::Object } else { Self::Form(files) }
    }
}

impl Answer {
    fn of(output: &Value) -> Self {
        match output["type"].as_str() {
            Some("file") => Self::Bytes,
            Some("string") if output["format"] == "binary" => Self::Bytes,
            Some("string") => Self::Text,
            _ => Self::Json,
        }
    }
}

fn is_text(schema: &Value) -> bool {
    schema["type"] == "string"
}

/// A file, several, or one that may be left out.
fn is_file(schema: &Value) -> bool {
    let arms = schema["anyOf"].as_array().map(Vec::as_slice).unwrap_or_default();
    schema["type"] == "file" || schema["items"]["type"] == "file" || arms.iter().any(is_file)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn forms_of_arguments_and_answers() {
        let file = json!({ "type": "file", "format": "binary" });
        let inputs = [
            (json!({ "properties": { "a": { "type": "string" } } }), Arguments::Object),
            (json!({ "root_input": true, "type": "string" }), Arguments::RootText),
            (json!({ "root_input": true, "type": "object" }), Arguments::Root),
            (json!({ "properties": { "a": file, "b": { "type": "integer" } } }), Arguments::Form(vec!["a".into()])),
            (json!({ "properties": { "a": { "type": "array", "items": file } } }), Arguments::Form(vec!["a".into()])),
            (
                json!({ "properties": { "a": { "anyOf": [file, { "type": "null" }] } } }),
                Arguments::Form(vec!["a".into()]),
            ),
            (Value::Null, Arguments::Object),
        ];
        for (input, expected) in inputs {
            assert_eq!(Arguments::of(&input), expected, "{input}");
        }
        let outputs = [
            (json!({ "type": "string" }), Answer::Text),
            (json!({ "type": "string", "format": "binary" }), Answer::Bytes),
            (file, Answer::Bytes),
            (json!({ "type": "tensor" }), Answer::Json),
            (Value::Null, Answer::Json),
        ];
        for (output, expected) in outputs {
            assert_eq!(Answer::of(&output), expected, "{output}");
        }
    }

    #[test]
    fn a_document_is_read_and_another_one_is_not() {
        let document = json!({ "name": "Peer", "routes": [
            { "name": "b", "route": "/x/b", "input": {}, "output": { "type": "integer", "is_stream": true } },
            { "name": "a", "route": "/a" },
        ]});
        let contract = Contract::read(document.to_string().as_bytes()).unwrap();
        assert_eq!((contract.names(), contract.is_playhouse), (vec!["a", "b"], false));
        let offer = contract.offer("b").unwrap();
        assert_eq!((offer.route.as_str(), offer.is_stream), ("/x/b", true));
        for other in ["", "{}", "[]", "<html>", r#"{"routes": 3}"#] {
            assert!(Contract::read(other.as_bytes()).is_err(), "{other}");
        }
    }
}
