/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Assertions that log the text they looked at when they fail, and how long a test may take. To be
 * included after kselftest_harness.h and mst.h, before the first test.
 */
#ifndef MST_EXPECT_H
#define MST_EXPECT_H

#include <string.h>

/*
 * In seconds. It ends a test that hangs, so it is many times what the slowest one takes on an idle
 * machine: an emulated machine that shares its CPUs with others is slow at any time. The harness
 * has 30.
 */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 400

/**
 * EXPECT_CONTAINS() - expect a string in a text
 * @text: the text
 * @what: the string
 */
#define EXPECT_CONTAINS(text, what)                                       \
	do {                                                              \
		const char *mst_text_ = (text), *mst_what_ = (what);      \
		EXPECT_NE(NULL, strstr(mst_text_, mst_what_))             \
		{                                                         \
			TH_LOG("no \"%s\" in: %s", mst_what_, mst_text_); \
		}                                                         \
	} while (0)

/**
 * EXPECT_LACKS() - expect a string not to be in a text
 * @text: the text
 * @what: the string
 */
#define EXPECT_LACKS(text, what)                                                \
	do {                                                                    \
		const char *mst_text_ = (text), *mst_what_ = (what);            \
		EXPECT_EQ(NULL, strstr(mst_text_, mst_what_))                   \
		{                                                               \
			TH_LOG("there is \"%s\" in: %s", mst_what_, mst_text_); \
		}                                                               \
	} while (0)

/**
 * EXPECT_COUNT() - expect a string a number of times in a text
 * @expected: how often
 * @text: the text
 * @what: the string
 */
#define EXPECT_COUNT(expected, text, what)                                            \
	do {                                                                          \
		const char *mst_text_ = (text), *mst_what_ = (what);                  \
		EXPECT_EQ(expected, mst_count(mst_text_, mst_what_))                  \
		{                                                                     \
			TH_LOG("occurrences of \"%s\" in: %s", mst_what_, mst_text_); \
		}                                                                     \
	} while (0)

/**
 * EXPECT_ACCEPTED() - expect that control accepted a command, log the refusal otherwise
 * @err: the result of mst_command() or of one like it
 */
#define EXPECT_ACCEPTED(err)               \
	EXPECT_EQ(0, err)                  \
	{                                  \
		TH_LOG("%s", mst_refusal); \
	}

/**
 * ASSERT_ACCEPTED() - like EXPECT_ACCEPTED(), but end the test if it fails
 * @err: the result of mst_command() or of one like it
 */
#define ASSERT_ACCEPTED(err)               \
	ASSERT_EQ(0, err)                  \
	{                                  \
		TH_LOG("%s", mst_refusal); \
	}

#endif
