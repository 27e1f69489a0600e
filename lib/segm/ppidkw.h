/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ppidkw.h - the keywords of a pipeline identifier (private to ppid)
 */
#ifndef DCOR_SEGM_PPIDKW_H
#define DCOR_SEGM_PPIDKW_H

#include "segm/ppid.h"

enum dcor_kw_type {
	DCOR_KW_END, DCOR_KW_BOOL, DCOR_KW_DISK, DCOR_KW_U64, DCOR_KW_EVEN,
	DCOR_KW_SIZE, DCOR_KW_POSITIVE, DCOR_KW_NOTNEG, DCOR_KW_FRACTION,
	DCOR_KW_NEGATIVE, DCOR_KW_PIXEL, DCOR_KW_MAP
};

/*
 * One keyword: what dcnum calls it and writes for it, what it may be and
 * its place in struct dcor_pipeline.  Lists end with a nameless one.  The
 * order is that of the identifier and decides what an abbreviation means.
 */
struct dcor_kw {
	const char		*name;
	const char		*abbr;
	enum dcor_kw_type	 type;
	size_t			 at;
};

/* By enum dcor_bg_code. */
extern const struct dcor_kw *const dcor_ppid_bg[3];
extern const char *const dcor_ppid_bg_name[3];

extern const struct dcor_kw dcor_ppid_data[], dcor_ppid_thresh[],
    dcor_ppid_mask[], dcor_ppid_legacy[], dcor_ppid_norm[];
/* Both in one list: no name of one begins as a name of the other. */
extern const struct dcor_kw dcor_ppid_thresh_mask[];

/* Sets what list, KEY=VALUE^KEY=VALUE..., names.  Modifies list. */
int dcor_ppid_set(struct dcor_pipeline *p, const struct dcor_kw *kw,
    char *list, struct dcor_err *err);

/* Appends "CODE:KEY=VALUE^..." to the string in out of size bytes. */
int dcor_ppid_add(const struct dcor_pipeline *p, const char *code,
    const struct dcor_kw *kw, char *out, size_t size,
    struct dcor_err *err);

/* The mapping as the identifier has it; as snprintf. */
int dcor_ppid_map(const struct dcor_map *m, char *out, size_t size);

#endif /* DCOR_SEGM_PPIDKW_H */
