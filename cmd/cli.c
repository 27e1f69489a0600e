/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli.h"
#include "clipriv.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#define MAXOPTS	64
#define LINESZ	4096		/* PIPE_BUF: lines of processes do not mix */

static const struct cli *cmd;
static int verbosity;

/*
 * Messages
 */

void
cli_write_err(const char *p, size_t n)
{
	ssize_t w;

	while (n > 0) {
		w = write(STDERR_FILENO, p, n);
		if (w < 0 && errno != EINTR)
			return;		/* nobody to tell */
		if (w > 0) {
			p += w;
			n -= (size_t)w;
		}
	}
}

static void __attribute__((format(printf, 2, 0)))
vmsg(const char *tag, const char *fmt, va_list ap)
{
	char line[LINESZ];
	size_t n, from;
	int saved = errno, k;

	fflush(stdout);
	from = cli_progress_hide() ? strlen(CLI_CLEAR) : 0;
	memcpy(line, CLI_CLEAR, from);
	k = snprintf(line + from, sizeof(line) - from, "%s: %s",
	    cmd != NULL ? cmd->name : "dcor", tag);
	n = from + (k > 0 ? (size_t)k : 0);
	k = vsnprintf(line + n, sizeof(line) - n, fmt, ap);
	n += k > 0 ? (size_t)k : 0;
	if (n > sizeof(line) - 1)
		n = sizeof(line) - 1;	/* cut: room for the newline */
	for (; from < n; from++)
		if ((unsigned char)line[from] < 0x20 || line[from] == 0x7f)
			line[from] = '?';
	line[n++] = '\n';
	cli_write_err(line, n);
	errno = saved;
}

int
cli_level(void)
{
	return verbosity;
}

void
cli_say(int level, const char *fmt, ...)
{
	va_list ap;

	if (verbosity < level)
		return;
	va_start(ap, fmt);
	vmsg("", fmt, ap);
	va_end(ap);
}

void
cli_warn(const char *fmt, ...)
{
	va_list ap;

	if (verbosity < 0)
		return;
	va_start(ap, fmt);
	vmsg("warning: ", fmt, ap);
	va_end(ap);
}

void
cli_error(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vmsg("", fmt, ap);
	va_end(ap);
}

static _Noreturn void
quit(int status)
{
	cli_cleanup();
	exit(status);
}

_Noreturn void
cli_die(int status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vmsg("", fmt, ap);
	va_end(ap);
	quit(status);
}

int
cli_status(int code)
{
	switch (code) {
	case DCOR_OK:		return EX_OK;
	case DCOR_ENOMEM:	return EX_OSERR;
	case DCOR_EARG:		return EX_USAGE;
	case DCOR_ENOENT:	return EX_NOINPUT;
	case DCOR_EPERM:	return EX_NOPERM;
	case DCOR_EDATA:	return EX_DATAERR;
	case DCOR_EIO:		return EX_IOERR;
	case DCOR_ETEMP:	return EX_TEMPFAIL;
	case DCOR_EPROTO:	return EX_PROTOCOL;
	case DCOR_ECONF:	return EX_CONFIG;
	case DCOR_ECREATE:	return EX_CANTCREAT;
	default:		return EX_SOFTWARE;
	}
}

int
cli_err(const struct dcor_err *err, const char *what)
{
	cli_error("%s%s%s", what != NULL ? what : "", what != NULL ? ": " : "",
	    err->msg);
	return cli_status(err->code);
}

_Noreturn void
cli_die_err(const struct dcor_err *err, const char *what)
{
	quit(cli_err(err, what));
}

/*
 * Options
 */

/* Each line of the synopsis after "usage: NAME". */
static void
add_synopsis(struct dcor_buf *b)
{
	const char *p, *q;

	for (p = cmd->synopsis; *p != '\0'; p = *q ? q + 1 : q) {
		q = p + strcspn(p, "\n");
		dcor_buf_addf(b, "%s %s %.*s\n",
		    p == cmd->synopsis ? "usage:" : "      ", cmd->name,
		    (int)(q - p), p);
	}
}

