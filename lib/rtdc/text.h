/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * text.h - scalar features as text, a line an event
 */
#ifndef DCOR_RTDC_TEXT_H
#define DCOR_RTDC_TEXT_H

#include <stdio.h>

#include "rtdc/cols.h"

enum dcor_textform { DCOR_TEXT_TSV, DCOR_TEXT_CSV, DCOR_TEXT_JSON };

struct dcor_textopts {
	enum dcor_textform form;
	int		 header;	/* TSV "#a	b", CSV "a,b" */
	const char	*name;		/* of the measurement, for JSON */
	int		(*tick)(uint64_t done);	/* as in struct dcor_filter */
};

/*
 * Writes the features of the events of sel.  Integers are written as
 * integers, floats as dcor_num_f64 or _f32 of their type; what is not
 * finite is null in JSON.  A line of JSON is
 *	{"type":"event","measurement":NAME,"event":N,FEATURE:VALUE,...}
 * with the number of the event from 0 on.
 */
int dcor_text_write(struct dcor_rtdc *m, const struct dcor_sel *sel,
    const struct dcor_names *features, const struct dcor_textopts *o,
    FILE *to, struct dcor_pool *pool, struct dcor_err *err);

#endif /* DCOR_RTDC_TEXT_H */
