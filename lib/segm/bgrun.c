/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The pass over the images that yields a sparsemed background. */
#include <stdlib.h>
#include <string.h>

#include "segm/plan.h"

/*
 * The time of every frame by the best source there is, as dcnum chooses:
 * time, frame and rate, rate, neither.  *single: counted in single precision.
 */
static int
get_times(struct dcor_segm *s, double *t, int *single, struct dcor_err *err)
{
	struct dcor_err why = DCOR_ERR_INIT;
	struct dcor_feature f = { 0 };
	const struct dcor_h5type *type;
	double rate = 0, *col = NULL;
	float *f32 = NULL;
	int has_time, rc;
	uint64_t i;

	(void)dcor_rtdc_f64(s->m, "imaging:frame rate", &rate);
	rc = dcor_rtdc_feature(s->m, "time", &f, &why);
	has_time = rc == DCOR_OK;
	if (rc == DCOR_ENOENT && rate > 0) {
		memset(&why, 0, sizeof(why));
		rc = dcor_rtdc_feature(s->m, "frame", &f, &why);
	}
	if (rc == DCOR_ENOENT) {
		if (rate > 0)
			dcor_times_rate(rate, s->nfile, t);
		else
			dcor_times_none(s->nfile, t);
		return DCOR_OK;
	}
	if (rc != DCOR_OK)
		return dcor_err_copy(err, &why);
	type = &dcor_dset_info(f.set)->type;
	*single = has_time && type->cls == DCOR_H5_FLOAT && type->size == 4;
	col = malloc((size_t)s->nfile * sizeof(*col));
	f32 = malloc((size_t)s->nfile * sizeof(*f32));
	rc = col == NULL || f32 == NULL ? dcor_err_nomem(err) :
	    dcor_segm_column(s, &f, col, err);
	if (rc != DCOR_OK)
		goto out;
	if (*single) {
		for (i = 0; i < s->nfile; i++)
			f32[i] = (float)col[i];
		dcor_times_f32(f32, s->nfile, t);
	} else if (has_time)
		dcor_times_f64(col, s->nfile, t);
	else
		dcor_times_frame(col, rate, s->nfile, t);
out:
	free(col);
	free(f32);
	dcor_feature_fini(&f);
	return rc;
}

int
dcor_segm_background(struct dcor_segm *s, const char *near,
    struct dcor_err *err)
{
	struct dcor_sparsemed_opts o = {
		.kernel_size = s->pl.kernel_size,
		.split_time = s->pl.split_time,
		.thresh_cleansing = s->pl.thresh_cleansing,
		.frac_cleansing = s->pl.frac_cleansing
	};
	struct dcor_frames frames;
	double *t;
	int rc;

	if (s->source != DCOR_BG_FROM_SPARSEMED || s->sparse.fd >= 0)
		return DCOR_OK;
	t = malloc((size_t)s->nfile * sizeof(*t));
	if (t == NULL)
		return dcor_err_nomem(err);
	dcor_segm_frames_of(s, &frames);
	rc = get_times(s, t, &o.single, err);
	if (rc == DCOR_OK)
		rc = dcor_sparsemed(&frames, t, &o, s->o.pool, near,
		    &s->sparse, err);
	free(t);
	if (rc == DCOR_OK && s->sparse.fell_back)
		dcor_segm_remark(s, "cleansing kept too few background "
		    "images; kept the best of them instead");
	s->st.bg_images = s->sparse.m;
	return rc;
}
