/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Attributes and text of a file being written. */
#include "rtdc/h5outattr.h"

#include <stdlib.h>
#include <string.h>

#include "rtdc/h5priv.h"

/* Called with the lock. */
static int
put_attr(struct dcor_h5out *o, const char *path, const char *name,
    hid_t file_type, hid_t mem_type, const void *value, struct dcor_err *err)
{
	hid_t file = dcor_h5out_file(o), space, a = -1;
	int rc = DCOR_OK;

	space = H5Screate(H5S_SCALAR);
	if (H5Aexists_by_name(file, path, name, H5P_DEFAULT) > 0)
		H5Adelete_by_name(file, path, name, H5P_DEFAULT);
	a = H5Acreate_by_name(file, path, name, file_type, space,
	    H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
	if (a < 0 || H5Awrite(a, mem_type, value) < 0)
		rc = dcor_h5out_fail(o, err);
	if (a >= 0)
		H5Aclose(a);
	H5Sclose(space);
	return rc;
}

int
dcor_h5out_text(struct dcor_h5out *o, const char *path, const char *name,
    const char *text, struct dcor_err *err)
{
	hid_t type;
	int rc;

	dcor_h5_enter();
	type = H5Tcopy(H5T_C_S1);
	H5Tset_size(type, H5T_VARIABLE);
	H5Tset_cset(type, H5T_CSET_UTF8);
	rc = put_attr(o, path, name, type, type, &text, err);
	H5Tclose(type);
	dcor_h5_leave();
	return rc;
}

int
dcor_h5out_i64(struct dcor_h5out *o, const char *path, const char *name,
    int64_t v, struct dcor_err *err)
{
	int rc;

	dcor_h5_enter();
	rc = put_attr(o, path, name, H5T_STD_I64LE, H5T_NATIVE_INT64, &v,
	    err);
	dcor_h5_leave();
	return rc;
}

int
dcor_h5out_f64(struct dcor_h5out *o, const char *path, const char *name,
    double v, struct dcor_err *err)
{
	int rc;

	dcor_h5_enter();
	rc = put_attr(o, path, name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, &v,
	    err);
	dcor_h5_leave();
	return rc;
}

int
dcor_h5out_number(struct dcor_h5out *o, const char *path, const char *name,
    const struct dcor_h5type *t, const void *v, struct dcor_err *err)
{
	hid_t type, native;
	int rc;

	dcor_h5_enter();
	type = dcor_h5_make_type(t);
	native = H5Tget_native_type(type, H5T_DIR_ASCEND);
	rc = put_attr(o, path, name, type, native, v, err);
	H5Tclose(native);
	H5Tclose(type);
	dcor_h5_leave();
	return rc;
}

int
dcor_h5out_drop(struct dcor_h5out *o, const char *path, const char *name,
    struct dcor_err *err)
{
	hid_t file = dcor_h5out_file(o);
	int rc = DCOR_OK;

	dcor_h5_enter();
	if (H5Aexists_by_name(file, path, name, H5P_DEFAULT) > 0 &&
	    H5Adelete_by_name(file, path, name, H5P_DEFAULT) < 0)
		rc = dcor_h5out_fail(o, err);
	dcor_h5_leave();
	return rc;
}

int
dcor_h5out_lines(struct dcor_h5out *o, const char *path,
    const char *const *line, size_t n, struct dcor_err *err)
{
	struct dcor_h5spec spec = { .rank = 1, .level = DCOR_META_LEVEL };
	struct dcor_h5col *c;
	size_t i, len, most = 1;
	char *row;
	int rc;

	for (i = 0; i < n; i++) {
		len = strlen(line[i]);
		most = len > most ? len : most;
	}
	spec.type.cls = DCOR_H5_STRING;
	spec.type.size = (uint32_t)most;
	row = malloc(most);
	if (row == NULL)
		return dcor_err_nomem(err);
	rc = dcor_h5out_dset(o, path, &spec, &c, err);
	for (i = 0; rc == DCOR_OK && i < n; i++) {
		len = strlen(line[i]);
		memcpy(row, line[i], len);
		memset(row + len, 0, most - len);
		rc = dcor_h5col_append(c, row, 1, err);
	}
	free(row);
	return rc == DCOR_OK ? dcor_h5col_finish(c, err) : rc;
}

int
dcor_h5out_text_lines(struct dcor_h5out *o, const char *path,
    const char *text, struct dcor_err *err)
{
	char *copy = strdup(text), *p;
	const char **line = NULL;
	size_t n = 1;
	int rc;

	for (p = copy; p != NULL && *p != '\0'; p++)
		n += *p == '\n';
	line = calloc(n, sizeof(*line));
	if (copy == NULL || line == NULL) {
		rc = dcor_err_nomem(err);
	} else {
		for (n = 0, p = copy; p != NULL && *p != '\0';) {
			line[n++] = p;
			p = strchr(p, '\n');
			if (p != NULL)
				*p++ = '\0';
		}
		rc = dcor_h5out_lines(o, path, line, n, err);
	}
	free(line);
	free(copy);
	return rc;
}

int
dcor_h5out_has(struct dcor_h5out *o, const char *path)
{
	htri_t there;

	dcor_h5_enter();
	there = H5Lexists(dcor_h5out_file(o), path, H5P_DEFAULT);
	H5Eclear2(H5E_DEFAULT);
	dcor_h5_leave();
	return there > 0;
}
