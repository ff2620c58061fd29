// SPDX-License-Identifier: GPL-2.0-only
/*
 * The format pprof, of a report that is hostile to it: decompressed, and decoded by a decoder of
 * its own. selftests/peers reads it with go tool pprof.
 */
#include <stdarg.h>
#include <zlib.h>

#include "compiler.h"
#include "exported.h"
#include "tap.h"

#define PROFILE_MAX 65536
#define STRINGS_MAX 64
#define SAMPLES_MAX 8
#define VALUES 5

/* A message, or what is left of it. */
struct span {
	const unsigned char *at;
	size_t nr;
};

struct field {
	unsigned int number;
	uint64_t value;
	struct span bytes;
};

struct sample {
	size_t nr_locations;
	int64_t value[VALUES];
	char labels[128];
};

static struct {
	char string[STRINGS_MAX][128];
	size_t nr_strings;
	struct sample sample[SAMPLES_MAX];
	size_t nr_samples;
	char types[256];
	char mappings[1024];
	char locations[1024];
	char comments[1024];
	uint64_t time, duration, period, default_type;
} decoded;

static uint64_t take_varint(struct span *s)
{
	uint64_t value = 0;
	unsigned int shift = 0;

	while (s->nr) {
		unsigned char byte = *s->at++;

		s->nr--;
		value |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
		if (!(byte & 0x80))
			break;
	}
	return value;
}

static bool take_field(struct span *s, struct field *f)
{
	uint64_t tag;

	if (!s->nr)
		return false;
	tag = take_varint(s);
	*f = (struct field){ .number = tag >> 3, .value = take_varint(s) };
	if ((tag & 7) != 2)
		return true;
	f->bytes = (struct span){ s->at, f->value };
	s->at += f->value;
	s->nr -= f->value;
	return true;
}

static const char *get_string(uint64_t index)
{
	return index < decoded.nr_strings ? decoded.string[index] : "(no string)";
}

__printf(2, 3) static void append(char *text, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsprintf(text + strlen(text), fmt, args);
	va_end(args);
}

static void decode_label(struct span s, struct sample *sample)
{
	uint64_t value[4] = {};
	struct field f;

	while (take_field(&s, &f))
		value[f.number] = f.value;
	if (value[2])
		append(sample->labels, "%s=%s ", get_string(value[1]), get_string(value[2]));
	else
		append(sample->labels, "%s=%d ", get_string(value[1]), (int)value[3]);
}

static void decode_sample(struct span s)
{
	struct sample *sample = &decoded.sample[decoded.nr_samples++];
	size_t nr = 0;
	struct field f;

	while (take_field(&s, &f)) {
		if (f.number == 1)
			for (; f.bytes.nr; sample->nr_locations++)
				take_varint(&f.bytes);
		else if (f.number == 2)
			while (f.bytes.nr)
				sample->value[nr++] = take_varint(&f.bytes);
		else
			decode_label(f.bytes, sample);
	}
}

static void decode_type(struct span s)
{
	struct field f;

	while (take_field(&s, &f))
		append(decoded.types, "%s ", get_string(f.value));
}

/* Functions and flags are 0 if they are omitted. */
static void decode_mapping(struct span s)
{
	uint64_t v[11] = {};
	struct field f;

	while (take_field(&s, &f))
		v[f.number] = f.value;
	append(decoded.mappings, "%d %llx-%llx %s %s %d%d%d%d\n", (int)v[1], (long long)v[2],
	       (long long)v[3], get_string(v[5]), get_string(v[6]), (int)v[7], (int)v[8], (int)v[9],
	       (int)v[10]);
}

static void decode_location(struct span s)
{
	uint64_t v[5] = {};
	struct field f;

	while (take_field(&s, &f))
		v[f.number] = f.value;
	append(decoded.locations, "%d %d %llx%s\n", (int)v[1], (int)v[2], (long long)v[3],
	       v[4] ? " named" : "");
}

/* The table of strings follows what refers to it. */
static void decode_strings(struct span s)
{
	struct field f;

	while (take_field(&s, &f))
		if (f.number == 6)
			memcpy(decoded.string[decoded.nr_strings++], f.bytes.at, f.bytes.nr);
}

static void decode_field(const struct field *f)
{
	switch (f->number) {
	case 1:
	case 11:
		decode_type(f->bytes);
		break;
	case 2:
		decode_sample(f->bytes);
		break;
	case 3:
		decode_mapping(f->bytes);
		break;
	case 4:
		decode_location(f->bytes);
		break;
	case 9:
		decoded.time = f->value;
		break;
	case 10:
		decoded.duration = f->value;
		break;
	case 12:
		decoded.period = f->value;
		break;
	case 13:
		append(decoded.comments, "%s\n", get_string(f->value));
		break;
	case 14:
		decoded.default_type = f->value;
		break;
	}
}

