/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The logs of a result: what was asked for, what happened. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "rtdc/h5outattr.h"
#include "segm/plan.h"

struct logs {
	const struct dcor_segm	*s;
	struct dcor_h5out	*o;
	size_t			 n;	/* events */
};

/* Writes text as a log that no log of the input has the name of. */
static int
put_log(struct logs *p, const char *kind, const char *text,
    struct dcor_err *err)
{
	char path[128];
	int k = 1, rc;

	snprintf(path, sizeof(path), "logs/dcnum-%s-%.7s", kind,
	    p->s->id.hash);
	while (dcor_h5_kind(dcor_rtdc_h5(p->s->m), path) != DCOR_H5_ABSENT)
		snprintf(path, sizeof(path), "logs/dcnum-%s-%.7s-%d",
		    kind, p->s->id.hash, ++k);
	rc = dcor_h5out_group(p->o, "logs", err);
	if (rc == DCOR_OK)
		rc = dcor_h5out_text_lines(p->o, path, text, err);
	return rc;
}

/* What was asked for, in the manner of dcnum's job log.  No times and no
 * host: the same work gives the same bytes, wherever it is done. */
static int
job_log(struct logs *p, struct dcor_err *err)
{
	const struct dcor_segm *s = p->s;
	const char *in = strrchr(s->o.in, '/');
	char level[16];
	struct dcor_buf b;
	struct dcor_jw w;
	int rc;

	in = in != NULL ? in + 1 : s->o.in;
	snprintf(level, sizeof(level), s->o.level > 0 ? "zstd-%d" : "none",
	    s->o.level);
	dcor_buf_init(&b, 1 << 20);
	dcor_jw_init(&w, &b, DCOR_JW_PYTHON);
	dcor_jw_obj(&w);
	dcor_jw_key(&w, "job");
	dcor_jw_obj(&w);
	dcor_jw_kstr(&w, "basin_strategy",
	    s->o.images == DCOR_IMAGES_DRAIN ? "drain" : "tap");
	dcor_jw_kstr(&w, "compression", level);
	dcor_jw_ku64(&w, "frames", s->n);
	dcor_jw_kstr(&w, "identifier_in", dcor_rtdc_id(s->m));
	dcor_jw_kstr(&w, "name_in", in);
	dcor_jw_end(&w);
	dcor_jw_key(&w, "pipeline");
	dcor_jw_obj(&w);
	dcor_jw_kstr(&w, "hash", s->id.hash);
	dcor_jw_key(&w, "identifiers");
	dcor_jw_obj(&w);
	dcor_jw_kstr(&w, "bg_id", s->id.bg);
	dcor_jw_kstr(&w, "dat_id", s->id.dat);
	dcor_jw_kstr(&w, "feat_id", s->id.feat);
	dcor_jw_kstr(&w, "gate_id", s->id.gate);
	dcor_jw_kstr(&w, "gen_id", s->id.gen);
	dcor_jw_kstr(&w, "seg_id", s->id.seg);
	dcor_jw_end(&w);
	dcor_jw_end(&w);
	dcor_jw_kstr(&w, "software", s->o.software);
	dcor_jw_key(&w, "tasks");
	dcor_jw_obj(&w);
	dcor_jw_kbool(&w, "background", !s->reuse_bg);
	dcor_jw_kbool(&w, "segmentation", 1);
	dcor_jw_end(&w);
	dcor_jw_end(&w);
	rc = dcor_jw_done(&w, err);
	if (rc == DCOR_OK)
		rc = put_log(p, "job", b.p, err);
	dcor_buf_fini(&b);
	return rc;
}

/* What happened, line by line. */
static int
run_log(struct logs *p, struct dcor_err *err)
{
	const struct dcor_segm *s = p->s;
	struct dcor_buf b;
	unsigned i;
	int rc;

	dcor_buf_init(&b, 1 << 20);
	for (i = 0; i < s->nnote; i++)
		dcor_buf_addf(&b, "WARNING %s\n", s->note[i]);
	if (s->source == DCOR_BG_FROM_SPARSEMED)
		dcor_buf_addf(&b, "INFO Background images: %llu\n",
		    (unsigned long long)s->sparse.m);
	dcor_buf_addf(&b, "INFO Frames: %llu\n", (unsigned long long)s->n);
	if (s->st.duplicates > 0)
		dcor_buf_addf(&b, "INFO Frames equal to the one before: "
		    "%llu\n", (unsigned long long)s->st.duplicates);
	if (s->st.invalid > 0)
		dcor_buf_addf(&b, "%s Encountered %llu invalid masks\n",
		    s->st.invalid > s->n / 200 ? "WARNING" : "INFO",
		    (unsigned long long)s->st.invalid);
	dcor_buf_addf(&b, "INFO Counted %zu events\n", p->n);
	if (p->n == 0)
		dcor_buf_adds(&b, "ERROR No events found\n");
	rc = dcor_buf_check(&b, err);
	if (rc == DCOR_OK)
		rc = put_log(p, "log", b.p, err);
	dcor_buf_fini(&b);
	return rc;
}

int
dcor_segm_logs(const struct dcor_segm *s, struct dcor_h5out *o, size_t events,
    struct dcor_err *err)
{
	struct logs l = { s, o, events };
	int rc = job_log(&l, err);

	return rc == DCOR_OK ? run_log(&l, err) : rc;
}
