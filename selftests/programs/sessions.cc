// SPDX-License-Identifier: GPL-2.0-only
/*
 * sessions: a server that opens a hundred sessions a second, without steps. Every other one is put
 * into a cache, which has at most MAX_CACHED of them and deletes the oldest; the others are lost.
 *
 * Used by tool/guide.sh, with another allocator preloaded.
 */
#include <deque>

#include "program.h"

#define MAX_CACHED 100
#define PAUSE_US 10000

struct session {
	char data[1000];
};

static std::deque<session *> cached;

__attribute__((noinline)) static session *open_session(int nr)
{
	session *s = new session;

	s->data[0] = (char)nr;
	return s;
}

__attribute__((noinline)) static void cache_session(int nr)
{
	cached.push_back(open_session(nr));
	if (cached.size() <= MAX_CACHED)
		return;
	delete cached.front();
	cached.pop_front();
}

/* The return value is lost. */
__attribute__((noinline)) static void lose_session(int nr)
{
	session *volatile s = open_session(nr);

	s = nullptr;
	(void)s;
}

int main()
{
	program_ready();
	for (int nr = 0;; nr++) {
		if (nr % 2)
			lose_session(nr);
		else
			cache_session(nr);
		usleep(PAUSE_US);
	}
}
