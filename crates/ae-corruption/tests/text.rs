//! Noises and draws as text and in specifications.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may panic")]

use ae_corruption::{Clipping, Corruption, Draw, Gaussian, GaussianBlur, Masking, Noise, Speckle};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

/// Names and ranges as they are documented.
const KINDS: [(&str, f32, f32); 12] = [
    ("gaussian", 0.0, 100.0),
    ("masking", 0.0, 1.0),
    ("salt-and-pepper", 0.0, 1.0),
    ("speckle", 0.0, 100.0),
    ("poisson", 0.1, 500.0),
    ("occlusion", 0.0, 1.0),
    ("blur", 0.0, 100.0),
    ("correlated", 0.0, 100.0),
    ("jpeg", 1.0, 100.0),
    ("stripes", 0.0, 100.0),
    ("stains", 0.0, 1.0),
    ("uneven-light", 0.0, 1.0),
];

fn parse(text: &str) -> Noise {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[track_caller]
fn assert_refused(text: &str, message: &str) {
    assert_eq!(text.parse::<Noise>().unwrap_err().to_string(), message);
}

#[test]
fn a_text_is_the_noise_that_it_names() {
    let gaussian = Noise::from(Gaussian::new(0.1).unwrap());
    let masking = Noise::from(Masking::new(0.25).unwrap());
    assert_eq!(parse("gaussian:0.1"), gaussian);
    let chain = Noise::chain(vec![masking, gaussian]).unwrap();
    assert_eq!(parse("masking:0.25+gaussian:0.1"), chain);
    assert_eq!(parse(" masking : 0.25 + gaussian: 1e-1 "), chain);
    let choice = Noise::one_of(vec![parse("blur:1"), chain]).unwrap();
    assert_eq!(parse("blur:1|masking:0.25+gaussian:0.1"), choice);
    assert_eq!(parse(" blur:1 | masking:0.25 + gaussian:0.1"), choice);
}

#[test]
fn the_ends_of_a_range_are_allowed_and_nothing_beyond() {
    for (name, low, high) in KINDS {
        for value in [low, high] {
            assert_eq!(parse(&format!("{name}:{value}")).to_string(), format!("{name}:{value}"));
        }
        let range = format!("{name}:{low}..{high}");
        assert_eq!(parse(&range).to_string(), range);
        for value in [low.next_down(), high.next_up(), -1.0, f32::NAN, f32::INFINITY, 1e30] {
            let error = format!("{name}:{value}").parse::<Noise>().unwrap_err().to_string();
            assert!(error.starts_with(&format!("{name}: expected a ")), "{error}");
            assert!(error.ends_with(&format!(" from {low} to {high}, found {value}")), "{error}");
        }
    }
    assert_eq!(parse("gaussian:-0").to_string(), "gaussian:0");
}

#[test]
fn a_wrong_text_is_refused_with_what_was_expected() {
    assert_refused("masking:1.5", "masking: expected a probability from 0 to 1, found 1.5");
    assert_refused("poisson:0", "poisson: expected a peak from 0.1 to 500, found 0");
    assert_refused("blur:wide", "blur: expected a number as its sigma, found \"wide\"");
    assert_refused("blur", "blur: its sigma is missing; write blur:NUMBER");
    assert_refused("blur:", "blur: its sigma is missing; write blur:NUMBER");
    assert_refused("blur::unclipped", "blur: its sigma is missing; write blur:NUMBER");
    assert_refused(
        "gaussian:1:clipped",
        "gaussian: expected a number as its factor, found \"1:clipped\"",
    );
    for name in ["masking", "salt-and-pepper", "poisson", "occlusion", "jpeg", "stains"] {
        assert_refused(
            &format!("{name}:1:unclipped"),
            &format!(
                "{name}: has no unclipped form; those that have one are gaussian, speckle, blur, correlated, \
                 poisson-gaussian, stripes, uneven-light"
            ),
        );
    }
    let known = "known are gaussian, masking, salt-and-pepper, speckle, poisson, occlusion, blur, correlated, \
                 poisson-gaussian, jpeg, stripes, stains, uneven-light";
    let unknown = "there is no noise \"gausian\" (did you mean \"gaussian\"?); ".to_owned();
    assert_refused("gausian:0.5", &(unknown + known));
    let unknown = "there is no noise \"salt_and_pepper\" (did you mean \"salt-and-pepper\"?); ";
    assert_refused("salt_and_pepper:0.5", &(unknown.to_owned() + known));
    assert_refused("dropout:0.5", &("there is no noise \"dropout\"; ".to_owned() + known));
    for text in [
        "",
        " ",
        "+",
        "gaussian:0.5+",
        "+gaussian:0.5",
        "blur:1++blur:2",
        "|",
        "blur:1|",
        "blur:1||blur:2",
    ] {
        let expected = "expected a noise such as gaussian:0.5 or masking:0.25+gaussian:0.1, found ";
        assert_refused(text, &format!("{expected}{text:?}"));
    }
}

#[test]
fn a_noise_of_two_numbers_has_both() {
    for text in [
        "poisson-gaussian:30,0.01",
        "poisson-gaussian:30..100,5/255..10/255",
        "poisson-gaussian:30,0:unclipped",
        "correlated:25/255",
        "correlated:25/255,1.5",
        "correlated:5/255..25/255,0.5..1:unclipped",
        "poisson-gaussian:100000,0.01+masking:0.1|correlated:0.2,0.3",
    ] {
        assert_eq!(parse(text).to_string(), text);
        assert_eq!(parse(&format!(" {} ", text.replace(',', " , "))), parse(text));
    }
    let missing = "poisson-gaussian: its sigma is missing; write poisson-gaussian:NUMBER,NUMBER";
    assert_refused("poisson-gaussian:30", missing);
    assert_refused("poisson-gaussian:30,", missing);
    assert_refused("poisson-gaussian:,1", &missing.replace("sigma", "peak"));
    assert_refused("poisson-gaussian", &missing.replace("sigma", "peak"));
    assert_refused(
        "poisson-gaussian:30,1,2",
        "poisson-gaussian: expected a number as its sigma, found \"1,2\"",
    );
    assert_refused("correlated:1,0", "correlated: expected a blur from 0.3 to 10, found 0");
    let table = r#"{ sigma = "0.01..0.1", kind = "poisson-gaussian", peak = 30 }"#;
    assert_eq!(from_toml(table).unwrap(), parse("poisson-gaussian:30,0.01..0.1"));
    assert_eq!(
        from_toml(r#"{ kind = "correlated", factor = 0.5 }"#).unwrap(),
        parse("correlated:0.5")
    );
    for (table, message) in [
        (r#"{ kind = "poisson-gaussian", peak = 30 }"#, missing),
        (
            r#"{ kind = "correlated", blur = 1 }"#,
            r#"correlated: expected the key "factor" or "blur", found "blur""#,
        ),
    ] {
        let error = from_toml(table).unwrap_err();
        assert!(error.contains(message), "{table}: {error}");
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct Specification {
    noise: Noise,
    draw: Draw,
}

fn from_toml(noise: &str) -> Result<Noise, String> {
    toml::from_str(&format!("draw = \"once\"\nnoise = {noise}"))
        .map(|specification: Specification| specification.noise)
        .map_err(|error| error.to_string())
}

#[test]
fn a_specification_holds_text_a_table_or_a_list() {
    let gaussian = parse("gaussian:0.5");
    assert_eq!(from_toml(r#""gaussian:0.5""#).unwrap(), gaussian);
    assert_eq!(from_toml(r#"{ kind = "gaussian", factor = 0.5 }"#).unwrap(), gaussian);
    assert_eq!(from_toml(r#"{ peak = 30, kind = "poisson" }"#).unwrap(), parse("poisson:30"));
    let list = r#"["masking:0.25", { kind = "gaussian", factor = 0.5 }, ["blur:1"]]"#;
    assert_eq!(from_toml(list).unwrap(), parse("masking:0.25+gaussian:0.5+blur:1"));
    assert_eq!(from_toml(r#""blur:1|poisson:30""#).unwrap(), parse("blur:1|poisson:30"));
    let unclipped = from_toml(r#"{ kind = "gaussian", clip = false, factor = 0.5 }"#).unwrap();
    assert_eq!(unclipped, parse("gaussian:0.5:unclipped"));
    let clipped = from_toml(r#"{ kind = "gaussian", clip = true, factor = 0.5 }"#).unwrap();
    assert_eq!(clipped, gaussian);
}

#[test]
fn a_specification_is_written_with_texts() {
    let noise = parse("masking:0.25+gaussian:0.5");
    let text = toml::to_string(&Specification { noise, draw: Draw::EveryEpoch }).unwrap();
    assert_eq!(text, "noise = \"masking:0.25+gaussian:0.5\"\ndraw = \"every-epoch\"\n");
}

#[test]
fn a_wrong_specification_is_refused() {
    for (noise, message) in [
        (r#""masking:2""#, "masking: expected a probability from 0 to 1, found 2"),
        (r#"{ kind = "masking", probability = nan }"#, "from 0 to 1, found NaN"),
        (
            r#"{ kind = "masking", factor = 0.5 }"#,
            r#"expected the key "probability", found "factor""#,
        ),
        (r#"{ kind = "masking" }"#, "masking: its probability is missing"),
        (r#"{ factor = 0.5 }"#, "missing field `kind`"),
        (
            r#"{ kind = "gaussian", factor = 0.5, seed = 1 }"#,
            r#"gaussian: expected the key "factor", found "seed""#,
        ),
        ("[]", "expected a noise such as gaussian:0.5"),
        (
            r#"["blur:1|poisson:30", "masking:0.1"]"#,
            "a chain cannot hold the choice blur:1|poisson:30",
        ),
        ("0.5", "expected a noise: text such as"),
    ] {
        let error = from_toml(noise).unwrap_err();
        assert!(error.contains(message), "{noise}: {error}");
    }
    let twice = r#"{"kind":"blur","kind":"masking","sigma":1}"#;
    let error = serde_json::from_str::<Noise>(twice).unwrap_err().to_string();
    assert!(error.contains("duplicate field `kind`"), "{error}");
}

#[test]
fn a_draw_reads_alike_as_text_and_in_a_specification() {
    for (draw, text, epochs) in
        [(Draw::Once, "once", [0, 0]), (Draw::EveryEpoch, "every-epoch", [0, 9])]
    {
        assert_eq!(draw.to_string(), text);
        assert_eq!(text.parse::<Draw>().unwrap(), draw);
        assert_eq!(serde_json::to_string(&draw).unwrap(), format!("{text:?}"));
        assert_eq!([draw.epoch(0), draw.epoch(9)], epochs);
    }
    let error = "each epoch".parse::<Draw>().unwrap_err().to_string();
    assert!(error.contains("\"once\" or \"every-epoch\", found \"each epoch\""), "{error}");
}

#[test]
fn an_unclipped_noise_is_named_in_text() {
    let gaussian = Gaussian::new(0.5).unwrap().with_clipping(Clipping::Off);
    let speckle = Speckle::new(0.5).unwrap().with_clipping(Clipping::Off);
    let blur = GaussianBlur::new(0.5).unwrap().with_clipping(Clipping::Off);
    for (name, noise) in
        [("gaussian", Noise::from(gaussian)), ("speckle", speckle.into()), ("blur", blur.into())]
    {
        let text = format!("{name}:0.5:unclipped");
        assert_eq!(noise.to_string(), text);
        assert_eq!(parse(&text), noise);
        assert_eq!(parse(&format!(" {name} : 0.5 : unclipped ")), noise);
        assert_ne!(parse(&format!("{name}:0.5")), noise);
    }
}

fn single_noise() -> impl Strategy<Value = Noise> {
    (prop::sample::select(&KINDS[..]), 0.0..=1.0_f32).prop_map(|((name, low, high), share)| {
        let value = (low + share * (high - low)).clamp(low, high);
        let value = if name == "jpeg" { value.round() } else { value };
        parse(&format!("{name}:{value}"))
    })
}

proptest! {
    #[test]
    fn a_noise_is_read_again_from_its_text(
        chains in prop::collection::vec(prop::collection::vec(single_noise(), 1..4), 1..4),
    ) {
        let chains = chains.into_iter().map(|links| Noise::chain(links).unwrap());
        let noise = Noise::one_of(chains.collect()).unwrap();
        prop_assert_eq!(&parse(&noise.to_string()), &noise);
        let json = serde_json::to_string(&noise).unwrap();
        prop_assert_eq!(serde_json::from_str::<Noise>(&json).unwrap(), noise);
    }

    #[test]
    fn chains_in_chains_are_one_chain(links in prop::collection::vec(single_noise(), 3)) {
        let [first, second, third] = <[Noise; 3]>::try_from(links).unwrap();
        let inner = Noise::chain(vec![second.clone(), third.clone()]).unwrap();
        let nested = Noise::chain(vec![first.clone(), inner]).unwrap();
        prop_assert_eq!(nested, Noise::chain(vec![first, second, third]).unwrap());
    }

    #[test]
    fn choices_in_choices_are_one_choice(noises in prop::collection::vec(single_noise(), 3)) {
        let [first, second, third] = <[Noise; 3]>::try_from(noises).unwrap();
        let inner = Noise::one_of(vec![second.clone(), third.clone()]).unwrap();
        let nested = Noise::one_of(vec![first.clone(), inner]).unwrap();
        prop_assert_eq!(nested, Noise::one_of(vec![first, second, third]).unwrap());
    }

    #[test]
    fn any_text_is_read_or_refused(
        text in prop_oneof![any::<String>(), "[a-z:+|. 0-9-]{0,40}", "(blur|masking|poisson):\\PC{0,8}"],
    ) {
        if let Ok(noise) = text.parse::<Noise>() {
            prop_assert_eq!(parse(&noise.to_string()), noise);
        }
    }
}

#[test]
fn noises_that_need_neighbours_or_cover_nothing_are_found_in_chains_and_choices() {
    let text = |noise: Option<&Noise>| noise.map(ToString::to_string);
    for (written, spatial) in [
        ("gaussian:0.5", None),
        ("masking:0.1+salt-and-pepper:0.1|speckle:1|poisson:9", None),
        ("blur:1", Some("blur:1")),
        ("masking:0.1+occlusion:0.9+blur:1", Some("occlusion:0.9")),
        ("masking:0.1|gaussian:0.1+blur:2", Some("blur:2")),
        ("poisson-gaussian:9,0.1", None),
        ("jpeg:50", Some("jpeg:50")),
        ("correlated:0.1", Some("correlated:0.1")),
        ("occlusion:0.1..0.5", Some("occlusion:0.1..0.5")),
    ] {
        assert_eq!(text(parse(written).spatial()).as_deref(), spatial, "{written}");
    }
    // Half a row is rounded up to one.
    for (written, idle) in
        [("occlusion:0.49", true), ("occlusion:0.5", false), ("occlusion:0", false)]
    {
        assert_eq!(parse(written).without_effect(1, 30).is_some(), idle, "{written}");
        assert_eq!(parse(written).without_effect(30, 1).is_some(), idle, "{written}");
    }
    assert_eq!(parse("masking:1|occlusion:0.1").without_effect(30, 30), None);
    // The strongest of a range decides.
    assert!(parse("occlusion:0..0.49").without_effect(1, 30).is_some());
    assert!(parse("occlusion:0..0.5").without_effect(1, 30).is_none());
    // A chain has an effect as long as one of its links has one.
    let chain = parse("masking:1+occlusion:0.1");
    assert_eq!(text(chain.without_effect(1, 30)).as_deref(), Some("occlusion:0.1"));
    assert!(!chain.is_without_effect(1, 30));
}

#[test]
fn noises_that_need_values_from_0_to_1_are_known() {
    for (text, needs) in [
        ("masking:0.2", false),
        ("occlusion:0.5", false),
        ("masking:0.2+occlusion:0.1", false),
        ("gaussian:0.1", true),
        ("salt-and-pepper:0.1", true),
        ("speckle:0.1", true),
        ("poisson:30", true),
        ("blur:1", true),
        ("masking:0.2+gaussian:0.1", true),
        ("masking:0.2|gaussian:0.1", true),
        ("gaussian:0.1:unclipped", false),
        ("speckle:0.1:unclipped+blur:1:unclipped", false),
        ("gaussian:0.1:unclipped+speckle:0.1", true),
        ("gaussian:0.1..0.2:unclipped", false),
        ("gaussian:0.1..0.2", true),
        ("stripes:0.1:unclipped+uneven-light:0.1:unclipped+correlated:0.1:unclipped", false),
        // Counts need a pixel from 0 to 1, whatever is done with the result.
        ("poisson-gaussian:30,0.1:unclipped", true),
        ("jpeg:30", true),
        ("stains:0.1", true),
    ] {
        assert_eq!(parse(text).needs_unit_range(), needs, "{text}");
    }
}
