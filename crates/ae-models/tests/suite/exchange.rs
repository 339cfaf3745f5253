//! Weights of other programs become models that compute the same.
//!
//! `tests/fixtures/exchange/make.py` wrote the files and printed the expected outputs.

use std::io::Write;
use std::path::{Path, PathBuf};

use ae_models::exchange::{
    Assumption, Converted, ExchangeError, ImportOptions, Imported, PixelOrder, WeightLayout,
    import, import_bytes,
};
use ae_models::{
    Activation, DenseConfig, Device, Dtype, FileTensor, SavedModel, WeightTypes, tensor_file,
};
use zip::write::SimpleFileOptions;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/exchange").join(name)
}

/// `((7 k) mod 13) / 12`, two rows, as `make.py` has them.
fn inputs(width: usize) -> Vec<f32> {
    (0..2 * width).map(|k| (7 * k % 13) as f32 / 12.0).collect()
}

fn assert_reconstructs(model: &SavedModel, expected: &[f32]) {
    let inference = model.inference(&Device::Cpu).unwrap();
    let mut outputs = vec![0.0; expected.len()];
    inference.reconstruct(&inputs(expected.len() / 2), &mut outputs).unwrap();
    for (output, expected) in outputs.iter().zip(expected) {
        assert!((output - expected).abs() < 1e-6, "{outputs:?}");
    }
}

fn dense(imported: &Imported) -> DenseConfig {
    DenseConfig::of(&imported.model.spec.network).unwrap()
}

fn told(imported: &Imported) -> String {
    imported.assumptions.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

#[test]
fn a_sequential_of_pytorch_computes_what_it_did() {
    let options = ImportOptions {
        hidden_activation: Some(Activation::Tanh),
        code_activation: Some(Activation::Elu),
        image: Some([2, 3]),
        ..ImportOptions::default()
    };
    let imported = import(&fixture("torch_sequential.safetensors"), &options).unwrap();
    assert_eq!(dense(&imported).encoder, [6, 5, 2]);
    assert_eq!(dense(&imported).decoder, [2, 5, 6]);
    let expected = [
        0.341803, 0.5921623, 0.4865513, 0.516295, 0.3172211, 0.4865938, 0.3407195, 0.5957063,
        0.4869077, 0.5117088, 0.316189, 0.4857576,
    ];
    assert_reconstructs(&imported.model, &expected);
    let assumed = "code of 2 after 2 layers; output activation sigmoid; a regular autoencoder";
    assert_eq!(told(&imported), assumed);
}

#[test]
fn a_wrapped_module_in_doubles_is_converted_on_request_alone() {
    let path = fixture("torch_halves_f64.safetensors");
    let mut options = ImportOptions {
        code_activation: Some(Activation::Linear),
        output_activation: Some(Activation::Linear),
        ..ImportOptions::default()
    };
    let error = import(&path, &options).unwrap_err();
    let name = "module.encoder.0.weight";
    assert!(
        matches!(&error, ExchangeError::Precision { name: found, found: Dtype::F64, .. } if found == name),
        "{error}"
    );
    options.types = WeightTypes::Converted;
    let imported = import(&path, &options).unwrap();
    assert_eq!(imported.converted, [Converted { from: Dtype::F64, arrays: 5 }]);
    // The names say where the code is, though the layer before it is as narrow.
    assert_eq!(dense(&imported).encoder, [6, 4, 4]);
    let expected = [
        -0.1536007,
        0.02232996,
        -0.1258303,
        0.03854218,
        0.1512879,
        -0.0002935816,
        -0.1293043,
        0.01439838,
        -0.09477744,
        0.02245087,
        0.1244417,
        0.002628658,
    ];
    assert_reconstructs(&imported.model, &expected);
    assert_eq!(
        told(&imported),
        "hidden activation relu; images of 1 x 6; a bias of zeros in module.decoder.0, which has none; a regular \
         autoencoder"
    );
}

#[test]
fn weights_of_keras_are_transposed_and_its_colours_put_in_planes() {
    let expected = [
        0.497344, 0.512853, 0.7476261, 0.6869416, 0.4576287, 0.6927616, 0.487289, 0.8348666,
        0.4299756, 0.6210306, 0.6647525, 0.663348, 0.5413569, 0.5074933, 0.6689587, 0.7478111,
        0.4741351, 0.6451646, 0.6228511, 0.7795945, 0.5385095, 0.5718234, 0.6865665, 0.7518308,
    ];
    for file in ["keras_colour.npz", "keras_colour_deflated.npz"] {
        let imported = import(&fixture(file), &ImportOptions::default()).unwrap();
        let dense = dense(&imported);
        assert_eq!((dense.image, dense.channels, &dense.encoder[..]), ([2, 2], 3, &[12, 3][..]));
        assert_reconstructs(&imported.model, &expected);
        for assumption in [
            Assumption::WeightLayout(WeightLayout::InOut),
            Assumption::PixelOrder(PixelOrder::ChannelsLast),
        ] {
            assert!(imported.assumptions.contains(&assumption), "{assumption}");
        }
    }
}

/// A safetensors file of zeros.
fn zeros(folder: &Path, tensors: &[(&str, Dtype, &[usize])]) -> PathBuf {
    let data = [0; 4096];
    let tensors = tensors.iter().map(|&(name, dtype, shape)| {
        let size = match dtype {
            Dtype::F64 | Dtype::I64 => 8,
            Dtype::F16 | Dtype::BF16 => 2,
            _ => 4,
        };
        let data = &data[..shape.iter().product::<usize>() * size];
        FileTensor { name, dtype, shape, data }
    });
    let path = folder.join("weights.safetensors");
    ae_files::write_atomic(&path, &tensor_file(&[], tensors.collect()).unwrap()).unwrap();
    path
}

fn refusal(tensors: &[(&str, Dtype, &[usize])], options: &ImportOptions) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = zeros(folder.path(), tensors);
    let error = import(&path, options).unwrap_err().to_string();
    error.replace(&path.display().to_string(), "FILE")
}

