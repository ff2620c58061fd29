// SPDX-License-Identifier: GPL-2.0-only
/*
 * A PostgreSQL extension with a function that allocates so many bytes and never frees them:
 *
 *	CREATE FUNCTION planted(integer) RETURNS void AS '.../planted_postgres' LANGUAGE C;
 *	SELECT planted(3000);
 */
#include "postgres.h"
#include "fmgr.h"

#include "planted.h"

PG_MODULE_MAGIC;
PG_FUNCTION_INFO_V1(planted);

static __attribute__((noipa)) void leak_per_query(size_t size)
{
	plant(size);
}

Datum planted(PG_FUNCTION_ARGS)
{
	leak_per_query(PG_GETARG_INT32(0));
	PG_RETURN_VOID();
}
