/* Exact int8 products. Weights lie in panels of 16 outputs ([outputs/16][inputs/4][16][4]), so one
 * group of 4 inputs of 16 outputs is 64 bytes: one AVX-512 vector, two AVX, four NEON. */
#ifndef HANSE_GEMM_H
#define HANSE_GEMM_H

#include "engine.h"
#include "vectors.h"

/* Tile of TILE_ROWS activations x TILE_VECTORS vectors of outputs, its sums all in registers.
 * SHIFTED: activations are stored as a + 127 because the instruction wants them unsigned. */
#if LANES == 16
enum { TILE_ROWS = 6, TILE_VECTORS = 4, SHIFTED = 1 };
INLINE vi dot(vi sum, int32_t activations, const int8_t *weights) {
    return (vi)_mm512_dpbusd_epi32((__m512i)sum, _mm512_set1_epi32(activations),
                                   _mm512_loadu_si512(weights));
}
#elif LANES == 8 && defined(__AVXVNNI__)
enum { TILE_ROWS = 6, TILE_VECTORS = 2, SHIFTED = 1 };
INLINE vi dot(vi sum, int32_t activations, const int8_t *weights) {
    return (vi)_mm256_dpbusd_avx_epi32((__m256i)sum, _mm256_set1_epi32(activations),
                                       _mm256_loadu_si256((const __m256i *)weights));
}
#elif LANES == 8
/* |a| * sign(a) w: two products of at most 127 * 128 cannot saturate the 16-bit pair sum. */
enum { TILE_ROWS = 4, TILE_VECTORS = 2, SHIFTED = 0 };
INLINE vi dot(vi sum, int32_t activations, const int8_t *weights) {
    __m256i a = _mm256_set1_epi32(activations);
    __m256i w = _mm256_sign_epi8(_mm256_loadu_si256((const __m256i *)weights), a);
    __m256i pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(a), w);
    return sum + (vi)_mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
}
#elif defined(__ARM_FEATURE_DOTPROD)
enum { TILE_ROWS = 6, TILE_VECTORS = 4, SHIFTED = 0 };
INLINE vi dot(vi sum, int32_t activations, const int8_t *weights) {
    int8x16_t a = vreinterpretq_s8_s32(vdupq_n_s32(activations));
    return (vi)vdotq_s32((int32x4_t)sum, vld1q_s8(weights), a);
}
#elif defined(__SSE2__)
#include <emmintrin.h>
/* Even and odd bytes widened to 16 bits, multiplied and added in pairs. */
enum { TILE_ROWS = 1, TILE_VECTORS = 4, SHIFTED = 0 };
INLINE vi dot(vi sum, int32_t activations, const int8_t *weights) {
    const __m128i a = _mm_set1_epi32(activations), w = _mm_loadu_si128((const __m128i *)weights);
    const __m128i even = _mm_madd_epi16(_mm_srai_epi16(_mm_slli_epi16(w, 8), 8),
                                        _mm_srai_epi16(_mm_slli_epi16(a, 8), 8));
    const __m128i odd = _mm_madd_epi16(_mm_srai_epi16(w, 8), _mm_srai_epi16(a, 8));
    return sum + ((vi)even + (vi)odd);
}
#else
enum { TILE_ROWS = 1, TILE_VECTORS = 4, SHIFTED = 0 };
INLINE vi dot(vi sum, int32_t activations, const int8_t *weights) {
    int8_t a[4];
    memcpy(a, &activations, 4);
    for (int c = 0; c < 4; c++)
        for (int i = 0; i < 4; i++) sum[c] += a[i] * weights[4 * c + i];
    return sum;
}
#endif

enum { TILE_COLUMNS = TILE_VECTORS * LANES };

/* sums[r][v] of `rows` activation rows `stride` bytes apart, inputs in all. `fetch`: ask for the
 * panels of the next tile meanwhile; the processor does not foresee them across 4 KiB pages. */
INLINE void tile(int rows, int fetch, const uint8_t *a, size_t stride, const int8_t *panels,
                 int inputs, vi sums[][TILE_VECTORS]) {
    const size_t panel_bytes = (size_t)inputs * PANEL;
#pragma GCC unroll 8
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 8
        for (int v = 0; v < TILE_VECTORS; v++) sums[r][v] = splat_int(0);
    for (int g = 0; g < inputs / 4; g++) {
        if (fetch)
#pragma GCC unroll 8
            for (int line = 0; line < TILE_COLUMNS / PANEL; line++)
                __builtin_prefetch((const void *)((uintptr_t)panels + g * 4 * PANEL +
                                   (TILE_COLUMNS / PANEL + line) * panel_bytes));
#pragma GCC unroll 8
        for (int r = 0; r < rows; r++) {
            int32_t four;
            memcpy(&four, a + r * stride + 4 * g, 4);
#pragma GCC unroll 8
            for (int v = 0; v < TILE_VECTORS; v++)
                sums[r][v] = dot(sums[r][v], four,
                                 panels + v * LANES / PANEL * panel_bytes + g * 4 * PANEL +
                                     v * LANES % PANEL * 4);
        }
    }
}

