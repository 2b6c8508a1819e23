/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SHA-256 (FIPS 180-4). Our own hundred lines, since what starts a container
 * must not pull in libcrypto, and the kernel's AF_ALG is missing exactly where
 * nook runs inside somebody else's container.
 */
#ifndef NK_BASE_SHA256_H
#define NK_BASE_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define NK_SHA256_SIZE 32
#define NK_SHA256_HEX (2 * NK_SHA256_SIZE + 1)

struct nk_sha256 {
	uint32_t state[8];
	uint64_t bytes;
	uint8_t block[64];
};

void nk_sha256_init(struct nk_sha256 *h);
void nk_sha256_add(struct nk_sha256 *h, const void *data, size_t n);
/* A string with its terminator, so that "ab","c" and "a","bc" differ. */
void nk_sha256_add_string(struct nk_sha256 *h, const char *s);
void nk_sha256_done(struct nk_sha256 *h, uint8_t out[NK_SHA256_SIZE]);
/* Lower-case hexadecimal digits with a terminator. */
void nk_sha256_hex(const uint8_t digest[NK_SHA256_SIZE], char out[NK_SHA256_HEX]);

#endif
