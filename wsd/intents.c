/* Wishes of REST: see intents.h. One is dealt with after the other, in the order of their numbers. */
#include "wsd/intents.h"

#include <string.h>

#include "notify/notify.h"
#include "wsd/job_queue.h"
#include "wsd/triggers.h"

static struct {
	int64_t seen; /* number of the last one that was dealt with */
	bool looking;
	bool again;
} intents;

static void cancel(const struct journal_command *command)
{
	struct job *job = command->job_id ? job_find(command->job_id, command->user_id) : NULL;

	if (job)
		job_cancel(job);
}

static void deal_with(const struct journal_command *command)
{
	struct journal_op *op;

	if (!strcmp(command->command, NOTIFY_CANCEL_JOB) || !strcmp(command->command, NOTIFY_STOP_TRIGGER))
		cancel(command);
	else if (!strcmp(command->command, NOTIFY_REORDER_QUEUE))
		jobs_reordered(command->user_id);
	else if (!strcmp(command->command, NOTIFY_START_TRIGGER))
		triggers_start(command->user_id, command->workflow_id, command->job_id);
	else
		log_warn("REST wants \"%s\", which is not known here", command->command);
	op = journal_op_new(JOURNAL_COMMAND_DONE, NULL, NULL);
	op->number = command->number;
	journal_submit(op);
}

static void found(struct journal_op *op)
{
	intents.looking = false;
	if (op->rc == 0) {
		intents.seen = op->command.number;
		deal_with(&op->command);
		intents.again = true;
	}
	if (intents.again)
		intents_look();
}

void intents_look(void)
{
	struct journal_op *op;

	intents.again = intents.looking;
	if (intents.looking)
		return;
	intents.looking = true;
	op = journal_op_new(JOURNAL_COMMAND, found, NULL);
	op->number = intents.seen;
	journal_submit(op);
}
