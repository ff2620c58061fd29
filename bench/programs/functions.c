// SPDX-License-Identifier: GPL-2.0-only
/* Functions that the compiler's run is measured with; they differ in their constants. */

#define FUNCTION(n)                                                                          \
	struct node##n {                                                                     \
		struct node##n *next;                                                        \
		int value[(n) + 2];                                                          \
	};                                                                                   \
	int sum##n(struct node##n *node, int limit, int sum, int i)                          \
	{                                                                                    \
		for (; node; node = node->next)                                              \
			for (i = 0; i < (n) + 2 && sum < limit; i++)                         \
				sum += node->value[i] > limit / ((n) + 3) ? node->value[i] : \
									    limit % (i + 1); \
		switch (sum & 7) {                                                           \
		case 0:                                                                      \
			return sum;                                                          \
		case 1:                                                                      \
			return limit - sum;                                                  \
		case 5:                                                                      \
			return sum * ((n) + 7);                                              \
		default:                                                                     \
			return sum / ((n) + 5);                                              \
		}                                                                            \
	}

FUNCTION(1)
FUNCTION(2)
FUNCTION(3)
FUNCTION(4)
FUNCTION(5)
FUNCTION(6)
FUNCTION(7)
FUNCTION(8)
FUNCTION(9)
