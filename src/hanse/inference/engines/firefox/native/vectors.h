/* Vectors of the widest size the target has, and float functions with one fixed order of
 * operations: every instruction set gives the same bits (compile with -ffp-contract=off). */
#ifndef HANSE_VECTORS_H
#define HANSE_VECTORS_H

#include <stdint.h>
#include <string.h>

#if defined(__AVX512VNNI__) && defined(__AVX512BW__)
#define LANES 16
#include <immintrin.h>
#elif defined(__AVX2__)
#define LANES 8
#include <immintrin.h>
#else
#define LANES 4
#if defined(__ARM_FEATURE_DOTPROD)
#include <arm_neon.h>
#endif
#endif

#define INLINE static inline __attribute__((always_inline))
#define SUMS (16 / LANES) /* a sum always runs in 16 lanes */

typedef float vf __attribute__((vector_size(4 * LANES)));
typedef int32_t vi __attribute__((vector_size(4 * LANES)));
typedef float vf_unaligned __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef int32_t vi_unaligned __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

INLINE vf load(const float *p) { return *(const vf_unaligned *)p; }
INLINE void store(float *p, vf v) { *(vf_unaligned *)p = v; }
INLINE vi load_ints(const int32_t *p) { return *(const vi_unaligned *)p; }
INLINE vf splat(float x) { return x - (vf){0}; }
INLINE vi splat_int(int32_t x) { return x - (vi){0}; }
INLINE vf to_floats(vi v) { return __builtin_convertvector(v, vf); }
INLINE vi bits_of(vf v) { return (vi)v; }
INLINE vf of_bits(vi v) { return (vf)v; }
INLINE vf choose(vi mask, vf a, vf b) { return of_bits((mask & bits_of(a)) | (~mask & bits_of(b))); }

/* a > b ? a : b, also when one is not a number (then b). */
INLINE vf larger(vf a, vf b) {
#if LANES == 16
    return (vf)_mm512_max_ps((__m512)a, (__m512)b);
#elif LANES == 8
    return (vf)_mm256_max_ps((__m256)a, (__m256)b);
#else
    return choose(a > b, a, b);
#endif
}

INLINE vf smaller(vf a, vf b) {
#if LANES == 16
    return (vf)_mm512_min_ps((__m512)a, (__m512)b);
#elif LANES == 8
    return (vf)_mm256_min_ps((__m256)a, (__m256)b);
#else
    return choose(a < b, a, b);
#endif
}

/* 16 running sums (or maxima): lane l holds elements l, l + 16, l + 32, ... */
typedef struct {
    vf part[SUMS];
} sixteen;

typedef float f8 __attribute__((vector_size(32)));
typedef float f4 __attribute__((vector_size(16)));

/* Halves folded onto each other: 16 -> 8 -> 4 -> 2 -> 1. memcpy, since gcc 11 cannot halve vectors
   otherwise; it costs nothing. */
INLINE float fold_sum(sixteen s) {
#if LANES == 16
    f8 half[2];
    memcpy(half, &s.part[0], sizeof half);
    const f8 eight = half[0] + half[1];
#elif LANES == 8
    const f8 eight = s.part[0] + s.part[1];
#endif
#if LANES == 4
    const f4 quad = (s.part[0] + s.part[2]) + (s.part[1] + s.part[3]);
#else
    f4 quarter[2];
    memcpy(quarter, &eight, sizeof quarter);
    const f4 quad = quarter[0] + quarter[1];
#endif
    return (quad[0] + quad[2]) + (quad[1] + quad[3]);
}

INLINE float fold_max(sixteen s) {
#if LANES == 16
    return _mm512_reduce_max_ps((__m512)s.part[0]);
#else
    vf v = larger(s.part[0], s.part[1]);
    for (int p = 2; p < SUMS; p++) v = larger(v, s.part[p]);
    float most = v[0];
    for (int l = 1; l < LANES; l++) most = v[l] > most ? v[l] : most;
    return most;
#endif
}

/* e^x for x in [-64, 88] and clamped outside, to 2 units in the last place (Cephes' polynomial).
 * Smaller powers would change nothing and breed denormals, which are slow. */
INLINE vf exponential(vf x) {
    const float magic = 12582912.0f; /* 1.5 * 2^23: adding it rounds to an integer, ties to even */
    x = smaller(larger(x, splat(-64.0f)), splat(88.0f));
    vf shifted = x * 1.44269504088896341f + magic;
    vf n = shifted - magic;
    vf r = x - n * 0.693359375f;
    r = r - n * -2.12194440e-4f;
    vf p = r * 1.9875691500e-4f + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * (r * r) + r;
    p = p + 1.0f;
    return of_bits(bits_of(p) + ((bits_of(shifted) - bits_of(splat(magic))) << 23));
}

/* round(x * multiplier), ties to even, clipped to +-127. */
INLINE vi quantised(vf x, float multiplier) {
    const float magic = 12582912.0f;
    x = smaller(larger(x * multiplier, splat(-127.0f)), splat(127.0f));
    return bits_of(x + magic) - bits_of(splat(magic));
}

#endif