static void
add_option(struct dcor_buf *b, const struct cli_opt *o)
{
	char left[80];
	int n;

	n = snprintf(left, sizeof(left), "%c%c%c --%s%s%s",
	    o->sopt < 256 ? '-' : ' ', o->sopt < 256 ? o->sopt : ' ',
	    o->sopt < 256 ? ',' : ' ', o->lopt, o->arg ? " " : "",
	    o->arg ? o->arg : "");
	if (n > 26)		/* a line of its own */
		dcor_buf_addf(b, "  %s\n  %-26s %s\n", left, "", o->help);
	else
		dcor_buf_addf(b, "  %-26s %s\n", left, o->help);
}

static const struct cli_opt builtin[] = {
	{ 'h', "help", NULL, "show this help" },
	{ 'V', "version", NULL, "show the version; with -v, of libraries too" },
	{ 0, NULL, NULL, NULL }
};

static _Noreturn void
help(void)
{
	const struct cli_opt *o;
	struct dcor_buf b;

	dcor_buf_init(&b, 1 << 16);
	add_synopsis(&b);
	dcor_buf_addf(&b, "\n%s\n\n", cmd->what);
	for (o = cmd->opts; o->lopt != NULL; o++)
		add_option(&b, o);
	for (o = builtin; o->lopt != NULL; o++)
		add_option(&b, o);
	dcor_buf_addf(&b, "\nSee %s(1).\n", cmd->name);
	fputs(dcor_buf_str(&b), stdout);
	dcor_buf_fini(&b);
	exit(cli_finish(EX_OK));
}

static _Noreturn void
version(void)
{
	printf("%s %s\n", cmd->name, DCOR_VERSION);
	if (verbosity > 0 && cmd->libs != NULL)
		cmd->libs();
	exit(cli_finish(EX_OK));
}

void
cli_lib(const char *name, const char *v)
{
	printf("%s %s\n", name, v);
}

static _Noreturn void
dump_options(void)
{
	const struct cli_opt *set[] = { cmd->opts, builtin }, *o;
	int i;

	for (i = 0; i < 2; i++)
		for (o = set[i]; o->lopt != NULL; o++)
			printf("%c\t%s\t%s\t%s\n", o->sopt < 256 ? o->sopt
			    : '-', o->lopt, o->arg ? o->arg : "", o->help);
	exit(cli_finish(EX_OK));
}

_Noreturn void
cli_usage(const char *fmt, ...)
{
	struct dcor_buf b;
	va_list ap;

	va_start(ap, fmt);
	vmsg("", fmt, ap);
	va_end(ap);
	dcor_buf_init(&b, 1 << 16);
	add_synopsis(&b);
	cli_write_err(dcor_buf_str(&b), b.len);
	dcor_buf_fini(&b);
	quit(EX_USAGE);
}

/* What getopt_long refused: ch is ':' (no argument) or '?'. */
static _Noreturn void
refuse(int ch, const char *arg)
{
	const struct cli_opt *o;
	int name = (int)strcspn(arg, "=");

	if (ch == ':') {
		if (strncmp(arg, "--", 2) != 0)
			cli_usage("-%c: argument missing", optopt);
		cli_usage("%.*s: argument missing", name, arg);
	}
	if (optopt == 0)
		cli_usage("%.*s: no such option", name, arg);
	for (o = builtin; o->lopt != NULL && o->sopt != optopt; o++)
		continue;
	if (o->lopt == NULL)
		for (o = cmd->opts; o->lopt != NULL && o->sopt != optopt; o++)
			continue;
	if (o->lopt != NULL || optopt > 255)
		cli_usage("%.*s: takes no argument", name, arg);
	cli_usage("-%c: no such option", optopt);
}

/* A descriptor of 0, 1, 2 that is closed would become the next file that
 * is opened, and messages would go there.  Keep it busy and useless. */
static void
guard_descriptors(void)
{
	int fd;

	for (fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF &&
		    open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) != fd)
			_exit(EX_OSERR);
}

static void
set_option(struct option *lo, char *so, size_t *n, size_t *k,
    const struct cli_opt *o)
{
	for (; o->lopt != NULL; o++, ++*n) {
		if (*n + 2 >= MAXOPTS)
			abort();
		lo[*n].name = o->lopt;
		lo[*n].has_arg = o->arg ? required_argument : no_argument;
		lo[*n].val = o->sopt;
		if (o->sopt < 256) {
			so[(*k)++] = (char)o->sopt;
			if (o->arg)
				so[(*k)++] = ':';
		}
	}
}

