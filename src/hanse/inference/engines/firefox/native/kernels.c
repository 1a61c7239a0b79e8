/* The whole forward pass for one instruction set: build.py compiles this file once for each. */
#include <stdlib.h>

#include "gemm.h"
#include "layers.h"

#ifndef HANSE_KERNELS
#define HANSE_KERNELS hanse_kernels_portable
#define HANSE_KERNELS_NAME "portable"
#endif

#ifdef HANSE_PROFILE
#include <time.h>
INLINE uint64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}
#define TIMED(phase, ...)                                 \
    do {                                                  \
        uint64_t start_ = now_ns();                       \
        __VA_ARGS__;                                      \
        scratch->ticks[phase] += now_ns() - start_;       \
    } while (0)
#else
#define TIMED(phase, ...) __VA_ARGS__
#endif

enum { ENC_GEMM, ENC_ATTENTION, ENC_OTHER, DEC_GEMM, DEC_ATTENTION, DEC_OTHER, OUTPUT, CANDIDATES };

/* Every token of the sentence at `at` against the sentence. */
static void attend_all(const hanse_scratch *scratch, size_t at, int tokens, int dim) {
    const float *q = scratch->q + at, *v = scratch->v + at;
    float *out = scratch->y + at;
    int i = 0;
    for (; i + QUERIES <= tokens; i += QUERIES, q += QUERIES * dim, out += QUERIES * dim)
        attend_together(q, scratch->keys, v, tokens, dim, scratch->probabilities, out);
    for (; i < tokens; i++, q += dim, out += dim)
        attend(q, scratch->keys, v, tokens, dim, scratch->probabilities, out, NULL);
}

static void encode_layer(const hanse_model *model, hanse_scratch *scratch, const encoder_layer *l,
                         const int32_t *lengths, int sentences, int tokens) {
    const int dim = model->spec.dim;
    const size_t floats = (size_t)tokens * dim;
    const matrix *projections[3] = {&l->query, &l->key, &l->value};
    float *projected[3] = {scratch->q, scratch->k, scratch->v};
    float multiplier = 0;
    for (int i = 0; i < 3; i++) {
        if (projections[i]->activation_multiplier != multiplier) {
            multiplier = projections[i]->activation_multiplier;
            TIMED(ENC_OTHER, quantise(scratch->x, floats, multiplier, scratch->bytes));
        }
        TIMED(ENC_GEMM, multiply(projections[i], scratch->bytes, tokens, projected[i]));
    }
    for (int s = 0, first = 0; s < sentences; first += lengths[s++]) {
        const size_t at = (size_t)first * dim;
        const int padded = (lengths[s] + 15) / 16 * 16;
        TIMED(ENC_OTHER, transpose_keys(scratch->k + at, lengths[s], padded, dim, scratch->keys));
        TIMED(ENC_ATTENTION, attend_all(scratch, at, lengths[s], dim));
    }
    TIMED(ENC_OTHER,
          quantise(scratch->y, floats, l->output.activation_multiplier, scratch->bytes));
    TIMED(ENC_GEMM, multiply(&l->output, scratch->bytes, tokens, scratch->y));
    TIMED(ENC_OTHER, add_and_normalise(scratch->x, scratch->y, tokens, dim, l->attention_norm));
    TIMED(ENC_OTHER, quantise(scratch->x, floats, l->up.activation_multiplier, scratch->bytes));
    TIMED(ENC_GEMM, multiply_relu(&l->up, scratch->bytes, tokens,
                                  l->down.activation_multiplier, scratch->hidden));
    TIMED(ENC_GEMM, multiply(&l->down, scratch->hidden, tokens, scratch->y));
    TIMED(ENC_OTHER, add_and_normalise(scratch->x, scratch->y, tokens, dim, l->feed_forward_norm));
}

/* Keys and values of every decoder layer into the slots of the sentences just encoded. */
static void keep_context(const hanse_model *model, hanse_scratch *scratch, slot **slots,
                         int sentences, int tokens) {
    const int dim = model->spec.dim;
    float multiplier = 0;
    for (int layer = 0; layer < model->spec.decoder_layers; layer++) {
        const matrix *projections[2] = {&model->decoder[layer].key, &model->decoder[layer].value};
        float *projected[2] = {scratch->k, scratch->v};
        for (int i = 0; i < 2; i++) {
            if (projections[i]->activation_multiplier != multiplier) {
                multiplier = projections[i]->activation_multiplier;
                quantise(scratch->x, (size_t)tokens * dim, multiplier, scratch->bytes);
            }
            TIMED(ENC_GEMM, multiply(projections[i], scratch->bytes, tokens, projected[i]));
        }
        size_t at = 0;
        for (int s = 0; s < sentences; s++) {
            slot *to = slots[s];
            TIMED(ENC_OTHER,
                  transpose_keys(scratch->k + at, to->source_tokens, to->padded, dim,
                                 to->keys + (size_t)layer * to->padded * dim);
                  memcpy(to->values + (size_t)layer * to->source_tokens * dim, scratch->v + at,
                         sizeof(float) * (size_t)to->source_tokens * dim));
            at += (size_t)to->source_tokens * dim;
        }
    }
}

