/* Loading, memory and dispatch: everything that is not the forward pass itself. */
#include "engine.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ALIGNMENT 64

void *hanse_aligned_alloc(size_t bytes) {
    return aligned_alloc(ALIGNMENT, (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT + ALIGNMENT);
}

/* ---- instruction sets ---- */

extern const kernels hanse_kernels_portable;
#if defined(HANSE_HAS_avx512vnni)
extern const kernels hanse_kernels_avx512vnni;
#endif
#if defined(HANSE_HAS_avxvnni)
extern const kernels hanse_kernels_avxvnni;
#endif
#if defined(HANSE_HAS_avx2)
extern const kernels hanse_kernels_avx2;
#endif
#if defined(HANSE_HAS_dotprod)
extern const kernels hanse_kernels_dotprod;
#endif

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
/* Asked directly: __builtin_cpu_supports knows other names in every compiler. */
enum { AVX2 = 1, AVXVNNI = 2, AVX512VNNI = 4 };
static int x86_sets(void) {
    const unsigned ymm = 0x6, zmm = 0xe6; /* registers that the system saves */
    const unsigned foundation = 1u << 16 | 1u << 17 | 1u << 30 | 1u << 31; /* F DQ BW VL */
    unsigned a, b, c, d, saved, high;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & 1u << 27)) return 0;
    __asm__("xgetbv" : "=a"(saved), "=d"(high) : "c"(0));
    if ((saved & ymm) != ymm || !__get_cpuid_count(7, 0, &a, &b, &c, &d)) return 0;
    int sets = b & 1u << 5 ? AVX2 : 0;
    if ((saved & zmm) == zmm && (b & foundation) == foundation && (c & 1u << 11))
        sets |= AVX512VNNI;
    if (a >= 1 && __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a & 1u << 4)) sets |= AVXVNNI;
    return sets;
}
#elif defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
static int has_dotprod(void) { return (getauxval(AT_HWCAP) & 1ul << 20) != 0; }
#elif defined(__aarch64__)
static int has_dotprod(void) { return 1; /* every Apple and Windows machine of this kind */ }
#endif

/* Best first. */
static int usable(int index, const kernels **out) {
    const kernels *found[5];
    int count = 0;
#if defined(__x86_64__) || defined(__i386__)
    const int sets = x86_sets();
#if defined(HANSE_HAS_avx512vnni)
    if (sets & AVX512VNNI) found[count++] = &hanse_kernels_avx512vnni;
#endif
#if defined(HANSE_HAS_avxvnni)
    if (sets & AVXVNNI) found[count++] = &hanse_kernels_avxvnni;
#endif
#if defined(HANSE_HAS_avx2)
    if (sets & AVX2) found[count++] = &hanse_kernels_avx2;
#endif
    (void)sets;
#elif defined(__aarch64__) && defined(HANSE_HAS_dotprod)
    if (has_dotprod()) found[count++] = &hanse_kernels_dotprod;
#endif
    found[count++] = &hanse_kernels_portable;
    if (index >= count) return 0;
    *out = found[index];
    return 1;
}

/* The name of the index-th instruction set this processor can run, best first; NULL past the end. */
HANSE_EXPORT const char *hanse_instruction_set(int32_t index) {
    const kernels *k;
    return usable(index, &k) ? k->name : NULL;
}

/* Multiply-adds done by `rounds` rounds of the tightest loop of instruction set `index`. */
HANSE_EXPORT double hanse_peak(int32_t index, int64_t rounds) {
    const kernels *k;
    return usable(index, &k) ? k->peak(rounds) : 0;
}

/* ---- model ---- */

static int32_t row_shift(const int8_t *row, int32_t count) {
    int32_t sum = 0;
    for (int32_t i = 0; i < count; i++) sum += row[i];
    return SHIFT * sum;
}

static float shifted_bias(float bias, float unquant, int32_t shift) {
    /* In the file's own order of rounding: bias - (127 * unquant) * sum. */
    return bias - (float)SHIFT * unquant * (float)(shift / SHIFT);
}

