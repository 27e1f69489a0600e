/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * clirun.c - what happens while a program runs: progress, signals, names
 */
#include "cli.h"
#include "clipriv.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/json.h"
#include "base/time.h"

#define LINE_MIN	65536		/* read at least so much at a time */

enum { PROGRESS_AUTO, PROGRESS_JSON, PROGRESS_NONE };

static int progress_mode;
static atomic_int drawn;	/* a progress line is on the terminal */
static void (*on_death)(void);
static volatile sig_atomic_t stop_signal, usr1;

/*
 * Progress
 */

static struct {
	const char	*what, *unit;
	uint64_t	 total, done;
	double		 start, next;
	int		 running, tty;
} pg;

void
cli_progress_mode(int mode)
{
	progress_mode = mode;
}

int
cli_progress_hide(void)
{
	return atomic_exchange(&drawn, 0);
}

static int
is_terminal(int fd)
{
	const char *term = getenv("TERM");

	return isatty(fd) && (term == NULL || strcmp(term, "dumb") != 0);
}

/* x > 0 to three decimals. */
static double
milli(double x)
{
	return floor(x * 1e3 + 0.5) / 1e3;
}

/* One record or one line of text, without newline, to b. */
static void
add_progress(struct dcor_buf *b, double t)
{
	double spent = t - pg.start, rate, left;
	struct dcor_jw w;

	rate = spent > 0 ? (double)pg.done / spent : 0;
	left = rate > 0 && pg.total >= pg.done ?
	    (double)(pg.total - pg.done) / rate : -1;
	if (progress_mode == PROGRESS_JSON) {
		dcor_jw_init(&w, b, 0);
		dcor_jw_obj(&w);
		dcor_jw_kstr(&w, "type", "progress");
		dcor_jw_kstr(&w, "what", pg.what);
		dcor_jw_kstr(&w, "unit", pg.unit);
		dcor_jw_ku64(&w, "done", pg.done);
		if (pg.total > 0)
			dcor_jw_ku64(&w, "total", pg.total);
		dcor_jw_kdbl(&w, "seconds", milli(spent));
		dcor_jw_kdbl(&w, "rate", milli(rate));
		if (pg.total > 0 && left >= 0)
			dcor_jw_kdbl(&w, "eta", milli(left));
		dcor_jw_end(&w);
		return;
	}
	dcor_buf_addf(b, "%s: ", pg.what);
	if (pg.total > 0)
		dcor_buf_addf(b, "%3.0f %% of %" PRIu64 " %s", 100 *
		    (double)pg.done / (double)pg.total, pg.total, pg.unit);
	else
		dcor_buf_addf(b, "%" PRIu64 " %s", pg.done, pg.unit);
	if (rate > 0)
		dcor_buf_addf(b, ", %.0f/s", rate);
	if (pg.total > 0 && left >= 0)
		dcor_buf_addf(b, ", %.0f:%02d left", (left - (double)((int)left
		    % 60)) / 60, (int)left % 60);
}

/* Draws what there is; redraw: on the terminal, in place. */
static void
show(int redraw)
{
	struct winsize ws = { 0 };
	struct dcor_buf b, line;
	size_t width = 80, i;

	dcor_buf_init(&b, 1 << 16);
	add_progress(&b, dcor_seconds());
	if (progress_mode == PROGRESS_JSON) {
		dcor_buf_addc(&b, '\n');
		cli_write_err(dcor_buf_str(&b), b.len);
	} else if (!redraw) {
		cli_error("%s", dcor_buf_str(&b));
	} else {
		if (ioctl(STDERR_FILENO, TIOCGWINSZ, &ws) == 0 && ws.ws_col > 1)
			width = ws.ws_col;
		if (b.len > width - 1)
			b.len = width - 1;
		for (i = 0; i < b.len; i++)
			if ((unsigned char)b.p[i] < 0x20 || b.p[i] == 0x7f)
				b.p[i] = '?';
		dcor_buf_init(&line, 1 << 16);
		dcor_buf_adds(&line, CLI_CLEAR);
		dcor_buf_add(&line, b.p, b.len);
		cli_write_err(dcor_buf_str(&line), line.len);
		dcor_buf_fini(&line);
		atomic_store(&drawn, 1);
	}
	dcor_buf_fini(&b);
}

void
cli_progress_start(const char *what, const char *unit, uint64_t total)
{
	cli_progress_end();
	pg.what = what;
	pg.unit = unit;
	pg.total = total;
	pg.done = 0;
	pg.start = pg.next = dcor_seconds();
	pg.tty = is_terminal(STDERR_FILENO);
	pg.running = 1;
	pg.next += progress_mode == PROGRESS_JSON ? 1 : pg.tty ? 0.2 : 60;
}

void
cli_progress(uint64_t done)
{
	double t;
	int asked;

	if (!pg.running)
		return;
	pg.done = done;
	if ((asked = usr1) != 0)
		usr1 = 0;
	t = dcor_seconds();
	if (asked)
		show(0);
	if (t < pg.next)
		return;
	if (progress_mode == PROGRESS_JSON) {
		show(0);
		pg.next = t + 1;
	} else if (progress_mode == PROGRESS_AUTO && pg.tty &&
	    cli_level() >= 0) {
		show(1);
		pg.next = t + 0.2;
	} else if (progress_mode == PROGRESS_AUTO && cli_level() > 0) {
		show(0);
		pg.next = t + 60;
	}
}

