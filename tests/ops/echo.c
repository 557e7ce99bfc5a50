/*
 * A FastCGI program of the tests, put in place of a router: answers with what it was asked.
 *   …/slow   answers after a second          …/accel  X-Accel-Redirect to assets/file.txt
 *   …/body   the length of the body           others   the CGI variables, one a line
 */
#include <fcgiapp.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

static void stop(int sig)
{
	(void)sig;
	FCGX_ShutdownPending();
}

static bool asked_for(const FCGX_Request *request, const char *word)
{
	const char *uri = FCGX_GetParam("REQUEST_URI", request->envp);

	return uri && strstr(uri, word);
}

static void answer(FCGX_Request *request)
{
	static char part[65536];
	long length = 0;
	int n;

	if (asked_for(request, "/accel")) {
		FCGX_FPrintF(request->out, "X-Accel-Redirect: %s/assets/file.txt\r\n\r\n",
			     FCGX_GetParam("NODETOOL_ACCEL", request->envp));
		return;
	}
	if (asked_for(request, "/slow"))
		sleep(1);
	FCGX_FPrintF(request->out, "Content-Type: text/plain\r\n\r\n");
	if (asked_for(request, "/body")) {
		while ((n = FCGX_GetStr(part, sizeof(part), request->in)) > 0)
			length += n;
		FCGX_FPrintF(request->out, "%ld\n", length);
		return;
	}
	for (char **variable = request->envp; *variable; variable++)
		FCGX_FPrintF(request->out, "%s\n", *variable);
}

int main(void)
{
	struct sigaction action = { .sa_handler = stop };
	FCGX_Request request;

	sigaction(SIGTERM, &action, NULL);
	FCGX_Init();
	FCGX_InitRequest(&request, STDIN_FILENO, FCGI_FAIL_ACCEPT_ON_INTR);
	while (FCGX_Accept_r(&request) == 0) {
		answer(&request);
		FCGX_Finish_r(&request);
	}
	return 0;
}
