//! The API as an OpenAPI 3.1 description.

use serde_json::{Map, Value, json};

/// The description: the same for every model; shapes of a model are at `/v1/model`.
pub fn description() -> Value {
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "ae serve",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "A trained autoencoder: reconstruct, denoise, encode, decode, score.",
            "description": "An item is an image of the model's shape with values from 0 to 1, channels first, or a row of a \
                table in its own units. Lists may be flat or nested. An item has the same result alone and in every batch.",
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "security": [{}, { "token": [] }],
        "paths": paths(),
        "components": {
            "securitySchemes": {
                "token": { "type": "http", "scheme": "bearer", "description": "Needed if the server has a --token-file." },
            },
            "schemas": schemas(),
        },
    })
}

fn paths() -> Value {
    let of_items = ["noise", "seed", "resize", "include"];
    let of_results = ["noise", "seed", "noise_level", "resize", "include"];
    json!({
        "/v1/reconstruct": { "post": of_post("reconstruct", "Encode and decode items", "Items", true, &of_results) },
        "/v1/denoise": { "post": of_post("denoise", "Remove noise from items", "Items", true, &of_results) },
        "/v1/encode": { "post": of_post("encode", "Encode items to codes", "Items", true, &of_items) },
        "/v1/decode": { "post": of_post("decode", "Decode codes to items", "Codes", false, &[]) },
        "/v1/score": { "post": of_post("score", "Judge items by the anomaly detector", "Items", true, &of_items) },
        "/v1/sample": { "post": of_post("sample", "Draw new items from a variational model", "Sample", false, &["count", "seed"]) },
        "/v1/model": { "get": of_get("model", "What is served, and what it can do", "Model") },
        "/v1/examples": { "get": of_get("examples", "Items of the model's data, and a map of their codes", "Examples") },
        "/healthz": { "get": of_get("healthz", "Whether the server answers", "Health") },
        "/openapi.json": { "get": of_get("openapi", "This description", "Description") },
        "/metrics": { "get": {
            "operationId": "metrics",
            "summary": "Counters in the text format of Prometheus",
            "responses": {
                "200": { "description": "The counters", "content": { "text/plain": { "schema": { "type": "string" } } } },
                "default": fault(),
            },
        } },
    })
}

fn of_get(id: &str, summary: &str, schema: &str) -> Value {
    json!({
        "operationId": id,
        "summary": summary,
        "responses": { "200": answered(schema), "default": fault() },
    })
}

/// A request with a body of JSON and, for items, of a picture.
fn of_post(id: &str, summary: &str, body: &str, takes_pictures: bool, options: &[&str]) -> Value {
    let mut content = Map::new();
    content.insert("application/json".to_owned(), json!({ "schema": reference(body) }));
    if takes_pictures {
        for kind in ["image/png", "image/jpeg"] {
            content.insert(kind.to_owned(), json!({ "schema": {} }));
        }
    }
    let known = option_schemas();
    let parameters: Vec<Value> = options
        .iter()
        .map(|name| json!({ "name": name, "in": "query", "schema": known[*name], "description": known[*name]["description"] }))
        .collect();
    let mut responses = Map::new();
    responses.insert("200".to_owned(), answered("Answer"));
    for (status, when) in [
        ("400", "The body is no JSON, or ended early"),
        ("401", "The token is missing or wrong"),
        ("408", "The body did not arrive in time"),
        ("409", "The model cannot do this"),
        ("413", "The body is too large"),
        ("415", "The body is of another kind"),
        ("422", "The items or options do not fit the model"),
        ("503", "The server is busy; the header Retry-After says when to ask again"),
    ] {
        responses
            .insert(status.to_owned(), json!({ "description": when, "content": of_json("Fault") }));
    }
    responses.insert("default".to_owned(), fault());
    json!({
        "operationId": id,
        "summary": summary,
        "parameters": parameters,
        "requestBody": { "required": true, "content": content },
        "responses": responses,
    })
}

fn answered(schema: &str) -> Value {
    json!({ "description": "The answer", "content": of_json(schema) })
}

fn fault() -> Value {
    json!({ "description": "What is wrong", "content": of_json("Fault") })
}

fn of_json(schema: &str) -> Value {
    json!({ "application/json": { "schema": reference(schema) } })
}

fn reference(schema: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{schema}") })
}

