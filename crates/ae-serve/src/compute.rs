//! From the body of a request to its answer: on a thread of the pool, without the network.

use ae_apply::{ApplyError, Autoencoded, Model};
use ae_dataset::ImageShape;
use ae_models::ModelError;
use ae_random::Seed;
use bytes::Bytes;

use crate::answer::{Answer, Items, Verdict, rows};
use crate::given::{Given, IsCode, asked, checked};
use crate::numbers::Numbers;
use crate::query::Options;
use crate::question::Kind;
use crate::{Fault, Subject};

/// What is done with items or codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    Reconstruct,
    Denoise,
    Encode,
    Decode,
    Score,
    Sample,
}

impl Work {
    const ALL: [Self; 6] =
        [Self::Reconstruct, Self::Denoise, Self::Encode, Self::Decode, Self::Score, Self::Sample];

    /// Its path.
    pub(crate) const fn path(self) -> &'static str {
        match self {
            Self::Reconstruct => "/v1/reconstruct",
            Self::Denoise => "/v1/denoise",
            Self::Encode => "/v1/encode",
            Self::Decode => "/v1/decode",
            Self::Score => "/v1/score",
            Self::Sample => "/v1/sample",
        }
    }

    /// The work of a path.
    pub(crate) fn of(path: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|work| work.path() == path)
    }
}

/// A request that has arrived whole.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) work: Work,
    pub(crate) kind: Kind,
    pub(crate) body: Bytes,
    pub(crate) query: String,
}

/// The answer to a request, as JSON.
pub(crate) fn answer(subject: &Subject, batch: usize, request: &Request) -> Result<Vec<u8>, Fault> {
    let work = request.work;
    match work {
        Work::Denoise => subject.check_denoiser()?,
        Work::Decode => subject.check_decoder()?,
        Work::Score => subject.detector().map(|_| ())?,
        Work::Sample => subject.check_sampler()?,
        Work::Reconstruct | Work::Encode => {}
    }
    let most = subject.most_items(batch);
    let answer = match work {
        Work::Decode => decode(subject, most, request)?,
        Work::Sample => sample(subject, most, request)?,
        _ => apply(subject, work, &Given::read(subject, most, request)?)?,
    };
    serde_json::to_vec(&answer).map_err(|error| Fault::internal(error.to_string()))
}

/// Reconstructs, denoises, encodes or scores items.
fn apply(subject: &Subject, work: Work, given: &Given) -> Result<Answer, Fault> {
    let (model, shape) = (subject.model(), subject.format().shape);
    let count = given.items.len() / shape.size().max(1);
    let (seen, include) = (given.seen(shape, count), given.options.include);
    let mut answer = Answer {
        items: count,
        shape: Some([shape.channels, shape.height, shape.width]),
        ..Answer::default()
    };
    if include.verdicts || work == Work::Score {
        let wants_errors = work == Work::Score && include.errors;
        judge(&mut answer, subject, &seen, wants_errors)?;
    }
    let wants_codes = include.codes || work == Work::Encode;
    let made = match work {
        Work::Reconstruct | Work::Denoise => {
            reconstruct(model, &seen, count, given.options.noise_level, wants_codes)
        }
        _ if wants_codes => {
            model.encode(&seen).map(|codes| Made { codes: Some(codes), ..Made::default() })
        }
        _ => Ok(Made::default()),
    };
    let Made { result, codes, levels } = made.map_err(|error| of_model(&error))?;
    answer.noise_levels = levels;
    answer.codes = codes.map(|codes| rows(codes, model.latent_dim())).transpose()?;
    if let Some(result) = result {
        compare(&mut answer, &given.items, &result, shape.size(), include.errors)?;
        let result = Some(Items::of(subject.format(), result)?);
        match work {
            Work::Denoise => answer.denoised = result,
            _ => answer.reconstructions = result,
        }
    }
    if include.inputs {
        answer.inputs = Some(Items::of(subject.format(), seen)?);
    }
    Ok(answer)
}

