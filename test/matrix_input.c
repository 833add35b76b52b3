/*
 * Actions on the input: how it is cut, who is told, and when. What each means
 * is said in the model's words, next to it.
 */

#include <errno.h>
#include <string.h>
#include <sys/time.h>
#include "matrix.h"

/* How the input is cut */

static int
set_made(struct matrix_run *r, struct evchat_framing *framing)
{
	int result;

	run_must(r, framing != NULL, "a framing");
	result = action_result(evchat_set_framing(r->chat, framing));
	evchat_framing_free(framing);
	return result;
}

int
action_set_cut(struct matrix_run *r, const struct matrix_action *a)
{
	switch (a->cut.kind) {
	case MATRIX_DELIMITER:
		return action_result(evchat_set_terminator(r->chat, a->cut.bytes,
		    strlen(a->cut.bytes)));
	case MATRIX_COUNT:
		return action_result(evchat_set_terminator_count(r->chat,
		    a->cut.count));
	case MATRIX_FRAMING:
		return set_made(r, a->cut.framing->framing_new());
	default:
		evchat_set_terminator_none(r->chat);
		return 0;
	}
}

static int
means_cut(struct matrix_model *m, const struct matrix_action *a)
{
	int result = model_set_cut(m, &a->cut);

	return a->cut.kind == MATRIX_NONE ? 0 : result;
}

static int
set_framing(struct matrix_run *r, const struct matrix_action *a)
{
	return set_made(r, evchat_framing_delimiter(a->cut.bytes,
	    strlen(a->cut.bytes), 0));
}

static int
set_max(struct matrix_run *r, const struct matrix_action *a)
{
	const struct matrix_base *base = r->cell->base;

	return action_result(evchat_set_max_frame(r->chat, a->max,
	    base->max > 0 ? base->policy : EVCHAT_OVERSIZE_DISCARD));
}

static int
means_max(struct matrix_model *m, const struct matrix_action *a)
{
	if (!model_is_open(m))
		return -EPIPE;
	m->next_max = a->max;
	return 0;
}

static int
unread(struct matrix_run *r, const struct matrix_action *a)
{
	return action_result(evchat_unread(r->chat, a->text, strlen(a->text)));
}

static int
means_unread(struct matrix_model *m, const struct matrix_action *a)
{
	if (!model_is_open(m))
		return -EPIPE;
	model_unread(m, a->text);
	return 0;
}

/* Who is told, and when */

static const struct evchat_hooks *const hooks_of[] = {
	[MATRIX_STREAMING] = &harness_streaming,
	[MATRIX_FRAMES_TOO] = &harness_frames,
	[MATRIX_FOUND_ONLY] = &harness_found_only,
	[MATRIX_NO_HOOKS] = NULL
};

static int
set_hooks(struct matrix_run *r, const struct matrix_action *a)
{
	const struct evchat_hooks *hooks = hooks_of[a->hooks];
	int result;

	/* Of one that is closing somebody has to be told the end. */
	if (hooks == NULL && evchat_set_linger_size(r->chat, 65536) == -1)
		hooks = &harness_streaming;
	result = action_result(evchat_set_hooks(r->chat, hooks, r->h));
	run_must(r, result != 0 || evchat_get_hooks(r->chat) == hooks,
	    "the hooks are those that were set");
	run_must(r, result != 0 || evchat_get_arg(r->chat) == r->h,
	    "the arg is the hooks'");
	return result;
}

static int
means_hooks(struct matrix_model *m, const struct matrix_action *a)
{
	if (m->told)
		return -EPIPE;
	m->hooks = a->hooks == MATRIX_NO_HOOKS && !model_is_open(m) ?
	    MATRIX_STREAMING : a->hooks;
	return 0;
}

static int
pause_channel(struct matrix_run *r, const struct matrix_action *a)
{
	(void)a;
	evchat_pause(r->chat);
	r->paused = true;
	return 0;
}

static int
means_pause(struct matrix_model *m, const struct matrix_action *a)
{
	(void)a;
	m->paused = true;
	return 0;
}

static int
resume(struct matrix_run *r, const struct matrix_action *a)
{
	(void)a;
	evchat_resume(r->chat);
	return 0;
}