static void decode_profile(const char *text)
{
	static unsigned char bytes[PROFILE_MAX];
	z_stream z = { .next_out = bytes, .avail_out = sizeof(bytes) };
	struct span s = { .at = bytes };
	struct field f;
	size_t size;
	char *packed = export_text("pprof", text, &size);

	memset(&decoded, 0, sizeof(decoded));
	z.next_in = (unsigned char *)packed;
	z.avail_in = size;
	tap_ok(inflateInit2(&z, MAX_WBITS + 16) == Z_OK && inflate(&z, Z_FINISH) == Z_STREAM_END,
	       "the profile is a gzip file");
	s.nr = z.total_out;
	inflateEnd(&z);
	decode_strings(s);
	while (take_field(&s, &f))
		decode_field(&f);
	free(packed);
}

static void test_samples(void)
{
	const struct sample *s = decoded.sample;

	is_text(decoded.types,
		"alloc_objects count inuse_objects count inuse_space bytes "
		"growth_objects count growth_space bytes space bytes ",
		"there are the types of a heap profile, those of growth, and the period's");
	is_text(get_string(decoded.default_type), "inuse_space", "bytes are shown by default");
	is_number(decoded.nr_samples, 5, "each stack is a sample");
	is_number(s[0].nr_locations, 3, "with its frames");
	is_number(s[0].value[2], INT64_MAX,
		  "more bytes than the format has are its largest number");
	tap_ok(s[1].value[0] == 12 && s[1].value[1] == 3 && s[1].value[2] == 120,
	       "a sample has what was made, and what is outstanding");
	tap_ok(s[1].value[3] == -2 && s[1].value[4] == -50, "and how it has grown since the mark");
	tap_ok(s[3].value[3] == 20 && s[3].value[4] == 200, "without a mark, since it had nothing");
	is_number(s[1].value[2] + s[2].value[2] + s[3].value[2] + s[4].value[2], 470,
		  "the sum of the others is that of the report");
	is_text(s[0].labels, "pid=12 comm=a; b kind=mmap stack=1 ", "it has labels");
	is_text(s[3].labels, "pid=13 comm=a; b kind=heap stack=1 ", "which tell processes apart");
	is_number(s[2].nr_locations, 0, "a stack may have no frames");
}

static void test_code(void)
{
	is_text(decoded.mappings,
		"1 0-ffffffffffffffff /no/q\"x;\\012\\377.so  0000\n"
		"2 0-ffffffffffffffff [anon]  0000\n"
		"3 0-ffffffffffffffff /no/app 5f3a 0000\n"
		"4 0-ffffffffffffffff [anon]  0000\n",
		"each object is a mapping of all addresses, and names are to be looked up");
	is_text(decoded.locations,
		"1 1 fff\n2 1 1000\n3 2 7ffd00000fff\n4 3 1197\n5 4 7ffd00000fff\n",
		"addresses are those in the files, before a return address");
}

static void test_head(void)
{
	tap_ok(decoded.time == EXPORTED_MS * 1000000 && decoded.duration == 2000000000,
	       "the time and the longest duration are there");
	is_number(decoded.period, 4096, "the period is that of the sampling");
	is_text(decoded.comments,
		"pid 12 a; b: 9223372036854775978 bytes in 6 allocations, lost 7\n"
		"pid 12: lost_limit=3\n"
		"pid 12: lost_busy=4\n"
		"pid 12: not seen: Go \"allocates\" without malloc\n"
		"pid 13 a; b: 300 bytes in 30 allocations, lost 0\n"
		"pid 13: estimates with sample=4096, standard error 11 bytes in 2 allocations\n"
		"pid 14 idle: 0 bytes in 0 allocations, lost 0\n",
		"comments have the totals, what was lost, and what is not seen");
}

int main(void)
{
	decode_profile(hostile_report);
	test_samples();
	test_code();
	test_head();
	decode_profile(empty_report);
	is_text(decoded.types,
		"alloc_objects count inuse_objects count inuse_space bytes space bytes ",
		"without a start there is no growth");
	tap_ok(!decoded.nr_samples && decoded.period == 1, "an empty report has no samples");
	is_text(get_string(0), "", "the first string is empty");
	return done_testing();
}
