/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Identifiers and hashes as dcnum 0.31.0 makes them. */
#include "segm/ppid.h"

#include <string.h>

#include "base/hash.h"
#include "tap.h"

static struct dcor_err err;

static int
same(const char *got, const char *want)
{
	if (strcmp(got, want) == 0)
		return 1;
	printf("# got  %s\n# want %s\n", got, want);
	return 0;
}

/* Sets part and shows it as the identifier has it. */
static const char *
shown(enum dcor_part part, const char *text)
{
	static struct dcor_ppid id;
	struct dcor_pipeline p;

	memset(&err, 0, sizeof(err));
	dcor_pipeline_default(&p);
	p.pixel_size = 0.2645;
	if (dcor_pipeline_set(&p, part, text, &err) != DCOR_OK ||
	    dcor_pipeline_id(&p, &id, &err) != DCOR_OK)
		return err.msg;
	switch (part) {
	case DCOR_PART_DATA:
		return id.dat;
	case DCOR_PART_BACKGROUND:
		return id.bg;
	case DCOR_PART_SEGMENTER:
		return id.seg;
	case DCOR_PART_FEATURES:
		return id.feat;
	default:
		return id.gate;
	}
}
#define BG(text, want) OK(same(shown(DCOR_PART_BACKGROUND, text), want))
#define SEG(text, want) OK(same(shown(DCOR_PART_SEGMENTER, text), want))
#define FEAT(text, want) OK(same(shown(DCOR_PART_FEATURES, text), want))
#define GATE(text, want) OK(same(shown(DCOR_PART_GATE, text), want))
#define DATA(text, want) OK(same(shown(DCOR_PART_DATA, text), want))

static void
whole(void)
{
	static const char old[] = "7|hdf:p=0.34^i=0|"
	    "sparsemed:k=200^s=1^t=0^f=0.8^o=1|thresh:t=-3:cle=1^f=1^clo=2|"
	    "legacy:b=1^h=0^v=1|norm:o=0^s=11";
	struct dcor_pipeline p, q;
	struct dcor_ppid id, id2;
	char md5[33];

	dcor_pipeline_default(&p);
	p.pixel_size = 0.2645;
	OK(dcor_pipeline_id(&p, &id, NULL) == DCOR_OK);
	OK(same(id.id, "13|hdf:p=0.2645^i=0|sparsemed:k=200^s=1^t=0^f=0.8^"
	    "o=1|thresh:t=-6:cle=1^f=1^clo=2|legacy:b=1^h=1^v=1|"
	    "norm:o=0^s=10"));
	OK(same(id.hash, "a35bcc0252de9f083de5746cf547117d"));
	OK(same(id.map, "0"));
	p.offset_correction = 0;
	OK(dcor_pipeline_id(&p, &id, NULL) == DCOR_OK);
	OK(same(id.hash, "59b8a4a3b3d22d9939061011c885aeef"));
	OK(dcor_md5_hex(old, strlen(old), md5, NULL) == DCOR_OK);
	OK(same(md5, "4f3a850410b9801393ab5738afe69e9a"));

	/* what is refused leaves the settings as they are */
	q = p;
	memset(&err, 0, sizeof(err));
	OK(dcor_pipeline_parse(&q, old, &err) == DCOR_EARG);
	OK(same(err.msg, "pipeline generation '7': only 13 can be "
	    "replayed"));
	OK(memcmp(&p, &q, sizeof(p)) == 0);
	memset(&err, 0, sizeof(err));
	OK(dcor_pipeline_parse(&q, "13|hdf:p=0.2645^i=h-6e582938|copy:|"
	    "thresh:t=-6:cle=1^f=1^clo=2|legacy:b=1^h=1^v=1|norm:o=0^s=10",
	    &err) == DCOR_EARG);
	OK(strstr(err.msg, "cannot be replayed") != NULL);
	OK(dcor_pipeline_parse(&q, "13|hdf:p=1^i=0|copy:", NULL) ==
	    DCOR_EARG);
	OK(dcor_pipeline_parse(&q, "", NULL) == DCOR_EARG);
	memset(&err, 0, sizeof(err));
	OK(dcor_pipeline_parse(&q, "13|hdf:p=0.5^i=0|copy:|torchmpo:m=x:"
	    "cle=1^f=1^clo=0|legacy:b=1^h=1^v=1|norm:o=0^s=10", &err) ==
	    DCOR_EARG);
	OK(same(err.msg, "'torchmpo': not thresh"));

	/* an identifier is replayed to itself */
	OK(dcor_pipeline_parse(&q, "13|hdf:p=0.34^i=3-10-5|rollmed:k=80^"
	    "b=500|thresh:t=-8.5:cle=0^f=1^clo=3|legacy:b=1^h=0^v=1|"
	    "norm:o=1^s=50", NULL) == DCOR_OK);
	OK(dcor_pipeline_id(&q, &id, NULL) == DCOR_OK);
	OK(q.bg == DCOR_BG_ROLLMED && q.kernel_size == 80 &&
	    q.batch_size == 500 && q.closing_disk == 3 && q.online_gates &&
	    q.size_thresh_mask == 50 && !q.clear_border &&
	    q.map.kind == DCOR_MAP_SLICE && q.map.start == 3 &&
	    q.map.stop == 10 && q.map.step == 5);
	OK(dcor_pipeline_parse(&p, id.id, NULL) == DCOR_OK);
	OK(dcor_pipeline_id(&p, &id2, NULL) == DCOR_OK);
	OK(same(id2.id, id.id));
	OK(same(id2.hash, id.hash));
}

