/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files of AWS: any bytes can be read; so can command lines. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/ini.h"
#include "base/run.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct dcor_err err = DCOR_ERR_INIT;
	struct dcor_ini *ini;
	const char *s, *v;
	char **w;
	size_t i;

	if (dcor_ini_parse((const char *)p, n, "f", &ini, &err) != 0) {
		if (err.code != DCOR_ECONF || strncmp(err.msg, "f:", 2) != 0)
			abort();
		return 0;
	}
	for (i = 0; (s = dcor_ini_section(ini, i)) != NULL; i++) {
		if (*s == '\0')
			abort();
		if (dcor_words_split(s, &w, NULL) == 0) {
			if (w[0] == NULL)
				abort();
			dcor_words_free(w);
		}
		v = dcor_ini_get(ini, i, "region", NULL);
		if (v != NULL && dcor_words_split(v, &w, NULL) == 0)
			dcor_words_free(w);
		(void)dcor_ini_get(ini, i, "s3", "endpoint_url");
	}
	dcor_ini_free(ini);
	return 0;
}