fn option_schemas() -> Value {
    json!({
        "noise": { "type": "string", "maxLength": 200, "examples": ["gaussian:0.5", "masking:0.25+blur:1"],
            "description": "Noise on the items before the model sees them; /v1/model lists names under `noises`." },
        "seed": { "type": "integer", "minimum": 0, "default": 42, "description": "The seed of noise and samples." },
        "noise_level": { "type": "number", "minimum": 0, "maximum": 1,
            "description": "The standard deviation of the noise, for a network that is told it; estimated if left out." },
        "resize": { "type": "string", "enum": ["none", "fit", "crop"], "default": "none",
            "description": "What happens to a picture of another size." },
        "include": { "type": "string", "examples": ["codes,errors"],
            "description": "What else is answered: some of inputs, codes, errors, verdicts, with commas between." },
        "count": { "type": "integer", "minimum": 1, "maximum": 256, "default": 1, "description": "The number of samples." },
    })
}

fn schemas() -> Value {
    let numbers = json!({ "type": "array", "items": { "type": ["number", "array"] } });
    let rows =
        json!({ "type": "array", "items": { "type": "array", "items": { "type": "number" } } });
    let mut options = option_schemas();
    options["include"] = json!({
        "description": options["include"]["description"],
        "oneOf": [
            { "type": "string" },
            { "type": "array", "items": { "enum": ["inputs", "codes", "errors", "verdicts"] } },
        ],
    });
    let with = |names: &[&str], numbers: &[(&str, &str)], list: &Value| {
        let mut properties = Map::new();
        for (name, what) in numbers {
            let mut schema = list.clone();
            schema["description"] = json!(what);
            properties.insert((*name).to_owned(), schema);
        }
        for name in names {
            properties.insert((*name).to_owned(), options[*name].clone());
        }
        json!({ "type": "object", "properties": properties, "additionalProperties": false })
    };
    let mut items = with(
        &["noise", "seed", "noise_level", "include", "resize"],
        &[("item", "One item, flat or nested"), ("items", "Several items")],
        &numbers,
    );
    items["oneOf"] = json!([{ "required": ["item"] }, { "required": ["items"] }]);
    let mut codes = with(&[], &[("code", "One code"), ("codes", "Several codes")], &numbers);
    codes["oneOf"] = json!([{ "required": ["code"] }, { "required": ["codes"] }]);
    json!({
        "Items": items,
        "Codes": codes,
        "Sample": with(&["count", "seed"], &[], &numbers),
        "Answer": answer(&rows),
        "Model": object(&["name", "kind", "item", "shape", "latent_dim", "parameters", "network", "can", "noises", "limits"]),
        "Examples": object(&["state"]),
        "Health": object(&["status"]),
        "Description": object(&["openapi", "info", "paths"]),
        "Fault": {
            "type": "object",
            "properties": {
                "error": { "type": "string" }, "expected": { "type": "string" },
                "found": { "type": "string" }, "what_to_do": { "type": "string" },
            },
            "required": ["error", "expected", "found", "what_to_do"],
            "additionalProperties": false,
        },
    })
}

fn object(required: &[&str]) -> Value {
    json!({ "type": "object", "required": required })
}

fn answer(rows: &Value) -> Value {
    let described = |what: &str| {
        let mut rows = rows.clone();
        rows["description"] = json!(what);
        rows
    };
    json!({
        "type": "object",
        "properties": {
            "items": { "type": "integer", "minimum": 1, "description": "The number of items" },
            "shape": { "type": "array", "items": { "type": "integer" }, "description": "Channels, height and width of an item" },
            "reconstructions": described("Of /v1/reconstruct: flat items"),
            "denoised": described("Of /v1/denoise: flat items"),
            "decoded": described("Of /v1/decode: flat items"),
            "samples": described("Of /v1/sample: flat items"),
            "codes": described("Codes"),
            "inputs": described("The items as the model has seen them, with their noise"),
            "errors": described("The squared error of each number against the item without noise; of /v1/score as its score weighs it"),
            "mse": { "type": "array", "items": { "type": "number" }, "description": "Mean squared error of each item" },
            "noise_levels": { "type": "array", "items": { "type": "number" }, "description": "What the network was told" },
            "verdicts": { "type": "array", "items": {
                "type": "object",
                "properties": {
                    "score": { "type": "number" }, "p_value": { "type": "number" }, "is_anomaly": { "type": "boolean" },
                },
                "required": ["score", "p_value", "is_anomaly"],
            } },
            "threshold": { "type": "number", "description": "Scores above it are anomalies" },
        },
        "required": ["items"],
        "additionalProperties": false,
    })
}
