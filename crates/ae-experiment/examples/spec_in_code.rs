//! A spec in code, trained into a folder, and the record that comes out: what a foreign program does in place of `ae train`.
#![expect(clippy::print_stdout, reason = "an example prints its results")]

use std::error::Error;

use ae_experiment::{
    Adaptation, Bound, Device, Existing, Expectation, RunOptions, Spec, open_model, train,
};

fn main() -> Result<(), Box<dyn Error>> {
    let place = tempfile::tempdir()?;
    let folder = place.path().join("run");

    // The Keras tutorial's autoencoder on procedural digits, with a shorter code and fewer epochs.
    let mut spec = Spec::tutorial();
    spec.name = "digits-16".to_owned();
    spec.data.source = "digits".to_owned();
    spec.training.epochs = 2;
    spec.expected.push(Expectation {
        dataset: "digits".to_owned(),
        epochs: 2,
        metric: "val_bce".to_owned(),
        bound: Bound::AtMost(0.4),
        published: "none".to_owned(),
        source: "this example".to_owned(),
    });
    let widths = Adaptation::Widths(vec![16]);
    let record = train(spec, &widths, &folder, Existing::Refuse, RunOptions::default())?.record;

    let dataset = &record.dataset;
    println!("{}: {} training images of {}", record.name, dataset.train_images, dataset.name);
    println!("{} epochs in {:.1} s on {} threads", record.epochs, record.seconds, record.threads);
    for name in ["train_bce", "val_bce", "val_psnr"] {
        println!("{name} {:.4}", record.metrics[name]);
    }
    for judged in &record.expected {
        println!("expected {} {:?}: {:?}", judged.metric, judged.bound, judged.verdict);
    }

    // The folder is opened as a model.
    let model = open_model(&folder, &Device::Cpu)?;
    let code = model.encode(&vec![0.0; model.shape().size()])?;
    println!("the code of a black image has {} numbers", code.len());
    Ok(())
}
