"""NumPy alone: loading the data, and drawing the noise of an epoch."""

import common
import numpy as np


def load():
    """What training needs: float32 in [0, 1]. `cargo xtask bench` takes the time of the whole process."""
    (images, test), _labels = common.load(), common.load_labels()
    return {"images": len(images) + len(test)}


def noise():
    images, generator = common.load()[0], np.random.default_rng(0)
    buffer = np.empty_like(images)

    def draw():
        generator.standard_normal(dtype=np.float32, out=buffer)
        np.multiply(buffer, common.FACTOR, out=buffer)
        np.add(buffer, images, out=buffer)
        np.clip(buffer, 0, 1, out=buffer)

    return {"noise_seconds": common.median_seconds(draw, least=3)}


works = {"loading": load, "noise": noise}
common.report({}, **works.get(common.WORK, common.refuse)())
