//! `ae train`

use std::sync::Arc;

use ae_corruption::{Corruption, Draw};
use ae_dataset::{PatchOptions, Source};
use ae_experiment::{
    Adaptation, CorruptionSpec, DataSpec, ExperimentError, NetworkName, Setting, Spec, train,
    train_beside,
};
use ae_models::{Activation, Initialisation, Loss, ModelKind};
use ae_training::Peers;

use super::{check_spec, finish, follow, set};
use crate::args::{Becoming, Change, Common, NetworkFlags, NoiseChoice, Reading, Train};
use crate::exit_status::{Status, Usage};
use crate::{interrupt, processes};

pub(crate) fn run(args: &Train, common: &Common) -> anyhow::Result<Status> {
    processes::together(args.together.patience(), |peers| match peers {
        Some(peers) if peers.rank() > 0 => {
            let (spec, adaptation) = (spec(args)?, adaptation(args));
            follow(common, peers, |options| {
                train_beside(spec, &adaptation, args.folder.of_rank_0(), options)
                    .map_err(|error| of_spec(args, error))
            })
        }
        peers => train_here(args, common, peers),
    })
}

/// Trains in this process, or as rank 0 of several.
fn train_here(
    args: &Train,
    common: &Common,
    peers: Option<Arc<dyn Peers>>,
) -> anyhow::Result<Status> {
    let spec = spec(args)?;
    let folder = args.folder.of(&spec, common)?;
    let adaptation = adaptation(args);
    interrupt::resumable(&folder.path, false);
    finish(common, &folder.path, &args.shown, peers, |options| {
        let outcome = train(spec, &adaptation, &folder.path, folder.existing, options);
        outcome.map_err(|error| of_spec(args, error))
    })
}

/// An error with the path of the spec that it is about.
fn of_spec(args: &Train, error: ExperimentError) -> anyhow::Error {
    match &args.spec {
        Some(path) if error.is_about_a_setting() => {
            anyhow::Error::new(error).context(path.display().to_string())
        }
        _ => error.into(),
    }
}

/// What follows from the data: nothing that a spec or a flag sets.
fn adaptation(args: &Train) -> Adaptation {
    let widths = args.network.widths.clone();
    if args.spec.is_some() {
        return widths.map_or(Adaptation::None, Adaptation::Widths);
    }
    let changes = &args.settings.set;
    let is_changed = |key: &str| changes.iter().any(|change| change.key == key);
    let is_noise_changed = is_changed("corruption") || is_changed("corruption.noise");
    // A noisy picture is the same in every epoch.
    let is_drawn_once = args.blind_spot.is_some();
    let set = [
        (Setting::BatchSize, args.batch_size.is_some() || is_changed("training.batch_size")),
        (Setting::Epochs, args.settings.epochs.is_some() || is_changed("training.epochs")),
        (Setting::Loss, args.loss.is_some() || is_changed("training.loss")),
        (Setting::Noise, args.noise.is_some() || is_noise_changed),
        (Setting::Drawn, args.drawn.is_some() || is_drawn_once || is_changed("corruption.drawn")),
        (Setting::Scaling, args.scaling.is_some() || is_changed("data.scaling")),
    ];
    let set = set.into_iter().filter(|(_, is_set)| *is_set).map(|(setting, _)| setting).collect();
    let keys = changes.iter().map(|Change { key, value }| (key.clone(), value.clone())).collect();
    Adaptation::Rules { widths, set, keys }
}

