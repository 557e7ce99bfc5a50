/* lib.uuid: making, reading and writing UUIDs (RFC 4122), with the leniency of Python's uuid module. */
#include "value/pyform.h"
#include "wsd/nodes/helper.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <uuid/uuid.h>

#define HEX_DIGITS 32

static struct value *uuid_value(const uuid_t id)
{
	char text[UUID_STR_LEN];

	uuid_unparse_lower(id, text);
	return value_str(text);
}

/* ---- reading ------------------------------------------------------------------------------------------ */

/* Cuts every occurrence of `part` out of the buffer. */
static void cut_out(char *text, const char *part)
{
	size_t len = strlen(part);
	char *at = text;
	char *hit;
	char *to = text;

	while ((hit = strstr(at, part))) {
		memmove(to, at, (size_t)(hit - at));
		to += hit - at;
		at = hit + len;
	}
	memmove(to, at, strlen(at) + 1);
}

/* The digits left when "urn:", "uuid:", outer braces and all hyphens are gone. */
static char *bare_digits(struct arena *arena, const char *text)
{
	char *digits = arena_strdup(arena, text);
	size_t len;

	cut_out(digits, "urn:");
	cut_out(digits, "uuid:");
	digits += strspn(digits, "{}");
	len = strlen(digits);
	while (len && strchr("{}", digits[len - 1]))
		len--;
	digits[len] = '\0';
	cut_out(digits, "-");
	return digits;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int read_uuid(struct arena *arena, struct sv text, uuid_t id, struct err *err)
{
	char *digits;
	struct buf quoted;

	if (strlen(text.p) != text.n)
		return err_set(err, 400, "badly formed hexadecimal UUID string");
	digits = bare_digits(arena, text.p);
	if (utf8_length(digits, strlen(digits)) != HEX_DIGITS)
		return err_set(err, 400, "badly formed hexadecimal UUID string");
	for (size_t i = 0; digits[i]; i += 2) {
		int high = hex_digit(digits[i]);
		int low = high < 0 ? -1 : hex_digit(digits[i + 1]);

		if (low < 0) {
			buf_init(&quoted, BUF_MAX_SMALL);
			pyform_repr_text(&quoted, digits, strlen(digits));
			err_set(err, 400, "invalid literal for int() with base 16: %s", quoted.data);
			buf_free(&quoted);
			return -1;
		}
		id[i / 2] = (unsigned char)(high << 4 | low);
	}
	return 0;
}

/* The 128-bit number in decimal. */
static struct value *uuid_number(const uuid_t id)
{
	unsigned __int128 n = 0;
	char digits[48];
	char *at = digits + sizeof(digits);

	for (int i = 0; i < 16; i++)
		n = n << 8 | id[i];
	if (n <= INT64_MAX)
		return value_int((int64_t)n);
	for (; n; n /= 10)
		*--at = (char)('0' + (int)(n % 10));
	return value_bigint(at, (size_t)(digits + sizeof(digits) - at));
}

static void hex_form(const uuid_t id, char out[HEX_DIGITS + 1])
{
	hex_encode(id, 16, out);
	out[HEX_DIGITS] = '\0';
}

/* ---- generation --------------------------------------------------------------------------------------- */

static enum node_result generate_uuid4(struct node_ctx *ctx)
{
	uuid_t id;

	uuid_generate_random(id);
	return done(ctx, uuid_value(id));
}

static enum node_result generate_uuid1(struct node_ctx *ctx)
{
	uuid_t id;

	uuid_generate_time(id);
	return done(ctx, uuid_value(id));
}

static int read_namespace(struct node_ctx *ctx, uuid_t id, struct err *err)
{
	static const struct {
		const char *name;
		unsigned char last; /* the namespaces of RFC 4122 differ in one byte */
	} known[] = { { "dns", 0x10 }, { "url", 0x11 }, { "oid", 0x12 }, { "x500", 0x14 } };
	static const unsigned char base[16] = { 0x6b, 0xa7, 0xb8, 0x10, 0x9d, 0xad, 0x11, 0xd1,
						0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8 };
	const char *name = node_text(ctx, "namespace");

	memcpy(id, base, sizeof(base));
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		if (strcasecmp(known[i].name, name) == 0) {
			id[3] = known[i].last;
			return 0;
		}
	}
	if (!read_uuid(node_arena(ctx), node_sv(ctx, "namespace"), id, err))
		return 0;
	return err_set(err, 400, "namespace must be dns, url, oid, x500 or a UUID, not '%.100s'", name);
}

