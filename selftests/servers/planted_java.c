// SPDX-License-Identifier: GPL-2.0-only
/* The native method of Planted.java, which allocates so many bytes and never frees them. */
#include <jni.h>

#include "planted.h"

JNIEXPORT void JNICALL Java_Planted_planted(JNIEnv *env, jclass class, jint size);

static __attribute__((noipa)) void leak_per_call(size_t size)
{
	plant(size);
}

JNIEXPORT void JNICALL Java_Planted_planted(JNIEnv *env, jclass class, jint size)
{
	(void)env;
	(void)class;
	leak_per_call(size);
}
