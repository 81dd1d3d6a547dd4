/* SPDX-License-Identifier: Apache-2.0 */
/* The serving certificate and its key as --tls-cert and --tls-key name them. */
#include "webhook/cli/keypair.h"

#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/file.h"

int keypair_read(struct arena *a, const struct options *o, struct cert_pair *ret, struct err *err)
{
	if (!o->tls_cert || !o->tls_key)
		return err_set(err, ERR_CONFIG, "%s is needed; `outrigger certs create` makes a pair",
			o->tls_cert ? "--tls-key" : "--tls-cert");
	if (file_read(a, o->tls_cert, KEYPAIR_FILE_MAX, 0, &ret->cert, err) < 0 ||
		file_read(a, o->tls_key, KEYPAIR_FILE_MAX, 0, &ret->key, err) < 0) {
		if (err->code != ERR_NOMEM)
			err->code = ERR_CONFIG;
		return -1;
	}
	return 0;
}

int keypair_name_file(const struct options *o, struct err *err)
{
	const char *path = strcmp(err->where, "key") == 0 ? o->tls_key : o->tls_cert;

	if (strcmp(err->where, "key") == 0 || strcmp(err->where, "certificate") == 0)
		(void)snprintf(err->where, sizeof(err->where), "%s", path);
	return -1;
}

void keypair_digest(const struct cert_pair *pair, unsigned char ret[KEYPAIR_DIGEST])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char sum[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	memset(ret, 0, KEYPAIR_DIGEST);
	if (ctx && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1 &&
		EVP_DigestUpdate(ctx, pair->cert.p, pair->cert.len) == 1 && EVP_DigestUpdate(ctx, "", 1) == 1 &&
		EVP_DigestUpdate(ctx, pair->key.p, pair->key.len) == 1 && EVP_DigestFinal_ex(ctx, sum, &len) == 1 &&
		len == KEYPAIR_DIGEST)
		memcpy(ret, sum, KEYPAIR_DIGEST);
	EVP_MD_CTX_free(ctx);
}
