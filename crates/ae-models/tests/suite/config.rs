//! What a specification says, and what it refuses.

use ae_models::Activation::Relu;
use ae_models::{Activation, DenseConfig, Layer, ModelError, ModelKind, ModelSpec};
use proptest::prelude::*;

use crate::small_dense;

const TUTORIAL: &str = r#"{"kind":"denoising","image":[28,28],"encoder":[784,32],"decoder":[32,784],"hidden_activation":"relu","code_activation":"relu","output_activation":"sigmoid","tied_weights":false}"#;

/// The same network as it is written.
const EXPANDED: &str = r#"{"kind":"denoising","image":[28,28],"encoder":[{"layer":"dense","outputs":32,"activation":"relu"}],"decoder":[{"layer":"dense","outputs":784,"activation":"sigmoid"}]}"#;

#[test]
fn a_specification_is_one_flat_table_in_either_form() {
    for text in [EXPANDED, TUTORIAL] {
        let spec: ModelSpec = serde_json::from_str(text).unwrap();
        assert_eq!(spec, ModelSpec::tutorial(ModelKind::Denoising));
        assert_eq!(serde_json::to_string(&spec).unwrap(), EXPANDED);
        assert_eq!(DenseConfig::of(&spec.network), Some(DenseConfig::default()));
    }
}

/// Ties by position in the encoder, which the short form counts from the other end.
#[test]
fn dense_networks_become_their_short_form_again() {
    let tied = DenseConfig {
        image: [2, 3],
        encoder: vec![6, 5, 4, 3],
        decoder: vec![3, 4, 5, 6],
        hidden_activation: Activation::Elu,
        code_activation: Activation::Tanh,
        output_activation: Activation::Softplus,
        tied_weights: true,
        ..DenseConfig::default()
    };
    let network = tied.network().unwrap();
    let ties = network.decoder.iter().map(|layer| match layer {
        Layer::Dense(dense) => dense.tied_to,
        _ => None,
    });
    assert_eq!(ties.collect::<Vec<_>>(), [Some(2), Some(1), Some(0)]);
    assert_eq!(DenseConfig::of(&network), Some(tied));
    let mut mixed = network.clone();
    let Layer::Dense(dense) = &mut mixed.decoder[0] else { panic!("a dense layer") };
    dense.activation = Relu;
    assert_eq!(DenseConfig::of(&mixed), None);
    let mut partly = network;
    let Layer::Dense(dense) = &mut partly.decoder[1] else { panic!("a dense layer") };
    dense.tied_to = None;
    assert!(partly.check().is_ok());
    assert_eq!(DenseConfig::of(&partly), None);
}

