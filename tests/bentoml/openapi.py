"""Judges /docs.json: whether it is valid, and whether its examples are what it says and can be called."""

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

operations = [
    (path, verb, operation)
    for path, item in document["paths"].items()
    for verb, operation in item.items()
]

with check("operations have names of their own"):
    names = [operation["operationId"] for _, _, operation in operations]
    assert len(names) == len(set(names)), names

for path, verb, operation in operations:
    with check(f"{verb} {path}: examples fit their schemas"):
        contents = [operation.get("requestBody", {})] + list(operation["responses"].values())
        for content in contents:
            for media in content.get("content", {}).values():
                if "example" in media:
                    fits(media["example"], media["schema"])

    with check(f"{verb} {path}: the example can be sent, and the answer is what was said"):
        if verb == "get":
            answer = httpx.get(url + path)
        else:
            body = operation["requestBody"]["content"].get("application/json")
            given = {"json": body["example"]} if body else {"content": b"bytes"}
            accept = next(iter(operation["responses"]["200"]["content"]))
            answer = httpx.request(verb, url + path, headers={"accept": accept}, **given)
        said = operation["responses"][str(answer.status_code)]
        if "$ref" in said:
            said = document["components"]["responses"][said["$ref"].rsplit("/", 1)[1]]
        assert answer.status_code in (200, 500, 504), (answer.status_code, answer.text)
        kind = answer.headers["content-type"].split(";")[0]
        media = said["content"].get(kind) or said["content"]["*/*"]
        if kind == "application/json":
            fits(answer.json(), media["schema"])

end()