INLINE void store_bytes(uint8_t *out, vi v) {
#if LANES == 16
    _mm_storeu_si128((__m128i *)out, _mm512_cvtepi32_epi8((__m512i)v));
#else
    for (int l = 0; l < LANES; l++) out[l] = (uint8_t)v[l];
#endif
}

/* What becomes of the sums: floats to `floats`, or relu, quantised by `next`, to `bytes`. */
typedef struct {
    float *floats;
    uint8_t *bytes;
    float next;
} target;

INLINE void finish(int rows, int to_bytes, const matrix *m, int row, int column,
                   vi sums[][TILE_VECTORS], target out) {
#pragma GCC unroll 8
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 8
        for (int v = 0; v < TILE_VECTORS; v++) {
            int c = column + v * LANES;
            size_t at = (size_t)(row + r) * m->outputs + c;
            vi sum = SHIFTED ? sums[r][v] : sums[r][v] + load_ints(m->shift + c);
            vf y = to_floats(sum) * m->unquant + load(m->bias + c);
            if (to_bytes)
                store_bytes(out.bytes + at, quantised(larger(y, splat(0)), out.next) +
                                                (SHIFTED ? SHIFT : 0));
            else
                store(out.floats + at, y);
        }
}

/* The number of rows must be a constant for the sums to stay in registers. */
#define TILE_CASE(n)                                                      \
    case n:                                                               \
        if (n <= TILE_ROWS) {                                             \
            vi sums[n][TILE_VECTORS];                                     \
            if (row)                                                      \
                tile(n, 0, from, m->inputs, panels, m->inputs, sums);     \
            else                                                          \
                tile(n, 1, from, m->inputs, panels, m->inputs, sums);     \
            finish(n, to_bytes, m, row, column, sums, out);               \
        }                                                                 \
        break;

INLINE void multiply_to(const matrix *m, const uint8_t *a, int rows, int to_bytes, target out) {
    for (int column = 0; column < m->outputs; column += TILE_COLUMNS) {
        const int8_t *panels = m->panels + (size_t)column * m->inputs;
        for (int row = 0; row < rows; row += TILE_ROWS) {
            const uint8_t *from = a + (size_t)row * m->inputs;
            switch (rows - row < TILE_ROWS ? rows - row : TILE_ROWS) {
                TILE_CASE(1)
                TILE_CASE(2)
                TILE_CASE(3)
                TILE_CASE(4)
                TILE_CASE(5)
                TILE_CASE(6)
            }
        }
    }
}

/* out[row][output] = a . weights * unquant + bias */
static void multiply(const matrix *m, const uint8_t *a, int rows, float *out) {
    multiply_to(m, a, rows, 0, (target){.floats = out});
}

/* The same through relu and quantised for the next weight. */
static void multiply_relu(const matrix *m, const uint8_t *a, int rows, float next, uint8_t *out) {
    multiply_to(m, a, rows, 1, (target){.bytes = out, .next = next});
}

static void quantise(const float *x, size_t count, float multiplier, uint8_t *out) {
    for (size_t i = 0; i < count; i += LANES)
        store_bytes(out + i, quantised(load(x + i), multiplier) + (SHIFTED ? SHIFT : 0));
}

/* The products of one activation row with packed candidates, as floats. */
static void multiply_candidates(const slot *s, const uint8_t *a, int inputs, float unquant,
                                float *logits) {
    for (int column = 0; column < s->candidates_padded; column += TILE_COLUMNS) {
        vi sums[1][TILE_VECTORS];
        tile(1, 1, a, 0, s->panels + (size_t)column * inputs, inputs, sums);
#pragma GCC unroll 8
        for (int v = 0; v < TILE_VECTORS; v++) {
            int c = column + v * LANES;
            vi sum = SHIFTED ? sums[0][v] : sums[0][v] + load_ints(s->candidate_shift + c);
            store(logits + c, to_floats(sum) * unquant + load(s->candidate_bias + c));
        }
    }
}

#endif