#[test]
fn layers_are_ordered_by_number_and_without_names_of_halves_by_width() {
    let folder = tempfile::tempdir().unwrap();
    // `fc10` comes after `fc9`.
    let path = zeros(
        folder.path(),
        &[
            ("fc8.weight", Dtype::F32, &[5, 9]),
            ("fc9.weight", Dtype::F32, &[2, 5]),
            ("fc10.weight", Dtype::F32, &[9, 2]),
        ],
    );
    let imported = import(&path, &ImportOptions::default()).unwrap();
    assert_eq!(dense(&imported).encoder, [9, 5, 2]);
    assert!(told(&imported).contains("layers in the order fc8, fc9, fc10"), "{}", told(&imported));
    assert!(told(&imported).contains("images of 3 x 3"), "{}", told(&imported));
}

#[test]
fn a_decoder_of_biases_alone_is_tied() {
    let folder = tempfile::tempdir().unwrap();
    let path = zeros(
        folder.path(),
        &[
            ("encoder.0.weight", Dtype::F32, &[5, 9]),
            ("encoder.2.weight", Dtype::F32, &[2, 5]),
            ("encoder.0.bias", Dtype::F32, &[5]),
            ("encoder.2.bias", Dtype::F32, &[2]),
            ("decoder.0.bias", Dtype::F32, &[5]),
            ("decoder.2.bias", Dtype::F32, &[9]),
        ],
    );
    let dense = dense(&import(&path, &ImportOptions::default()).unwrap());
    assert!(dense.tied_weights);
    assert_eq!((&dense.encoder[..], &dense.decoder[..]), (&[9, 5, 2][..], &[2, 5, 9][..]));
}

#[test]
fn what_cannot_be_a_model_is_refused_with_what_was_expected_and_found() {
    let plain = ImportOptions::default();
    let f32s = |shapes: [&'static [usize]; 2]| {
        [("0.weight", Dtype::F32, shapes[0]), ("2.weight", Dtype::F32, shapes[1])]
    };
    let cases: [(String, &str); 9] = [
        (
            refusal(&[("conv.weight", Dtype::F32, &[4, 1, 3, 3])], &plain),
            "FILE: conv.weight must be a matrix of weights, but has the shape [4, 1, 3, 3]; only dense layers are imported",
        ),
        (
            refusal(&[("kernel", Dtype::F32, &[4, 1])], &plain),
            "FILE: expected arrays whose names end with .weight or .bias (PyTorch), or arr_0, arr_1, .. (`np.savez` of \
             Keras' `get_weights()`), found kernel",
        ),
        (
            refusal(&[("0.weight", Dtype::I64, &[4, 1])], &plain),
            "FILE: 0.weight must be F32, F64, F16 or BF16, but is I64",
        ),
        (
            refusal(&[("0.weight", Dtype::BF16, &[4, 1])], &plain),
            "FILE: 0.weight must be F32, but is BF16",
        ),
        (
            refusal(&f32s([&[2, 9], &[9, 3]]), &plain),
            "FILE: 2 must take the 2 numbers that 0 before it gives, but takes 3; the layers were put in the order of \
             their names",
        ),
        (
            refusal(&f32s([&[2, 9], &[8, 2]]), &plain),
            "FILE: expected an autoencoder, of two layers or more that give as many numbers as they take, 9, found 2 \
             layers that give 8",
        ),
        (
            refusal(
                &f32s([&[2, 9], &[9, 2]]),
                &ImportOptions { image: Some([2, 2]), ..plain.clone() },
            ),
            "FILE: expected 4 inputs, or 12 for colours, for images of 2 x 2, found 9 inputs",
        ),
        (
            refusal(
                &f32s([&[2, 9], &[9, 2]]),
                &ImportOptions { latent_dim: Some(3), ..plain.clone() },
            ),
            "FILE: expected a layer with 3 outputs before the last one, found outputs [2]",
        ),
        (
            refusal(
                &f32s([&[2, 9], &[9, 2]]),
                &ImportOptions { encoder_layers: Some(2), ..plain.clone() },
            ),
            "FILE: expected an encoder of 2 of the 2 layers, found none",
        ),
    ];
    for (found, expected) in cases {
        assert_eq!(found, expected);
    }
    let narrow = [
        ("0.weight", Dtype::F32, &[2, 9][..]),
        ("2.weight", Dtype::F32, &[2, 2][..]),
        ("4.weight", Dtype::F32, &[9, 2][..]),
    ];
    assert_eq!(
        refusal(&narrow, &plain),
        "FILE: the code must be one of 2 layers whose outputs have 2 numbers; say how many layers the encoder has"
    );
}

