/* SPDX-License-Identifier: Apache-2.0 */
/* A keyed hash of texts that a pod's author cannot aim at: SipHash-1-3 (Aumasson, Bernstein: "SipHash", 2012). */
#include "patches/value/hash.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/random.h>

/* Without getrandom (a kernel that refuses it) the kernel's gift to every process, AT_RANDOM, still is no one's guess. */
static uint64_t draw_seed(void)
{
	const unsigned long given = getauxval(AT_RANDOM);
	uint64_t seed = 0;

	if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) != (ssize_t)sizeof(seed) && given)
		memcpy(&seed, (const void *)given, sizeof(seed)); // NOLINT(performance-no-int-to-ptr)
	return seed ? seed : 1;
}

/* The one thing that outlives a call in patches/: the threads race to set it, all use what the first has set. */
static uint64_t value_seed(void)
{
	static _Atomic uint64_t kept;
	uint64_t seed = atomic_load_explicit(&kept, memory_order_relaxed);
	uint64_t none = 0;

	if (seed)
		return seed;
	seed = draw_seed();
	return atomic_compare_exchange_strong(&kept, &none, seed) ? seed : none;
}

static inline uint64_t rotate(uint64_t x, int by)
{
	return x << by | x >> (64 - by);
}

static inline void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] = rotate(v[0], 32);
	v[2] += v[1];
	v[0] += v[3];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[2] = rotate(v[2], 32);
}

static inline void absorb(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	sip_round(v);
	v[0] ^= word;
}

uint32_t hash_text(struct str s)
{
	const uint64_t seed = value_seed(), other = rotate(seed, 32) * 0x9e3779b97f4a7c15u;
	uint64_t v[4] = {seed ^ 0x736f6d6570736575u, other ^ 0x646f72616e646f6du, seed ^ 0x6c7967656e657261u,
		other ^ 0x7465646279746573u};
	uint64_t last = (uint64_t)s.len << 56, word;
	size_t i = 0;

	for (; i + 8 <= s.len; i += 8) {
		memcpy(&word, s.p + i, sizeof(word));
		absorb(v, word);
	}
	for (size_t j = 0; i + j < s.len; j++)
		last |= (uint64_t)(unsigned char)s.p[i + j] << (8 * j);
	absorb(v, last);
	v[2] ^= 0xff;
	sip_round(v);
	sip_round(v);
	sip_round(v);
	word = v[0] ^ v[1] ^ v[2] ^ v[3];
	return (uint32_t)(word ^ word >> 32);
}
