//! Tests of ONNX files.
