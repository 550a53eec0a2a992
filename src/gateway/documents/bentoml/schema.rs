//! A JSON schema in the form that BentoML's client reads.
//!
//! The client looks at `type`, `properties` and `items`, one level after the other, and does something for four types: it
//! makes lists of a `tensor` and arrays of lists, it sends a `file` in a form, of an `object` with properties it sends those
//! properties, and each of the `items` of an `array`. Everything else it leaves to Python's json. So references are
//! written out, and what it would spoil (a union, an object with other properties, a value that may be null) has no `type`
//! that it knows.

use serde_json::{Map, Value, json};

type Object = Map<String, Value>;

/// The arguments of a method, as an object.
pub(super) fn arguments(schema: &Value) -> Object {
    Reader::new(schema, Direction::In).top(schema)
}

/// The result of a method, or one item of its stream.
pub(super) fn result(schema: &Value) -> Object {
    Reader::new(schema, Direction::Out).top(schema)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    /// The client encodes by it.
    In,
    /// The client decodes by it.
    Out,
}

/// Where a schema is: the client sends a file only where it is an argument, or in a list that is one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// The whole value.
    Top,
    /// An argument.
    Argument,
    /// One of a list that is an argument.
    InList,
    /// Anything deeper.
    Inside,
}

struct Reader<'a> {
    direction: Direction,
    definitions: Option<&'a Object>,
    /// The definitions that are being written out: one that refers to itself is cut there.
    open: Vec<&'a str>,
}

impl<'a> Reader<'a> {
    fn new(schema: &'a Value, direction: Direction) -> Self {
        let definitions = schema.get("$defs").and_then(Value::as_object);
        Self { direction, definitions, open: Vec::new() }
    }

    fn top(mut self, schema: &'a Value) -> Object {
        self.read(schema, Place::Top)
    }

    fn read(&mut self, schema: &'a Value, place: Place) -> Object {
        // `true`, which anything fits; and `false`, which is nowhere.
        let Some(schema) = schema.as_object() else { return Object::new() };
        if let Some(name) = schema.get("$ref").and_then(Value::as_str) {
            let mut object = self.definition(name, place);
            object.extend(self.rest(schema, &["$ref"]));
            return object;
        }
        if let Some((keyword, arms)) = union(schema) {
            return self.union(schema, keyword, arms, place);
        }
        let mut read = self.plain(schema, place);
        let types = schema.get("type").and_then(Value::as_array);
        if let Some(types) = types.filter(|types| types.contains(&json!("null")) && self.may_not_be_null(&read)) {
            // A list of types is none that the client knows.
            read.insert("type".into(), types.as_slice().into());
        }
        read
    }

    /// What a reference stands for.
    fn definition(&mut self, reference: &'a str, place: Place) -> Object {
        let name = reference.strip_prefix("#/$defs/").unwrap_or(reference);
        let known = self.definitions.and_then(|definitions| definitions.get(name));
        let Some(known) = known.filter(|_| !self.open.contains(&name)) else { return Object::new() };
        self.open.push(name);
        let object = self.read(known, place);
        self.open.pop();
        object
    }

    /// A value that may be null is what it is otherwise; for any other union there is no type.
    fn union(&mut self, schema: &'a Object, keyword: &'static str, arms: &'a [Value], place: Place) -> Object {
        let others: Vec<_> = arms.iter().filter(|arm| arm.get("type") != Some(&json!("null"))).collect();
        let mut rest = self.rest(schema, &[keyword, "type", "properties", "required", "additionalProperties"]);
        if let [only] = others[..] {
            let mut read = self.read(only, place);
            let may_be_null = arms.len() > 1;
            if !may_be_null || !self.may_not_be_null(&read) {
                read.extend(rest);
                return read;
            }
        }
        let arms: Vec<_> = arms.iter().map(|arm| Value::from(self.read(arm, Place::Inside))).collect();
        rest.insert(keyword.into(), arms.into());
        rest
    }

    /// A schema that is neither a reference nor a union.
    fn plain(&mut self, schema: &'a Object, place: Place) -> Object {
        let format = schema.get("format").and_then(Value::as_str);
        match format {
            Some("tensor") => return self.tensor(schema),
            Some("file") if place != Place::Inside => return self.file(schema),
            Some("binary") if place != Place::Inside && schema.contains_key("contentEncoding") => {
                return self.bytes(schema, place);
            }
            _ => {}
        }
        let mut names = types(schema).filter(|name| *name != "null");
        match (names.next(), names.next()) {
            (Some("array"), None) => self.array(schema, place),
            (Some("object"), None) => self.object(schema, place),
            _ => self.rest(schema, &[]),
        }
    }

    fn array(&mut self, schema: &'a Object, place: Place) -> Object {
        let inner = if place == Place::Argument { Place::InList } else { Place::Inside };
        let mut array = self.rest(schema, &["items", "prefixItems"]);
        array.insert("type".into(), "array".into());
        // The client looks into `items` of every array, so they have to be there and an object. A tuple has none.
        let items = schema.get("items").filter(|_| !schema.contains_key("prefixItems"));
        let items = items.map(|items| self.read(items, inner)).unwrap_or_default();
        array.insert("items".into(), items.into());
        array
    }

