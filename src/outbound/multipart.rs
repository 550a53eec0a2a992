//! Arguments as a form, for methods that take files.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::{BufMut, Bytes, BytesMut};
use playhouse_actors::{CallResult, Error};
use serde_json::{Map, Value};

/// A form and its content type.
pub(super) struct Form {
    pub(super) content_type: String,
    pub(super) body: Bytes,
}

/// What a file is sent as if nothing is known of it.
const UNKNOWN_TYPE: &str = "application/octet-stream";

/// Writes arguments as a form: those among `files` as what they hold, all others as JSON.
///
/// # Errors
/// A file that is neither a base64 text nor an object with one in `data`.
pub(super) fn form(arguments: &Map<String, Value>, files: &[String], boundary: u128) -> CallResult<Form> {
    let boundary = format!("playhouse-{boundary:032x}");
    let mut body = BytesMut::new();
    for (name, value) in arguments {
        if !files.contains(name) {
            let content = serde_json::to_vec(value).unwrap_or_default();
            part(&mut body, &boundary, &format!("name=\"{}\"", quoted(name)), None, &content);
            continue;
        }
        for file in as_list(value) {
            write_file(&mut body, &boundary, name, file)?;
        }
    }
    body.put_slice(format!("--{boundary}--\r\n").as_bytes());
    Ok(Form { content_type: format!("multipart/form-data; boundary={boundary}"), body: body.freeze() })
}

/// One file, several, or none.
fn as_list(value: &Value) -> &[Value] {
    match value {
        Value::Array(files) => files,
        Value::Null => &[],
        file => std::slice::from_ref(file),
    }
}

fn write_file(body: &mut BytesMut, boundary: &str, field: &str, file: &Value) -> CallResult<()> {
    let data = file.as_str().or_else(|| file["data"].as_str());
    let content = data.and_then(|data| STANDARD.decode(data).ok());
    let content =
        content.ok_or_else(|| Error::rejected(field, "expected a file: base64, or an object with it in `data`"))?;
    // Without a name the server takes it for a text.
    let name = file["name"].as_str().unwrap_or(field);
    let about = format!("name=\"{}\"; filename=\"{}\"", quoted(field), quoted(name));
    let content_type = file["content_type"].as_str().filter(|given| !given.contains(['\r', '\n']));
    part(body, boundary, &about, Some(content_type.unwrap_or(UNKNOWN_TYPE)), &content);
    Ok(())
}

fn part(body: &mut BytesMut, boundary: &str, about: &str, content_type: Option<&str>, content: &[u8]) {
    body.put_slice(format!("--{boundary}\r\ncontent-disposition: form-data; {about}\r\n").as_bytes());
    if let Some(content_type) = content_type {
        body.put_slice(format!("content-type: {content_type}\r\n").as_bytes());
    }
    body.put_slice(b"\r\n");
    body.put_slice(content);
    body.put_slice(b"\r\n");
}

/// As browsers do: a name cannot end its quotation or its line.
fn quoted(name: &str) -> String {
    name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn written(arguments: &Value, files: &[&str]) -> CallResult<String> {
        let files: Vec<String> = files.iter().map(ToString::to_string).collect();
        let form = form(arguments.as_object().unwrap(), &files, 7)?;
        assert!(form.content_type.ends_with("boundary=playhouse-00000000000000000000000000000007"));
        Ok(String::from_utf8(form.body.to_vec()).unwrap().replace("--playhouse-00000000000000000000000000000007", "-B"))
    }

    #[test]
    fn files_are_what_they_hold_and_the_rest_is_json() {
        let arguments =
            json!({ "label": "a\"b", "file": { "name": "c\"\r\n.csv", "content_type": "text/csv", "data": "MSwy" } });
        let expected = "-B\r\ncontent-disposition: form-data; name=\"label\"\r\n\r\n\"a\\\"b\"\r\n\
                        -B\r\ncontent-disposition: form-data; name=\"file\"; filename=\"c%22%0D%0A.csv\"\r\n\
                        content-type: text/csv\r\n\r\n1,2\r\n-B--\r\n";
        assert_eq!(written(&arguments, &["file"]).unwrap(), expected);
        let several = written(&json!({ "file": ["MQ==", "Mg=="] }), &["file"]).unwrap();
        assert_eq!(several.matches("filename=\"file\"").count(), 2);
        assert_eq!(written(&json!({ "file": null }), &["file"]).unwrap(), "-B--\r\n");
    }

    #[test]
    fn what_is_no_file_is_the_callers_mistake() {
        for value in [json!(3), json!("not base64!"), json!({ "name": "x" })] {
            let error = written(&json!({ "file": value }), &["file"]).unwrap_err();
            assert!(error.to_string().starts_with("file: expected a file"), "{error}");
        }
    }
}
