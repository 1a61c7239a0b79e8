/* The parts of a transformer layer that work on floats. */
#ifndef HANSE_LAYERS_H
#define HANSE_LAYERS_H

#include <math.h>

#include "engine.h"
#include "vectors.h"

static const int32_t TAIL_MASK[32] = {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1};

/* All bits set in the lanes of part `p` that are below `valid` (1 to 16). */
INLINE vi tail_mask(int valid, int p) { return load_ints(TAIL_MASK + 16 - valid + p * LANES); }

/* x = (x + branch - mean) / sqrt(variance + 1e-6) * scale + bias, row by row. */
static void add_and_normalise(float *x, const float *branch, int rows, int dim, hanse_norm norm) {
    for (int r = 0; r < rows; r++, x += dim, branch += dim) {
        sixteen sum = {0}, squares = {0};
        for (int i = 0; i < dim; i += 16)
            for (int p = 0; p < SUMS; p++) {
                int at = i + p * LANES;
                vf v = load(branch + at) + load(x + at);
                store(x + at, v);
                sum.part[p] += v;
            }
        vf mean = splat(fold_sum(sum) / (float)dim);
        for (int i = 0; i < dim; i += 16)
            for (int p = 0; p < SUMS; p++) {
                vf v = load(x + i + p * LANES) - mean;
                squares.part[p] += v * v;
            }
        vf inverse = splat(1.0f / sqrtf(fold_sum(squares) / (float)dim + 1e-6f));
        for (int i = 0; i < dim; i += LANES) {
            vf v = (load(x + i) - mean) * inverse;
            store(x + i, v * load(norm.scale + i) + load(norm.bias + i));
        }
    }
}

/* Keys [tokens][dim] of one sentence to [padded/16][dim/8][head][16 tokens], zeros beyond. */
static void transpose_keys(const float *keys, int tokens, int padded, int dim, float *out) {
    const int width = dim / HEADS;
    for (int block = 0; block < padded; block += 16, out += 16 * dim)
        for (int h = 0; h < HEADS; h++)
            for (int d = 0; d < width; d++)
                for (int l = 0; l < 16; l++)
                    out[(d * HEADS + h) * 16 + l] =
                        block + l < tokens ? keys[(size_t)(block + l) * dim + h * width + d] : 0;
}

/* Softmax over `tokens` scores of a head, in place and not yet divided; returns 1 / sum. */
INLINE float soften(float *scores, int tokens) {
    sixteen most, sum = {0};
    for (int p = 0; p < SUMS; p++) most.part[p] = splat(-INFINITY);
    for (int j = 0; j < tokens; j += 16)
        for (int p = 0; p < SUMS; p++) {
            vi mask = tail_mask(tokens - j < 16 ? tokens - j : 16, p);
            most.part[p] =
                larger(choose(mask, load(scores + j + p * LANES), splat(-INFINITY)), most.part[p]);
        }
    vf top = splat(fold_max(most));
    for (int j = 0; j < tokens; j += 16)
        for (int p = 0; p < SUMS; p++) {
            vi mask = tail_mask(tokens - j < 16 ? tokens - j : 16, p);
            vf e = of_bits(mask & bits_of(exponential(load(scores + j + p * LANES) - top)));
            store(scores + j + p * LANES, e);
            sum.part[p] += e;
        }
    return 1.0f / fold_sum(sum);
}

/* One query against one sentence, all heads. keys as transpose_keys leaves them, values
 * [tokens][dim]; work has room for 8 * padded floats; alignment (or NULL) gets head 0's weights. */
static void attend(const float *query, const float *keys, const float *values, int tokens, int dim,
                   float *work, float *out, float *alignment) {
    const int width = dim / HEADS, padded = (tokens + 15) / 16 * 16;
    const float scale = 1.0f / sqrtf((float)width);
    float inverse[HEADS];
    for (int j = 0; j < padded; j += 16) {
        vf sums[HEADS][SUMS];
        memset(sums, 0, sizeof sums);
        for (int d = 0; d < width; d++, keys += 16 * HEADS)
#pragma GCC unroll 8
            for (int h = 0; h < HEADS; h++)
#pragma GCC unroll 4
                for (int p = 0; p < SUMS; p++)
                    sums[h][p] += load(keys + 16 * h + p * LANES) * query[h * width + d];
#pragma GCC unroll 8
        for (int h = 0; h < HEADS; h++)
#pragma GCC unroll 4
            for (int p = 0; p < SUMS; p++)
                store(work + h * padded + j + p * LANES, sums[h][p] * scale);
    }
    for (int h = 0; h < HEADS; h++) inverse[h] = soften(work + h * padded, tokens);
    if (alignment)
        for (int j = 0; j < tokens; j++) alignment[j] = work[j] * inverse[0];
    for (int c = 0; c < dim; c += 8 * LANES) {
        const float *weights[8];
        vf sums[8];
        for (int v = 0; v < 8; v++) weights[v] = work + (c + v * LANES) / width * padded;
        memset(sums, 0, sizeof sums);
        for (int j = 0; j < tokens; j++)
#pragma GCC unroll 8
            for (int v = 0; v < 8; v++)
                sums[v] += load(values + (size_t)j * dim + c + v * LANES) * weights[v][j];
#pragma GCC unroll 8
        for (int v = 0; v < 8; v++)
            store(out + c + v * LANES, sums[v] * inverse[(c + v * LANES) / width]);
    }
}

enum { QUERIES = LANES == 16 ? 4 : 2 };

