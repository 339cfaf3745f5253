"""The cost model of docs/performance.md, "Several processes": how long a step takes on N processes.

python3 docs/notes/processes.py

A step of one process takes `fixed + rows * row` seconds, both measured (see docs/performance.md). Of `row`, a third is the
gradient of the weights, which is added by whoever owns a block; of `fixed`, 12 of 40 bytes a parameter are the packing of
weights, which every process does, and 28 are the optimizer's step, which is divided. Messages are counted as
crates/ae-kernels/src/step/process.rs sends them.
"""

GROUP = 256
PARCEL = 1 << 17  # numbers that are sent together


class Network:
    def __init__(self, name, dense, shared, slice_rows, fixed, row):
        # dense: (inputs, outputs) of each dense weight, with a bias each; shared: other parameters, which are summed
        # slice by slice.
        self.name, self.dense, self.slice_rows = name, dense, slice_rows
        self.fixed, self.row = fixed, row
        # Blocks in the order of the flat buffer: the dense layer or None, and the number of parameters.
        self.blocks = []
        for layer, (inputs, outputs) in enumerate(dense):
            rows = max(32, -(-(4096 // inputs) // 8) * 8)
            if inputs * outputs >= 1 << 17:
                rows = 64
            while outputs > 0:
                self.blocks.append((layer, min(rows, outputs) * inputs))
                outputs -= rows
            self.blocks.append((None, dense[layer][1]))
        self.blocks += [(None, shared // 32)] * (32 if shared else 0)
        self.parameters = sum(numbers for _, numbers in self.blocks)
        self.shared = sum(numbers for layer, numbers in self.blocks if layer is None)

    def parts(self, ranks):
        """The blocks of each rank: crates/ae-kernels/src/step/shares.rs."""
        offsets, weights, last = [], [], None
        for layer, numbers in self.blocks:
            offsets.append(sum((offsets[-1], self.blocks[len(offsets) - 1][1])) if offsets else 0)
            if layer is not None and layer != last:
                weights.append(offsets[-1])
            last = layer if layer is not None else last
        begins = [0]
        for part in range(1, ranks):
            end = self.parameters * part // ranks
            near = [w for w in weights if abs(w - end) <= self.parameters // ranks // 8]
            begins.append(min(near, key=lambda w: abs(w - end), default=end))
        begins.append(self.parameters)
        return [
            [block for block, offset in zip(self.blocks, offsets) if begin <= offset < end]
            for begin, end in zip(begins, begins[1:])
        ]


def stack(*widths):
    return list(zip(widths, widths[1:]))


def rows_of(net, place, team, rows):
    slices = -(-rows // net.slice_rows)
    first = lambda place: min(rows, -(-place * slices // team) * net.slice_rows)
    return first(place + 1) - first(place)


def step(net, ranks, batch, latency, bandwidth):
    """Seconds of a step, and the bytes that the busiest process sends in it."""
    overhead = 1e-6  # of a message, on the processor
    packing, optimizer = net.fixed * 12 / 40, net.fixed * 28 / 40
    groups = -(-batch // GROUP)
    if ranks == 1:
        return batch * net.row + net.fixed, 0
    parts = net.parts(ranks)
    numbers = [sum(n for _, n in part) for part in parts]
    parcels = 2 + max(numbers) // PARCEL
    results = [4 * own * (ranks - 1) for own in numbers]
    messages, hops = (parcels + 2) * (ranks - 1), 3
    if groups >= ranks:
        rows = -(-groups // ranks) * GROUP
        work = rows * net.row
        # The sums of its groups go to those that take the steps.
        sent = max(
            result + -(-groups // ranks) * 4 * (net.parameters - own)
            for result, own in zip(results, numbers)
        )
        messages += ranks - 1
    else:
        assert groups == 1, "a batch of several groups has at most as many processes here"
        rows = rows_of(net, 0, ranks, batch)
        # The gradient of shared parameters is computed with the rows, that of dense weights by their owners.
        dense = 1 - net.shared / net.parameters
        work = net.row * (rows * (1 - dense / 3) + batch * dense / 3 / ranks)
        needs = [{layer for layer, _ in part if layer is not None} for part in parts]
        sent = 0
        for rank in range(ranks):
            own = rows_of(net, rank, ranks, batch)
            sides = sum(
                4 * own * sum(net.dense[layer])
                for other in range(ranks)
                if other != rank
                for layer in needs[other]
            )
            chain = 4 * net.shared if own else 0
            sent = max(sent, sides + chain + results[rank])
        messages += 2 * sum(map(len, needs))
        hops += min(ranks, -(-batch // net.slice_rows))
    seconds = work + packing + optimizer / ranks + messages * overhead + hops * latency + sent / bandwidth
    return seconds, sent


NETWORKS = [
    Network("tutorial, 784-32-784", stack(784, 32, 784), 0, 64, 67e-6, 6.8e-6),
    Network(
        "wide, 784-1000-500-250-30 and back",
        stack(784, 1000, 500, 250, 30, 250, 500, 1000, 784),
        0,
        64,
        20.6e-3,
        310e-6,
    ),
    Network("denoiser, 64 channels, 28 x 28", [], 189316, 8, 1.4e-3, 4.0e-3),
]
LINKS = [("10 Gbit/s", 30e-6, 1.25e9), ("100 Gbit/s", 2e-6, 12.5e9)]

if __name__ == "__main__":
    print("| network | batch | processes | MB sent a step | 10 Gbit/s | 100 Gbit/s |")
    print("|---|---|---|---|---|---|")
    for net in NETWORKS:
        for grows in (False, True):
            for ranks in (2, 8, 64, 512):
                batch = GROUP * ranks if grows else GROUP
                alone, _ = step(net, 1, batch, 0, 1)
                cells = []
                for _, latency, bandwidth in LINKS:
                    seconds, sent = step(net, ranks, batch, latency, bandwidth)
                    cells.append(f"{100 * alone / seconds / ranks:.0f} %")
                print(f"| {net.name} | {batch} | {ranks} | {sent / 1e6:.2f} | {' | '.join(cells)} |")
