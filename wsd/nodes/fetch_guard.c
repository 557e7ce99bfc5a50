/* Which addresses requests of nodes may go to. */
#include "wsd/nodes/fetch.h"
#include "wsd/nodes/paths.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

/* Networks that are no public addresses (RFC 6890 and its successors). */
static const struct {
	uint32_t net;
	int bits;
} special4[] = {
	{ 0x00000000, 8 },  { 0x0a000000, 8 },  { 0x64400000, 10 }, { 0x7f000000, 8 },  { 0xa9fe0000, 16 },
	{ 0xac100000, 12 }, { 0xc0000000, 24 }, { 0xc0000200, 24 }, { 0xc0586300, 24 }, { 0xc0a80000, 16 },
	{ 0xc6120000, 15 }, { 0xc6336400, 24 }, { 0xcb007100, 24 }, { 0xe0000000, 4 },  { 0xf0000000, 4 },
};

static bool public4(uint32_t address)
{
	for (size_t i = 0; i < ARRAY_LEN(special4); i++) {
		if ((address ^ special4[i].net) >> (32 - special4[i].bits) == 0)
			return false;
	}
	return true;
}

static uint32_t embedded4(const unsigned char *bytes)
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static bool public6(const struct in6_addr *address)
{
	static const unsigned char nat64[12] = { 0x00, 0x64, 0xff, 0x9b };
	const unsigned char *b = address->s6_addr;

	if (IN6_IS_ADDR_V4MAPPED(address) || IN6_IS_ADDR_V4COMPAT(address) || memcmp(b, nat64, sizeof(nat64)) == 0)
		return public4(embedded4(b + 12));
	if (b[0] == 0x20 && b[1] == 0x02)
		return public4(embedded4(b + 2));
	/* 2000::/3 is what is given out; of it not the documentation and Teredo networks. */
	return (b[0] & 0xe0) == 0x20 &&
	       !(b[0] == 0x20 && b[1] == 0x01 && ((b[2] == 0x0d && b[3] == 0xb8) || (b[2] == 0 && b[3] == 0)));
}

static bool public_address(const struct sockaddr *address)
{
	if (address->sa_family == AF_INET)
		return public4(ntohl(((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr));
	if (address->sa_family == AF_INET6)
		return public6(&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr);
	return false;
}

static bool listed(const char *list, const char *host)
{
	while (list && *list) {
		size_t len = strcspn(list, ", \t\n");

		if (len && len == strlen(host) && strncasecmp(list, host, len) == 0)
			return true;
		list += len;
		list += strspn(list, ", \t\n");
	}
	return false;
}

static bool address_listed(const char *list, const struct sockaddr *address)
{
	char text[INET6_ADDRSTRLEN];
	const void *bytes = &((const struct sockaddr_in *)(const void *)address)->sin_addr;

	if (address->sa_family == AF_INET6)
		bytes = &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
	else if (address->sa_family != AF_INET)
		return false;
	return inet_ntop(address->sa_family, bytes, text, sizeof(text)) && listed(list, text);
}

bool fetch_address_allowed(const void *address, const char *host)
{
	const char *list = config_get("NODETOOL_ALLOWED_HOSTS");

	return !paths_restricted() || public_address(address) || listed(list, host) || address_listed(list, address);
}
