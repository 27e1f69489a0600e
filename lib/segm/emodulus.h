/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * emodulus.h - Young's modulus of a cell from its size and deformation, by
 * a look-up table
 *
 * After Mokbel et al. (2017), with the correction for pixels of Herold
 * (2017); viscosities after Herold (2017), Buyukurganci et al. (2022) and
 * Kestin et al. (1978); the numbers are dclab's.  Only where four points
 * of the table are on a circle may the modulus differ by a thousandth: there
 * are two ways to put triangles between them.
 */
#ifndef DCOR_SEGM_EMODULUS_H
#define DCOR_SEGM_EMODULUS_H

#include <stddef.h>

#include "base/err.h"

enum dcor_visc_model { DCOR_VISC_HEROLD, DCOR_VISC_BUYUKURGANCI };

/*
 * Viscosity in mPa s of a medium ("CellCarrier", "0.59% MC-PBS", "water")
 * in a square channel: width in um, flow in uL/s, temperature in degrees
 * Celsius.  NaN for a flow of 0.  DCOR_EARG: not known, or not by that
 * model.
 */
int dcor_viscosity(const char *medium, enum dcor_visc_model model,
    double width, double flow, double temperature, double *out,
    struct dcor_err *err);

struct dcor_lut;

/* Reads a table in dclab's format: comments, metadata as JSON in them, the
 * names of the columns, the columns.  Ownership: dcor_lut_free. */
int dcor_lut_parse(const char *text, size_t n, struct dcor_lut **out,
    struct dcor_err *err);
int dcor_lut_load(const char *path, struct dcor_lut **out,
    struct dcor_err *err);
void dcor_lut_free(struct dcor_lut *l);

/* Whether the size of a cell is its volume (um^3), not its area (um^2). */
int dcor_lut_is_volume(const struct dcor_lut *l);

/* The modulus in kPa; NaN outside of the table.  pixel: um.  Threads: one. */
double dcor_emodulus(struct dcor_lut *l, double size, double deform,
    double pixel, double width, double flow, double viscosity);

#endif /* DCOR_SEGM_EMODULUS_H */