static enum node_result generate_named(struct node_ctx *ctx, const EVP_MD *digest, int version)
{
	struct sv name = node_sv(ctx, "name");
	unsigned char hash[EVP_MAX_MD_SIZE];
	EVP_MD_CTX *md;
	uuid_t id;
	struct err err;

	if (read_namespace(ctx, id, &err))
		return fail_err(ctx, &err);
	md = EVP_MD_CTX_new();
	if (!md || !EVP_DigestInit_ex(md, digest, NULL) || !EVP_DigestUpdate(md, id, sizeof(id)) ||
	    !EVP_DigestUpdate(md, name.p, name.n) || !EVP_DigestFinal_ex(md, hash, NULL)) {
		EVP_MD_CTX_free(md);
		return node_fail(ctx, "this system's OpenSSL does not offer the hash of version %d", version);
	}
	EVP_MD_CTX_free(md);
	memcpy(id, hash, sizeof(id));
	id[6] = (unsigned char)((id[6] & 0x0f) | version << 4);
	id[8] = (unsigned char)((id[8] & 0x3f) | 0x80);
	return done(ctx, uuid_value(id));
}

static enum node_result generate_uuid3(struct node_ctx *ctx)
{
	return generate_named(ctx, EVP_md5(), 3);
}

static enum node_result generate_uuid5(struct node_ctx *ctx)
{
	return generate_named(ctx, EVP_sha1(), 5);
}

/* ---- taking apart ------------------------------------------------------------------------------------- */

static const char *variant_name(const uuid_t id)
{
	if (!(id[8] & 0x80))
		return "reserved for NCS compatibility";
	if (!(id[8] & 0x40))
		return "specified in RFC 4122";
	return id[8] & 0x20 ? "reserved for future definition" : "reserved for Microsoft compatibility";
}

static enum node_result parse_uuid(struct node_ctx *ctx)
{
	struct sv text = node_sv(ctx, "uuid_string");
	struct value *map = value_map();
	char hex[HEX_DIGITS + 1];
	struct err err;
	uuid_t id;

	if (read_uuid(node_arena(ctx), text, id, &err)) {
		map_set(map, "uuid", value_strn(text.p, text.n));
		map_set_bool(map, "is_valid", false);
		map_set_str(map, "error", err.detail);
		return done(ctx, map);
	}
	hex_form(id, hex);
	map_set(map, "uuid", uuid_value(id));
	map_set(map, "version", (id[8] & 0xc0) == 0x80 ? value_int(id[6] >> 4) : value_null());
	map_set_str(map, "variant", variant_name(id));
	map_set_str(map, "hex", hex);
	map_set(map, "int", uuid_number(id));
	map_set_bool(map, "is_valid", true);
	return done(ctx, map);
}

static enum node_result format_uuid(struct node_ctx *ctx)
{
	const char *format = node_text(ctx, "format");
	char hex[HEX_DIGITS + 1];
	char text[UUID_STR_LEN];
	struct err err;
	struct value *n;
	uuid_t id;

	if (read_uuid(node_arena(ctx), node_sv(ctx, "uuid_string"), id, &err))
		return node_fail(ctx, "uuid_string '%.100s' is no UUID", node_text(ctx, "uuid_string"));
	hex_form(id, hex);
	uuid_unparse_lower(id, text);
	if (strcmp(format, "hex") == 0 || strcmp(format, "bytes_hex") == 0)
		return done(ctx, value_str(hex));
	if (strcmp(format, "urn") == 0)
		return done(ctx, value_strf("urn:uuid:%s", text));
	if (strcmp(format, "int") != 0)
		return done(ctx, value_str(text));
	n = uuid_number(id);
	node_emit(ctx, "output", pyform_str_value(n));
	value_unref(n);
	return NODE_DONE;
}

