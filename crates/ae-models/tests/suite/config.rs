//! What a specification says, and what it refuses.

use ae_models::Activation::Relu;
use ae_models::{DenseConfig, ModelError, ModelSpec};
use proptest::prelude::*;

use crate::small_spec;

const TUTORIAL: &str = r#"{"kind":"denoising","image":[28,28],"encoder":[784,32],"decoder":[32,784],"hidden_activation":"relu","code_activation":"relu","output_activation":"sigmoid","tied_weights":false}"#;

#[test]
fn a_specification_is_one_flat_table() {
    let spec: ModelSpec = serde_json::from_str(TUTORIAL).unwrap();
    assert_eq!(spec.dense, DenseConfig::default());
    assert_eq!(serde_json::to_string(&spec).unwrap(), TUTORIAL);
}

#[test]
fn unknown_missing_and_misspelt_entries_are_refused() {
    for (from, to, message) in [
        ("\"kind\"", "\"colour\":1,\"kind\"", "unknown field `colour`"),
        ("\"image\":[28,28],", "", "missing field `image`"),
        ("\"encoder\":[784,32],", "", "missing field `encoder`"),
        ("\"relu\"", "\"rely\"", "unknown variant `rely`"),
        ("[784,32]", "[784,-32]", "invalid value"),
    ] {
        let text = TUTORIAL.replacen(from, to, 1);
        let error = serde_json::from_str::<ModelSpec>(&text).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    }
}

#[test]
fn widths_that_do_not_hold_together_are_refused() {
    let refuse = |change: fn(&mut DenseConfig), message: &str| {
        let mut spec = small_spec(Relu, false);
        change(&mut spec.dense);
        let error = spec.architecture().err().map(|error| error.to_string());
        assert_eq!(error.as_deref(), Some(message));
    };
    refuse(|c| c.image = [0, 3], "the model's image must be at least one pixel, but found [0, 3]");
    refuse(
        |c| c.encoder = vec![6],
        "the model's encoder must be a list of two widths or more, but found [6]",
    );
    refuse(
        |c| c.decoder = vec![],
        "the model's decoder must be a list of two widths or more, but found []",
    );
    refuse(
        |c| c.encoder = vec![6, 0, 3],
        "the model's encoder must be a list of widths above 0, but found [6, 0, 3]",
    );
    refuse(
        |c| c.encoder = vec![7, 3],
        "the model's encoder must be a list that begins with the image's 6 pixels, but found [7, 3]",
    );
    refuse(
        |c| c.decoder = vec![3, 7],
        "the model's decoder must be a list that ends with the image's 6 pixels, but found [3, 7]",
    );
    refuse(
        |c| c.decoder = vec![2, 6],
        "the model's decoder must be a list that begins with the code's width 3, but found [2, 6]",
    );
    refuse(
        |c| {
            c.decoder = vec![3, 5, 6];
            c.tied_weights = true;
        },
        "the model's decoder must be the mirror image of the encoder [6, 4, 3], as the weights are \
         tied, but found [3, 5, 6]",
    );
    refuse(
        |c| c.encoder = [vec![6; 65], vec![3]].concat(),
        "the model's encoder must be at most 64 layers deep, but found 65",
    );
}

/// A grey model's file does not name the channels, so that files of earlier versions are the same.
#[test]
fn channels_are_written_only_where_there_are_three() {
    let mut spec = small_spec(Relu, false);
    assert!(!serde_json::to_string(&spec).unwrap().contains("channels"));
    spec.dense.channels = 3;
    let error = spec.architecture().err().map(|error| error.to_string());
    assert_eq!(
        error.as_deref(),
        Some(
            "the model's encoder must be a list that begins with the image's 18 pixels, but found [6, 4, 3]"
        )
    );
    spec.dense.encoder = vec![18, 3];
    spec.dense.decoder = vec![3, 18];
    assert!(spec.architecture().is_ok());
    let text = serde_json::to_string(&spec).unwrap();
    assert!(text.contains(r#""image":[2,3],"channels":3,"#), "{text}");
    assert_eq!(serde_json::from_str::<ModelSpec>(&text).unwrap(), spec);
    spec.dense.channels = 2;
    let error = spec.architecture().err().map(|error| error.to_string());
    assert_eq!(error.as_deref(), Some("the model's channels must be 1 or 3, but found 2"));
}

#[test]
fn models_are_bounded_without_being_made() {
    let mut spec = small_spec(Relu, false);
    // 6 * w + w + w * 6 + 6 parameters: the last width that fits 2^28, and the next.
    for (width, fits) in
        [((1 << 28) - 6) / 13, ((1 << 28) - 6) / 13 + 1].into_iter().zip([true, false])
    {
        spec.dense.encoder = vec![6, width];
        spec.dense.decoder = vec![width, 6];
        assert_eq!(spec.architecture().is_ok(), fits, "{width}");
    }
}

proptest! {
    #[test]
    fn any_configuration_is_taken_or_refused(
        image in prop::array::uniform2(prop_oneof![0..40_usize, Just(usize::MAX)]),
        encoder in prop::collection::vec(prop_oneof![0..9_usize, any::<usize>()], 0..5),
        tied_weights: bool,
    ) {
        let mut spec = small_spec(Relu, tied_weights);
        spec.dense.image = image;
        spec.dense.encoder = [vec![image[0].saturating_mul(image[1])], encoder].concat();
        spec.dense.decoder = spec.dense.encoder.iter().rev().copied().collect();
        match spec.architecture() {
            Ok(architecture) => prop_assert!(architecture.layout().len() <= ae_models::MAX_PARAMETERS),
            Err(error) => {
                let is_spec = matches!(error, ModelError::Spec { .. });
                prop_assert!(is_spec);
            }
        }
    }
}
