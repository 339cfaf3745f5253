"""Compares a run's event file, read by TensorBoard, with its curve and its weights: RUN STEP.. (of kept checkpoints)."""

import csv
import io
import struct
import sys
import zlib

import numpy as np
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator


def tensors(path):
    """The tensors of a safetensors file, which are f32."""
    import json

    data = open(path, "rb").read()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    for name, tensor in header.items():
        if name != "__metadata__" and tensor["dtype"] == "F32" and not name.startswith("attachments"):
            start, end = tensor["data_offsets"]
            yield name, np.frombuffer(data[8 + length + start : 8 + length + end], "<f4").astype("f8")


def size_of_png(png):
    """Width, height and channels, after all checksums of the chunks."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    stream = io.BytesIO(png[8:])
    while head := stream.read(8):
        length, kind = struct.unpack(">I4s", head)
        data = stream.read(length)
        assert stream.read(4) == struct.pack(">I", zlib.crc32(kind + data))
        if kind == b"IHDR":
            width, height, _, colour = struct.unpack(">IIBB", data[:10])
    return width, height, {0: 1, 2: 3}[colour]


run, *kept = sys.argv[1:]
kept = [int(step) for step in kept]
accumulator = EventAccumulator(f"{run}/tensorboard", size_guidance={"images": 0, "histograms": 0, "scalars": 0})
accumulator.Reload()
tags = accumulator.Tags()

with open(f"{run}/curve.csv") as file:
    rows = list(csv.DictReader(file))
names = [name for name in rows[0] if name != "epoch"]
assert sorted(tags["scalars"]) == sorted(names), (tags["scalars"], names)
for name in names:
    events = accumulator.Scalars(name)
    assert [event.step for event in events] == [int(row["epoch"]) for row in rows], name
    # The time of an event is its step.
    assert all(event.wall_time == event.step for event in events), name
    assert [event.value for event in events] == [float(np.float32(row[name])) for row in rows], name

assert tags["images"] == ["reconstructions"], tags["images"]
images = accumulator.Images("reconstructions")
assert [image.step for image in images] == kept, [image.step for image in images]
for image in images:
    width, height, _ = size_of_png(image.encoded_image_string)
    assert (width, height) == (image.width, image.height), image.step

weights = dict(tensors(f"{run}/model.safetensors"))
assert sorted(tags["histograms"]) == sorted(f"weights/{name}" for name in weights), tags["histograms"]
for name, values in weights.items():
    events = accumulator.Histograms(f"weights/{name}")
    assert [event.step for event in events] == kept, name
    last = events[-1].histogram_value
    assert (last.min, last.max, last.num) == (values.min(), values.max(), values.size), name
    assert np.isclose(last.sum, values.sum(), rtol=1e-9, atol=1e-9), name
    assert np.isclose(last.sum_squares, (values**2).sum(), rtol=1e-9), name
    assert sum(last.bucket) == values.size, name
    # The bins are those of NumPy, but for values at an edge, which rounding may put on either side.
    if values.min() < values.max():
        found = np.array(last.bucket)
        expected, _ = np.histogram(values, bins=64, range=(values.min(), values.max()))
        assert np.abs(np.cumsum(found) - np.cumsum(expected)).max() <= 1 + values.size // 1000, name
print(f"{run}: {len(names)} curves, {len(images)} images, {len(weights)} parameters agree")