static enum node_result is_valid_uuid(struct node_ctx *ctx)
{
	struct err err;
	uuid_t id;

	return done(ctx, value_bool(!read_uuid(node_arena(ctx), node_sv(ctx, "uuid_string"), id, &err)));
}

/* ---- declarations ------------------------------------------------------------------------------------- */

static const struct node_prop no_props[] = { { 0 } };

static const struct node_slot generate_uuid4_outputs[] = {
	{ .name = "output", .type = "str" },
	{ 0 },
};

static const struct node_prop generate_uuid3_props[] = {
	{ .name = "namespace", .type = "str", .def = "\"dns\"" },
	{ .name = "name", .type = "str", .def = "\"\"" },
	{ 0 },
};

static const struct node_prop parse_uuid_props[] = {
	{ .name = "uuid_string", .type = "str", .def = "\"\"" },
	{ 0 },
};

static const struct node_slot parse_uuid_outputs[] = {
	{ .name = "output", .type = "dict" },
	{ 0 },
};

static const struct node_prop format_uuid_props[] = {
	{ .name = "uuid_string", .type = "str", .def = "\"\"" },
	{ .name = "format",
	  .type = "enum(nodetool.nodes.lib.uuid.UUIDFormat:standard|hex|urn|int|bytes_hex)",
	  .def = "\"standard\"" },
	{ 0 },
};

static const struct node_slot is_valid_uuid_outputs[] = {
	{ .name = "output", .type = "bool" },
	{ 0 },
};

static const struct node_type types[] = {
	{
		.type = "lib.uuid.GenerateUUID4",
		.title = "Generate UUID4",
		.description = "Makes a random UUID (version 4).",
		.props = no_props,
		.outputs = generate_uuid4_outputs,
		.flags = NODE_TOOL,
		.process = generate_uuid4,
	},
	{
		.type = "lib.uuid.GenerateUUID1",
		.title = "Generate UUID1",
		.description = "Makes a UUID of the moment and this machine (version 1).",
		.props = no_props,
		.outputs = generate_uuid4_outputs,
		.flags = NODE_TOOL,
		.process = generate_uuid1,
	},
	{
		.type = "lib.uuid.GenerateUUID3",
		.title = "Generate UUID3",
		.description = "Makes the UUID of a name in a namespace by MD5 (version 3).",
		.props = generate_uuid3_props,
		.outputs = generate_uuid4_outputs,
		.flags = NODE_TOOL | NODE_PURE,
		.process = generate_uuid3,
	},
	{
		.type = "lib.uuid.GenerateUUID5",
		.title = "Generate UUID5",
		.description = "Makes the UUID of a name in a namespace by SHA-1 (version 5).",
		.props = generate_uuid3_props,
		.outputs = generate_uuid4_outputs,
		.flags = NODE_TOOL | NODE_PURE,
		.process = generate_uuid5,
	},
	{
		.type = "lib.uuid.ParseUUID",
		.title = "Parse UUID",
		.description = "Takes a UUID apart: version, variant, digits and number.",
		.props = parse_uuid_props,
		.outputs = parse_uuid_outputs,
		.flags = NODE_TOOL | NODE_PURE,
		.process = parse_uuid,
	},
	{
		.type = "lib.uuid.FormatUUID",
		.title = "Format UUID",
		.description = "Writes a UUID in another form.",
		.props = format_uuid_props,
		.outputs = generate_uuid4_outputs,
		.flags = NODE_TOOL | NODE_PURE,
		.process = format_uuid,
	},
	{
		.type = "lib.uuid.IsValidUUID",
		.title = "Is Valid UUID",
		.description = "Tells whether a text is a UUID.",
		.props = parse_uuid_props,
		.outputs = is_valid_uuid_outputs,
		.flags = NODE_TOOL | NODE_PURE,
		.process = is_valid_uuid,
	},
};

NODE_TABLE(nodes_lib_uuid, types);
