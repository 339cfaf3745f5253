//! What a request gives: items in the model's numbers, or codes, and options.

use ae_corruption::corrupt_batch;
use ae_dataset::ImageShape;
use ae_random::Seed;

use crate::compute::{Request, Work};
use crate::numbers::Numbers;
#[cfg(feature = "server")]
use crate::picture::picture;
use crate::query::Options;
use crate::question::{Asked, Field, Kind, understand};
use crate::{Fault, Subject};

/// The stream of the noise, as in `ae denoise --noise`.
const NOISE: &str = "corruption/validation";

/// Items in the model's numbers, and what is to be done beside.
pub(crate) struct Given {
    pub(crate) items: Vec<f32>,
    pub(crate) options: Options,
}

impl Given {
    pub(crate) fn read(subject: &Subject, most: usize, request: &Request) -> Result<Self, Fault> {
        let mut options = Options::default();
        options.set_all(&request.query)?;
        let given = match request.kind {
            #[cfg(feature = "server")]
            Kind::Picture => {
                let items = picture(subject.model(), &request.body, &options)?;
                Self { items, options }
            }
            Kind::Json => {
                let numbers = most.saturating_mul(subject.model().shape().size());
                let asked = asked(request, numbers, options)?;
                let values = items(subject, asked.numbers, most)?;
                Self { items: values, options: asked.options }
            }
        };
        given.options.check(subject.format())?;
        given.check_noise_level(subject, request.work)?;
        Ok(given)
    }

    /// A noise level is told to the network for its result; codes and verdicts are those of the estimate.
    fn check_noise_level(&self, subject: &Subject, work: Work) -> Result<(), Fault> {
        let Options { noise_level: Some(level), include, .. } = self.options else { return Ok(()) };
        let expected = match work {
            _ if !subject.model().takes_noise_level() => {
                "no `noise_level`: the network is not told it"
            }
            Work::Reconstruct | Work::Denoise if !(include.codes || include.verdicts) => {
                return Ok(());
            }
            _ => {
                "`noise_level` with /v1/reconstruct or /v1/denoise, and neither codes nor verdicts"
            }
        };
        let found = format!("noise_level = {level}");
        Err(Fault::unfit("an option does not fit", expected, found, "leave it out"))
    }

    /// The items as the model sees them: with noise, if some is asked for.
    pub(crate) fn seen(
        &self,
        ImageShape { height, width, .. }: ImageShape,
        count: usize,
    ) -> Vec<f32> {
        let mut seen = self.items.clone();
        if let Some(noise) = &self.options.noise {
            let places: Vec<u32> = (0..count as u32).collect();
            let stream = Seed::new(self.options.seed).stream(NOISE);
            corrupt_batch(noise, &mut seen, &places, height, width, 0, &stream);
        }
        seen
    }
}

/// A JSON body; options of the query hold unless the body sets them.
pub(crate) fn asked(request: &Request, most: usize, defaults: Options) -> Result<Asked, Fault> {
    match request.kind {
        Kind::Json => understand(&request.body, most, defaults),
        #[cfg(feature = "server")]
        Kind::Picture => Err(Fault::new(
            http::StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "a picture is no code",
            "application/json as Content-Type",
            "a picture",
            "send codes as JSON",
        )),
    }
}

/// The numbers of a body as items of the model.
fn items(
    subject: &Subject,
    numbers: Option<(Field, Numbers)>,
    most: usize,
) -> Result<Vec<f32>, Fault> {
    let format = subject.format();
    let shape = format.shape;
    let ImageShape { channels, height, width } = shape;
    let mut shapes = vec![vec![shape.size()], vec![channels, height, width]];
    if channels == 1 {
        shapes.push(vec![height, width]);
    }
    let Numbers { values, .. } = checked(numbers, IsCode(false), &shapes, most)?;
    let Some(scaling) = &format.scaling else {
        let outside = values.iter().position(|value| !(0.0..=1.0).contains(value));
        return match outside {
            None => Ok(values.into_iter().map(|value| value as f32).collect()),
            Some(place) => Err(Fault::unfit(
                "a value is out of its range",
                "values from 0 (black) to 1 (white)",
                format!("{} at place {place}", values[place]),
                "divide bytes by 255",
            )),
        };
    };
    let scaled = scaling.rows(&values);
    match scaled.iter().position(|value| !value.is_finite()) {
        None => Ok(scaled),
        Some(place) => Err(Fault::unfit(
            "a number is too large for single precision",
            format!(
                "numbers as in the training, such as {:?}",
                scaling.range(place % width.max(1))
            ),
            values[place].to_string(),
            "send rows in the units of the training's table",
        )),
    }
}

/// Whether codes are expected.
#[derive(Clone, Copy)]
pub(crate) struct IsCode(pub(crate) bool);

/// Numbers of one of the shapes, or a batch of them.
pub(crate) fn checked(
    numbers: Option<(Field, Numbers)>,
    IsCode(is_code): IsCode,
    shapes: &[Vec<usize>],
    most: usize,
) -> Result<Numbers, Fault> {
    let (one, many) = if is_code { ("code", "codes") } else { ("item", "items") };
    let told: Vec<String> = shapes.iter().map(|shape| format!("{shape:?}")).collect();
    let told = told.join(" or ");
    let expected = format!("`{one}` of shape {told}, or `{many}`: a list of 1 to {most} of them");
    let correct = "send flat or nested lists of this shape; /v1/model has it as `shape`";
    let Some((field, numbers)) = numbers else {
        return Err(Fault::unfit("nothing was sent", expected, "neither", correct));
    };
    let name = field.name();
    if field.is_code() != is_code {
        let error = "that is the wrong field for this address";
        return Err(Fault::unfit(error, expected, format!("`{name}`"), correct));
    }
    let single = if field.is_batch() { numbers.shape.get(1..) } else { Some(&*numbers.shape) };
    let count = if field.is_batch() { numbers.shape.first().copied().unwrap_or(0) } else { 1 };
    let fits = single.is_some_and(|single| shapes.iter().any(|shape| shape == single));
    match fits && (1..=most).contains(&count) {
        true => Ok(numbers),
        false => {
            let found = format!("`{name}` of shape {:?}", numbers.shape);
            Err(Fault::unfit("the shape does not fit the model", expected, found, correct))
        }
    }
}