    fn object(&mut self, schema: &'a Object, place: Place) -> Object {
        let mut object = self.rest(schema, &["properties", "additionalProperties"]);
        object.insert("type".into(), "object".into());
        let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return object };
        let inner =
            if place == Place::Top && self.direction == Direction::In { Place::Argument } else { Place::Inside };
        let properties: Object =
            properties.iter().map(|(name, schema)| (name.clone(), self.read(schema, inner).into())).collect();
        object.insert("properties".into(), properties.into());
        let is_closed = schema.get("additionalProperties").is_none_or(|others| *others == json!(false));
        if is_closed { object } else { untyped(object) }
    }

    /// Shapes are there only where the client can do with them what it does: `reshape`, with one length left open.
    fn tensor(&self, schema: &Object) -> Object {
        let mut tensor = self.rest(schema, &["items", "minItems", "maxItems", "dtype", "shape"]);
        tensor.insert("type".into(), "tensor".into());
        tensor.insert("format".into(), "numpy-array".into());
        if let Some(dtype) = schema.get("dtype").and_then(Value::as_str) {
            tensor.insert("dtype".into(), numpy(dtype).into());
        }
        if let Some(shape) = schema.get("shape").and_then(Value::as_array) {
            let open = shape.iter().filter(|length| length.is_null()).count();
            if open <= 1 && shape.iter().all(|length| *length != json!(0)) {
                let shape = shape.iter().map(|length| length.as_u64().map_or(json!(-1), Value::from));
                tensor.insert("shape".into(), shape.collect());
            }
        }
        tensor
    }

    fn file(&self, schema: &Object) -> Object {
        let mut file = self.rest(schema, &["properties", "required", "contentEncoding", "contentMediaType"]);
        file.insert("type".into(), "file".into());
        let media_type = schema.get("contentMediaType").and_then(Value::as_str);
        let family = media_type.and_then(|media_type| media_type.split('/').next());
        let format = family.filter(|family| ["image", "audio", "video"].contains(family)).unwrap_or("binary");
        file.insert("format".into(), format.into());
        if let Some(media_type) = media_type {
            file.insert("content_type".into(), media_type.into());
        }
        file
    }

    /// Bytes among other arguments are sent as a file is; as the whole body they are `bytes` for the client.
    fn bytes(&self, schema: &Object, place: Place) -> Object {
        let mut bytes = self.rest(schema, &["contentEncoding"]);
        let name = if place == Place::Top { "string" } else { "file" };
        bytes.insert("type".into(), name.into());
        bytes
    }

    /// What a schema says besides `without`.
    fn rest(&self, schema: &Object, without: &[&str]) -> Object {
        let ours = ["$schema", "$defs"];
        let kept = schema.iter().filter(|(key, _)| !without.contains(&key.as_str()) && !ours.contains(&key.as_str()));
        kept.map(|(key, value)| (key.clone(), value.clone())).collect()
    }

    /// Whether the client must not be told what a value is that may be null: it would look into the null.
    ///
    /// Arguments it has to be told, where it cannot send them otherwise: an array of numpy, a file, a model. The caller
    /// leaves them out rather than to give `None`.
    fn may_not_be_null(&self, read: &Object) -> bool {
        match self.direction {
            Direction::In => !needs_help(read),
            // It takes no look into a file: nothing is one without bytes.
            Direction::Out => !is_of(read, "object") && !is_of(read, "file"),
        }
    }
}

/// Whether Python's json cannot write a value without help.
fn needs_help(schema: &Object) -> bool {
    let items = || schema.get("items").and_then(Value::as_object);
    is_of(schema, "tensor")
        || is_of(schema, "file")
        || is_of(schema, "object") && schema.contains_key("properties")
        || is_of(schema, "array") && items().is_some_and(needs_help)
}

fn is_of(schema: &Object, name: &str) -> bool {
    schema.get("type").is_some_and(|named| named == name)
}

/// The same without a type that the client knows.
fn untyped(mut schema: Object) -> Object {
    schema.remove("type");
    schema.remove("properties");
    schema.remove("items");
    schema
}

fn union(schema: &Object) -> Option<(&'static str, &[Value])> {
    ["anyOf", "oneOf", "allOf"].into_iter().find_map(|keyword| {
        let arms = schema.get(keyword)?.as_array()?;
        Some((keyword, arms.as_slice()))
    })
}

/// The names of the types of a schema.
fn types(schema: &Object) -> impl Iterator<Item = &str> {
    let (one, many) = match schema.get("type") {
        Some(Value::String(name)) => (Some(name.as_str()), None),
        Some(Value::Array(names)) => (None, Some(names)),
        _ => (None, None),
    };
    one.into_iter().chain(many.into_iter().flatten().filter_map(Value::as_str))
}

/// The name that numpy has for a dtype. It has none for `bf16`, whose values are all `f32` ones.
fn numpy(dtype: &str) -> &str {
    match dtype {
        "f32" | "bf16" => "float32",
        "f64" => "float64",
        "f16" => "float16",
        "i64" => "int64",
        "u32" => "uint32",
        "u8" => "uint8",
        other => other,
    }
}