/// The spec with what the flags say otherwise.
fn spec(args: &Train) -> anyhow::Result<Spec> {
    if args.becoming.reading.part.is_some() {
        let sentence = "--part is for commands that apply a model; a training reads all parts";
        return Err(Usage(sentence.to_owned()).into());
    }
    let mut spec = match &args.spec {
        Some(path) => {
            check_spec("train", path)?;
            let spec = Spec::read(path)?;
            let other = args.network.network.filter(|network| *network != spec.model.name());
            match other {
                Some(network) => spec.with("model.network", &network.to_string())?,
                None => spec,
            }
        }
        None => Spec::of_network(args.network.network.unwrap_or_default())?,
    };
    args.settings.apply(&mut spec);
    own_data(&mut spec.data, &args.becoming)?;
    let training = &mut spec.training;
    if let Some(batch_size) = args.batch_size {
        training.batch_size = batch_size;
    }
    if let Some(rate) = args.learning_rate {
        training.optimizer = training.optimizer.with_learning_rate(rate);
    }
    if let Some(loss) = args.loss {
        training.loss = loss;
    }
    if args.engine.is_some() {
        training.engine = args.engine;
    }
    network(&mut spec, &args.network)?;
    match &args.noise {
        Some(NoiseChoice::Of(noise)) => {
            // Patches are others in every epoch.
            let usual = if spec.data.patches.is_some() { Draw::EveryEpoch } else { Draw::Once };
            let drawn = spec.corruption.as_ref().map_or(usual, |corruption| corruption.drawn);
            spec.corruption = Some(CorruptionSpec { noise: noise.clone(), drawn });
            spec.model.kind = ModelKind::Denoising;
        }
        Some(NoiseChoice::None) => {
            spec.corruption = None;
            spec.model.kind = ModelKind::Regular;
        }
        None => {}
    }
    learned_from(&mut spec, args);
    spec.data.scaling = args.scaling.unwrap_or(spec.data.scaling);
    match (args.drawn, &mut spec.corruption) {
        (Some(drawn), Some(corruption)) => corruption.drawn = drawn,
        (Some(_), None) => {
            let sentence =
                "--drawn says how often a noise is drawn, and there is none: give --noise too";
            return Err(Usage(sentence.to_owned()).into());
        }
        (None, _) => {}
    }
    denoiser(&mut spec, args)?;
    // A key that is named wins over a flag.
    set(&mut spec, &args.settings.set)?;
    let name = spec.model.name();
    let takes_widths = match name {
        NetworkName::Dense | NetworkName::Vae => true,
        NetworkName::ConvVae => args.network.widths.as_ref().is_none_or(|it| it.len() == 1),
        _ => false,
    };
    if args.network.widths.is_some() && !takes_widths {
        let sentence = format!(
            "--widths is for the networks dense and vae (for conv-vae one number, the code's), and the network is {name}"
        );
        return Err(Usage(sentence).into());
    }
    Ok(spec)
}

/// The patches that a denoiser learns from where nothing else is said: a little more than it sees around a pixel.
const PATCH: [usize; 2] = [40, 40];

/// The step size of a denoiser that learns from pairs, and the largest norm of its gradients. Measured with the scans of
/// docs/results.md: smaller steps learn too little in 6000 of them, and larger ones wander on pages with stains.
const STEADY_RATE: f64 = 0.0005;
const STEADY_NORM: f64 = 1.0;

/// Pairs, or blind spots of noisy pictures, in place of the noise that a network has by default.
fn learned_from(spec: &mut Spec, args: &Train) {
    if args.target.is_none() && args.blind_spot.is_none() {
        return;
    }
    spec.data.target = args.target.clone().or(spec.data.target.take());
    spec.training.blind_spot = args.blind_spot.or(spec.training.blind_spot);
    spec.model.kind = ModelKind::Denoising;
    if args.noise.is_none() && args.spec.is_none() {
        spec.corruption = None;
    }
    if args.blind_spot.is_some() && args.loss.is_none() {
        spec.training.loss = Loss::MeanSquaredError;
    }
    if args.spec.is_none() {
        steady(spec, args);
    }
}

/// Settings with which a denoiser learns steadily from pairs and blind spots. Stains and noisy targets push all outputs
/// one way in a batch and the other way in the next, which can drive rectified units to where they give nothing and
/// learn nothing any more.
fn steady(spec: &mut Spec, args: &Train) {
    let Some(denoiser) = spec.model.denoiser_mut() else { return };
    denoiser.hidden_activation = Activation::LeakyRelu;
    if args.blind_spot.is_some() {
        // A hidden pixel is not to be in the output, so the layers would have to learn to take it away.
        denoiser.residual = false;
        spec.model.initialisation = Initialisation::He;
        return;
    }
    if args.learning_rate.is_none() {
        spec.training.optimizer = spec.training.optimizer.with_learning_rate(STEADY_RATE);
    }
    spec.training.clip_norm = Some(STEADY_NORM);
    if args.loss.is_none() {
        // Differences of whole patches would outweigh all others if they were squared.
        spec.training.loss = Loss::MeanAbsoluteError;
    }
}

