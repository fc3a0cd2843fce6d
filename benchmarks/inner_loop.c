/* The innermost loop of the patterns representation for p = 3, written for the machine at hand:
   sum_a s_a k_a^2 with the signs s_a as bits and the overlaps k_a in 16 bits, 32 patterns per block. */
#include <stdint.h>
#if defined(__AVX512BW__) && defined(__AVX512VNNI__)
#include <immintrin.h>

static int64_t sum(const uint32_t *bits, const int16_t *k, long n_blocks) {
    __m512i zero = _mm512_setzero_si512(), sums[4] = {zero, zero, zero, zero};
    long block = 0;
    for (; block + 4 <= n_blocks; block += 4)
        for (int j = 0; j < 4; j++) {
            __m512i v = _mm512_loadu_si512(k + 32 * (block + j));
            sums[j] = _mm512_dpwssd_epi32(sums[j], v, _mm512_mask_sub_epi16(v, bits[block + j], zero, v));
        }
    for (; block < n_blocks; block++) {
        __m512i v = _mm512_loadu_si512(k + 32 * block);
        sums[0] = _mm512_dpwssd_epi32(sums[0], v, _mm512_mask_sub_epi16(v, bits[block], zero, v));
    }
    __m512i all = _mm512_add_epi32(_mm512_add_epi32(sums[0], sums[1]), _mm512_add_epi32(sums[2], sums[3]));
    int32_t lanes[16];
    int64_t total = 0;
    _mm512_storeu_si512(lanes, all);
    for (int j = 0; j < 16; j++) total += lanes[j];
    return total;
}

const char *description(void) { return "512-bit registers"; }
#else

static int64_t sum(const uint32_t *bits, const int16_t *k, long n_blocks) {
    int64_t total = 0;
    for (long block = 0; block < n_blocks; block++) {
        int32_t part = 0;
        for (int j = 0; j < 32; j++) {
            int32_t minus = -(int32_t)((bits[block] >> j) & 1), square = (int32_t)k[32 * block + j] * k[32 * block + j];
            part += (square ^ minus) - minus;
        }
        total += part;
    }
    return total;
}

const char *description(void) { return "plain C, as the compiler makes it"; }
#endif

/* Visit n_rows rows of signs, `repeat` times. */
int64_t attempts(const uint32_t *bits, const int16_t *k, long n_rows, long n_blocks, long repeat) {
    int64_t total = 0;
    for (long r = 0; r < repeat; r++)
        for (long row = 0; row < n_rows; row++) total += sum(bits + row * n_blocks, k, n_blocks);
    return total;
}
