/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/num.h"

#include <math.h>
#include <pthread.h>
#include <string.h>

#define K_MIN	(-292)
#define K_MAX	324
#define LIMBS	40		/* of 32 bits: 2^1120 and 10^324 fit */

/*
 * 10^k in 128 bits, the first of which is 1, rounded up: hi, lo.  Made
 * once, because it takes less time than to load it and less room here.
 */
static struct { uint64_t hi, lo; } power[K_MAX - K_MIN + 1];
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* The first 128 bits of a big number, rounded up if anything follows. */
static void
top128(const uint32_t *v, int sticky, int k)
{
	int i = LIMBS - 1, j, sh;
	uint64_t w[3] = { 0 }, hi, lo;

	while (i > 0 && v[i] == 0)
		i--;
	sh = __builtin_clz(v[i]);
	for (j = 0; j < 6; j++)
		w[j / 2] = w[j / 2] << 32 | (i >= j ? v[i - j] : 0);
	for (j = i - 6; j >= 0; j--)
		sticky |= v[j] != 0;
	hi = sh > 0 ? w[0] << sh | w[1] >> (64 - sh) : w[0];
	lo = sh > 0 ? w[1] << sh | w[2] >> (64 - sh) : w[1];
	if (sticky || w[2] << sh != 0) {
		lo++;
		hi += lo == 0;
	}
	power[k - K_MIN].hi = hi;
	power[k - K_MIN].lo = lo;
}

static void
make_powers(void)
{
	uint32_t v[LIMBS] = { 1 };
	uint64_t c;
	int i, k;

	for (k = 0; k <= K_MAX; k++) {
		top128(v, 0, k);
		for (c = 0, i = 0; i < LIMBS; i++) {
			c += (uint64_t)v[i] * 10;
			v[i] = (uint32_t)c;
			c >>= 32;
		}
	}
	/* 2^1120 / 10^-k, whose quotients by 10 are exact when cut */
	memset(v, 0, sizeof(v));
	v[35] = 1;
	for (k = -1; k >= K_MIN; k--) {
		for (c = 0, i = LIMBS - 1; i >= 0; i--) {
			c = c << 32 | v[i];
			v[i] = (uint32_t)(c / 10);
			c %= 10;
		}
		top128(v, 1, k);
	}
}

/* a * b: the high half; *lo the low one. */
static uint64_t
mul(uint64_t a, uint64_t b, uint64_t *lo)
{
	uint64_t al = (uint32_t)a, ah = a >> 32, bl = (uint32_t)b, bh = b >> 32;
	uint64_t ll = al * bl, lh = al * bh, hl = ah * bl, mid;

	mid = (ll >> 32) + (uint32_t)lh + hl;
	*lo = mid << 32 | (uint32_t)ll;
	return ah * bh + (lh >> 32) + (mid >> 32);
}

/* floor(g * c / 2^128), the last bit set if it is not exact. */
static uint64_t
scale(int k, uint64_t c)
{
	uint64_t xl, xh, yl, yh;

	xh = mul(power[k - K_MIN].lo, c, &xl);
	yh = mul(power[k - K_MIN].hi, c, &yl);
	yl += xh;
	yh += yl < xh;
	return yh | (yl > 1);
}

/* floor(e * log2(10)), floor(e * log10(2)) (less log10(4/3) if the number
 * below is nearer), for the exponents that there are */
static int
log2_pow10(int e)
{
	return (e * 1741647) >> 19;
}

static int
log10_pow2(int e, int nearer)
{
	return (e * 1262611 - (nearer ? 524031 : 0)) >> 22;
}

/*
 * The decimal d * 10^*k of c * 2^q > 0.  nearer: the number below is half
 * as far as the one above.
 */
static uint64_t
shortest(uint64_t c, int q, int nearer, int *k)
{
	uint64_t low, v, high, s, sp;
	int out = (int)(c & 1), h, up, down;

	if (q <= 0 && q > -53 && (c & (((uint64_t)1 << -q) - 1)) == 0) {
		*k = 0;
		return c >> -q;		/* an integer */
	}
	*k = log10_pow2(q, nearer);
	h = q + log2_pow10(-*k) + 1;
	low = scale(-*k, (4 * c - 2 + (uint64_t)nearer) << h) + (unsigned)out;
	v = scale(-*k, 4 * c << h);
	high = scale(-*k, (4 * c + 2) << h) - (unsigned)out;
	s = v / 4;
	if (s >= 10) {
		sp = s / 10;
		down = low <= 40 * sp;
		up = 40 * sp + 40 <= high;
		if (up != down) {
			++*k;
			return sp + (unsigned)up;
		}
	}
	down = low <= 4 * s;
	up = 4 * s + 4 <= high;
	if (up != down)
		return s + (unsigned)up;
	return s + (v > 4 * s + 2 || (v == 4 * s + 2 && (s & 1) != 0));
}