#[test]
fn halves_and_doubles_become_the_nearest_f32_and_infinities_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weights.safetensors");
    let options = ImportOptions { types: WeightTypes::Converted, ..ImportOptions::default() };
    // 1.5 is 0x3e00 in f16 and 0x3fc0 in bf16; 0.1 is the double that NumPy rounds to 0.1f32.
    let half = [0x00, 0x3e];
    let brain = [0xc0, 0x3f];
    let write = |double: f64| {
        let double = double.to_le_bytes();
        let tensor = |name, dtype, shape, data| FileTensor { name, dtype, shape, data };
        let tensors = vec![
            tensor("0.weight", Dtype::F16, &[1, 1], &half[..]),
            tensor("0.bias", Dtype::BF16, &[1], &brain[..]),
            tensor("1.weight", Dtype::F64, &[1, 1], &double[..]),
        ];
        ae_files::write_atomic(&path, &tensor_file(&[], tensors).unwrap()).unwrap();
    };
    write(0.1);
    let imported = import(&path, &options).unwrap();
    assert_eq!(imported.model.parameters.values(), [1.5, 1.5, 0.1, 0.0]);
    let types = [Dtype::F16, Dtype::BF16, Dtype::F64];
    assert_eq!(imported.converted, types.map(|from| Converted { from, arrays: 1 }));
    write(1e39);
    let error = import(&path, &options).unwrap_err().to_string();
    assert!(error.ends_with("value 0 of 1.weight must be finite in F32, but is inf"), "{error}");
}

#[test]
fn a_file_that_was_damaged_or_is_of_another_program_is_refused() {
    let refusal = |bytes: &[u8]| {
        let imported = import_bytes(bytes, Path::new("weights"), &ImportOptions::default());
        imported.map(drop).map_err(|error| error.to_string())
    };
    for (bytes, expected) in [
        (&b"\x89HDF\r\n\x1a\n"[..], "found HDF5; load it in Keras"),
        (b"\x93NUMPY\x01\x00", "found one array (.npy)"),
        (b"\x80\x02}q\x00.", "found a pickle of PyTorch"),
        (b"12345", "expected safetensors or .npz, found another file"),
        (b"", "expected safetensors or .npz, found another file"),
        (b"PK\x03\x04 cut", "is damaged: "),
    ] {
        let error = refusal(bytes).unwrap_err();
        assert!(error.contains(expected) && error.contains("weights"), "{error}");
    }
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    archive.start_file("archive/data.pkl", stored).unwrap();
    archive.write_all(b"\x80\x02.").unwrap();
    let error = refusal(&archive.finish().unwrap().into_inner()).unwrap_err();
    assert!(error.contains("found a pickle of PyTorch"), "{error}");
}

/// Every single damaged byte of an archive gives an error, or changes nothing that is read.
#[test]
fn no_damaged_byte_of_an_archive_changes_a_weight() {
    let options = ImportOptions::default();
    let read = |bytes: &[u8]| import_bytes(bytes, Path::new("weights.npz"), &options);
    for file in ["keras_colour.npz", "keras_colour_deflated.npz"] {
        let bytes = std::fs::read(fixture(file)).unwrap();
        let intact = read(&bytes).unwrap().model;
        let mut refused = 0;
        for place in 0..bytes.len() {
            for change in [0x01, 0x15, 0xff] {
                let mut damaged = bytes.clone();
                damaged[place] ^= change;
                match read(&damaged) {
                    Ok(imported) => assert_eq!(imported.model, intact, "byte {place}"),
                    Err(_) => refused += 1,
                }
            }
        }
        assert!(refused > bytes.len(), "{refused} of {}", 3 * bytes.len());
        for length in 0..bytes.len() {
            read(&bytes[..length]).unwrap_err();
        }
    }
}