typedef int32_t four __attribute__((vector_size(16), aligned(4), may_alias));

/* Four of the eight numbers of a and b, by their places; gcc learned clang's name for it in 12. */
#if defined(__clang__) || __GNUC__ >= 12
#define PICK(a, b, i, j, k, l) __builtin_shufflevector(a, b, i, j, k, l)
#else
#define PICK(a, b, i, j, k, l) __builtin_shuffle(a, b, (four){i, j, k, l})
#endif

/* Rows of int8 to a panel: 4 x 4 groups at a time, turned over in registers. */
static void pack_panel(const int8_t *rows[PANEL], int32_t inputs, int8_t *out) {
    for (int32_t g = 0; g < inputs; g += 16)
        for (int r = 0; r < PANEL; r += 4) {
            const four a = *(const four *)(rows[r] + g), b = *(const four *)(rows[r + 1] + g);
            const four c = *(const four *)(rows[r + 2] + g), d = *(const four *)(rows[r + 3] + g);
            const four ab = PICK(a, b, 0, 4, 1, 5);
            const four cd = PICK(c, d, 0, 4, 1, 5);
            const four ab2 = PICK(a, b, 2, 6, 3, 7);
            const four cd2 = PICK(c, d, 2, 6, 3, 7);
            int8_t *to = out + (size_t)g * PANEL + 4 * r;
            *(four *)to = PICK(ab, cd, 0, 1, 4, 5);
            *(four *)(to + 4 * PANEL) = PICK(ab, cd, 2, 3, 6, 7);
            *(four *)(to + 8 * PANEL) = PICK(ab2, cd2, 0, 1, 4, 5);
            *(four *)(to + 12 * PANEL) = PICK(ab2, cd2, 2, 3, 6, 7);
        }
}

static int pack(matrix *to, const hanse_matrix *from) {
    const int32_t outputs = from->outputs, inputs = from->inputs;
    to->outputs = outputs;
    to->inputs = inputs;
    to->activation_multiplier = from->activation_multiplier;
    to->unquant = 1.0f / (from->activation_multiplier * from->weight_multiplier);
    to->panels = hanse_aligned_alloc((size_t)outputs * inputs);
    to->shift = hanse_aligned_alloc(sizeof(int32_t) * (size_t)outputs);
    to->bias = hanse_aligned_alloc(sizeof(float) * (size_t)outputs);
    if (!to->panels || !to->shift || !to->bias) return HANSE_NO_MEMORY;
    for (int32_t n = 0; n < outputs; n += PANEL) {
        const int8_t *rows[PANEL];
        for (int r = 0; r < PANEL; r++) {
            const float bias = from->bias ? from->bias[n + r] : 0.0f;
            rows[r] = from->weights + (size_t)(n + r) * inputs;
            to->shift[n + r] = row_shift(rows[r], inputs);
            to->bias[n + r] = shifted_bias(bias, to->unquant, to->shift[n + r]);
        }
        pack_panel(rows, inputs, to->panels + (size_t)n * inputs);
    }
    return HANSE_OK;
}

static void release(matrix *m) {
    free(m->panels);
    free(m->shift);
    free(m->bias);
}

HANSE_EXPORT void hanse_model_free(hanse_model *model) {
    if (!model) return;
    for (int l = 0; model->encoder && l < model->spec.encoder_layers; l++)
        for (int i = 0; i < 6; i++) release(&model->encoder[l].all[i]);
    for (int l = 0; model->decoder && l < model->spec.decoder_layers; l++)
        for (int i = 0; i < 8; i++) release(&model->decoder[l].all[i]);
    free(model->encoder);
    free(model->decoder);
    free(model->piece_shift);
    free(model->piece_bias);
    free(model);
}