static const char pair[] =
    "00010203040506070809101112131415161718192021222324"
    "25262728293031323334353637383940414243444546474849"
    "50515253545556575859606162636465666768697071727374"
    "75767778798081828384858687888990919293949596979899";

size_t
dcor_num_u64(uint64_t v, char *out)
{
	char t[24], *p = t + sizeof(t);
	size_t n;

	for (; v >= 100; v /= 100)
		memcpy(p -= 2, pair + 2 * (v % 100), 2);
	if (v >= 10)
		memcpy(p -= 2, pair + 2 * v, 2);
	else
		*--p = (char)('0' + v);
	n = (size_t)(t + sizeof(t) - p);
	memcpy(out, p, n);
	out[n] = '\0';
	return n;
}

size_t
dcor_num_i64(int64_t v, char *out)
{
	if (v >= 0)
		return dcor_num_u64((uint64_t)v, out);
	*out = '-';
	return 1 + dcor_num_u64(-(uint64_t)v, out + 1);
}

/* Sets the decimal point, or an exponent, as Python does. */
static size_t
place(uint64_t d, int k, char *out)
{
	char dig[DCOR_NUM_SIZE], *p = out;
	int n, ex;

	for (; d % 10 == 0; d /= 10)
		k++;
	n = (int)dcor_num_u64(d, dig);
	ex = k + n - 1;			/* of the first digit */
	if (ex < -4 || ex >= 16) {
		*p++ = dig[0];
		if (n > 1)
			*p++ = '.';
		memcpy(p, dig + 1, (size_t)n - 1);
		p += n - 1;
		*p++ = 'e';
		*p++ = ex < 0 ? '-' : '+';
		ex = ex < 0 ? -ex : ex;
		if (ex >= 100)
			*p++ = (char)('0' + ex / 100);
		memcpy(p, pair + 2 * (ex % 100), 2);
		p += 2;
	} else if (ex < 0) {
		memcpy(p, "0.000", 5);
		p += 1 - ex;
		memcpy(p, dig, (size_t)n);
		p += n;
	} else if (k >= 0) {
		memcpy(p, dig, (size_t)n);
		memset(p + n, '0', (size_t)k);
		p += n + k;
		memcpy(p, ".0", 2);
		p += 2;
	} else {
		memcpy(p, dig, (size_t)ex + 1);
		p[ex + 1] = '.';
		memcpy(p + ex + 2, dig + ex + 1, (size_t)(n - ex - 1));
		p += n + 1;
	}
	*p = '\0';
	return (size_t)(p - out);
}

/* What is no positive number: 0 when it is one. */
static size_t
special(double v, char *out)
{
	const char *text = isnan(v) ? "nan" : isinf(v) ? "inf" :
	    fpclassify(v) == FP_ZERO ? "0.0" : NULL;

	if (text == NULL)
		return 0;
	memcpy(out, text, 4);
	return 3;
}

size_t
dcor_num_f64(double v, char *out)
{
	uint64_t bits, c;
	size_t sign = 0, n;
	int e, k;

	if (signbit(v) && !isnan(v)) {
		out[sign++] = '-';
		v = -v;
	}
	if ((n = special(v, out + sign)) > 0)
		return sign + n;
	pthread_once(&once, make_powers);
	memcpy(&bits, &v, sizeof(bits));
	c = bits & (((uint64_t)1 << 52) - 1);
	e = (int)(bits >> 52);
	c = shortest(e > 0 ? c | (uint64_t)1 << 52 : c, e > 0 ? e - 1075 :
	    -1074, c == 0 && e > 1, &k);
	return sign + place(c, k, out + sign);
}

size_t
dcor_num_f32(float v, char *out)
{
	uint32_t bits, c;
	size_t sign = 0, n;
	uint64_t d;
	int e, k;

	if (signbit(v) && !isnan(v)) {
		out[sign++] = '-';
		v = -v;
	}
	if ((n = special((double)v, out + sign)) > 0)
		return sign + n;
	pthread_once(&once, make_powers);
	memcpy(&bits, &v, sizeof(bits));
	c = bits & (((uint32_t)1 << 23) - 1);
	e = (int)(bits >> 23);
	d = shortest(e > 0 ? c | (uint32_t)1 << 23 : c, e > 0 ? e - 150 :
	    -149, c == 0 && e > 1, &k);
	return sign + place(d, k, out + sign);
}
