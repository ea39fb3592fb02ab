"""Compiled inner loops of the dropout classifier for the CPU (numba); `engines` beside it says what they compute.

Four things make a training step cheap. The embeddings are sparse, so only their non-zeros are visited. A mask is bits
(`dalbook.learners.masks`), so dropping an input is one shift. The parameters lie with the classes side by side, padded
to a multiple of LANES, so that one input updates all class scores with one vector instruction
(`dalbook.learners.engine.simd`). And a clip that a minibatch holds several times is done DRAWS rows at a time: its
inputs, its weights and its part of the gradient are then read and written once for all of them.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from dalbook.learners.engine.simd import LANES, add, axpy, load, store, zeros
from dalbook.learners.masks import GOLDEN, MIX_1, MIX_2

DRAWS = 8  # rows of one clip that are done together
COMPILE = {"nogil": True, "cache": True, "fastmath": {"contract", "reassoc", "nsz", "arcp"}, "error_model": "numpy"}


@njit(inline="always", **COMPILE)
def _word(key, counter):
    z = key + np.uint64(counter + 1) * GOLDEN
    z = (z ^ (z >> np.uint64(30))) * MIX_1
    z = (z ^ (z >> np.uint64(27))) * MIX_2
    return z ^ (z >> np.uint64(31))


@njit(**COMPILE)
def gradient_part(indptr, indices, data, clips, targets, begin, end, key, weight, n_classes, gradient):
    """Add to `gradient` that of the mean cross-entropy over the minibatch's rows begin to end.

    indptr, indices, data: the embeddings as compressed sparse rows, (n, d) float32.
    clips, targets: int64 (batch,): which clip is the minibatch's row b, and its class.
    key: row b's mask is row b of ``mask_words(key, batch, d)``.
    weight, gradient: float32 (blocks, d + 1, LANES), class c in block c // LANES, lane c % LANES; row d is the bias.
    """
    blocks, d = weight.shape[0], weight.shape[1] - 1
    bits = np.empty(((d + 63) // 64, DRAWS), np.uint64)
    kept = np.empty(d, np.int32)
    values = np.empty((d, DRAWS), np.float32)
    alone = values.reshape(d * DRAWS)
    z = np.empty((blocks, DRAWS, LANES), np.float32)
    share = np.float32(1 / len(clips))
    order = begin + np.argsort(clips[begin:end], kind="mergesort")
    done = 0
    while done < len(order):
        clip = clips[order[done]]
        draws = 1
        while draws < DRAWS and done + draws < len(order) and clips[order[done + draws]] == clip:
            draws += 1
        rows = order[done : done + draws]
        done += draws
        for w in range(len(bits)):
            for k in range(DRAWS):
                bits[w, k] = _word(key, rows[k] * len(bits) + w) if k < draws else np.uint64(0)
        first, last = indptr[clip], indptr[clip + 1]
        inputs, n = indices[first:last], last - first
        if draws == 1:  # one draw alone: copy out the inputs that its mask keeps, and visit only these
            n = _keep(inputs, data[first:last], bits, kept, alone)
            for block in range(blocks):
                _scores(kept, n, alone, weight[block], z[block])
                z[block, 1:] = 0
        else:
            _mask(inputs, data[first:last], bits, values)
            for block in range(blocks):
                _scores_of_draws(inputs, n, values, weight[block], z[block])
        for k in range(draws):
            _loss_gradient(z[:, k], n_classes, targets[rows[k]], share)
            for block in range(blocks):
                store(gradient[block], d, add(load(gradient[block], d), load(z[block], k)))
        for block in range(blocks):
            if draws == 1:
                _outer(kept, n, alone, z[block], gradient[block])
            else:
                z[block, draws:] = 0
                _outer_of_draws(inputs, n, values, z[block], gradient[block])


@njit(inline="always", **COMPILE)
def _keep(inputs, data, bits, kept, values):
    """Copy the inputs that the one mask keeps, doubled (1 / (1 - 0.5)); branchless, half of them are dropped.

    Indices are unsigned, as numba would check signed ones for being negative.
    """
    n = np.uint64(0)
    for p in range(len(inputs)):
        j = np.uint64(inputs[p])
        kept[n] = inputs[p]
        values[n] = np.float32(2) * data[p]
        n += (bits[j >> np.uint64(6), 0] >> (j & np.uint64(63))) & np.uint64(1)
    return np.int64(n)


@njit(inline="always", **COMPILE)
def _scores(kept, n, values, weight, z):
    """z[0] = bias + sum over the kept inputs of value * weight[input]; four sums, so that they need not wait."""
    a, b, c, e = load(weight, len(weight) - 1), zeros(), zeros(), zeros()
    for p in range(0, n - n % 4, 4):
        a = axpy(values[p], load(weight, np.int64(kept[p])), a)
        b = axpy(values[p + 1], load(weight, np.int64(kept[p + 1])), b)
        c = axpy(values[p + 2], load(weight, np.int64(kept[p + 2])), c)
        e = axpy(values[p + 3], load(weight, np.int64(kept[p + 3])), e)
    for p in range(n - n % 4, n):
        a = axpy(values[p], load(weight, np.int64(kept[p])), a)
    store(z, 0, add(add(a, b), add(c, e)))


@njit(inline="always", **COMPILE)
def _outer(kept, n, values, z, gradient):
    """gradient[input] += value * z[0] for the kept inputs."""
    g = load(z, 0)
    for p in range(n):
        j = np.int64(kept[p])
        store(gradient, j, axpy(values[p], g, load(gradient, j)))


@njit(inline="always", **COMPILE)
def _mask(inputs, data, bits, values):
    """values[p, k] = input p of the clip, doubled (1 / (1 - 0.5)) where mask k keeps it, else 0."""
    for p in range(len(inputs)):
        word, shift, value = inputs[p] >> 6, np.uint64(inputs[p] & 63), np.float32(2) * data[p]
        for k in range(DRAWS):
            values[p, k] = value * np.float32(np.int32((bits[word, k] >> shift) & np.uint64(1)))


@njit(inline="always", **COMPILE)
def _scores_of_draws(inputs, n, values, weight, z):
    """z[k] = bias + sum over the inputs p of values[p, k] * weight[input], for DRAWS masks k at once."""
    z0 = load(weight, len(weight) - 1)
    z1 = z2 = z3 = z4 = z5 = z6 = z7 = z0
    for p in range(n):
        w, v = load(weight, np.int64(inputs[p])), values[p]
        z0, z1, z2, z3 = axpy(v[0], w, z0), axpy(v[1], w, z1), axpy(v[2], w, z2), axpy(v[3], w, z3)
        z4, z5, z6, z7 = axpy(v[4], w, z4), axpy(v[5], w, z5), axpy(v[6], w, z6), axpy(v[7], w, z7)
    store(z, 0, z0), store(z, 1, z1), store(z, 2, z2), store(z, 3, z3)
    store(z, 4, z4), store(z, 5, z5), store(z, 6, z6), store(z, 7, z7)


@njit(inline="always", **COMPILE)
def _outer_of_draws(inputs, n, values, z, gradient):
    """gradient[input] += sum over the DRAWS masks k of values[p, k] * z[k]."""
    g0, g1, g2, g3 = load(z, 0), load(z, 1), load(z, 2), load(z, 3)
    g4, g5, g6, g7 = load(z, 4), load(z, 5), load(z, 6), load(z, 7)
    for p in range(n):
        j, v = np.int64(inputs[p]), values[p]
        a = axpy(v[3], g3, axpy(v[2], g2, axpy(v[1], g1, axpy(v[0], g0, load(gradient, j)))))
        b = axpy(v[7], g7, axpy(v[6], g6, axpy(v[5], g5, axpy(v[4], g4, zeros()))))
        store(gradient, j, add(a, b))


@njit(inline="always", **COMPILE)
def _loss_gradient(z, n_classes, target, share):
    """From class scores (blocks, LANES) to the loss's gradient with respect to them: (softmax - one-hot) * share."""
    top = z[0, 0]
    for c in range(1, n_classes):
        top = max(top, z[c // LANES, c % LANES])
    total = np.float32(0)
    for c in range(n_classes):
        e = _exp(z[c // LANES, c % LANES] - top)
        z[c // LANES, c % LANES] = e
        total += e
    for c in range(n_classes):
        z[c // LANES, c % LANES] *= share / total
    z[-1, (n_classes - 1) % LANES + 1 :] = 0
    z[target // LANES, target % LANES] -= share


@njit(**COMPILE)
def adam(weight, gradients, first, second, step, rate, decay):
    """One step of Adam with L2 weight decay, as `torch.optim.Adam` does it; `gradients` are parts to add up, then 0.

    All arrays are flat: weight, first, second (size,), gradients (parts, size), float32.
    """
    beta_1, beta_2, one = np.float32(0.9), np.float32(0.999), np.float32(1)
    size = np.float32(rate / (1 - 0.9**step))
    root = np.float32(math.sqrt(1 - 0.999**step))
    decay, epsilon = np.float32(decay), np.float32(1e-8)
    for j in range(len(weight)):
        g = decay * weight[j]
        for part in range(len(gradients)):
            g += gradients[part, j]
            gradients[part, j] = 0
        first[j] = beta_1 * first[j] + (one - beta_1) * g
        second[j] = beta_2 * second[j] + (one - beta_2) * g * g
        weight[j] -= size * first[j] / (np.sqrt(second[j]) / root + epsilon)


@njit(inline="always", **COMPILE)
def _exp(x):
    """exp(x) of a float32 x <= 0, to 2e-7: 2^n p(r), with n the nearest integer to x / log 2 and r what is left.

    The C library's is a call for each number; this the compiler turns into vector instructions.
    """
    x = max(x, np.float32(-87))
    n = np.floor(x * np.float32(1.4426950408889634) + np.float32(0.5))
    r = (x - n * np.float32(0.693145751953125)) - n * np.float32(1.428606820309417e-06)  # log 2 in two parts
    p = np.float32(1 / 720)
    p = p * r + np.float32(1 / 120)
    p = p * r + np.float32(1 / 24)
    p = p * r + np.float32(1 / 6)
    p = p * r + np.float32(0.5)
    p = p * r + np.float32(1)
    p = p * r + np.float32(1)
    return p * np.int32((np.int32(n) + np.int32(127)) << np.int32(23)).view(np.float32)


@njit(**COMPILE)
def tally(z, n_classes, n_masks, votes, probs, entropy):
    """From the class scores of all hypotheses to votes, mean probabilities and mean entropy; z is overwritten.

    z: float32 (m, n_classes * n_masks); column ``c * n_masks + k`` is class c under mask k.
    votes: int32 (m, n_classes); probs: float32 (m, n_classes); entropy: float32 (m,), all written.
    """
    top = np.empty(n_masks, np.float32)
    vote = np.empty(n_masks, np.int32)
    total = np.empty(n_masks, np.float32)
    moment = np.empty(n_masks, np.float32)
    for i in range(z.shape[0]):
        for k in range(n_masks):
            top[k], vote[k], total[k], moment[k] = z[i, k], 0, 0, 0
        for c in range(1, n_classes):
            for k in range(n_masks):
                score = z[i, c * n_masks + k]
                above = score > top[k]
                vote[k] = c if above else vote[k]
                top[k] = score if above else top[k]
        for c in range(n_classes):
            for k in range(n_masks):
                below = z[i, c * n_masks + k] - top[k]
                e = _exp(below)
                z[i, c * n_masks + k] = e
                total[k] += e
                moment[k] += e * below
        h = np.float32(0)
        for k in range(n_masks):  # entropy of one softmax: log(sum e^z) - sum p z, with z measured from the top
            h += math.log(total[k]) - moment[k] / total[k]
        entropy[i] = h / n_masks
        for c in range(n_classes):
            p, n = np.float32(0), 0
            for k in range(n_masks):
                p += z[i, c * n_masks + k] / total[k]
                n += vote[k] == c
            probs[i, c] = p / n_masks
            votes[i, c] = n
