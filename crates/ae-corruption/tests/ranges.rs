//! Numbers as fractions and as ranges, and the noise level of an item.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may panic")]

use ae_corruption::{Corruption, Noise, corrupt_batch, corrupt_batch_with_levels};
use ae_random::{Seed, Stream};
use serde::Deserialize;

const SIDE: usize = 9;
const SIZE: usize = SIDE * SIDE;

fn parse(text: &str) -> Noise {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn stream() -> Stream {
    Seed::new(42).stream("ranges")
}

fn refusal(text: &str) -> String {
    text.parse::<Noise>().map_or_else(|error| error.to_string(), |noise| format!("read as {noise}"))
}

fn corrupted(text: &str) -> Vec<f32> {
    let mut image: Vec<f32> = (0..SIZE).map(|place| 0.3 + (place % 7) as f32 / 20.0).collect();
    parse(text).corrupt(&mut image, SIDE, SIDE, &mut stream());
    image
}

#[test]
fn numbers_are_written_as_they_were_read() {
    for text in [
        "gaussian:25/255",
        "gaussian:25/255:unclipped",
        "gaussian:5/255..55/255",
        "gaussian:0..55/255:unclipped",
        "masking:0.1..0.5",
        "salt-and-pepper:1/20..0.3",
        "speckle:0.1..1",
        "poisson:20..60",
        "occlusion:1/4..1/2",
        "blur:0.5..2:unclipped",
        "masking:0.1..0.2+gaussian:25/255|blur:1",
    ] {
        let noise = parse(text);
        assert_eq!(noise.to_string(), text);
        assert_eq!(parse(&noise.to_string()), noise);
        let json = serde_json::to_string(&noise).unwrap();
        assert_eq!(serde_json::from_str::<Noise>(&json).unwrap().to_string(), text);
    }
    assert_eq!(parse(" gaussian : 25 / 255 .. 5e1/255 ").to_string(), "gaussian:25/255..50/255");
    assert_eq!(parse("gaussian:-0/255").to_string(), "gaussian:0/255");
}

#[test]
fn a_fraction_is_its_quotient() {
    assert_eq!(corrupted("gaussian:25/255"), corrupted(&format!("gaussian:{}", 25.0_f32 / 255.0)));
    assert_ne!(parse("gaussian:1/2"), parse("gaussian:0.5"));
    for wrong in ["25/0", "1/-2", "1/nan", "inf/2", "1/2/3", "/2", "1/", "a/2"] {
        let expected = format!("gaussian: expected a number as its factor, found {wrong:?}");
        assert_eq!(refusal(&format!("gaussian:{wrong}")), expected);
    }
    assert_eq!(refusal("masking:3/2"), "masking: expected a probability from 0 to 1, found 1.5");
}

#[test]
fn a_range_with_its_ends_exchanged_is_refused() {
    assert_eq!(
        refusal("gaussian:55/255..5/255"),
        "gaussian: expected a range of its factor from the lower to the higher end, found \
         55/255..5/255; write 5/255..55/255"
    );
}

#[test]
fn a_range_of_one_value_is_refused() {
    let expected =
        "blur: expected a range of its sigma with two different ends, found 1..2/2; write 1";
    assert_eq!(refusal("blur:1..2/2"), expected);
    assert!(refusal("masking:0..-0").contains("two different ends"));
}

#[test]
fn a_range_beyond_the_noises_own_is_refused() {
    let expected = "masking: expected a probability from 0 to 1, found ";
    assert_eq!(refusal("masking:0.5..1.5"), format!("{expected}1.5"));
    assert_eq!(refusal("masking:-0.5..0.5"), format!("{expected}-0.5"));
    assert_eq!(refusal("masking:0.5..inf"), format!("{expected}inf"));
    assert_eq!(refusal("masking:nan..0.5"), format!("{expected}NaN"));
    assert_eq!(refusal("poisson:0..30"), "poisson: expected a peak from 0.1 to 500, found 0");
}

#[test]
fn a_range_without_an_end_is_refused() {
    for text in ["..", "..0.5", "0.5..", "0.1..0.2..0.3", "0.1...0.2.1"] {
        let refused = refusal(&format!("masking:{text}"));
        assert!(refused.starts_with("masking: expected a number as its probability"), "{refused}");
    }
    assert!(refusal("masking:0.1..0.5:unclipped").starts_with("masking: has no unclipped form"));
}

#[derive(Debug, Deserialize)]
struct Specification {
    noise: Noise,
}

#[test]
fn a_table_holds_numbers_fractions_and_ranges() {
    let read = |table: &str| {
        toml::from_str::<Specification>(&format!("noise = {table}"))
            .map(|specification| specification.noise.to_string())
            .map_err(|error| error.to_string())
    };
    for (table, text) in [
        (r#"{ kind = "gaussian", factor = "25/255" }"#, "gaussian:25/255"),
        (
            r#"{ kind = "gaussian", factor = "5/255 .. 55/255", clip = false }"#,
            "gaussian:5/255..55/255:unclipped",
        ),
        (r#"{ kind = "masking", probability = "0.1..0.5" }"#, "masking:0.1..0.5"),
        (r#"{ kind = "blur", sigma = 2 }"#, "blur:2"),
    ] {
        assert_eq!(read(table).unwrap(), text);
    }
    let error = read(r#"{ kind = "blur", sigma = "3..2" }"#).unwrap_err();
    assert!(error.contains("blur: expected a range of its sigma from the lower"), "{error}");
    let error = read(r#"{ kind = "blur", sigma = true }"#).unwrap_err();
    assert!(error.contains("expected a number, or text such as \"25/255\""), "{error}");
}

/// The strength is the first number of the item's stream, and the noise draws what follows.
#[test]
fn a_range_draws_the_strength_before_the_noise() {
    let mut by_hand = stream();
    let factor = 0.1 + by_hand.uniform() * (0.4 - 0.1);
    let mut expected = vec![0.5; SIZE];
    parse(&format!("gaussian:{factor}")).corrupt(&mut expected, SIDE, SIDE, &mut by_hand);

    let mut image = vec![0.5; SIZE];
    let mut stream = stream();
    let level = parse("gaussian:0.1..0.4").corrupt_with_level(&mut image, SIDE, SIDE, &mut stream);
    assert_eq!((image, level), (expected, Some(factor)));
    assert_eq!(stream.next_u32(), by_hand.next_u32());
}

#[test]
fn the_strengths_of_a_range_are_uniform_and_differ_by_item_and_epoch() {
    let noise = parse("gaussian:0.2..0.6");
    let stream = stream();
    let count = 20_000;
    let levels = |epoch: u32| -> Vec<f32> {
        let items: Vec<u32> = (0..count).collect();
        let mut batch = vec![0.5; items.len()];
        let levels = corrupt_batch_with_levels(&noise, &mut batch, &items, 1, 1, epoch, &stream);
        levels.into_iter().map(Option::unwrap).collect()
    };
    let first = levels(0);
    assert!(first.iter().all(|level| (0.2..=0.6).contains(level)));
    // Each tenth holds 2000 of 20 000, with a standard deviation of 42.
    let mut tenths = [0; 10];
    first.iter().for_each(|level| tenths[(((level - 0.2) / 0.04) as usize).min(9)] += 1);
    assert!(tenths.iter().all(|count| (1790..2210).contains(count)), "{tenths:?}");
    assert_eq!(first, levels(0));
    let equal = first.iter().zip(levels(1)).filter(|(a, b)| **a == *b).count();
    assert!(equal < 20, "{equal} strengths of another epoch are equal");
}

#[test]
fn every_item_has_the_noise_of_its_strength() {
    let stream = stream();
    let mut batch = vec![0.5; 2 * SIZE];
    let noise = parse("masking:0.2|gaussian:5/255..55/255:unclipped");
    let mut same = batch.clone();
    let items: Vec<u32> = (0..200).collect();
    for items in items.chunks(2) {
        batch.fill(0.5);
        same.fill(0.5);
        let levels = corrupt_batch_with_levels(&noise, &mut batch, items, SIDE, SIDE, 3, &stream);
        corrupt_batch(&noise, &mut same, items, SIDE, SIDE, 3, &stream);
        assert_eq!(batch, same);
        for (item, level) in batch.chunks(SIZE).zip(levels) {
            let is_masked = item.iter().all(|&x| x == 0.0 || x == 0.5);
            assert_eq!(level.is_none(), is_masked);
            if let Some(level) = level {
                let squares: f32 = item.iter().map(|x| (x - 0.5) * (x - 0.5)).sum();
                let found = (squares / SIZE as f32).sqrt();
                // Six standard errors of a standard deviation of 81 normals.
                assert!((found / level - 1.0).abs() < 6.0 / (2.0 * SIZE as f32).sqrt(), "{found}");
            }
        }
    }
}

#[test]
fn the_levels_of_chains_and_choices_follow_from_their_parts() {
    let range =
        |text: &str| parse(text).level_range().map(|levels| (*levels.start(), *levels.end()));
    let [five, fifty_five] = [5.0_f32 / 255.0, 55.0 / 255.0];
    for (text, expected) in [
        ("gaussian:0.5", Some((0.5, 0.5))),
        ("gaussian:5/255..55/255", Some((five, fifty_five))),
        ("masking:0.5", None),
        ("speckle:0.5", None),
        ("poisson:30", None),
        ("blur:1", None),
        // Independent noises: variances add up.
        ("gaussian:0.3+gaussian:0.4", Some((0.5, 0.5))),
        ("gaussian:0..0.3+gaussian:0.4", Some((0.4, 0.5))),
        // Noise is added to a blurred image; blurred noise is no longer of that level.
        ("blur:1+gaussian:0.1..0.2", Some((0.1, 0.2))),
        ("gaussian:0.1+blur:1", None),
        ("gaussian:0.1+blur:1+gaussian:0.1", None),
        ("gaussian:0.1|gaussian:0.3..0.4", Some((0.1, 0.4))),
        ("gaussian:0.1|blur:1", None),
    ] {
        assert_eq!(range(text), expected, "{text}");
        let mut image = vec![0.5; SIZE];
        let level = parse(text).corrupt_with_level(&mut image, SIDE, SIDE, &mut stream());
        if let Some((low, high)) = expected {
            assert!((low..=high).contains(&level.unwrap()), "{text}: {level:?}");
        } else if !text.contains('|') {
            assert_eq!(level, None, "{text}");
        }
        assert_eq!(image, {
            let mut image = vec![0.5; SIZE];
            parse(text).corrupt(&mut image, SIDE, SIDE, &mut stream());
            image
        });
    }
}