static int
pause_twice_and_resume(struct matrix_run *r, const struct matrix_action *a)
{
	evchat_pause(r->chat);
	evchat_pause(r->chat);
	return resume(r, a);
}

/* Small reads. */
static int
set_buffer_sizes(struct matrix_run *r, const struct matrix_action *a)
{
	(void)a;
	return action_result(evchat_set_buffer_sizes(r->chat, 1, 1));
}

/* None of them comes to pass. */
static int
set_timeouts(struct matrix_run *r, const struct matrix_action *a)
{
	static const struct timeval minute = { .tv_sec = 60 };
	int read, write, frame;

	(void)a;
	read = evchat_set_timeout(r->chat, EVCHAT_TIMEOUT_READ, &minute);
	write = evchat_set_timeout(r->chat, EVCHAT_TIMEOUT_WRITE, &minute);
	frame = evchat_set_timeout(r->chat, EVCHAT_TIMEOUT_FRAME, &minute);
	run_must(r, read == write && write == frame, "all or none are set");
	return action_result(frame);
}

static int
means_timeouts(struct matrix_model *m, const struct matrix_action *a)
{
	m->read_anew = m->read_anew || m->timing_out;
	return action_means_open(m, a);
}

/* The table */

#define CUT .act = action_set_cut, .meant = means_cut, .cut
#define HOOKS .act = set_hooks, .meant = means_hooks, .hooks
#define DELIMITER(s) .kind = MATRIX_DELIMITER, .bytes = (s)
#define COUNT(n) .kind = MATRIX_COUNT, .count = (n)
#define FRAMING(f) .kind = MATRIX_FRAMING, .framing = &matrix_ ## f

const struct matrix_action matrix_input_actions[] = {
	{ .name = "set the usual terminator", CUT = { DELIMITER(";;") } },
	{ .name = "set another terminator", CUT = { DELIMITER("d") } },
	{ .name = "set a terminator's beginning", CUT = { DELIMITER(";") } },
	{ .name = "set an overlapping terminator", CUT = { DELIMITER(";d") } },
	{ .name = "set a count of 0", CUT = { COUNT(0) } },
	{ .name = "set a count of 1", CUT = { COUNT(1) } },
	{ .name = "set a count of 4", CUT = { COUNT(4) } },
	{ .name = "set no terminator", CUT = { .kind = MATRIX_NONE } },
	{ .name = "set a framing", .act = set_framing, .meant = means_cut,
	    .cut = { DELIMITER(";;d") } },
	{ .name = "set any line ends", CUT = { FRAMING(any) } },
	{ .name = "set LF or CR LF", CUT = { FRAMING(crlf) } },
	{ .name = "set the longest of two", CUT = { FRAMING(longest) } },
	{ .name = "set a length", CUT = { FRAMING(length) } },
	{ .name = "set netstrings", CUT = { FRAMING(netstring) } },
	{ .name = "set blocks of lines", CUT = { FRAMING(dot) } },
	{ .name = "set chunks", CUT = { FRAMING(chunked) } },
	{ .name = "set a framing of its own", CUT = { FRAMING(custom) } },
	{ .name = "set a smaller maximum", .act = set_max,
	    .meant = means_max, .max = 1 },
	{ .name = "set a larger maximum", .act = set_max,
	    .meant = means_max, .max = 4 },
	{ .name = "unread", .act = unread, .meant = means_unread,
	    .text = "U;d;;" },
	{ .name = "set streaming hooks", HOOKS = MATRIX_STREAMING },
	{ .name = "set hooks with frame", HOOKS = MATRIX_FRAMES_TOO },
	{ .name = "set hooks without collect", HOOKS = MATRIX_FOUND_ONLY },
	{ .name = "set no hooks", HOOKS = MATRIX_NO_HOOKS, .untold = true },
	{ .name = "pause", .act = pause_channel, .meant = means_pause },
	{ .name = "pause twice, and resume", .act = pause_twice_and_resume,
	    .meant = action_means_nothing },
	{ .name = "resume", .act = resume, .meant = action_means_nothing },
	{ .name = "set the buffer sizes", .act = set_buffer_sizes,
	    .meant = action_means_open },
	{ .name = "set timeouts", .act = set_timeouts,
	    .meant = means_timeouts },
	{ .name = NULL }
};
