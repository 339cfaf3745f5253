//! Specs that are written with comments, and keys that are set.

use crate::support::Sandbox;

#[test]
fn a_written_spec_is_trained_as_it_is() {
    let sandbox = Sandbox::with_data();
    let set = "--set data.source=data --set model.encoder=[196,8] --set model.decoder=[8,196]";
    sandbox.ae(&format!("spec {set} --set training.epochs=1 -o mine.toml")).succeeds();
    let text = sandbox.read_text("mine.toml");
    for line in ["epochs = 1", "encoder = [196, 8]", "# clip_norm = 1.0", "# [corruption]"] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
    sandbox.ae("train mine.toml --out run").succeeds();
    // That of a run says all of it again, and more.
    sandbox.ae("spec --like run -o again.toml").succeeds();
    assert!(sandbox.read_text("again.toml").contains("\nengine = \"fused\"\n"));
    sandbox.ae("train again.toml --out again").succeeds();
    assert_eq!(sandbox.weights_of("run"), sandbox.weights_of("again"));
    sandbox.ae("spec --like mine.toml -o third.toml").succeeds();
    assert_eq!(sandbox.read_text("third.toml"), text);
    assert_eq!(sandbox.ae("spec --like mine.toml").succeeds().stdout, text);
}

#[test]
fn set_reaches_keys_that_have_no_flag() {
    let sandbox = Sandbox::with_data();
    let train = "train --data data --widths 4 --epochs 2";
    sandbox
        .ae(&format!(
            "{train} --set training.schedule.kind=cosine --set training.schedule.warmup_epochs=1 \
             --set checkpoints.keep=1 --out cosine"
        ))
        .succeeds();
    let spec = sandbox.read_text("cosine/spec.toml");
    for line in ["kind = \"cosine\"", "warmup_epochs = 1", "final_factor = 0.0", "keep = 1"] {
        assert!(spec.lines().any(|found| found == line), "{line}\n{spec}");
    }
    // What a rule would decide for own data stays as it was set.
    sandbox.write("t.csv", "a,b\n".to_owned() + &"1,2\n3,5\n0,7\n".repeat(9));
    sandbox
        .ae("train --data t.csv --set training.epochs=2 --set model.code_activation=tanh --set data.scaling=min-max --out rows")
        .succeeds();
    let spec = sandbox.read_text("rows/spec.toml");
    for line in ["epochs = 2", "code_activation = \"tanh\""] {
        assert!(spec.lines().any(|found| found == line), "{line}\n{spec}");
    }
    assert!(!spec.contains("scaling = \"standard\""), "{spec}");
    sandbox.ae(&format!("{train} --loss mse --out mse")).succeeds();
    assert!(sandbox.read_text("mse/spec.toml").contains("loss = \"mean-squared-error\""));
}

/// Where the table of keys stands in the documentation.
const KEYS: [&str; 2] = ["<!-- keys: `ae spec --keys` -->\n", "<!-- end of keys -->"];

#[test]
fn the_documentation_has_every_key() {
    let sandbox = Sandbox::new();
    let expected = sandbox.ae("spec --keys").succeeds().stdout;
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference/spec.md");
    let text = std::fs::read_to_string(path).unwrap();
    let (_, rest) = text.split_once(KEYS[0]).unwrap();
    let (table, _) = rest.split_once(KEYS[1]).unwrap();
    assert_eq!(table, expected, "write the output of `ae spec --keys` into docs/reference/spec.md");
}
