//! Noises that a program registers under a name of its own.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may panic")]

use std::fmt;

use ae_corruption::{Corruption, Noise, Seed, Stream, register_noise};

/// Adds an offset. Its text is written by a function, so that tests can make it wrong.
#[derive(Debug)]
struct Offset {
    amount: f32,
    text: fn(f32) -> String,
}

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&(self.text)(self.amount))
    }
}

impl Corruption for Offset {
    fn corrupt(&self, values: &mut [f32], _height: usize, _width: usize, stream: &mut Stream) {
        // The draw shows that links share one stream.
        let amount = self.amount * stream.uniform();
        values.iter_mut().for_each(|value| *value += amount);
    }

    fn needs_unit_range(&self) -> bool {
        false
    }

    fn is_without_effect(&self, height: usize, _width: usize) -> bool {
        height == 1
    }
}

fn offset(argument: &str, text: fn(f32) -> String) -> Result<Offset, String> {
    let amount = argument.parse().map_err(|_| format!("expected an amount, found {argument:?}"))?;
    Ok(Offset { amount, text })
}

/// Registers `name`, which every test chooses differently: names are shared by the whole program.
fn register(name: &str, text: fn(f32) -> String) {
    register_noise(name, move |argument| offset(argument, text)).unwrap();
}

fn error(text: &str) -> String {
    text.parse::<Noise>().unwrap_err().to_string()
}

#[test]
fn it_is_read_chained_chosen_and_written() {
    register("my-noise", |amount| format!("my-noise:{amount}"));
    for text in [
        "my-noise:0.3",
        "my-noise:0.3+gaussian:0.1",
        "gaussian:0.1+my-noise:-2+my-noise:0.5|blur:1",
    ] {
        let noise: Noise = text.parse().unwrap();
        assert_eq!(noise.to_string(), text);
        let json = serde_json::to_string(&noise).unwrap();
        assert_eq!(serde_json::from_str::<Noise>(&json).unwrap(), noise);
    }
    assert_eq!(" my-noise : 3e-1 ".parse::<Noise>().unwrap().to_string(), "my-noise:0.3");
}

#[test]
fn it_corrupts_within_a_chain() {
    register("drawn-offset", |amount| format!("drawn-offset:{amount}"));
    let stream = Seed::new(42).stream("user-defined");
    let noise: Noise = "drawn-offset:100+masking:0.5".parse().unwrap();
    let mut values = [1.0; 64];
    noise.corrupt(&mut values, 8, 8, &mut stream.clone());
    let mut one_stream = stream;
    let expected = 1.0 + 100.0 * one_stream.uniform();
    assert!(expected > 2.0, "{expected}: another seed is needed");
    let mut uniforms = [0.0; 64];
    one_stream.fill_uniform(&mut uniforms);
    assert_eq!(values, uniforms.map(|uniform| if uniform < 0.5 { 0.0 } else { expected }));
}

#[test]
fn its_properties_are_asked_for_in_chains() {
    register("flat-offset", |amount| format!("flat-offset:{amount}"));
    let noise: Noise = "flat-offset:1+masking:0.5".parse().unwrap();
    assert!(!noise.needs_unit_range());
    assert_eq!(noise.spatial(), None);
    assert_eq!(noise.without_effect(1, 5), Some(&"flat-offset:1".parse().unwrap()));
    assert_eq!(noise.without_effect(2, 5), None);
}

#[test]
fn a_refused_argument_names_the_noise_and_the_reason() {
    register("strict", |amount| format!("strict:{amount}"));
    assert_eq!(error("strict:wide"), "strict: expected an amount, found \"wide\"");
    assert_eq!(error("blur:1+strict"), "strict: expected an amount, found \"\"");
}

#[test]
fn a_near_miss_of_its_name_is_told() {
    register("film-grain", |amount| format!("film-grain:{amount}"));
    let error = error("film_grain:0.1");
    assert!(error.starts_with("there is no noise \"film_grain\" (did you mean \"film-grain\"?)"));
    assert!(error.contains("gaussian") && error.contains(", film-grain"), "{error}");
}

#[test]
fn a_text_that_would_not_be_read_again_is_refused() {
    type Text = fn(f32) -> String;
    let wrong: [(&str, Text); 4] = [
        ("other-name", |amount| format!("another-name:{amount}")),
        ("with-plus", |amount| format!("with-plus:{amount:+}")),
        ("rounded", |amount| format!("rounded:{}", amount + 1.0)),
        ("spaced", |amount| format!("spaced: {amount}")),
    ];
    for (name, text) in wrong {
        register(name, text);
        let error = error(&format!("{name}:0.5"));
        let expected = format!("{name}: its text {:?} is not read as the same noise", text(0.5));
        assert!(error.starts_with(&expected), "{error}");
    }
}

#[test]
fn a_table_is_refused_in_favour_of_text() {
    register("tabular", |amount| format!("tabular:{amount}"));
    let table = r#"{"kind": "tabular", "amount": 1}"#;
    let error = serde_json::from_str::<Noise>(table).unwrap_err().to_string();
    assert!(error.starts_with("tabular: a user-defined noise is written as text"), "{error}");
}

#[test]
fn a_name_is_taken_once_and_must_fit_into_text() {
    let parser = |argument: &str| offset(argument, |amount| format!("{amount}"));
    register("taken", |amount| format!("taken:{amount}"));
    for name in ["taken", "blur"] {
        let error = register_noise(name, parser).unwrap_err().to_string();
        let expected =
            format!("there is a noise named {name:?} already; register it under another name");
        assert_eq!(error, expected);
    }
    for name in ["", "My-Noise", "my noise", "a+b", "a|b", "a:b", "-a", "1a", "é"] {
        let error = register_noise(name, parser).unwrap_err().to_string();
        assert!(error.ends_with(&format!("found {name:?}")), "{error}");
    }
}
