/* The reference of the benchmarks: a FastCGI program that answers a constant, with no more around it than libfcgi. */
#include <fcgiapp.h>

int main(void)
{
	static const char answer[] = "Content-Type: application/json\r\nContent-Length: 29\r\n\r\n{\"status\":\"ok\",\n \"number\":1}\n";
	FCGX_Request request;

	if (FCGX_Init() || FCGX_InitRequest(&request, 0, 0))
		return 1;
	while (FCGX_Accept_r(&request) == 0) {
		FCGX_PutStr(answer, sizeof(answer) - 1, request.out);
		FCGX_Finish_r(&request);
	}
	return 0;
}