/* Where sentence s starts in target_ids and in alignments. */
typedef struct {
    size_t target, alignment;
} place;

static int32_t room_of(const hanse_batch *batch, int s) {
    return batch->forced_ids ? batch->forced_lengths[s] : target_room(batch->source_lengths[s]);
}

static int admit(const hanse_model *model, hanse_scratch *scratch, const hanse_batch *batch,
                 const place *places, int first, int count, const int32_t *ids, slot **slots) {
    const int dim = model->spec.dim, layers = model->spec.decoder_layers;
    const int32_t *lengths = batch->source_lengths + first;
    int tokens = 0;
    for (int s = 0; s < count; s++) {
        slot *to = slots[s];
        const int32_t *forced = batch->forced_ids ? batch->forced_ids + places[first + s].target : 0;
        const int32_t forced_count = forced ? batch->forced_lengths[first + s] : 0;
        int32_t candidates;
        TIMED(CANDIDATES, candidates = hanse_candidates(model, scratch, ids + tokens, lengths[s],
                                                        forced, forced_count));
        if (hanse_slot_reserve(model, to, lengths[s], candidates)) return HANSE_NO_MEMORY;
        to->sentence = first + s;
        to->step = 0;
        to->step_max = room_of(batch, first + s);
        to->previous = -1;
        memset(to->cell, 0, sizeof(float) * (size_t)layers * dim);
        TIMED(CANDIDATES, hanse_gather(model, scratch, to));
        for (int t = 0; t < lengths[s]; t++, tokens++)
            embed(model, ids[tokens], t, scratch->x + (size_t)tokens * dim);
    }
    for (int layer = 0; layer < model->spec.encoder_layers; layer++)
        encode_layer(model, scratch, &model->encoder[layer], lengths, count, tokens);
    keep_context(model, scratch, slots, count, tokens);
    return HANSE_OK;
}

static void decode_layer(const hanse_model *model, hanse_scratch *scratch, int layer, int rows,
                         int aligned) {
    const decoder_layer *l = &model->decoder[layer];
    const int dim = model->spec.dim;
    const size_t floats = (size_t)rows * dim;
    TIMED(DEC_OTHER, quantise(scratch->x, floats, l->cell.activation_multiplier, scratch->bytes));
    TIMED(DEC_GEMM, multiply(&l->cell, scratch->bytes, rows, scratch->q));
    if (l->gate.activation_multiplier != l->cell.activation_multiplier)
        quantise(scratch->x, floats, l->gate.activation_multiplier, scratch->bytes);
    TIMED(DEC_GEMM, multiply(&l->gate, scratch->bytes, rows, scratch->k));
    TIMED(DEC_OTHER, for (int r = 0; r < rows; r++) {
        const size_t at = (size_t)r * dim;
        advance_cell(scratch->active[r]->cell + (size_t)layer * dim, scratch->k + at,
                     scratch->q + at, dim, scratch->y + at);
    } add_and_normalise(scratch->x, scratch->y, rows, dim, l->cell_norm);
          quantise(scratch->x, floats, l->query.activation_multiplier, scratch->bytes));
    TIMED(DEC_GEMM, multiply(&l->query, scratch->bytes, rows, scratch->q));
    TIMED(DEC_ATTENTION, for (int r = 0; r < rows; r++) {
        slot *s = scratch->active[r];
        const size_t at = (size_t)r * dim;
        attend(scratch->q + at, s->keys + (size_t)layer * s->padded * dim,
               s->values + (size_t)layer * s->source_tokens * dim, s->source_tokens, dim,
               scratch->probabilities, scratch->y + at, aligned ? s->alignment : NULL);
    });
    TIMED(DEC_OTHER,
          quantise(scratch->y, floats, l->output.activation_multiplier, scratch->bytes));
    TIMED(DEC_GEMM, multiply(&l->output, scratch->bytes, rows, scratch->y));
    TIMED(DEC_OTHER, add_and_normalise(scratch->x, scratch->y, rows, dim, l->attention_norm);
          quantise(scratch->x, floats, l->up.activation_multiplier, scratch->bytes));
    TIMED(DEC_GEMM, multiply_relu(&l->up, scratch->bytes, rows, l->down.activation_multiplier,
                                  scratch->hidden);
          multiply(&l->down, scratch->hidden, rows, scratch->y));
    TIMED(DEC_OTHER, add_and_normalise(scratch->x, scratch->y, rows, dim, l->feed_forward_norm));
}

