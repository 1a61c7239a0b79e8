/* What the library shares between its files and with Python (library.py mirrors the structs). */
#ifndef HANSE_ENGINE_H
#define HANSE_ENGINE_H

#include <stddef.h>
#include <stdint.h>

enum { HEADS = 8, PANEL = 16, TARGET_TOKENS_MAX = 256, SHIFT = 127, END = 0 };
enum { HANSE_OK, HANSE_NO_MEMORY, HANSE_BAD_INPUT };

#ifdef _WIN32
#define HANSE_EXPORT __declspec(dllexport)
#else
#define HANSE_EXPORT __attribute__((visibility("default")))
#endif

/* A weight as the model file has it: int8 [outputs][inputs], real value = weight / multiplier. */
typedef struct {
    const int8_t *weights;
    const float *bias; /* NULL: none */
    float activation_multiplier, weight_multiplier;
    int32_t outputs, inputs;
} hanse_matrix;

typedef struct {
    const float *scale, *bias;
} hanse_norm;

/* matrices: per encoder layer Wq Wk Wv Wo W1 W2; per decoder layer W Wf Wq Wk Wv Wo W1 W2.
 * norms: per encoder layer attention, feed forward; per decoder layer cell, attention, feed
 * forward. Everything pointed to must outlive the model, except matrices and norms themselves. */
typedef struct {
    int32_t dim, feed_forward, encoder_layers, decoder_layers, vocabulary, positions;
    int32_t frequent, shortlist_words;
    const hanse_matrix *matrices;
    const hanse_norm *norms;
    const int8_t *embedding; /* [vocabulary][dim] */
    const float *output_bias;
    const float *position_table; /* [positions][dim] */
    const uint64_t *shortlist_offsets;
    const uint32_t *shortlist_ids;
    float embedding_multiplier, output_activation_multiplier;
} hanse_spec;

/* A weight as the kernels want it: panels of 16 outputs, [outputs/16][inputs/4][16][4]. */
typedef struct {
    int8_t *panels;
    int32_t *shift; /* 127 * sum of the weights of each output */
    float *bias;    /* the file's bias less the share of the shift */
    float unquant, activation_multiplier;
    int32_t outputs, inputs;
} matrix;

typedef struct {
    union {
        matrix all[6];
        struct {
            matrix query, key, value, output, up, down;
        };
    };
    hanse_norm attention_norm, feed_forward_norm;
} encoder_layer;

typedef struct {
    union {
        matrix all[8];
        struct {
            matrix cell, gate, query, key, value, output, up, down;
        };
    };
    hanse_norm cell_norm, attention_norm, feed_forward_norm;
} decoder_layer;

struct kernels;

typedef struct hanse_model {
    hanse_spec spec;
    const struct kernels *kernels;
    encoder_layer *encoder;
    decoder_layer *decoder;
    int32_t *piece_shift; /* [vocabulary]: 127 * sum of the embedding row */
    float *piece_bias;    /* [vocabulary]: output bias less the share of the shift */
    float output_unquant, embedding_inverse, embedding_scale;
} hanse_model;

/* A sentence being decoded. Its buffers stay when the sentence leaves and only ever grow. */
typedef struct {
    int32_t sentence, source_tokens, padded, step, step_max, previous;
    int32_t candidates, candidates_padded;
    float *keys, *values; /* per layer [padded/16][dim/8][8][16] and [source_tokens][dim] */
    float *cell;          /* [layers][dim] */
    int8_t *panels;       /* the candidates' embeddings, packed as a matrix */
    int32_t *candidate_ids, *candidate_shift;
    float *candidate_bias;
    float *alignment;     /* of this step, NULL: not wanted */
    size_t context_floats, candidate_room;
} slot;

/* Per thread: everything a run writes to. */
typedef struct hanse_scratch {
    const hanse_model *model;
    int32_t rows_max, chunk_tokens, sentence_tokens;
    slot *slots;
    slot **active;
    float *x, *y, *q, *k, *v, *keys, *probabilities, *logits;
    uint8_t *bytes, *hidden;
    uint64_t *marked; /* a bit for each piece of the vocabulary */
    uint64_t ticks[16];
} hanse_scratch;

/* One call. target_ids and scores have room for min(256, 2 * length + 4) tokens a sentence, one
 * sentence after the other; alignments for that many rows of `length` source tokens. */
typedef struct {
    int32_t sentences;
    const int32_t *source_ids, *source_lengths; /* each sentence ends with piece 0, its end mark */
    int32_t *target_ids, *target_lengths;
    float *scores, *alignments; /* NULL: not wanted */
    /* Not NULL: translations to be scored rather than made, each with its end mark, one after the
     * other; target_ids and scores then have room for just these, and `tops` (or NULL) gets the
     * score of the piece that the model would have taken. */
    const int32_t *forced_ids, *forced_lengths;
    float *tops;
} hanse_batch;

typedef struct kernels {
    const char *name;
    int (*run)(const hanse_model *, hanse_scratch *, const hanse_batch *);
    double (*peak)(int64_t rounds); /* multiply-adds done by `rounds` of a tight loop */
} kernels;

static inline int32_t target_room(int32_t source_tokens) {
    int32_t room = 2 * source_tokens + 4;
    return room < TARGET_TOKENS_MAX ? room : TARGET_TOKENS_MAX;
}

void *hanse_aligned_alloc(size_t bytes);
int hanse_slot_reserve(const hanse_model *, slot *, int32_t source_tokens, int32_t candidates);
int32_t hanse_candidates(const hanse_model *, hanse_scratch *, const int32_t *ids, int32_t count,
                         const int32_t *forced, int32_t forced_count);
void hanse_gather(const hanse_model *, hanse_scratch *, slot *);

#endif