/// What the flags say of a denoiser. It is told the level of the noise where that differs and is known: not with pairs
/// or blind spots, whose images have a noise of their own.
fn denoiser(spec: &mut Spec, args: &Train) -> Result<(), Usage> {
    let NetworkFlags { features, depth, blind, .. } = &args.network;
    let (name, noise) = (spec.model.name(), spec.corruption.as_ref().map(|it| &it.noise));
    let levels = noise.and_then(Corruption::level_range);
    let is_known = spec.data.target.is_none() && spec.training.blind_spot.is_none();
    let Some(denoiser) = spec.model.denoiser_mut() else {
        let given =
            [("--features", features.is_some()), ("--depth", depth.is_some()), ("--blind", *blind)];
        let Some((flag, _)) = given.iter().find(|(_, is_given)| *is_given) else { return Ok(()) };
        let sentence = format!("{flag} is for the network denoiser, and the network is {name}");
        return Err(Usage(sentence));
    };
    denoiser.features = features.unwrap_or(denoiser.features);
    denoiser.depth = depth.unwrap_or(denoiser.depth);
    if args.spec.is_none() || args.noise.is_some() {
        denoiser.noise_level = levels.is_some_and(|levels| levels.start() < levels.end());
    }
    denoiser.noise_level &= is_known && !blind;
    let (data, reading) = (&mut spec.data, &args.becoming.reading);
    let is_whole = args.spec.is_some() || data.size.is_some() || reading.resize.is_some();
    let Ok(source) = data.source.parse::<Source>();
    if data.patches.is_none() && !is_whole && source.is_of_pictures() {
        data.patches =
            Some(PatchOptions { flips: true, rotations: true, ..PatchOptions::new(PATCH) });
    }
    Ok(())
}

/// What the flags say of the network and of the penalties.
fn network(spec: &mut Spec, flags: &NetworkFlags) -> anyhow::Result<()> {
    let name = spec.model.name();
    if flags.tied_weights || flags.top_k.is_some() {
        let Some(dense) = spec.model.dense_mut() else {
            let flag = if flags.tied_weights { "--tied-weights" } else { "--top-k" };
            let sentence = format!("{flag} is for the network dense, and the network is {name}");
            return Err(Usage(sentence).into());
        };
        dense.tied_weights |= flags.tied_weights;
        dense.top_k = flags.top_k.or(dense.top_k);
    }
    if let Some(initialisation) = flags.initialisation {
        spec.model.initialisation = initialisation.into();
    }
    let training = &mut spec.training;
    training.code_l1 = flags.code_l1.or(training.code_l1);
    training.kl_weight = flags.kl_weight.or(training.kl_weight);
    training.kl_warm_up = flags.kl_warm_up.or(training.kl_warm_up);
    training.sparsity_weight = flags.sparsity.or(training.sparsity_weight);
    training.sparsity_target = flags.sparsity_target.or(training.sparsity_target);
    training.contractive_weight = flags.contractive.or(training.contractive_weight);
    Ok(())
}

/// What the flags say of the data.
fn own_data(data: &mut DataSpec, becoming: &Becoming) -> Result<(), Usage> {
    let Becoming { reading, size, channels, test_fraction, .. } = becoming;
    // A training reads all parts; the flag is hidden here.
    let Reading {
        resize,
        skip_bad,
        background,
        label_column,
        drop_columns,
        header,
        delimiter,
        part: _,
    } = reading;
    data.size = size.or(data.size);
    data.channels = channels.or(data.channels);
    data.test_fraction = test_fraction.or(data.test_fraction);
    data.resize = resize.or(data.resize);
    data.skip_bad = skip_bad.unwrap_or(data.skip_bad);
    data.mapped |= becoming.mapped;
    data.background = background.or(data.background);
    if label_column.is_some() {
        data.label_column.clone_from(label_column);
    }
    if !drop_columns.is_empty() {
        data.drop_columns.clone_from(drop_columns);
    }
    data.header = header.unwrap_or(data.header);
    data.delimiter = delimiter.unwrap_or(data.delimiter);
    data.patches = becoming.patches(data.patches)?;
    Ok(())
}