/* A token of a translation that is given: its score, and that of the best one. */
static void score_forced(const hanse_scratch *scratch, const hanse_batch *batch, slot *s, int best,
                         size_t at) {
    const int32_t piece = batch->forced_ids[at];
    const float top = log_probability(scratch->logits, s->candidates, best);
    int place = 0;
    while (s->candidate_ids[place] != piece) place++; /* it was made a candidate */
    batch->target_ids[at] = s->previous = piece;
    batch->scores[at] = top + (scratch->logits[place] - scratch->logits[best]);
    if (batch->tops) batch->tops[at] = top;
    s->step++;
}

/* One token for every active sentence; returns how many stay, and they come first in `active`. */
static int step(const hanse_model *model, hanse_scratch *scratch, const hanse_batch *batch,
                const place *places, int rows) {
    const int dim = model->spec.dim, layers = model->spec.decoder_layers;
    for (int r = 0; r < rows; r++) {
        slot *s = scratch->active[r];
        embed(model, s->previous, s->step, scratch->x + (size_t)r * dim);
        s->alignment = batch->alignments ? batch->alignments + places[s->sentence].alignment +
                                               (size_t)s->step * s->source_tokens
                                         : NULL;
    }
    for (int layer = 0; layer < layers; layer++)
        decode_layer(model, scratch, layer, rows, layer == layers - 1);
    quantise(scratch->x, (size_t)rows * dim, model->spec.output_activation_multiplier,
             scratch->bytes);
    int staying = 0;
    for (int r = 0; r < rows; r++) {
        slot *s = scratch->active[r];
        int best;
        TIMED(OUTPUT, multiply_candidates(s, scratch->bytes + (size_t)r * dim, dim,
                                          model->output_unquant, scratch->logits);
              best = highest(scratch->logits, s->candidates_padded));
        const int32_t piece = batch->forced_ids ? -1 : s->candidate_ids[best];
        if (batch->forced_ids) {
            score_forced(scratch, batch, s, best, places[s->sentence].target + (size_t)s->step);
        } else if (piece != END) {
            const size_t at = places[s->sentence].target + (size_t)s->step++;
            batch->target_ids[at] = piece;
            if (batch->scores)
                batch->scores[at] = log_probability(scratch->logits, s->candidates, best);
            s->previous = piece;
        }
        if (piece == END || s->step == s->step_max) {
            batch->target_lengths[s->sentence] = s->step;
        } else {
            scratch->active[r] = scratch->active[staying];
            scratch->active[staying++] = s;
        }
    }
    return staying;
}

/* Sentences enter in chunks as soon as half of the rows are free and leave when they end. */
static int run(const hanse_model *model, hanse_scratch *scratch, const hanse_batch *batch) {
    const int32_t *ids = batch->source_ids, *lengths = batch->source_lengths;
    const int32_t sentences = batch->sentences, rows_max = scratch->rows_max;
    place *places = malloc(sizeof(place) * ((size_t)sentences + 1));
    if (!places) return HANSE_NO_MEMORY;
    places[0] = (place){0, 0};
    for (int s = 0; s < sentences; s++) {
        const size_t room = (size_t)room_of(batch, s);
        places[s + 1].target = places[s].target + room;
        places[s + 1].alignment = places[s].alignment + room * (size_t)lengths[s];
    }
    int status = HANSE_OK, next = 0, rows = 0;
    while (status == HANSE_OK && (next < sentences || rows)) {
        while (status == HANSE_OK && next < sentences && (!rows || rows <= rows_max / 2)) {
            int count = 0, tokens = 0;
            while (next + count < sentences && rows + count < rows_max &&
                   (!count || tokens + lengths[next + count] <= scratch->chunk_tokens))
                tokens += lengths[next + count++];
            status = admit(model, scratch, batch, places, next, count, ids, scratch->active + rows);
            next += count;
            rows += count;
            ids += tokens;
        }
        if (status == HANSE_OK) rows = step(model, scratch, batch, places, rows);
    }
    free(places);
    return status;
}

/* The most multiply-adds this instruction set can do: independent sums, nothing but registers. */
static double peak(int64_t rounds) {
    enum { CHAINS = 12 };
    vi sums[CHAINS];
    int8_t weights[4 * LANES];
    memset(weights, 1, sizeof weights);
    for (int v = 0; v < CHAINS; v++) sums[v] = splat_int(v); /* alike, they would be one chain */
    for (int64_t i = 0; i < rounds; i++)
#pragma GCC unroll 12
        for (int v = 0; v < CHAINS; v++) sums[v] = dot(sums[v], (int32_t)0x01010101, weights);
    volatile int32_t check = 0; /* without it the compiler would drop the loop */
    for (int v = 0; v < CHAINS; v++) check += sums[v][0];
    return (double)rounds * CHAINS * 4 * LANES;
}

const kernels HANSE_KERNELS = {HANSE_KERNELS_NAME, run, peak};
