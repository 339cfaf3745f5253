//! Keys of an experiment: its name and data.

use super::{SpecKey, given, optional};

const NAME: &str = "letters, digits, `.`, `_` and `-`, beginning with a letter or a digit";

pub(super) const KEYS: &[SpecKey] = &[
    given("name", "\"autoencoder\"", NAME, "The experiment's name; the run's folder is called so."),
    given(
        "question",
        "\"How well does this autoencoder reconstruct these images?\"",
        "text",
        "What the experiment is to find out, in a sentence.",
    ),
    given(
        "seed",
        "42",
        "0 to 2^63 - 1",
        "The seed of all random numbers: the same seed gives the same weights.",
    ),
    given(
        "data.source",
        "\"auto\"",
        "auto, mnist, fashion-mnist, digits, leaves or a path; of these the variations, as in mnist-basic, mnist-rot, \
         mnist-bg-rand or rot:DIR",
        "The data: a folder of pictures or IDX files, a .npy file, a table (.csv), or a data set by its name.",
    ),
    optional(
        "data.size",
        ["that of the first image", "[28, 28]"],
        "1 to 8192 each",
        "Height and width of the images.",
    ),
    optional(
        "data.channels",
        ["as the first image", "1"],
        "1 (grey) or 3 (RGB)",
        "Channels of the images.",
    ),
    optional(
        "data.resize",
        ["images of another size are refused", "\"fit\""],
        "fit, crop or none",
        "How images of another size become images of this size.",
    ),
    optional(
        "data.skip_bad",
        ["false: they are refused", "true"],
        "true or false",
        "Whether pictures and rows that cannot be read are left out.",
    ),
    optional(
        "data.mapped",
        ["false: files of at most 1 GiB are read into memory", "true"],
        "true or false",
        "Whether a file of images (IDX, .npy of u1 or f4) or rows is mapped and not read into memory.",
    ),
    optional(
        "data.background",
        ["transparent pictures are refused", "\"white\""],
        "white, black or #rrggbb",
        "The colour that transparent pixels are put onto.",
    ),
    optional(
        "data.header",
        ["auto: the first lines decide", "\"yes\""],
        "auto, yes or no",
        "Whether a table's first line names the columns.",
    ),
    optional(
        "data.delimiter",
        ["auto: the first lines decide", "\"semicolon\""],
        "auto, comma, semicolon, tab or pipe",
        "What separates a table's columns.",
    ),
    optional(
        "data.label_column",
        ["no classes", "\"state\""],
        "a column's name, or its number from 1",
        "The column of a table that holds the classes.",
    ),
    optional(
        "data.drop_columns",
        ["all columns are read", "[\"id\", \"time\"]"],
        "names of columns, or their numbers from 1",
        "Columns of a table that are left out.",
    ),
    optional(
        "data.scaling",
        ["min-max", "\"standard\""],
        "min-max or standard",
        "How the columns of a table are scaled: to [0, 1], or to mean 0 and variance 1.",
    ),
    optional(
        "data.target",
        ["pictures are their own targets", "\"photos/clean\""],
        "a folder, or a TIFF with several pages",
        "The pictures that those of the source are to become; partners have the same path, whatever the ending.",
    ),
    optional(
        "data.test_fraction",
        ["0.1", "0.2"],
        "above 0 and below 1",
        "The fraction that is held out for testing, if the data has no such part.",
    ),
    optional(
        "data.substituted",
        ["nothing stands in", "\"MNIST was not found\""],
        "text",
        "Why this data stands in for other data; a run writes it.",
    ),
    given(
        "data.patches.size",
        "[48, 48]",
        "1 to 8192 each",
        "Height and width of the patches that are cut from pictures of any size.",
    ),
    optional(
        "data.patches.count",
        ["as many as cover the training pictures once, from 1000 to 16000", "16000"],
        "1 or more; the patches of an epoch take at most 2 GiB",
        "Patches of an epoch; every epoch cuts others.",
    ),
    given(
        "data.patches.flips",
        "false",
        "true or false",
        "Whether patches are mirrored at random, left to right and top to bottom.",
    ),
    given(
        "data.patches.rotations",
        "false",
        "true or false",
        "Whether square patches are turned at random by quarter turns.",
    ),
];