void
cli_on_progress(void *ctx, uint64_t done)
{
	(void)ctx;
	cli_progress(done);
}

void
cli_progress_end(void)
{
	if (!pg.running)
		return;
	if (progress_mode == PROGRESS_JSON)
		show(0);
	if (cli_progress_hide())
		cli_write_err(CLI_CLEAR, strlen(CLI_CLEAR));
	pg.running = 0;
}

/*
 * Signals
 */

void
cli_cleanup(void)
{
	if (on_death != NULL)
		on_death();
}

_Noreturn void
cli_die_by(int sig)
{
	struct sigaction sa = { .sa_handler = SIG_DFL };
	sigset_t set;

	if (cli_progress_hide())
		cli_write_err(CLI_CLEAR, strlen(CLI_CLEAR));
	cli_cleanup();
	sigemptyset(&sa.sa_mask);
	sigaction(sig, &sa, NULL);
	sigemptyset(&set);
	sigaddset(&set, sig);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	raise(sig);
	_exit(128 + sig);
}

static void
on_signal(int sig)
{
	int saved = errno;

	if (sig == SIGUSR1)
		usr1 = 1;
	else if (stop_signal)
		cli_die_by(sig);
	else
		stop_signal = sig;
	errno = saved;
}

void
cli_signals(void (*cleanup)(void))
{
	static const int set[] = { SIGINT, SIGTERM, SIGHUP, SIGXCPU, SIGUSR1 };
	struct sigaction sa = { .sa_handler = on_signal,
		.sa_flags = SA_RESTART }, old;
	size_t i;

	on_death = cleanup;
	sigemptyset(&sa.sa_mask);
	for (i = 0; i < sizeof(set) / sizeof(set[0]); i++)
		if (sigaction(set[i], NULL, &old) == 0 &&
		    old.sa_handler != SIG_IGN)	/* as nohup wants it */
			sigaction(set[i], &sa, NULL);
	/* a limit on the size of files is an error like a full disk */
	sa.sa_handler = SIG_IGN;
	sigaction(SIGXFSZ, &sa, NULL);
}

int
cli_stopped(void)
{
	return stop_signal;
}

int
cli_on_stopped(void *ctx)
{
	(void)ctx;
	return cli_stopped();
}

_Noreturn void
cli_killed(void)
{
	cli_die_by(stop_signal ? stop_signal : SIGTERM);
}

/*
 * Names
 */

void
cli_list_init(struct cli_list *l, char **operands, int nul)
{
	memset(l, 0, sizeof(*l));
	l->next = operands;
	l->nul = nul;
	if (*operands != NULL)
		return;
	if (isatty(STDIN_FILENO))
		cli_usage("nothing to do: no operand");
	l->reading = 1;
}

/* Reads more, after what is there.  Whoever waits for our answers before he
 * goes on has them first. */
static void
fill(struct cli_list *l)
{
	ssize_t n;
	char *p;

	cli_flush();
	if (l->from > 0)
		memmove(l->line, l->line + l->from, l->end - l->from);
	l->end -= l->from;
	l->from = 0;
	if (l->cap - l->end < LINE_MIN) {
		l->cap = l->cap > 0 ? 2 * l->cap : 2 * LINE_MIN;
		if ((p = realloc(l->line, l->cap)) == NULL)
			cli_die(EX_OSERR, "out of memory");
		l->line = p;
	}
	while ((n = read(STDIN_FILENO, l->line + l->end,
	    l->cap - l->end - 1)) < 0) {
		if (errno != EINTR)
			cli_die(EX_IOERR, "standard input: %s",
			    strerror(errno));
		if (cli_stopped())
			cli_killed();
	}
	l->end += (size_t)n;
	l->eof = n == 0;
}

/* The next name on standard input, or NULL. */
static const char *
read_name(struct cli_list *l)
{
	size_t seen = 0;		/* of this name, without an end */
	char *p, *end;

	if (l->line == NULL)
		fill(l);
	for (;;) {
		p = l->line + l->from;
		end = l->end - l->from == seen ? NULL : memchr(p + seen,
		    l->nul ? '\0' : '\n', l->end - l->from - seen);
		if (end == NULL && !l->eof) {
			seen = l->end - l->from;
			fill(l);
			continue;
		}
		if (end == NULL && l->from == l->end)
			return NULL;
		if (end == NULL)
			end = l->line + l->end;
		*end = '\0';
		l->lineno++;
		l->from = (size_t)(end - l->line) + 1;
		if (l->from > l->end)
			l->from = l->end;
		if (strlen(p) != (size_t)(end - p))
			cli_die(EX_DATAERR, "standard input: line %" PRIu64
			    ": has a NUL byte; see -0", l->lineno);
		if (end > p)
			return p;
		seen = 0;
	}
}

const char *
cli_list_next(struct cli_list *l)
{
	const char *name;

	for (;;) {
		if (l->reading && (name = read_name(l)) != NULL)
			return name;
		l->reading = 0;
		if (*l->next == NULL)
			break;
		name = *l->next++;
		if (strcmp(name, "-") != 0)
			return name;
		l->reading = 1;
	}
	free(l->line);
	l->line = NULL;
	l->cap = l->from = l->end = 0;
	return NULL;
}
