/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * h5sink.h - where libhdf5 writes a file, with errors that last
 *
 * libhdf5 does not survive a full disk: closing a file after a write that
 * failed can crash.  So it never hears of one: the first error is kept
 * here, everything after it is dropped, and whoever writes asks the sink.
 */
#ifndef DCOR_RTDC_H5SINK_H
#define DCOR_RTDC_H5SINK_H

#include <hdf5.h>

struct dcor_h5sink {
	int		 sys;		/* errno of the first failure, or 0 */
};

/* Makes files that are opened with fapl write through *s, which must live
 * as long.  Called with the lock. */
int dcor_h5sink_use(hid_t fapl, struct dcor_h5sink *s);

#endif /* DCOR_RTDC_H5SINK_H */