static int fill(hanse_model *model, const hanse_spec *spec) {
    const hanse_matrix *from = spec->matrices;
    const hanse_norm *norm = spec->norms;
    model->encoder = calloc((size_t)spec->encoder_layers, sizeof(encoder_layer));
    model->decoder = calloc((size_t)spec->decoder_layers, sizeof(decoder_layer));
    model->piece_shift = malloc(sizeof(int32_t) * (size_t)spec->vocabulary);
    model->piece_bias = malloc(sizeof(float) * (size_t)spec->vocabulary);
    if (!model->encoder || !model->decoder || !model->piece_shift || !model->piece_bias)
        return HANSE_NO_MEMORY;
    for (int l = 0; l < spec->encoder_layers; l++) {
        encoder_layer *to = &model->encoder[l];
        for (int i = 0; i < 6; i++)
            if (pack(&to->all[i], from++)) return HANSE_NO_MEMORY;
        to->attention_norm = *norm++;
        to->feed_forward_norm = *norm++;
    }
    for (int l = 0; l < spec->decoder_layers; l++) {
        decoder_layer *to = &model->decoder[l];
        for (int i = 0; i < 8; i++)
            if (pack(&to->all[i], from++)) return HANSE_NO_MEMORY;
        to->cell_norm = *norm++;
        to->attention_norm = *norm++;
        to->feed_forward_norm = *norm++;
    }
    model->output_unquant =
        1.0f / (spec->output_activation_multiplier * spec->embedding_multiplier);
    model->embedding_inverse = 1.0f / spec->embedding_multiplier;
    model->embedding_scale = sqrtf((float)spec->dim);
    for (int32_t id = 0; id < spec->vocabulary; id++) {
        model->piece_shift[id] = row_shift(spec->embedding + (size_t)id * spec->dim, spec->dim);
        model->piece_bias[id] =
            shifted_bias(spec->output_bias[id], model->output_unquant, model->piece_shift[id]);
    }
    return HANSE_OK;
}

/* A model on the named instruction set (NULL: the best). NULL: out of memory or no such set. */
HANSE_EXPORT hanse_model *hanse_model_new(const hanse_spec *spec, const char *instruction_set) {
    const kernels *chosen = NULL, *k;
    for (int i = 0; !chosen && usable(i, &k); i++)
        if (!instruction_set || !strcmp(instruction_set, k->name)) chosen = k;
    hanse_model *model = chosen ? calloc(1, sizeof *model) : NULL;
    if (!model) return NULL;
    model->spec = *spec;
    model->kernels = chosen;
    if (fill(model, spec)) {
        hanse_model_free(model);
        return NULL;
    }
    return model;
}

/* ---- scratch ---- */

HANSE_EXPORT void hanse_scratch_free(hanse_scratch *scratch) {
    if (!scratch) return;
    for (int i = 0; scratch->slots && i < scratch->rows_max; i++) {
        slot *s = &scratch->slots[i];
        free(s->keys);
        free(s->cell);
        free(s->panels);
        free(s->candidate_ids);
        free(s->candidate_shift);
        free(s->candidate_bias);
    }
    void *buffers[] = {scratch->slots, scratch->active, scratch->x,      scratch->y,
                       scratch->q,     scratch->k,      scratch->v,      scratch->keys,
                       scratch->probabilities,          scratch->logits, scratch->bytes,
                       scratch->hidden,                 scratch->marked};
    for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++) free(buffers[i]);
    free(scratch);
}

/* Room to decode rows_max sentences at once and to encode sentences of chunk_tokens together, or
 * one of up to sentence_tokens. NULL: out of memory. */
