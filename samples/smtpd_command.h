#ifndef SMTPD_COMMAND_H
#define SMTPD_COMMAND_H

struct session;

/* Do what a line says, and return the reply; NULL: it was given already. */
const char *command_run(struct session *session, const char *line);

#endif