static void
maps(void)
{
	struct dcor_map m;

	OK(dcor_map_parse(&m, "0", NULL) == 0 && m.kind == DCOR_MAP_ALL);
	OK(dcor_map_parse(&m, "12", NULL) == 0 &&
	    m.kind == DCOR_MAP_FIRST && m.n == 12);
	OK(dcor_map_parse(&m, "1-4", NULL) == 0 &&
	    m.kind == DCOR_MAP_SLICE && m.start == 1 && m.stop == 4 &&
	    m.step == 0);
	OK(dcor_map_parse(&m, "1-4-n", NULL) == 0 && m.step == 0);
	OK(dcor_map_parse(&m, "1-40-3", NULL) == 0 && m.step == 3);
	OK(m.stop == 40);
	OK(dcor_map_parse(&m, "n-4", NULL) == DCOR_EARG);
	OK(dcor_map_parse(&m, "4-n-2", NULL) == DCOR_EARG);
	OK(dcor_map_parse(&m, "4-4", NULL) == DCOR_EARG);
	OK(dcor_map_parse(&m, "1-4-0", NULL) == DCOR_EARG);
	OK(dcor_map_parse(&m, "1-4-2-2", NULL) == DCOR_EARG);
	OK(dcor_map_parse(&m, "", NULL) == DCOR_EARG);
	OK(dcor_map_parse(&m, "-3", NULL) == DCOR_EARG);
	OK(dcor_map_parse(&m, "unknown", NULL) == DCOR_EARG);
	OK(dcor_map_parse(&m, "18446744073709551616", NULL) == DCOR_EARG);
	OK(m.stop == 40);
}

