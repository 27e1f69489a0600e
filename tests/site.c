/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * site - prints what dcor_site_open makes of its surroundings; of secrets
 * the SHA-256.  With -n keys are asked for that often, each time after a
 * line of input.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "cli.h"
#include "net/cred.h"

static const struct cli_opt opts[] = {
	{ 'a', "addressing", "S", "path or virtual" },
	{ 'c', "config", "FILE", "configuration" },
	{ 'C', "ca-cert", "FILE", "authorities" },
	{ 'e', "endpoint", "URL", "store" },
	{ 'k', "need-cred", NULL, "fail without credentials" },
	{ 'n', "times", "N", "how often keys are asked for" },
	{ 'p', "profile", "NAME", "profile" },
	{ 'r', "region", "NAME", "region" },
	{ 'S', "system", "FILE", "the system's configuration" },
	{ 0, NULL, NULL, NULL }
};
static const struct cli cli = { "site", "resolve a site", "", opts, NULL };

static void
show(const char *name, const char *value)
{
	printf("%s\t%s\n", name, value != NULL ? value : "-");
}

static void
secret(const char *name, const char *value)
{
	char hex[65];

	if (value == NULL || dcor_sha256_hex(value, strlen(value), hex,
	    NULL) != 0)
		show(name, NULL);
	else
		show(name, hex);
}

int
main(int argc, char **argv)
{
	struct dcor_site_args a = { 0 };
	struct dcor_err err = DCOR_ERR_INIT;
	struct dcor_site *s;
	struct dcor_keys k;
	uint64_t serial, i, n = 0;
	char line[8];
	int ch, need = 0;

	while ((ch = cli_next(&cli, argc, argv)) != -1)
		switch (ch) {
		case 'a':	a.addressing = optarg; break;
		case 'c':	a.config = optarg; break;
		case 'C':	a.ca_file = optarg; break;
		case 'e':	a.endpoint = optarg; break;
		case 'k':	need = 1; break;
		case 'n':	n = cli_u64("-n", optarg, 1, 99); break;
		case 'p':	a.profile = optarg; break;
		case 'r':	a.region = optarg; break;
		case 'S':	a.system = optarg; break;
		}
	if (dcor_site_open(&a, need, &s, &err) != 0)
		cli_die_err(&err, NULL);
	show("profile", s->profile);
	show("server", s->server);
	show("endpoint", s->endpoint);
	show("region", s->region);
	show("addressing", s->virtual_host ? "virtual" : "path");
	show("ca", s->ca_file);
	fflush(stdout);
	for (i = 0; s->cred != NULL && (i < n || i == 0); i++) {
		if (n > 0 && fgets(line, sizeof(line), stdin) == NULL)
			break;
		if (dcor_cred_keys(s->cred, &k, &serial, &err) != 0)
			cli_die_err(&err, NULL);
		show("id", k.id);
		secret("secret", k.secret);
		secret("token", k.token);
		show("origin", dcor_cred_origin(s->cred));
		printf("serial\t%d\n", (int)serial);
		fflush(stdout);
	}
	if (s->cred == NULL)
		show("id", NULL);
	dcor_site_free(s);
	return cli_finish(0);
}