/// Adds what the detector says, and the errors that its score adds up.
fn judge(
    answer: &mut Answer,
    subject: &Subject,
    seen: &[f32],
    wants_errors: bool,
) -> Result<(), Fault> {
    let detector = subject.detector()?;
    let judged = detector.judge_slice(seen).map_err(|error| of_model(&error))?;
    answer.verdicts = Some(judged.verdicts.into_iter().map(Verdict::from).collect());
    answer.threshold = Some(detector.calibration().threshold());
    if wants_errors {
        answer.errors = Some(rows(judged.errors, subject.format().shape.size())?);
    }
    Ok(())
}

/// What the model makes of items.
#[derive(Default)]
struct Made {
    result: Option<Vec<f32>>,
    codes: Option<Vec<f32>>,
    /// What the network was told of the noise.
    levels: Option<Vec<f32>>,
}

/// Reconstructs items, with the encoder run once where codes are wanted too (for which no noise level is given).
fn reconstruct(
    model: &Model,
    seen: &[f32],
    count: usize,
    noise_level: Option<f32>,
    wants_codes: bool,
) -> Result<Made, ApplyError> {
    let levels = match noise_level {
        Some(level) => Some(vec![level; count]),
        None => model.noise_levels(seen)?,
    };
    if wants_codes {
        let Autoencoded { codes, reconstructions } = model.autoencode(seen)?;
        return Ok(Made { result: Some(reconstructions), codes: Some(codes), levels });
    }
    let result = match &levels {
        Some(levels) => model.reconstruct_with(seen, levels)?,
        None => model.reconstruct(seen)?,
    };
    Ok(Made { result: Some(result), codes: None, levels })
}

/// Adds how far a result is from the items before any noise.
fn compare(
    answer: &mut Answer,
    items: &[f32],
    result: &[f32],
    size: usize,
    wants_errors: bool,
) -> Result<(), Fault> {
    let squares: Vec<f32> = items.iter().zip(result).map(|(x, y)| (y - x).powi(2)).collect();
    let mean =
        |row: &[f32]| row.iter().map(|&x| f64::from(x)).sum::<f64>() / row.len().max(1) as f64;
    answer.mse = Some(squares.chunks(size.max(1)).map(mean).collect());
    if wants_errors {
        answer.errors = Some(rows(squares, size)?);
    }
    Ok(())
}

fn decode(subject: &Subject, most: usize, request: &Request) -> Result<Answer, Fault> {
    let (model, latent) = (subject.model(), subject.model().latent_dim());
    let mut options = Options::default();
    options.set_all(&request.query)?;
    let asked = asked(request, most.saturating_mul(latent), options)?;
    let Numbers { values, .. } = checked(asked.numbers, IsCode(true), &[vec![latent]], most)?;
    let codes: Vec<f32> = values.iter().map(|&value| value as f32).collect();
    if let Some(place) = codes.iter().position(|value| !value.is_finite()) {
        let found = values[place].to_string();
        let expected = "numbers of single precision";
        return Err(Fault::unfit(
            "a number is too large",
            expected,
            found,
            "send a smaller number",
        ));
    }
    let decoded = model.decode(&codes).map_err(|error| of_model(&error))?;
    let ImageShape { channels, height, width } = model.shape();
    Ok(Answer {
        items: codes.len() / latent.max(1),
        shape: Some([channels, height, width]),
        decoded: Some(Items::of(subject.format(), decoded)?),
        ..Answer::default()
    })
}

fn sample(subject: &Subject, most: usize, request: &Request) -> Result<Answer, Fault> {
    let mut options = Options::default();
    options.set_all(&request.query)?;
    let Options { seed, count, .. } = asked(request, 0, options)?.options;
    let count = count.min(most);
    let samples = subject.model().sample(Seed::new(seed), 0, count);
    let samples = samples.map_err(|error| of_model(&error))?;
    let ImageShape { channels, height, width } = subject.format().shape;
    Ok(Answer {
        items: count,
        shape: Some([channels, height, width]),
        samples: Some(Items::of(subject.format(), samples)?),
        ..Answer::default()
    })
}

/// An error of the model: about what was sent, or about the machine.
fn of_model(error: &ApplyError) -> Fault {
    match error {
        ApplyError::Model(ModelError::Device { .. }) => Fault::internal(error.to_string()),
        error => Fault::unfit(
            error.to_string(),
            "items that the model can take",
            "others",
            "send other items, or leave options out",
        ),
    }
}