/* Scores of QUERIES queries `dim` apart, one head, `blocks` blocks of 16 keys. */
INLINE void score_block(int blocks, const float *query, const float *keys, int dim, float scale,
                        float *out, int row) {
    const int width = dim / HEADS;
    vf sums[QUERIES][2][SUMS];
    memset(sums, 0, sizeof sums);
    for (int d = 0; d < width; d++, keys += 16 * HEADS)
#pragma GCC unroll 2
        for (int b = 0; b < blocks; b++)
#pragma GCC unroll 4
            for (int p = 0; p < SUMS; p++) {
                const vf k = load(keys + (size_t)b * 16 * dim + p * LANES);
#pragma GCC unroll 4
                for (int q = 0; q < QUERIES; q++) sums[q][b][p] += k * query[q * dim + d];
            }
#pragma GCC unroll 4
    for (int q = 0; q < QUERIES; q++)
#pragma GCC unroll 2
        for (int b = 0; b < blocks; b++)
#pragma GCC unroll 4
            for (int p = 0; p < SUMS; p++)
                store(out + (size_t)q * row + 16 * b + p * LANES, sums[q][b][p] * scale);
}

/* attend() for QUERIES queries at once, which share what is loaded; the same arithmetic. */
static void attend_together(const float *query, const float *keys, const float *values, int tokens,
                            int dim, float *work, float *out) {
    enum { COLUMNS = 4 };
    const int width = dim / HEADS, padded = (tokens + 15) / 16 * 16, row = HEADS * padded;
    const float scale = 1.0f / sqrtf((float)width);
    float inverse[QUERIES][HEADS];
    for (int h = 0; h < HEADS; h++) {
        int j = 0;
        const float *q = query + h * width, *k = keys + 16 * h;
        for (; j + 32 <= padded; j += 32)
            score_block(2, q, k + (size_t)j * dim, dim, scale, work + h * padded + j, row);
        if (j < padded)
            score_block(1, q, k + (size_t)j * dim, dim, scale, work + h * padded + j, row);
        for (int i = 0; i < QUERIES; i++)
            inverse[i][h] = soften(work + (size_t)i * row + h * padded, tokens);
    }
    for (int c = 0; c < dim; c += COLUMNS * LANES) {
        const float *weights[COLUMNS];
        vf sums[QUERIES][COLUMNS];
        for (int v = 0; v < COLUMNS; v++) weights[v] = work + (c + v * LANES) / width * padded;
        memset(sums, 0, sizeof sums);
        for (int j = 0; j < tokens; j++)
#pragma GCC unroll 4
            for (int v = 0; v < COLUMNS; v++) {
                const vf value = load(values + (size_t)j * dim + c + v * LANES);
#pragma GCC unroll 4
                for (int q = 0; q < QUERIES; q++) sums[q][v] += value * weights[v][q * row + j];
            }
#pragma GCC unroll 4
        for (int q = 0; q < QUERIES; q++)
#pragma GCC unroll 4
            for (int v = 0; v < COLUMNS; v++)
                store(out + (size_t)q * dim + c + v * LANES,
                      sums[q][v] * inverse[q][(c + v * LANES) / width]);
    }
}

/* The simple recurrent unit: c = s(gate) c + (1 - s(gate)) input; out = relu(c). */
static void advance_cell(float *cell, const float *gate, const float *input, int dim, float *out) {
    for (int i = 0; i < dim; i += LANES) {
        vf open = 1.0f / (exponential(-load(gate + i)) + 1.0f);
        vf c = open * load(cell + i) + (1.0f - open) * load(input + i);
        store(cell + i, c);
        store(out + i, larger(c, splat(0)));
    }
}

/* The first of the highest. */
static int highest(const float *logits, int count) {
    vf most[SUMS];
    vi where[SUMS];
    for (int p = 0; p < SUMS; p++) most[p] = splat(-INFINITY), where[p] = splat_int(0);
    for (int i = 0; i < count; i += 16)
        for (int p = 0; p < SUMS; p++) {
            vf v = load(logits + i + p * LANES);
            vi above = v > most[p];
            most[p] = choose(above, v, most[p]);
            where[p] = (above & splat_int(i)) | (~above & where[p]);
        }
    float value[16];
    int32_t index[16];
    memcpy(value, most, sizeof value);
    memcpy(index, where, sizeof index);
    int best = 0;
    float top = -INFINITY;
    for (int l = 0; l < 16; l++) {
        int at = index[l] + l;
        if (value[l] > top || (value[l] == top && at < best)) top = value[l], best = at;
    }
    return best < count ? best : 0;
}

/* log of the softmax of logits[best], which is the highest. */
static float log_probability(const float *logits, int count, int best) {
    double sum = 0;
    for (int i = 0; i < count; i++) sum += exp((double)logits[i] - (double)logits[best]);
    return (float)-log(sum);
}

/* x = embedding * sqrt(dim) + position; piece < 0: no embedding (the first target position). */
INLINE void embed(const hanse_model *model, int32_t piece, int32_t position, float *x) {
    const int dim = model->spec.dim;
    const float *place = model->spec.position_table + (size_t)position * dim;
    if (piece < 0) {
        memcpy(x, place, sizeof(float) * (size_t)dim);
        return;
    }
    const int8_t *row = model->spec.embedding + (size_t)piece * dim;
    for (int i = 0; i < dim; i++)
        x[i] = (float)row[i] * model->embedding_inverse * model->embedding_scale + place[i];
}

#endif