int
cli_next(const struct cli *c, int argc, char **argv)
{
	static const char *const mode[] = { "auto", "json", "none", NULL };
	static struct option lo[MAXOPTS];
	static char so[2 * MAXOPTS + 3];
	static int want_version;
	size_t n = 0, k = 0;
	int ch;

	if (cmd == NULL) {
		cmd = c;
		guard_descriptors();
		opterr = 0;
		so[k++] = '+';	/* no permutation: POSIX order */
		so[k++] = ':';	/* tell a missing argument from a bad option */
		set_option(lo, so, &n, &k, c->opts);
		set_option(lo, so, &n, &k, builtin);
		lo[n] = (struct option){ "dump-options", no_argument, NULL,
		    CLI_OPT_DUMP };
	}
	while ((ch = getopt_long(argc, argv, so, lo, NULL)) != -1)
		switch (ch) {
		case 'h':
			help();
		case CLI_OPT_DUMP:
			dump_options();
		case 'V':		/* a -v may follow */
			want_version = 1;
			break;
		case 'q':
			verbosity = -1;
			break;
		case 'v':
			verbosity = verbosity < 0 ? 1 : verbosity + 1;
			break;
		case CLI_OPT_PROGRESS:
			cli_progress_mode(cli_choice("--progress",
			    optarg, mode));
			break;
		case ':':
		case '?':
			refuse(ch, argv[optind - 1]);
		default:
			if (!want_version)
				return ch;
		}
	if (want_version)
		version();
	return -1;
}

uint64_t
cli_u64(const char *opt, const char *text, uint64_t min, uint64_t max)
{
	char *end;
	uint64_t v;

	errno = 0;
	v = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || *end != '\0' || errno != 0 ||
	    v < min || v > max)
		cli_usage("%s: %s: not a whole number from %" PRIu64 " to %"
		    PRIu64, opt, text, min, max);
	return v;
}

double
cli_double(const char *opt, const char *text, double min, double max)
{
	char *end;
	double v;

	v = strtod(text, &end);
	if (*text == '\0' || text[strspn(text, "+-.0123456789eE")] != '\0' ||
	    *end != '\0' || !(v >= min && v <= max))
		cli_usage("%s: %s: not a number from %g to %g", opt, text,
		    min, max);
	return v;
}

int
cli_choice(const char *opt, const char *text, const char *const *list)
{
	struct dcor_buf b;
	int i;

	for (i = 0; list[i] != NULL; i++)
		if (strcmp(text, list[i]) == 0)
			return i;
	dcor_buf_init(&b, 1024);
	for (i = 0; list[i] != NULL; i++)
		dcor_buf_addf(&b, "%s%s", i ? ", " : "", list[i]);
	cli_usage("%s: %s: not one of %s", opt, text, dcor_buf_str(&b));
}

/*
 * Standard output
 */

/* Whether what was written so far is out; if not, says so. */
static int
stdout_is_lost(void)
{
	errno = 0;
	if (fflush(stdout) == 0 && !ferror(stdout))
		return 0;
	if (errno == EPIPE)		/* the reader left: die as cat would */
		cli_die_by(SIGPIPE);
	cli_error("standard output: %s", errno ? strerror(errno) :
	    "write failed");
	return 1;
}

void
cli_flush(void)
{
	if (stdout_is_lost())
		quit(EX_IOERR);
}

void
cli_record(const struct dcor_buf *b)
{
	fwrite(b->p, 1, b->len, stdout);
	putchar('\n');
	cli_flush();
}

void
cli_tsv(const char *s)
{
	static const char from[] = "\t\n\r\\", to[] = "tnr\\";
	const char *p;

	for (; *s != '\0'; s++)
		if ((p = strchr(from, *s)) != NULL)
			printf("\\%c", to[p - from]);
		else
			putchar(*s);
}

int
cli_finish(int status)
{
	cli_progress_end();
	if (stdout_is_lost())
		return EX_IOERR;
	/* NFS and quotas may report only now */
	if (close(STDOUT_FILENO) != 0) {
		cli_error("standard output: %s", strerror(errno));
		return EX_IOERR;
	}
	return status;
}
