"""Makes the sample data that the documentation's commands run on: procedural pictures and tables, no one's property.

Needs numpy and pillow. Run in this folder: python make.py
"""

import numpy as np
from PIL import Image

rng = np.random.default_rng(7)


def photo(kind):
    """A colour picture of 40 x 48: a sky or a wood of soft blobs."""
    y, x = np.mgrid[0:40, 0:48] / 40.0
    base = np.stack([0.3 + 0.3 * y, 0.5 + 0.2 * y, 0.9 - 0.3 * y], 2)
    if kind == "wood":
        base = np.stack([0.25 + 0.2 * y, 0.4 - 0.1 * y, 0.15 + 0.05 * y], 2)
    for _ in range(5):
        cy, cx, r = rng.uniform(0, 1), rng.uniform(0, 1.2), rng.uniform(0.08, 0.3)
        mask = np.exp(-(((y - cy) ** 2 + (x - cx) ** 2) / r**2))[..., None]
        base = base * (1 - mask) + mask * rng.uniform(0.2, 1.0, 3)
    return Image.fromarray((np.clip(base, 0, 1) * 255).astype(np.uint8))


def page(height, width):
    """A grey page of short strokes, dark on light."""
    image = np.full((height, width), 0.95)
    for row in range(6, height - 6, 10):
        column = 4
        while column < width - 8:
            length = int(rng.integers(2, 7))
            image[row : row + int(rng.integers(2, 6)), column : column + length] = rng.uniform(0.05, 0.3)
            column += length + int(rng.integers(2, 6))
    return Image.fromarray((image * 255).astype(np.uint8))


def rows(count, broken):
    """Sensor rows: four columns that depend on a hidden load; broken ones lose the dependence."""
    load = rng.uniform(0.2, 1.0, count)
    columns = np.stack([40 + 30 * load, 1.5 + 2 * load, 900 + 600 * load, 20 + 5 * load**2], 1)
    columns += rng.normal(size=columns.shape) * [0.8, 0.05, 15, 0.3]
    if broken:
        columns[:, 1] = rng.permutation(columns[:, 1]) + 1.2
    return columns


def write_table(path, columns, states=None):
    with open(path, "w", encoding="ascii", newline="\n") as file:
        file.write("temperature,pressure,speed,vibration" + (",state\n" if states else "\n"))
        for place, row in enumerate(columns):
            line = ",".join(f"{value:.3f}" for value in row)
            file.write(line + (f",{states[place]}\n" if states else "\n"))


def main():
    import os

    for kind in ("sky", "wood"):
        os.makedirs(f"photos/{kind}", exist_ok=True)
        for number in range(16):
            photo(kind).save(f"photos/{kind}/{number:02}.png", optimize=True)
    os.makedirs("scans", exist_ok=True)
    for number in range(24):
        page(32, 32).save(f"scans/{number:02}.png", optimize=True)
    clean = page(96, 128)
    photo("sky").resize((32, 32)).save("a.png", optimize=True)
    photo("wood").resize((32, 32)).save("b.png", optimize=True)
    normal, more = rows(240, False), rows(120, False)
    write_table("sensors.csv", normal, ["idle" if row[0] < 58 else "busy" for row in normal])
    write_table("normal.csv", more)
    write_table("new.csv", np.concatenate([rows(40, False), rows(10, True)]))
    noisy = np.asarray(clean) / 255 + rng.normal(0, 0.3, (96, 128))
    Image.fromarray((np.clip(noisy, 0, 1) * 255).astype(np.uint8)).save("page.png", optimize=True)


if __name__ == "__main__":
    main()
