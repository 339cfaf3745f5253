//! Long arrays of numbers in the form of a tensor.

use safetensors::Dtype;
use serde_json::Value;

/// The numbers of a JSON array, in the narrowest type that holds each of them exactly.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum NumberArray {
    F32(Vec<f32>),
    F64(Vec<f64>),
    I32(Vec<i32>),
    I64(Vec<i64>),
}

impl NumberArray {
    /// The numbers of these values, if all are floats or all are signed integers of at most 64 bits.
    pub(crate) fn of(values: &[Value]) -> Option<Self> {
        if values.iter().all(Value::is_f64) {
            let wide: Vec<f64> = values.iter().filter_map(Value::as_f64).collect();
            let narrow: Vec<f32> = wide.iter().map(|&number| number as f32).collect();
            let pairs = narrow.iter().zip(&wide);
            let is_exact = pairs.into_iter().all(|(&narrow, wide)| f64::from(narrow) == *wide);
            return Some(if is_exact { Self::F32(narrow) } else { Self::F64(wide) });
        }
        let wide: Vec<i64> = values.iter().map(Value::as_i64).collect::<Option<_>>()?;
        let narrow: Result<_, _> = wide.iter().map(|&number| i32::try_from(number)).collect();
        Some(narrow.map_or(Self::I64(wide), Self::I32))
    }

    /// The JSON array.
    pub(crate) fn to_value(&self) -> Value {
        match self {
            Self::F32(numbers) => numbers.iter().copied().map(Value::from).collect(),
            Self::F64(numbers) => numbers.iter().copied().map(Value::from).collect(),
            Self::I32(numbers) => numbers.iter().copied().map(Value::from).collect(),
            Self::I64(numbers) => numbers.iter().copied().map(Value::from).collect(),
        }
    }

    /// The type of its tensor.
    pub(crate) fn dtype(&self) -> Dtype {
        match self {
            Self::F32(_) => Dtype::F32,
            Self::F64(_) => Dtype::F64,
            Self::I32(_) => Dtype::I32,
            Self::I64(_) => Dtype::I64,
        }
    }

    /// The number of numbers.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::F32(numbers) => numbers.len(),
            Self::F64(numbers) => numbers.len(),
            Self::I32(numbers) => numbers.len(),
            Self::I64(numbers) => numbers.len(),
        }
    }

    /// The tensor's bytes.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::F32(numbers) => numbers.iter().flat_map(|number| number.to_le_bytes()).collect(),
            Self::F64(numbers) => numbers.iter().flat_map(|number| number.to_le_bytes()).collect(),
            Self::I32(numbers) => numbers.iter().flat_map(|number| number.to_le_bytes()).collect(),
            Self::I64(numbers) => numbers.iter().flat_map(|number| number.to_le_bytes()).collect(),
        }
    }

    /// The numbers of a tensor, or the reason why JSON cannot hold them.
    pub(crate) fn from_bytes(dtype: Dtype, data: &[u8]) -> Result<Self, String> {
        let (four, eight) = (data.as_chunks().0.iter(), data.as_chunks().0.iter());
        let array = match dtype {
            Dtype::F32 => Self::F32(four.map(|bytes| f32::from_le_bytes(*bytes)).collect()),
            Dtype::F64 => Self::F64(eight.map(|bytes| f64::from_le_bytes(*bytes)).collect()),
            Dtype::I32 => Self::I32(four.map(|bytes| i32::from_le_bytes(*bytes)).collect()),
            Dtype::I64 => Self::I64(eight.map(|bytes| i64::from_le_bytes(*bytes)).collect()),
            other => return Err(format!("it must be F32, F64, I32 or I64, but is {other}")),
        };
        let is_finite = match &array {
            Self::F32(numbers) => numbers.iter().all(|number| number.is_finite()),
            Self::F64(numbers) => numbers.iter().all(|number| number.is_finite()),
            Self::I32(_) | Self::I64(_) => true,
        };
        if is_finite { Ok(array) } else { Err("its numbers must be finite".to_owned()) }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_come_back_as_they_were() {
        for (values, dtype) in [
            (json!([0.5, -0.0, 1e-45_f32, 0.1_f32]), Dtype::F32),
            (json!([0.5, -0.0, 0.1]), Dtype::F64),
            (json!([0.0, 5e-324]), Dtype::F64),
            (json!([f64::MAX, 1.0]), Dtype::F64),
            (json!([0, -1, i32::MAX, i32::MIN]), Dtype::I32),
            (json!([0, -1, i64::MAX]), Dtype::I64),
        ] {
            let array = NumberArray::of(values.as_array().unwrap()).unwrap();
            assert_eq!(array.dtype(), dtype, "{values}");
            assert_eq!(array.len(), values.as_array().unwrap().len());
            let again = NumberArray::from_bytes(dtype, &array.to_bytes()).unwrap();
            // As text, where -0.0 and 0.0 differ.
            assert_eq!(again.to_value().to_string(), values.to_string());
            assert_eq!(again.to_value(), values);
        }
    }

    #[test]
    fn what_is_not_of_one_type_is_left_alone() {
        for values in [json!([1, 1.5]), json!([1, null]), json!(["1"]), json!([1, u64::MAX])] {
            assert_eq!(NumberArray::of(values.as_array().unwrap()), None, "{values}");
        }
    }

    #[test]
    fn what_json_cannot_hold_is_refused() {
        let error = NumberArray::from_bytes(Dtype::F64, &f64::NAN.to_le_bytes()).unwrap_err();
        assert_eq!(error, "its numbers must be finite");
        let error = NumberArray::from_bytes(Dtype::F16, &[0; 2]).unwrap_err();
        assert_eq!(error, "it must be F32, F64, I32 or I64, but is F16");
    }
}