#[test]
fn unknown_missing_and_misspelt_entries_are_refused() {
    for (from, to, message) in [
        ("\"kind\"", "\"colour\":1,\"kind\"", "unknown field `colour`"),
        ("\"image\":[28,28],", "", "missing field `image`"),
        ("\"encoder\":[784,32],", "", "missing field `encoder`"),
        ("\"relu\"", "\"rely\"", "unknown variant `rely`"),
        ("[784,32]", "[784,-32]", "invalid value"),
        ("[784,32]", "[784,true]", "expected a table of a layer, or a width"),
        ("[784,32]", "[]", "must be a list of two widths or more, but found []"),
        ("\"tied", "\"residual\":true,\"tied", "unknown field `residual` beside lists of widths"),
        ("false", "null", "invalid type: null"),
        ("[784,32]", r#"[784,{"layer":"sample"}]"#, "found a layer in `encoder`"),
    ] {
        let text = TUTORIAL.replacen(from, to, 1);
        let error = serde_json::from_str::<ModelSpec>(&text).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    }
}

#[test]
fn unknown_and_misspelt_entries_of_layers_are_refused() {
    for (from, to, message) in [
        ("\"kind\"", "\"colour\":1,\"kind\"", "unknown field `colour`"),
        ("\"image\":[28,28],", "", "missing field `image`"),
        ("\"layer\":\"dense\",", "", "missing field `layer`"),
        ("\"dense\"", "\"dens\"", "unknown variant `dens`"),
        ("\"relu\"", "\"rely\"", "unknown variant `rely`"),
        ("\"outputs\":32,", "", "missing field `outputs`"),
        ("\"outputs\":32,", "\"outputs\":-32,", "invalid value"),
        ("\"outputs\":32,", "\"outputs\":32,\"width\":3,", "unknown field `width`"),
        ("784", "784,\"tied_to\":null", ""),
        (
            "\"image\"",
            "\"hidden_activation\":\"relu\",\"image\"",
            "unknown field `hidden_activation` beside lists of layers",
        ),
        ("\"image\"", "\"initialisation\":\"lecun\",\"image\"", "unknown variant `lecun`"),
    ] {
        let text = EXPANDED.replacen(from, to, 1);
        assert_ne!(text, EXPANDED);
        match serde_json::from_str::<ModelSpec>(&text) {
            Ok(spec) => assert!(message.is_empty(), "{spec:?} for {message}"),
            Err(error) => {
                assert!(!message.is_empty() && error.to_string().contains(message), "{error}")
            }
        }
    }
}

#[test]
fn widths_that_do_not_hold_together_are_refused() {
    let refuse = |change: fn(&mut DenseConfig), message: &str| {
        let mut dense = small_dense(Relu, false);
        change(&mut dense);
        let error = dense.network().err().map(|error| error.to_string());
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
        |c| c.encoder = [vec![6; 257], vec![3]].concat(),
        "the model's encoder must be at most 256 layers deep, but found 257",
    );
}

/// A grey model's file does not name the channels, so that files of earlier versions are the same.
#[test]
fn channels_are_written_only_where_there_are_three() {
    let mut dense = small_dense(Relu, false);
    let text = |dense: &DenseConfig| {
        let spec = dense.model(ModelKind::Regular);
        spec.map(|spec| serde_json::to_string(&spec).unwrap()).map_err(|error| error.to_string())
    };
    assert!(!text(&dense).unwrap().contains("channels"));
    dense.channels = 3;
    assert_eq!(
        text(&dense).unwrap_err(),
        "the model's encoder must be a list that begins with the image's 18 pixels, but found [6, 4, 3]"
    );
    dense.encoder = vec![18, 3];
    dense.decoder = vec![3, 18];
    let colour = text(&dense).unwrap();
    assert!(colour.contains(r#""image":[2,3],"channels":3,"#), "{colour}");
    let spec: ModelSpec = serde_json::from_str(&colour).unwrap();
    assert_eq!(DenseConfig::of(&spec.network), Some(dense.clone()));
    dense.channels = 2;
    assert_eq!(text(&dense).unwrap_err(), "the model's channels must be 1 or 3, but found 2");
}

#[test]
fn models_are_bounded_without_being_made() {
    let mut dense = small_dense(Relu, false);
    // 6 * w + w + w * 6 + 6 parameters: the last width that fits 2^28, and the next.
    for (width, fits) in
        [((1 << 28) - 6) / 13, ((1 << 28) - 6) / 13 + 1].into_iter().zip([true, false])
    {
        dense.encoder = vec![6, width];
        dense.decoder = vec![width, 6];
        assert_eq!(dense.network().is_ok(), fits, "{width}");
    }
}

proptest! {
    #[test]
    fn any_configuration_is_taken_or_refused(
        image in prop::array::uniform2(prop_oneof![0..40_usize, Just(usize::MAX)]),
        encoder in prop::collection::vec(prop_oneof![0..9_usize, any::<usize>()], 0..5),
        tied_weights: bool,
    ) {
        let mut dense = small_dense(Relu, tied_weights);
        dense.image = image;
        dense.encoder = [vec![image[0].saturating_mul(image[1])], encoder].concat();
        dense.decoder = dense.encoder.iter().rev().copied().collect();
        match dense.model(ModelKind::Regular).and_then(|spec| spec.architecture()) {
            Ok(architecture) => prop_assert!(architecture.layout().len() <= ae_models::MAX_PARAMETERS),
            Err(error) => {
                let is_spec = matches!(error, ModelError::Spec { .. } | ModelError::Layer { .. });
                prop_assert!(is_spec);
            }
        }
    }
}
