//! `ae resume`

use ae_experiment::resume;

use super::{Status, finish};
use crate::args::{Common, Resume};

pub(crate) fn run(args: &Resume, common: &Common) -> anyhow::Result<Status> {
    finish(common, &args.run, args.show, |options| Ok(resume(&args.run, options)?))
}