HANSE_EXPORT hanse_scratch *hanse_scratch_new(const hanse_model *model, int32_t rows_max,
                                              int32_t chunk_tokens, int32_t sentence_tokens) {
    hanse_scratch *s = calloc(1, sizeof *s);
    if (!s) return NULL;
    const hanse_spec *spec = &model->spec;
    const int32_t longest = chunk_tokens > sentence_tokens ? chunk_tokens : sentence_tokens;
    const size_t tokens = (size_t)(longest > rows_max ? longest : rows_max);
    const size_t padded = (tokens + 15) / 16 * 16, dim = (size_t)spec->dim;
    s->model = model;
    s->rows_max = rows_max;
    s->chunk_tokens = chunk_tokens;
    s->sentence_tokens = sentence_tokens;
    s->slots = calloc((size_t)rows_max, sizeof(slot));
    s->active = malloc(sizeof(slot *) * (size_t)rows_max);
    float **floats[] = {&s->x, &s->y, &s->q, &s->k, &s->v};
    int missing = 0;
    for (int i = 0; i < 5; i++)
        missing |= !(*floats[i] = hanse_aligned_alloc(sizeof(float) * tokens * dim));
    s->keys = hanse_aligned_alloc(sizeof(float) * padded * dim);
    s->probabilities = hanse_aligned_alloc(sizeof(float) * padded * HEADS * 4);
    s->logits = hanse_aligned_alloc(sizeof(float) * ((size_t)spec->vocabulary + 64));
    s->bytes = hanse_aligned_alloc(tokens * dim);
    s->hidden = hanse_aligned_alloc(tokens * (size_t)spec->feed_forward);
    s->marked = calloc((size_t)spec->vocabulary / 64 + 1, sizeof(uint64_t));
    if (missing || !s->slots || !s->active || !s->keys || !s->probabilities || !s->logits ||
        !s->bytes || !s->hidden || !s->marked) {
        hanse_scratch_free(s);
        return NULL;
    }
    for (int i = 0; i < rows_max; i++) s->active[i] = &s->slots[i];
    return s;
}

/* Makes the slot ready for a sentence; HANSE_NO_MEMORY leaves it usable for a smaller one. */
int hanse_slot_reserve(const hanse_model *model, slot *s, int32_t source_tokens,
                       int32_t candidates) {
    const size_t dim = (size_t)model->spec.dim, layers = (size_t)model->spec.decoder_layers;
    const size_t padded = ((size_t)source_tokens + 15) / 16 * 16;
    const size_t context = layers * dim * (padded + (size_t)source_tokens);
    const size_t room = ((size_t)candidates + 63) / 64 * 64;
    if (!s->cell && !(s->cell = hanse_aligned_alloc(sizeof(float) * layers * dim)))
        return HANSE_NO_MEMORY;
    if (context > s->context_floats) {
        free(s->keys);
        s->context_floats = 0;
        if (!(s->keys = hanse_aligned_alloc(sizeof(float) * context))) return HANSE_NO_MEMORY;
        s->context_floats = context;
    }
    if (room > s->candidate_room) {
        s->candidate_room = 0;
        free(s->panels);
        free(s->candidate_ids);
        free(s->candidate_shift);
        free(s->candidate_bias);
        s->panels = hanse_aligned_alloc(room * dim);
        s->candidate_ids = hanse_aligned_alloc(sizeof(int32_t) * room);
        s->candidate_shift = hanse_aligned_alloc(sizeof(int32_t) * room);
        s->candidate_bias = hanse_aligned_alloc(sizeof(float) * room);
        if (!s->panels || !s->candidate_ids || !s->candidate_shift || !s->candidate_bias)
            return HANSE_NO_MEMORY;
        s->candidate_room = room;
    }
    s->values = s->keys + layers * dim * padded;
    s->source_tokens = source_tokens;
    s->padded = (int32_t)padded;
    s->candidates = candidates;
    s->candidates_padded = (int32_t)room;
    return HANSE_OK;
}

/* ---- candidates ---- */

static inline int mark(uint64_t *marked, uint32_t id) {
    const uint64_t bit = 1ull << (id & 63);
    const int fresh = !(marked[id >> 6] & bit);
    marked[id >> 6] |= bit;
    return fresh;
}

/* Marks the pieces that may translate a sentence and returns their number: the frequent ones, the
 * source's own, those the shortlist gives, those of a translation to be scored, and more frequent
 * ones up to a multiple of 8. */
