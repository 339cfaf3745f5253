//! `/openapi.json` names the routes that there are, and what is sent and answered fits it.

use ae_serve::{openapi, route_names};
use serde_json::{Value, json};

use crate::support::*;

/// Methods and paths of the description.
fn described() -> Vec<(String, String)> {
    let description = openapi();
    let paths = description["paths"].as_object().unwrap();
    let operations = paths.iter().flat_map(|(path, methods)| {
        methods.as_object().unwrap().keys().map(move |method| (method.to_uppercase(), path.clone()))
    });
    let mut operations: Vec<_> = operations.collect();
    operations.sort();
    operations
}

#[test]
fn the_description_lists_exactly_the_routes() {
    let is_page = |path: &str| path == "/" || path.starts_with("/page/");
    let routes = route_names().into_iter().filter(|(_, path)| !is_page(path));
    let mut routes: Vec<_> = routes.map(|(m, p)| (m.to_owned(), p.to_owned())).collect();
    routes.sort();
    assert_eq!(described(), routes);
}

#[test]
fn every_route_answers_its_method_and_no_other() {
    let served = Served::model(regular());
    for (method, path) in route_names() {
        let other = if method == "POST" { "GET" } else { "POST" };
        let answer = served.send(head(method, path, &[], Some(0)).as_bytes());
        assert!(![404, 405, 500].contains(&answer.status), "{method} {path}: {}", answer.status);
        for wrong in [other, "DELETE", "PUT", "OPTIONS"] {
            let answer = served.send(head(wrong, path, &[], Some(0)).as_bytes());
            answer.is_fault(405, "method");
            let allowed = answer.header("allow").unwrap();
            assert!(allowed.contains(method), "{wrong} {path}: {allowed}");
        }
    }
    let described = served.get("/openapi.json").ok();
    assert_eq!(described, openapi());
    assert_eq!(described["openapi"], "3.1.0");
}

/// Every `$ref` leads somewhere.
#[test]
fn references_of_the_description_exist() {
    let description = openapi();
    let text = description.to_string();
    let mut count = 0;
    for part in text.split("\"$ref\":\"#").skip(1) {
        let pointer = part.split('"').next().unwrap();
        assert!(description.pointer(pointer).is_some(), "{pointer}");
        count += 1;
    }
    assert!(count > 20, "{count}");
}

/// The fields of an answer are those of its schema.
fn fits(answer: &Value, schema: &str) {
    let schema = &openapi()["components"]["schemas"][schema];
    let answer = answer.as_object().unwrap();
    for required in schema["required"].as_array().unwrap() {
        assert!(answer.contains_key(required.as_str().unwrap()), "no {required}");
    }
    if schema["additionalProperties"] == false {
        for field in answer.keys() {
            assert!(schema["properties"].get(field).is_some(), "{field} is not described");
        }
    }
}

#[test]
fn answers_have_the_fields_that_are_described() {
    let served = Served::model(vae());
    let all = "inputs,codes,errors";
    let item = json!({ "item": numbers(20), "include": all, "noise": "masking:0.1", "seed": 1 });
    fits(&served.post("/v1/reconstruct", &item.to_string()).ok(), "Answer");
    fits(&served.post("/v1/encode", &item.to_string()).ok(), "Answer");
    fits(&served.post("/v1/decode", r#"{"code": [0, 1]}"#).ok(), "Answer");
    fits(&served.post("/v1/sample", "{}").ok(), "Answer");
    fits(&served.get("/v1/model").ok(), "Model");
    fits(&served.get("/v1/examples").ok(), "Examples");
    fits(&served.get("/healthz").ok(), "Health");
    fits(&served.get("/nowhere").json(), "Fault");
    // Every field that a schema names is taken.
    let schema = openapi()["components"]["schemas"]["Items"]["properties"].clone();
    for field in schema.as_object().unwrap().keys().filter(|field| !field.starts_with("item")) {
        let body = json!({ "item": numbers(20), field: "wrong" });
        let told = served.post("/v1/encode", &body.to_string()).json().to_string();
        assert!(!told.contains("no such option"), "{field}: {told}");
    }
}
