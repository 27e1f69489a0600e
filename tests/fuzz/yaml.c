/* SPDX-License-Identifier: GPL-3.0-or-later */
/* YAML: what is read can be walked, and lies within the limits. */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void
walk(const struct dcor_yaml *v, unsigned depth)
{
	const struct dcor_yaml *m;
	uint64_t u;
	size_t i;

	if (depth > DCOR_YAML_DEPTH)
		abort();
	if ((dcor_yaml_str(v) != NULL) != (dcor_yaml_type(v) == DCOR_YAML_STR))
		abort();
	if (dcor_yaml_str(v) != NULL)
		(void)!dcor_parse_size(dcor_yaml_str(v), &u);
	for (i = 0; i < dcor_yaml_len(v); i++) {
		m = dcor_yaml_at(v, i);
		if (dcor_yaml_type(v) == DCOR_YAML_MAP &&
		    dcor_yaml_type(m) != DCOR_YAML_NONE &&
		    dcor_yaml_get(v, dcor_yaml_key(v, i)) != m)
			abort();
		walk(m, depth + 1);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct dcor_err err = DCOR_ERR_INIT;
	struct dcor_yaml *y;

	if (dcor_yaml_parse((const char *)p, n, "f", &y, &err) == 0) {
		walk(y, 0);
		dcor_yaml_free(y);
	} else if (err.code != DCOR_ECONF || strncmp(err.msg, "f:", 2) != 0) {
		abort();
	}
	return 0;
}
