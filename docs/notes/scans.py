"""The scans of docs/results.md, "Scans": a page of text with stains and noise, in pairs, and how well it was cleaned.

pip install scikit-image
python3 docs/notes/scans.py make scans/
ae train --data scans/train/dirty --target scans/train/clean --network denoiser --patches 48x48:8000 --epochs 24 --out runs/scans
ae denoise runs/scans scans/test/dirty -o cleaned/
python3 docs/notes/scans.py score scans/ cleaned/

The page is `page` of scikit-image, a scan with uneven light. Its left 60 % are for training, with 200 draws of stains and
noise; the rest is for testing, with 10 draws. Non-local means has the strength that is best for the test pictures.
"""

import pathlib
import sys

import numpy
from PIL import Image
from scipy.ndimage import zoom
from skimage import data
from skimage.restoration import denoise_nl_means, estimate_sigma


def smooth(generator, cell, shape):
    """Smooth random numbers that change over `cell` pixels."""
    coarse = generator.uniform(-1, 1, [-(-side // cell) + 4 for side in shape])
    top, left = generator.integers(0, cell, 2) + cell
    return zoom(coarse, cell, order=3)[top : top + shape[0], left : left + shape[1]]


def soiled(generator, page):
    """A page with a stain over 5 to 30 % of it that takes up to 60 % of the light, and noise of 0.02 to 0.1."""
    field = smooth(generator, 133, page.shape) + smooth(generator, 44, page.shape) / 3
    edge = numpy.quantile(field, 1 - generator.uniform(0.05, 0.3))
    stain = numpy.clip((field - edge) / (field.max() - edge), 0, 1) ** 0.5
    strength = generator.uniform(0.2, 0.6) * generator.uniform(0.5, 1)
    noise = generator.normal(0, generator.uniform(0.02, 0.1), page.shape)
    return numpy.clip(page * (1 - strength * stain) + noise, 0, 1)


def read(path):
    return numpy.asarray(Image.open(path).convert("L"), float) / 255


def write(path, pixels):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray((pixels * 255 + 0.5).astype("uint8")).save(path)


def make(folder):
    page = data.page() / 255
    cut = page.shape[1] * 6 // 10
    for part, clean, count, seed in ("train", page[:, :cut], 200, 1), ("test", page[:, cut:], 10, 2):
        for number in range(count):
            generator = numpy.random.default_rng([seed, number])
            write(folder / part / "dirty" / f"{number:04}.png", soiled(generator, clean))
            write(folder / part / "clean" / f"{number:04}.png", clean)


def decibels(clean, other):
    return -10 * numpy.log10(numpy.mean((clean - other) ** 2))


def score(folder, cleaned):
    names = sorted(path.name for path in (folder / "test" / "clean").iterdir())
    clean = [read(folder / "test" / "clean" / name) for name in names]
    dirty = [read(folder / "test" / "dirty" / name) for name in names]
    found = [read(cleaned / name) for name in names]
    means = []
    for strength in 0.4, 0.6, 0.8, 1.0, 1.2:
        for page in dirty:
            sigma = estimate_sigma(page)
            means.append(denoise_nl_means(page, 7, 11, h=strength * sigma, sigma=sigma, fast_mode=True))
    best = max(
        numpy.mean([decibels(*pair) for pair in zip(clean, means[first : first + len(names)])])
        for first in range(0, len(means), len(names))
    )
    for name, pages in ("dirty", dirty), ("cleaned", found):
        print(f"{name:<16} {numpy.mean([decibels(*pair) for pair in zip(clean, pages)]):.2f} dB")
    print(f"non-local means  {best:.2f} dB")


command, *folders = sys.argv[1:]
{"make": make, "score": score}[command](*map(pathlib.Path, folders))
