"""Judges /docs.json: whether it is valid, and whether its examples are what it says and can be called."""

import contextlib
import socket
import sys

import httpx
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from checks import check, end

url = sys.argv[1]
document = httpx.get(f"{url}/docs.json").raise_for_status().json()
# References are those of the whole document.
judge = Draft202012Validator({"components": document["components"]})


def fits(value, schema):
    judge.evolve(schema={"components": document["components"], **schema}).validate(value)


with check("it is OpenAPI 3.1"):
    OpenAPIV31SpecValidator(document).validate()

operations = {
    (path, verb): operation
    for path, item in document["paths"].items()
    for verb, operation in item.items()
}


def arguments(operation):
    """What to send for an operation: its example."""
    body = operation["requestBody"]["content"].get("application/json")
    return {"json": body["example"]} if body else {"content": b"bytes"}


@contextlib.contextmanager
def task(path, is_over):
    """A task of the method at a path, by its example; one that listens on a port has not ended if that is wanted."""
    given = arguments(operations[path + "/submit", "post"])
    with socket.create_server(("127.0.0.1", 0)) as listener:
        if "port" in given.get("json", {}) and not is_over:
            given["json"] = {"port": listener.getsockname()[1]}
        answer = httpx.post(f"{url}{path}/submit", **given).raise_for_status()
        id = {"task_id": answer.json()["task_id"]}
        while is_over and httpx.get(f"{url}{path}/status", params=id).json()["finished_at"] is None:
            pass
        yield id


def send(path, verb, operation):
    """Sends an example of an operation."""
    accept = {"accept": next(iter(operation["responses"]["200"]["content"]))}
    if {"$ref": "#/components/parameters/task_id"} in operation.get("parameters", []):
        with task(path.rsplit("/", 1)[0], is_over=not path.endswith("/cancel")) as id:
            return httpx.request(verb, url + path, params=id, headers=accept)
    given = arguments(operation) if "requestBody" in operation else {}
    return httpx.request(verb, url + path, headers=accept, **given)


with check("operations have names of their own"):
    names = [operation["operationId"] for operation in operations.values()]
    assert len(names) == len(set(names)), names

with check("tasks have their five paths"):
    for ending, verb in {"submit": "post", "status": "get", "get": "get", "retry": "post", "cancel": "put"}.items():
        assert f"/linger/{ending}" in document["paths"], ending
        assert list(document["paths"][f"/linger/{ending}"]) == [verb], ending

statuses = {}
for (path, verb), operation in operations.items():
    with check(f"{verb} {path}: examples fit their schemas"):
        contents = [operation.get("requestBody", {})] + list(operation["responses"].values())
        for content in contents:
            for media in content.get("content", {}).values():
                if "example" in media:
                    fits(media["example"], media["schema"])

    with check(f"{verb} {path}: the example can be sent, and the answer is what was said"):
        answer = send(path, verb, operation)
        statuses[path] = answer.status_code
        said = operation["responses"][str(answer.status_code)]
        if "$ref" in said:
            said = document["components"]["responses"][said["$ref"].rsplit("/", 1)[1]]
        expected = (200, 204, 500, 504, 400) if path.endswith("/cancel") else (200, 204, 500, 504)
        assert answer.status_code in expected, (answer.status_code, answer.text)
        if answer.status_code == 204:
            assert "content" not in said and answer.content == b"", said
        else:
            kind = answer.headers["content-type"].split(";")[0]
            media = said["content"].get(kind) or said["content"]["*/*"]
            if kind == "application/json":
                fits(answer.json(), media["schema"])

with check("what is asked of tasks goes well"):
    for path in ("/later/submit", "/later/status", "/later/get", "/later/retry", "/linger/cancel", "/scan/submit"):
        assert statuses[path] == 200, (path, statuses[path])
    assert statuses["/keep"] == 204, "its example has no file"
    # Those that have ended, and said to have done so.
    assert statuses["/stumble/get"] == 500 and statuses["/later/cancel"] in (200, 400), statuses

end()
