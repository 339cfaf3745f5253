//! Rows of convolutions, pooling and upsampling: kernels, strides, factors and paddings.

use serde_json::{Value, json};

use super::{Row, conv, convolution, dense, row};

fn pool<W: Into<Value>>(size: W, stride: W, padding: &str) -> Value {
    let (size, stride) = (size.into(), stride.into());
    json!({ "layer": "max-pool", "size": size, "stride": stride, "padding": padding })
}

/// Convolutions and pooling with every padding, and sizes that are odd in every sense.
pub(super) fn windows() -> Vec<Row> {
    let transposed = |channels, kernel, stride, padding: &str| {
        convolution("conv-transpose", channels, kernel, stride, padding)
    };
    let same = |channels| conv(channels, 3, 1, "same");
    let mut rows = vec![row("one pixel", [1, 1, 1], json!([same(3)]), json!([dense(1, "linear")]))];
    for padding in ["same", "valid"] {
        let of_padding = [
            ("conv", [3, 7, 5], json!([conv(9, 3, 1, padding)])),
            ("even kernel", [3, 7, 5], json!([conv(4, 2, 1, padding)])),
            ("1 x 1", [3, 5, 2], json!([conv(17, 1, 1, padding)])),
            ("strides", [1, 11, 13], json!([conv(4, 3, 2, padding), conv(5, 2, 3, padding)])),
            ("stride larger than kernel", [1, 11, 7], json!([conv(4, 2, 3, padding)])),
            ("two convs", [1, 8, 9], json!([conv(16, 3, 1, padding), conv(8, 3, 2, padding)])),
            ("conv-transpose", [3, 3, 2], json!([same(4), transposed(5, 3, 2, padding)])),
            ("wide conv-transpose", [1, 3, 2], json!([transposed(4, 2, 3, padding)])),
            ("unit conv-transpose", [1, 3, 4], json!([transposed(4, 3, 1, padding)])),
            ("max-pool", [3, 7, 5], json!([same(4), pool(2, 2, padding)])),
            (
                "overlapping pools",
                [1, 7, 8],
                json!([same(4), pool(3, 2, padding), pool(2, 1, padding)]),
            ),
            ("pool with gaps", [1, 8, 7], json!([same(4), pool(2, 3, padding)])),
        ];
        rows.extend(of_padding.map(|(what, item, encoder)| {
            let decoder = json!([dense(item.iter().product(), "linear")]);
            row(&format!("{what}, {padding}"), item, encoder, decoder)
        }));
    }
    rows
}

/// Windows and factors that differ down and across.
pub(super) fn rectangles() -> Vec<Row> {
    let transposed = |channels, kernel: [usize; 2], stride: [usize; 2], padding: &str| {
        convolution("conv-transpose", channels, kernel.to_vec(), stride.to_vec(), padding)
    };
    let conv = |channels, kernel: [usize; 2], stride: [usize; 2], padding: &str| {
        conv(channels, kernel.to_vec(), stride.to_vec(), padding)
    };
    let pool = |size: [usize; 2], stride: [usize; 2], padding: &str| {
        pool(size.to_vec(), stride.to_vec(), padding)
    };
    let same = |channels| conv(channels, [3, 1], [1, 1], "same");
    let up = |factor: [usize; 2]| json!({ "layer": "upsample", "factor": factor });
    let mut rows = Vec::new();
    for padding in ["same", "valid"] {
        let of_padding = [
            ("flat kernel", [3, 5, 7], json!([conv(9, [1, 4], [1, 1], padding)])),
            ("tall kernel", [3, 8, 3], json!([conv(32, [5, 2], [1, 1], padding), same(3)])),
            ("two strides", [1, 9, 8], json!([same(32), conv(5, [3, 2], [1, 3], padding)])),
            ("tall stride", [3, 9, 6], json!([conv(4, [2, 3], [3, 1], padding)])),
            (
                "tall conv-transpose",
                [1, 2, 4],
                json!([same(4), transposed(5, [4, 1], [3, 1], padding)]),
            ),
            (
                "flat conv-transpose",
                [1, 3, 2],
                json!([same(4), transposed(3, [1, 2], [2, 3], padding)]),
            ),
            ("flat pool", [3, 5, 8], json!([same(4), pool([1, 3], [1, 2], padding)])),
            ("tall pool", [3, 8, 5], json!([same(4), pool([3, 2], [2, 1], padding)])),
            (
                "flat upsample",
                [1, 3, 2],
                json!([same(4), up([1, 3]), conv(3, [2, 3], [1, 2], padding)]),
            ),
            (
                "tall upsample",
                [1, 2, 3],
                json!([same(4), up([4, 2]), conv(3, [3, 1], [2, 1], padding)]),
            ),
        ];
        rows.extend(of_padding.map(|(what, item, encoder)| {
            let decoder = json!([dense(item.iter().product(), "linear")]);
            row(&format!("{what}, {padding}"), item, encoder, decoder)
        }));
    }
    let large = json!([same(4), pool([30, 2], [3, 1], "same"), pool([2, 99], [1, 2], "same")]);
    rows.push(row("pools larger than the map", [1, 7, 5], large, json!([dense(35, "linear")])));
    rows
}