int32_t hanse_candidates(const hanse_model *model, hanse_scratch *scratch, const int32_t *ids,
                         int32_t count, const int32_t *forced, int32_t forced_count) {
    const hanse_spec *spec = &model->spec;
    uint64_t *marked = scratch->marked;
    int32_t total = 0;
    memset(marked, 0, sizeof(uint64_t) * ((size_t)spec->vocabulary / 64 + 1));
    for (int32_t i = 0; i < spec->frequent; i++) total += mark(marked, (uint32_t)i);
    for (int32_t t = 0; t < count; t++) {
        total += mark(marked, (uint32_t)ids[t]);
        if (ids[t] >= spec->shortlist_words) continue;
        const uint64_t stop = spec->shortlist_offsets[ids[t] + 1];
        for (uint64_t i = spec->shortlist_offsets[ids[t]]; i < stop; i++)
            total += mark(marked, spec->shortlist_ids[i]);
    }
    for (int32_t i = 0; i < forced_count; i++) total += mark(marked, (uint32_t)forced[i]);
    for (int32_t i = spec->frequent; total % 8 && i < spec->vocabulary; i++)
        total += mark(marked, (uint32_t)i);
    return total;
}

/* Lists the marked pieces in the slot and packs their embeddings as a matrix. */
void hanse_gather(const hanse_model *model, hanse_scratch *scratch, slot *s) {
    const hanse_spec *spec = &model->spec;
    const size_t dim = (size_t)spec->dim;
    int32_t n = 0;
    for (int32_t word = 0; word <= spec->vocabulary / 64; word++)
        for (uint64_t bits = scratch->marked[word]; bits; bits &= bits - 1)
            s->candidate_ids[n++] = word * 64 + __builtin_ctzll(bits);
    for (int32_t i = 0; i < s->candidates_padded; i++) {
        const int real = i < n;
        const int32_t id = s->candidate_ids[i] = real ? s->candidate_ids[i] : 0;
        s->candidate_shift[i] = model->piece_shift[id];
        s->candidate_bias[i] = real ? model->piece_bias[id] : -INFINITY;
    }
    for (int32_t i = 0; i < s->candidates_padded; i += PANEL) {
        const int8_t *rows[PANEL];
        for (int r = 0; r < PANEL; r++) {
            rows[r] = spec->embedding + (size_t)s->candidate_ids[i + r] * dim;
            if (i + PANEL >= s->candidates_padded) continue;
            /* Rows lie anywhere in megabytes: ask for those of the next panel. */
            const int8_t *next = spec->embedding + (size_t)s->candidate_ids[i + PANEL + r] * dim;
            for (size_t line = 0; line < dim; line += 64) __builtin_prefetch(next + line);
        }
        pack_panel(rows, spec->dim, s->panels + (size_t)i * dim);
    }
}

/* ---- translate ---- */

/* HANSE_BAD_INPUT: a length or piece the model has no room for; nothing was written. */
HANSE_EXPORT int32_t hanse_translate(hanse_scratch *scratch, const hanse_batch *batch) {
    const hanse_spec *spec = &scratch->model->spec;
    const int32_t *ids = batch->source_ids;
    for (int32_t s = 0; s < batch->sentences; s++) {
        const int32_t length = batch->source_lengths[s];
        if (length < 1 || length > scratch->sentence_tokens || length > spec->positions)
            return HANSE_BAD_INPUT;
        for (int32_t t = 0; t < length; t++, ids++)
            if (*ids < 0 || *ids >= spec->vocabulary) return HANSE_BAD_INPUT;
    }
    const int32_t *forced = batch->forced_ids;
    for (int32_t s = 0; forced && s < batch->sentences; s++) {
        const int32_t length = batch->forced_lengths[s];
        if (length < 1 || length > TARGET_TOKENS_MAX || length > spec->positions)
            return HANSE_BAD_INPUT;
        for (int32_t t = 0; t < length; t++, forced++)
            if (*forced < 0 || *forced >= spec->vocabulary) return HANSE_BAD_INPUT;
    }
    return scratch->model->kernels->run(scratch->model, scratch, batch);
}

/* Nanoseconds by phase since the last call; all zero unless built with HANSE_PROFILE. */
HANSE_EXPORT void hanse_ticks(hanse_scratch *scratch, uint64_t ticks[16]) {
    memcpy(ticks, scratch->ticks, sizeof scratch->ticks);
    memset(scratch->ticks, 0, sizeof scratch->ticks);
}
