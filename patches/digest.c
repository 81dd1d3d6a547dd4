/* SPDX-License-Identifier: Apache-2.0 */
/* Names for content: SHA-256 as lower-case hexadecimal. */
#include "patches/digest.h"

#include <openssl/evp.h>

int sha256_hex(const struct str *piece, size_t n, char ret[SHA256_HEX + 1])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char sum[EVP_MAX_MD_SIZE];
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned len = 0;
	int ok = ctx && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1;

	for (size_t i = 0; ok && i < n; i++)
		ok = EVP_DigestUpdate(ctx, piece[i].p ? piece[i].p : "", piece[i].len) == 1;
	ok = ok && EVP_DigestFinal_ex(ctx, sum, &len) == 1 && len == SHA256_HEX / 2;
	EVP_MD_CTX_free(ctx);
	for (unsigned i = 0; ok && i < len; i++) {
		ret[2 * i] = digits[sum[i] >> 4];
		ret[2 * i + 1] = digits[sum[i] & 15];
	}
	ret[ok ? SHA256_HEX : 0] = '\0';
	return ok ? 0 : -1;
}
