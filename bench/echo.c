#include "echo.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <event2/buffer.h>

static void
on_frame(struct evchat *chat, const void *data, size_t len, void *arg)
{
	(void)arg;
	if (evchat_push_frame(chat, data, len) == -1) {
		fprintf(stderr, "\nbench: evchat_push_frame: %s\n",
		    strerror(errno));
		exit(1);
	}
}

const struct evchat_hooks echo_hooks = { .frame = on_frame };

void
echo_lines(struct bufferevent *bev, void *arg)
{
	char *line;
	size_t len;

	(void)arg;
	while ((line = evbuffer_readln(bufferevent_get_input(bev), &len,
	    EVBUFFER_EOL_LF)) != NULL) {
		line[len] = '\n';
		bufferevent_write(bev, line, len + 1);
		free(line);
	}
}
