/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdint.h>

#include "segm/emodulus.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Tables of moduli. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dcor_lut *l;
	int i;

	if (dcor_lut_parse((const char *)data, size, &l, NULL) != DCOR_OK)
		return 0;
	for (i = -2; i < 40; i++)
		(void)dcor_emodulus(l, 10 * i, i / 100.0, 0.34, 20, 0.06, 5);
	dcor_lut_free(l);
	return 0;
}