int
main(void)
{
	whole();
	maps();

	DATA("hdf:p=1^i=0", "hdf:p=1.^i=0");
	DATA("hdf:i=5^p=0.26450001", "hdf:p=0.26450001^i=5");
	DATA("p=0.123456785^i=1-4-n", "hdf:p=0.12345678^i=1-4-n");
	DATA("pixel_size=100", "hdf:p=100.^i=0");
	DATA("hdf:p=1e-9", "pixel_size: '1e-9' is not a number from "
	    "0.00000001 to 1000000");
	DATA("hdf:p=0", "pixel_size: '0' is not a number from 0.00000001 to "
	    "1000000");

	BG("sparsemed", "sparsemed:k=200^s=1^t=0^f=0.8^o=1");
	BG("sparsemed:", "sparsemed:k=200^s=1^t=0^f=0.8^o=1");
	BG("kernel_size=100", "sparsemed:k=100^s=1^t=0^f=0.8^o=1");
	BG("sparsemed:k=100^s=1e-5^f=1.0^o=no",
	    "sparsemed:k=100^s=1e-05^t=0^f=1^o=0");
	BG("sparsemed:kern=7^t=1^split=3^offset_correction=False",
	    "sparsemed:k=7^s=3^t=1^f=0.8^o=0");
	BG("split_time=1e20", "sparsemed:k=200^s=100000000000000000000^t=0^"
	    "f=0.8^o=1");
	BG("s=123456.75^f=5e-7^t=-0.0",
	    "sparsemed:k=200^s=123456.75^t=0^f=5e-07^o=1");
	BG("o=-0.5", "sparsemed:k=200^s=1^t=0^f=0.8^o=1");
	BG("o=1e-400", "sparsemed:k=200^s=1^t=0^f=0.8^o=0");
	BG("rollmed", "rollmed:k=100^b=10000");
	BG("rollmed:b=20000^k=10", "rollmed:k=10^b=20000");
	BG("copy", "copy:");
	BG("copy:", "copy:");
	BG("copy:k=1", "'k': unknown keyword");
	BG("median", "'median': not sparsemed, rollmed or copy");
	BG("", "'': not sparsemed, rollmed or copy");
	BG("sparsemed:x=1", "'x': unknown keyword");
	BG("sparsemed:=1", "'': unknown keyword");
	BG("sparsemed:kernel_sizes=1", "'kernel_sizes': unknown keyword");
	BG("sparsemed:t=5^t=6", "t: given twice");
	BG("sparsemed:k", "'k': not KEYWORD=VALUE");
	BG("sparsemed:k=1^", "'': not KEYWORD=VALUE");
	BG("sparsemed:k=100.0",
	    "kernel_size: '100.0' is not an integer, at least 1");
	BG("sparsemed:k=0", "kernel_size: '0' is not an integer, at least 1");
	BG("sparsemed:s=0", "split_time: '0' is not a number greater than 0");
	BG("sparsemed:s=nan",
	    "split_time: 'nan' is not a number greater than 0");
	BG("sparsemed:t=-1", "thresh_cleansing: '-1' is not a number, at "
	    "least 0");
	BG("sparsemed:f=1.1", "frac_cleansing: '1.1' is not a number greater "
	    "than 0, at most 1");
	BG("sparsemed:o=maybe", "offset_correction: 'maybe' is not 0, 1, "
	    "true, false, yes or no");
	BG("rollmed:k=3",
	    "kernel_size: '3' is not an even integer, at least 2");
	BG("rollmed:k=100^b=100", "batch_size: 100 is not greater than the "
	    "kernel size 100");
	BG("s=1e300", "sparsemed: settings too long for an identifier");

	SEG("thresh", "thresh:t=-6:cle=1^f=1^clo=2");
	SEG("thresh:t=-3:cle=1^f=0^clo=0", "thresh:t=-3:cle=1^f=0^clo=0");
	SEG("thresh:t=-3^clo=1", "thresh:t=-3:cle=1^f=1^clo=1");
	SEG("closing_disk=5^fill=no^thresh=-.5",
	    "thresh:t=-0.5:cle=1^f=0^clo=5");
	SEG("thresh::clo=4", "thresh:t=-6:cle=1^f=1^clo=4");
	SEG("thresh:t=-7:", "thresh:t=-7:cle=1^f=1^clo=2");
	/* the first that fits */
	SEG("c=0^cl=1", "thresh:t=-6:cle=1^f=1^clo=0");
	SEG("c=0^cl=0^clo=1", "c: given twice");
	SEG("c=5^clo=3", "thresh:t=-6:cle=1^f=1^clo=3");
	SEG("thresh:clo=1:t=-3", "'clo': unknown keyword");
	SEG("thresh:t=0", "thresh: '0' is not a number less than 0");
	SEG("thresh:t=-1:clo=-1",
	    "closing_disk: '-1' is not an integer from 0 to 1000");
	SEG("t=0x-1", "thresh: '0x-1' is not a number less than 0");

	FEAT("legacy", "legacy:b=1^h=1^v=1");
	FEAT("legacy:b=1^h=0", "legacy:b=1^h=0^v=1");
	FEAT("vol=NO^haralick=True", "legacy:b=1^h=1^v=0");
	FEAT("modern:b=1", "'modern': not legacy");

	GATE("norm", "norm:o=0^s=10");
	GATE("norm:o=1", "norm:o=1^s=10");
	GATE("norm:o=1^s=20", "norm:o=1^s=20");
	GATE("size_thresh_mask=0", "norm:o=0^s=0");
	GATE("s=4294967296", "size_thresh_mask: '4294967296' is not an "
	    "integer from 0 to 4294967295");
	return DONE();
}
